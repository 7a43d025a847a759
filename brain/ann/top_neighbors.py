"""The closest positions of each position so far, while pairs are found in any order."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.arrays import Matrix

# Pairs that wait until they are merged.
PENDING_PAIRS = 2_000_000


class TopNeighbors:
    """Keeps the ``k`` closest positions of each of ``n`` positions.

    Attributes:
        neighbors: ``(n, k)`` int32, in no order, -1 where there are none yet
        closeness: ``(n, k)`` float32, ``-inf`` where there are none yet
        limits: ``(n,)`` float32, the least closeness of each position
        changed: ``(n,)`` bool, whether neighbors of a position were merged
    """

    def __init__(self, n: int, k: int) -> None:
        self.neighbors = np.full((n, k), -1, np.int32)
        self.closeness = np.full((n, k), -np.inf, np.float32)
        self.limits = np.full(n, -np.inf, np.float32)
        self.changed = np.zeros(n, bool)
        self._pending: list[tuple[Positions, Positions, Matrix]] = []
        self._waiting = 0

    @classmethod
    def of(cls, neighbors: Positions, closeness: Matrix) -> TopNeighbors:
        """Starts from known neighbors; ``(n, k)`` positions, -1 where there are none."""
        top = cls(*neighbors.shape)
        top.set(np.arange(len(neighbors)), neighbors, closeness)
        return top

    def set(self, positions: Positions, neighbors: Positions, closeness: Matrix) -> None:
        """Sets the first neighbors of some positions; ``(m, w)`` with at most ``k`` columns."""
        width = neighbors.shape[1]
        self.neighbors[positions, :width], self.closeness[positions, :width] = neighbors, closeness
        self.limits[positions] = self.closeness[positions].min(axis=1)

    def add(self, positions: Positions, others: Positions, closeness: Matrix) -> None:
        """Adds pairs: ``others[i]`` is a candidate of ``positions[i]``; pairs may be repeated."""
        near = closeness > self.limits[positions]
        self._pending.append((positions[near], others[near], closeness[near]))
        self._waiting += int(np.count_nonzero(near))
        if self._waiting > PENDING_PAIRS:
            self.merge()

    def merge(self) -> None:
        """Takes over the pairs that were added."""
        if not self._waiting:
            return
        owners, others, closeness = (
            np.concatenate(part) for part in zip(*self._pending, strict=True)
        )
        self._pending, self._waiting = [], 0
        k = self.neighbors.shape[1]
        order = np.lexsort((-closeness, owners))
        owners, others, closeness = owners[order], others[order], closeness[order]
        changed, starts, counts = np.unique(owners, return_index=True, return_counts=True)
        # A pair is added at most twice, so that 2 k candidates hold k different ones.
        places = np.arange(len(owners)) - np.repeat(starts, counts)
        first = places < 2 * k
        width = int(min(2 * k, counts.max()))
        slots = np.repeat(np.arange(len(changed)), counts)[first], places[first]
        new_neighbors = np.full((len(changed), width), -1, np.int32)
        new_closeness = np.full((len(changed), width), -np.inf, np.float32)
        new_neighbors[slots], new_closeness[slots] = others[first], closeness[first]
        self._merge_rows(changed, new_neighbors, new_closeness)

    def _merge_rows(self, rows: Positions, neighbors: Positions, closeness: Matrix) -> None:
        k = self.neighbors.shape[1]
        neighbors = np.hstack([self.neighbors[rows], neighbors])
        closeness = np.hstack([self.closeness[rows], closeness])
        order = np.argsort(neighbors, axis=1, kind="stable")
        neighbors = np.take_along_axis(neighbors, order, axis=1)
        closeness = np.take_along_axis(closeness, order, axis=1)
        repeated = neighbors[:, 1:] == neighbors[:, :-1]
        closeness[:, 1:][repeated] = -np.inf
        best = np.argpartition(-closeness, k - 1, axis=1)[:, :k]
        closeness = np.take_along_axis(closeness, best, axis=1)
        neighbors = np.take_along_axis(neighbors, best, axis=1)
        neighbors[closeness == -np.inf] = -1
        self.neighbors[rows], self.closeness[rows] = neighbors, closeness
        self.limits[rows] = closeness.min(axis=1)
        self.changed[rows] = True
