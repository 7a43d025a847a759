"""The neighbor graph of compared vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.neighbor_graph import DEFAULT_NEIGHBORS, NeighborGraph, build_steps
from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.core.progress import Steps, timed_steps


@dataclass(frozen=True)
class ComparedGraph:
    """The nearest neighbors of compared vectors among each other.

    Attributes:
        neighbors: ``(n, k)`` int64 positions, nearest first, never the own one; -1 fills up
            vectors with fewer neighbors
        distances: ``(n, k)`` float64, infinite where there is no neighbor
        recall: the fraction of the true neighbors in it, measured on sampled vectors
        sampled: how many vectors were sampled
    """

    neighbors: Positions
    distances: Distances
    recall: float
    sampled: int


def graph_steps(compared: Compared, k: int = DEFAULT_NEIGHBORS) -> Steps[ComparedGraph]:
    """Builds the graph of compared vectors; that of a whole index is kept, and only updated.

    Args:
        compared: the vectors
        k (15): the number of neighbors, at most 100; at most ``n - 1`` are there
    """
    vectors = compared.vectors
    snapshot, rows = vectors.snapshot, vectors.rows
    if len(rows) == snapshot.size:
        newest, graph = yield from timed_steps(compared.graphs.current_steps(k), "compared")
        # Another process may have written in the meantime.
        is_same = newest.manifest.compaction_count == snapshot.manifest.compaction_count
        if is_same and np.array_equal(newest.live_rows, rows):
            return _of_positions(graph, compared, k)
    graph = yield from timed_steps(build_steps(snapshot, vectors.metric, k, rows=rows), "compared")
    return _of_positions(graph, compared, k)


def _of_positions(graph: NeighborGraph, compared: Compared, k: int) -> ComparedGraph:
    rows = compared.vectors.rows
    position_of = np.full(graph.rows + 1, -1, np.int64)
    position_of[rows] = np.arange(len(rows))
    # The last entry is that of no neighbor.
    neighbors = position_of[graph.neighbors[rows, :k]]
    return ComparedGraph(
        neighbors, np.asarray(graph.distances[rows, :k]), graph.recall, graph.sampled
    )
