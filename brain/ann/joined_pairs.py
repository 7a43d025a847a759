"""The pairs of a range join: groups of all, and a list that stays short where many are near."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fiftyone_faiss.brain.ann.pairs import pair_distances
from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors
from fiftyone_faiss.brain.core.arrays import Distances, Matrix

# Of a vector with more near ones, such as one of 50,000 black frames, about this many are listed.
MAX_LISTED = 64
# Pairs that wait until they are joined to groups.
PENDING_PAIRS = 500_000


class JoinedPairs:
    """The pairs within a distance.

    Attributes:
        thresh: the largest distance
        recall: the fraction of all pairs that were found, measured on sampled rows; 1 if no pair
            can be missed
        sampled: the pairs that the recall was measured with, 0 if it is proven
        count: the number of pairs
        first: ``(p,)`` positions; in a join of two sets, those of the left one
        second: ``(p,)`` positions
        distances: ``(p,)`` float64
        degrees: ``(n,)`` int64, how many pairs a position has, listed or not
        groups: ``(n,)`` int32, equal for positions that pairs connect
    """

    def __init__(self, vectors: ScaledVectors, thresh: float) -> None:
        self.thresh = thresh
        self.recall = 1.0
        self.sampled = 0
        self.count = 0
        self.first: Positions = np.empty(0, np.int32)
        self.second: Positions = np.empty(0, np.int32)
        self.distances: Distances = np.empty(0)
        self.degrees = np.zeros(len(vectors), np.int64)
        self.groups: Positions = np.arange(len(vectors), dtype=np.int32)
        self._vectors = vectors
        self._certain = float(vectors.closeness_of(np.array(thresh))) + vectors.rounding
        self._listed = np.zeros(len(vectors), np.int64)
        self._parts: list[tuple[Positions, Positions, Distances]] = []
        self._edges: list[tuple[Positions, Positions]] = []
        self._waiting = 0

    @property
    def is_complete(self) -> bool:
        """Whether all pairs are listed."""
        return len(self.first) == self.count

    def add(self, first: Positions, second: Positions, closeness: Matrix) -> None:
        """Adds different pairs that are near according to their closeness."""
        distances = np.full(len(first), np.nan)
        open_ = np.flatnonzero(closeness < self._certain)
        distances[open_] = self._vectors.distances(first[open_], second[open_])
        near = ~(distances > self.thresh)
        first, second, closeness = first[near], second[near], closeness[near]
        distances = distances[near]
        if not len(first):
            return
        self.count += len(first)
        for side in (first, second):
            np.add.at(self.degrees, side, 1)
        self._connect(first, second)
        listed = self._is_listed(first, closeness) | self._is_listed(second, closeness)
        first, second, distances = first[listed], second[listed], distances[listed]
        for side in (first, second):
            np.add.at(self._listed, side, 1)
        unknown = np.flatnonzero(np.isnan(distances))
        distances[unknown] = pair_distances(self._vectors, first[unknown], second[unknown])
        self._parts.append((first, second, distances))

    def finish(self) -> None:
        """Takes over all pairs; the listed ones are ordered by distance, then by position."""
        self._join_groups()
        if not self._parts:
            return
        first, second, distances = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        order = np.lexsort((second, first, distances))
        self.first, self.second, self.distances = first[order], second[order], distances[order]
        self._parts = []

    def leave_out(self, is_out: np.ndarray) -> None:
        """Leaves out some of the listed pairs, which connect nothing any more.

        While not all pairs are listed, the groups stay as they are.

        Args:
            is_out: ``(p,)`` bool
        """
        kept = ~is_out
        for side in (self.first, self.second):
            np.subtract.at(self.degrees, side[is_out], 1)
        is_complete = self.is_complete
        self.count -= int(is_out.sum())
        self.first, self.second = self.first[kept], self.second[kept]
        self.distances = self.distances[kept]
        if is_complete:
            self.groups = components(self.first, self.second, len(self.groups))

    def _is_listed(self, side: Positions, closeness: Matrix) -> np.ndarray:
        """Whether a pair is among the first of one of its positions, the nearest first."""
        order = np.lexsort((-closeness, side))
        _, starts, counts = np.unique(side[order], return_index=True, return_counts=True)
        ranks = np.empty(len(side), np.int64)
        ranks[order] = np.arange(len(side)) - np.repeat(starts, counts)
        return np.asarray(self._listed[side] + ranks < MAX_LISTED)

    def _connect(self, first: Positions, second: Positions) -> None:
        edges = self.groups[first], self.groups[second]
        apart = edges[0] != edges[1]
        self._edges.append((edges[0][apart], edges[1][apart]))
        self._waiting += int(np.count_nonzero(apart))
        if self._waiting > PENDING_PAIRS:
            self._join_groups()

    def _join_groups(self) -> None:
        if not self._waiting:
            return
        first, second = (np.concatenate(part) for part in zip(*self._edges, strict=True))
        self._edges, self._waiting = [], 0
        self.groups = components(first, second, len(self.groups))[self.groups]


def components(first: Positions, second: Positions, n: int) -> Positions:
    """``(n,)`` int32, equal for numbers below ``n`` that pairs connect, directly or over others."""
    graph = coo_matrix((np.ones(len(first), bool), (first, second)), shape=(n, n))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels, np.int32)
