"""Range join: all pairs of vectors within a distance, of one set or between two.

Pairs are lists by cells: all vectors are guests of the cells whose border is near enough, so that
no pair can be missed; see the module ``cells``. If that would take too long, fewer are guests, and
the recall is measured.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np

from fiftyone_faiss.brain.ann.cells import (
    CELL_ROWS,
    Borders,
    Cells,
    assign,
    in_threads,
    train_centroids,
)
from fiftyone_faiss.brain.ann.graph_passes import PairLists, Pairs, parts_of
from fiftyone_faiss.brain.ann.joined_pairs import JoinedPairs
from fiftyone_faiss.brain.ann.range_search import range_search
from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors
from fiftyone_faiss.brain.core.arrays import Mask, Matrix

# Up to this many vectors are compared in one cell: a product of them takes a second.
MAX_ONE_CELL = 8_192
# For a proven result, a vector is a guest of at most this many cells in the mean. With more vectors
# than MAX_PROVEN_ROWS, fewer cells are visited otherwise, and the recall is measured.
MAX_GUEST_CELLS = 100
MAX_PROVEN_ROWS = 100_000
TUNED_RECALL = 0.9998
SAMPLED_ROWS = 1_000
# Of a sampled row with more near ones, this many count.
MAX_PAIRS_PER_ROW = 100
# Values of a product that one thread holds. Where all pairs are near, each takes 20 bytes more.
TILE_VALUES = 1 << 22
_TUNING_SEED, _RECALL_SEED = 3, 4

Steps = Generator[tuple[int, int], None, JoinedPairs]


def join_steps(vectors: ScaledVectors, thresh: float, is_right: Mask | None = None) -> Steps:
    """Finds all pairs of different positions within a distance.

    Args:
        vectors: the vectors
        thresh: the largest distance, at least 0
        is_right (None): ``(n,)`` bool, which vectors are in the right set; those of the left set
            are compared with those of the right one. By default, all are compared with all

    Yields:
        how many positions are done, and how many there are

    Returns:
        the pairs, as positions
    """
    pairs = JoinedPairs(vectors, thresh)
    if len(vectors) <= MAX_ONE_CELL:
        borders = Borders(np.zeros((1, vectors.snapshot.dim), np.float32))
    else:
        borders = Borders(train_centroids(vectors, _cell_rows(len(vectors))))
    limit = vectors.length_of(thresh) / 2
    if len(vectors) > MAX_PROVEN_ROWS and _guest_cells(vectors, borders, limit) > MAX_GUEST_CELLS:
        limit, pairs.recall, pairs.sampled = _tuned(vectors, borders, thresh, limit)
    comparison = _Comparison(vectors, assign(vectors, borders, limit), thresh, is_right)
    done = 0
    for cell, lists in enumerate(in_threads(comparison.of_cell, range(len(borders.centroids)))):
        for part in lists:
            pairs.add(*part)
        done += len(comparison.cells.members_of(cell))
        yield done, len(vectors)
    pairs.finish()
    return pairs


def _cell_rows(n: int) -> int:
    """Returns the rows of a cell: more in the mean with more vectors, because the time of the
    centroids and of the assignment is that of the number of cells.
    """
    return max(CELL_ROWS, int(CELL_ROWS * np.sqrt(n / MAX_PROVEN_ROWS)))


class _Comparison:
    """Compares the members of a cell with each other and with its guests."""

    def __init__(
        self, vectors: ScaledVectors, cells: Cells, thresh: float, is_right: Mask | None
    ) -> None:
        self.vectors = vectors
        self.cells = cells
        self.is_right = is_right
        self.min_closeness = float(vectors.closeness_of(np.array(thresh))) - vectors.rounding

    def of_cell(self, cell: int) -> PairLists:
        """Finds the pairs of positions that meet in a cell, and may be near."""
        members, guests = self.cells.members_of(cell), self.cells.guests_of(cell)
        if self.is_right is None:
            lists = self._among(members) + self._between(guests, members, cell)
            return [(np.minimum(a, b), np.maximum(a, b), near) for a, b, near in lists]
        left, right = members[~self.is_right[members]], members[self.is_right[members]]
        lists = self._between(left, right, None)
        lists += self._between(guests[~self.is_right[guests]], right, cell)
        for second, first, closeness in self._between(guests[self.is_right[guests]], left, cell):
            lists.append((first, second, closeness))
        return lists

    def _among(self, members: Positions) -> PairLists:
        lists: PairLists = []
        for part in parts_of(len(members), len(members), TILE_VALUES):
            # Pairs of equal parts, and of a part with later ones.
            later = members[part.start :]
            for first, second, closeness in self._products(members[part], later):
                ordered = second > first
                lists.append((first[ordered], second[ordered], closeness[ordered]))
        return lists

    def _between(self, first: Positions, second: Positions, cell: int | None) -> PairLists:
        """Pairs of two lists; of guests of a cell without those that meet in the other cell."""
        if not len(first) or not len(second):
            return []
        lists: PairLists = []
        for pairs in self._products(first, second):
            if cell is not None:
                homes = self.cells.cell_of[pairs[0]]
                again = (homes < cell) & self.cells.are_guests(pairs[1], homes)
                pairs = (pairs[0][~again], pairs[1][~again], pairs[2][~again])
            lists.append(pairs)
        return lists

    def _products(self, first: Positions, second: Positions) -> Iterator[Pairs]:
        second_vectors = self.vectors.at(second)
        for part in parts_of(len(first), len(second), TILE_VALUES):
            some = first[part]
            closeness = self.vectors.closeness(some, self.vectors.at(some), second, second_vectors)
            rows, columns = np.nonzero(closeness >= self.min_closeness)
            yield some[rows], second[columns], closeness[rows, columns]


def _gaps(
    vectors: ScaledVectors, borders: Borders, seed: int
) -> tuple[Positions, Positions, Matrix]:
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.choice(len(vectors), min(len(vectors), SAMPLED_ROWS), replace=False))
    return sample, *borders.measure(vectors.at(sample))


def _guest_cells(vectors: ScaledVectors, borders: Borders, limit: float) -> float:
    """Estimates the mean number of cells that a vector would be a guest of."""
    _, _, gaps = _gaps(vectors, borders, _TUNING_SEED)
    return float((gaps <= limit).sum(axis=1).mean())


def _tuned(
    vectors: ScaledVectors, borders: Borders, thresh: float, proven: float
) -> tuple[float, float, int]:
    """Finds the limit at which the pairs of sampled rows meet in a cell.

    Returns:
        the limit, the fraction of the pairs of other rows that meet, and the number of these pairs
    """
    needed = _needed_limits(vectors, borders, thresh, _TUNING_SEED)
    if not len(needed):
        # Without an example of a pair, nothing may be left out.
        return proven, 1.0, 0
    limit = min(proven, float(np.quantile(needed, TUNED_RECALL)))
    others = _needed_limits(vectors, borders, thresh, _RECALL_SEED)
    if not len(others):
        return proven, 1.0, 0
    return limit, float((others <= limit).mean()), len(others)


def _needed_limits(vectors: ScaledVectors, borders: Borders, thresh: float, seed: int) -> Matrix:
    """The limits at which the pairs of sampled rows with any others meet in a cell."""
    sample, cells, gaps = _gaps(vectors, borders, seed)
    mask = np.zeros(vectors.snapshot.total_rows, bool)
    mask[vectors.rows] = True
    queries = vectors.snapshot.vectors_at(vectors.rows[sample])
    hits = range_search(vectors.snapshot, queries, vectors.metric, thresh, mask)
    needed = [np.empty(0, np.float32)]
    for i, hit in enumerate(hits):
        others = np.searchsorted(vectors.rows, hit.rows)
        others = others[others != sample[i]][:MAX_PAIRS_PER_ROW]
        if len(others):
            other_cells, other_gaps = borders.measure(vectors.at(others))
            needed.append(np.minimum(gaps[i, other_cells], other_gaps[:, cells[i]]))
    return np.concatenate(needed)
