"""The neighbor graph: the nearest neighbors of each row of a store, with exact distances.

It is built by cells: matrix products compare the rows of a cell with each other and with the
guests of the cell, see the module ``cells``. A sample of rows tunes how many guests there are, and
other rows measure the recall.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.cells import Borders, Cells, assign, assign_some, train_centroids
from fiftyone_faiss.brain.ann.graph_checkpoint import GraphCheckpoint, Progress
from fiftyone_faiss.brain.ann.graph_passes import compare_guests, compare_members, ranked
from fiftyone_faiss.brain.ann.graph_recall import Limits, nearest, recall_of, tuned_limits
from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors
from fiftyone_faiss.brain.ann.top_neighbors import TopNeighbors
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Rows
from fiftyone_faiss.brain.store.snapshot import Snapshot

DEFAULT_NEIGHBORS = 15
MAX_NEIGHBORS = 100
GRAPH_METRICS = ("cosine", "euclidean")
SAMPLED_ROWS = 400
# Measuring the recall takes longer than a small update, so fewer rows are sampled after one.
UPDATED_SAMPLED_ROWS = 100
# Rounding swaps neighbors whose distances differ by less than the error of float32 products.
EXTRA_NEIGHBORS = 2

Steps = Generator[tuple[int, int], None, "NeighborGraph"]


@dataclass(frozen=True)
class NeighborGraph:
    """The nearest neighbors of each row.

    Attributes:
        neighbors: ``(total_rows, k)`` int32 rows, nearest first, never the row itself; -1 fills up
            deleted rows, and rows with fewer neighbors
        distances: ``(total_rows, k)`` float64, see the module ``exact_search``; infinite where
            there is no neighbor
        recall: the fraction of the true neighbors of sampled rows that are in the graph
        sampled: how many rows were sampled
        limits: how near a border guests are
        cells: ``(total_rows,)`` int32, the cell of each row, -1 for deleted ones
        centroids: ``(c, dim)`` float32
    """

    neighbors: Positions
    distances: Distances
    recall: float
    sampled: int
    limits: Limits
    cells: Positions
    centroids: Matrix

    @property
    def k(self) -> int:
        """The number of neighbors of each row."""
        return int(self.neighbors.shape[1])

    @property
    def rows(self) -> int:
        """The rows that it covers, deleted ones included."""
        return len(self.neighbors)


def check_graph_metric(metric: str) -> None:
    """Raises a ``ValueError`` for a metric without a neighbor graph."""
    if metric not in GRAPH_METRICS:
        raise ValueError(
            f"Vectors of the metric '{metric}' have no symmetric distances; build an index with "
            "the metric 'cosine' or 'euclidean' for this."
        )


def build_steps(
    snapshot: Snapshot,
    metric: str,
    k: int = DEFAULT_NEIGHBORS,
    checkpoint: GraphCheckpoint | None = None,
    rows: Rows | None = None,
) -> Steps:
    """Finds the ``k`` nearest neighbors of some rows among each other.

    Args:
        snapshot: the vectors
        metric: ``"cosine"`` or ``"euclidean"``
        k (15): the number of neighbors, at most 100
        checkpoint (None): where an interrupted build of all live rows is resumed
        rows (None): ``(n,)`` live rows, ascending; by default, all of them

    Yields:
        how many rows are done, and how many there are

    Returns:
        the graph

    Raises:
        ValueError: if the metric or the number of neighbors is not supported
    """
    check_graph_metric(metric)
    if not 1 <= k <= MAX_NEIGHBORS:
        raise ValueError(f"A neighbor graph has 1 to {MAX_NEIGHBORS} neighbors, got {k}.")
    vectors = ScaledVectors(snapshot, metric, snapshot.live_rows if rows is None else rows)
    progress = (checkpoint.load() if checkpoint else None) or _begun(vectors, k)
    borders, limits, top = Borders(progress.centroids), progress.limits, progress.top
    cells = assign(vectors, borders, limits.both)
    for done in _compare(vectors, cells, top, progress.done):
        progress.done = done
        if checkpoint:
            checkpoint.save_if_due(progress)
        yield len(vectors) * done // (2 * len(cells)), len(vectors)
    _search_lonely(vectors, top, k)
    neighbors, distances = np.empty((len(vectors), k), np.int32), np.empty((len(vectors), k))
    # Members of a cell have common neighbors.
    unknown = np.full(top.neighbors.shape, np.nan)
    by_cell = ranked(vectors, cells.members, top.neighbors[cells.members], unknown)
    neighbors[cells.members], distances[cells.members] = (values[:, :k] for values in by_cell)
    return _graph(
        vectors, neighbors, distances, limits, cells.cell_of, borders.centroids, SAMPLED_ROWS
    )


def _begun(vectors: ScaledVectors, k: int) -> Progress:
    centroids = train_centroids(vectors)
    limits = tuned_limits(vectors, Borders(centroids), k)
    return Progress(centroids, limits, 0, TopNeighbors(len(vectors), k + EXTRA_NEIGHBORS))


def _compare(
    vectors: ScaledVectors, cells: Cells, top: TopNeighbors, start: int
) -> Generator[int, None, None]:
    """Compares members, then guests; yields the number of cells so far, of twice their number."""
    if start < len(cells):
        yield from compare_members(vectors, cells, top, start)
    for done in compare_guests(vectors, cells, top, max(0, start - len(cells))):
        yield len(cells) + done


def update_steps(graph: NeighborGraph, snapshot: Snapshot, metric: str) -> Steps:
    """Finds the neighbors of rows that were added since a graph was made, and of rows that lost
    some of theirs.

    Args:
        graph: the graph of an earlier generation with the same numbers of rows
        snapshot: the vectors
        metric: the metric of the graph

    Yields:
        how many rows are done, and how many there are

    Returns:
        the graph of all live rows
    """
    vectors = ScaledVectors(snapshot, metric, snapshot.live_rows)
    borders = Borders(graph.centroids)
    neighbors, distances = _known(graph, snapshot)
    is_open = np.asarray((neighbors < 0).any(axis=1))
    cell_of = np.full(len(vectors), -1, np.int32)
    is_old = vectors.rows < graph.rows
    cell_of[is_old] = graph.cells[vectors.rows[is_old]]
    cells = assign_some(vectors, borders, graph.limits.single, cell_of, np.flatnonzero(is_open))
    top = TopNeighbors.of(neighbors, vectors.closeness_of(distances))
    for done in compare_guests(vectors, cells, top):
        yield len(vectors) * done // len(cells), len(vectors)
    _search_lonely(vectors, top, graph.k)
    changed = cells.members[top.changed[cells.members]]
    of_changed = top.neighbors[changed]
    known = _distances_in(neighbors[changed], distances[changed], of_changed)
    neighbors[changed], distances[changed] = ranked(vectors, changed, of_changed, known)
    return _graph(
        vectors, neighbors, distances, graph.limits, cells.cell_of, graph.centroids,
        UPDATED_SAMPLED_ROWS,
    )  # fmt: skip


def _search_lonely(vectors: ScaledVectors, top: TopNeighbors, k: int) -> None:
    """Searches all vectors for those that met too few others in the cells."""
    counts = np.count_nonzero(top.neighbors >= 0, axis=1)
    lonely = np.flatnonzero(counts < min(k, len(vectors) - 1))
    if len(lonely):
        neighbors, distances = nearest(vectors, lonely, k)
        top.set(lonely, neighbors, vectors.closeness_of(distances))
        top.changed[lonely] = True


def _known(graph: NeighborGraph, snapshot: Snapshot) -> tuple[Positions, Distances]:
    """The neighbors of the live rows, as positions, that are still live."""
    rows = snapshot.live_rows
    position_of = np.full(snapshot.total_rows + 1, -1, np.int32)
    position_of[rows] = np.arange(len(rows))
    old = rows[rows < graph.rows]
    neighbors = np.full((len(rows), graph.k), -1, np.int32)
    # The last position is that of no neighbor.
    neighbors[: len(old)] = position_of[graph.neighbors[old]]
    distances = np.full((len(rows), graph.k), np.inf)
    distances[: len(old)] = graph.distances[old]
    distances[neighbors < 0] = np.inf
    return neighbors, distances


def _distances_in(neighbors: Positions, distances: Distances, wanted: Positions) -> Distances:
    """The distances of neighbors that were known before, NaN for others; all ``(n, k)``."""
    known = np.full(wanted.shape, np.nan)
    for column in range(neighbors.shape[1]):
        same = wanted == neighbors[:, column, None]
        known[same] = np.broadcast_to(distances[:, column, None], same.shape)[same]
    return known


def _graph(
    vectors: ScaledVectors,
    neighbors: Positions,
    distances: Distances,
    limits: Limits,
    cell_of: Positions,
    centroids: Matrix,
    sampled_rows: int,
) -> NeighborGraph:
    """Makes a graph of all rows from one of positions, and measures its recall."""
    total, k = vectors.snapshot.total_rows, neighbors.shape[1]
    of_rows = np.full((total, k), -1, np.int32)
    of_rows[vectors.rows] = np.where(neighbors >= 0, vectors.rows[neighbors], -1)
    all_distances = np.full((total, k), np.inf)
    all_distances[vectors.rows] = distances
    cells = np.full(total, -1, np.int32)
    cells[vectors.rows] = cell_of
    recall, sampled = recall_of(vectors, distances, sampled_rows)
    return NeighborGraph(of_rows, all_distances, recall, sampled, limits, cells, centroids)
