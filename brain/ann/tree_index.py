"""An exact index: scikit-learn's k-d tree or ball tree over the rows of a store.

A tree is built again from the store when it is opened: scikit-learn stores trees by pickle only,
which runs whatever code a file holds. Its file is one line of text, so that it has a generation, a
number of rows and a checksum like every other index.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fiftyone_faiss.brain.ann.ann_index import MIN_K, SearchParameters
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Rows
from fiftyone_faiss.brain.core.metrics import squared_norms
from fiftyone_faiss.brain.store.snapshot import Snapshot

TREE_PARAMETERS = (SearchParameters(MIN_K, 0, 1),)

# From this dimension on, scikit-learn's own choice is no k-d tree.
MAX_KD_DIM = 15
LEAF_SIZE = 40
# Rows that are copied at once.
READ_ROWS = 8_192
# Candidates beyond k, which show whether rows are as near as the k-th.
EXTRA_CANDIDATES = 8
# Rounding of the tree's squared distances, relative to the largest.
ROUNDING = 1e-12


class TreeIndex:
    """An exact :class:`.candidate_index.CandidateIndex`.

    The tree compares L2 distances of float64 points. The other metrics become L2 distances with one
    more coordinate: the cosine of unit vectors, and inner products as by Bachrach et al., "Speeding
    up the Xbox recommender system using a Euclidean transformation", RecSys 2014.

    Args:
        snapshot: the vectors
        metric: one of ``METRICS``
        rows: how many rows from the first the tree holds, deleted ones included
    """

    parameters = TREE_PARAMETERS

    def __init__(self, snapshot: Snapshot, metric: str, rows: int) -> None:
        # It takes a second to import, and few indexes are trees.
        from sklearn.neighbors import BallTree, KDTree

        self.metric = metric
        self.rows = rows
        points = np.empty((rows, snapshot.dim + 1))
        for start, vectors, _ in snapshot.blocks(READ_ROWS):
            part = points[start : min(start + len(vectors), rows)]
            part[:, :-1] = _directions(vectors[: len(part)], metric)
            if start + len(part) == rows:
                break
        self._scale, points = _lifted(points, metric)
        kind: Any = KDTree if points.shape[1] <= MAX_KD_DIM else BallTree
        self._tree = kind(points, leaf_size=LEAF_SIZE)
        self._is_lifted = points.shape[1] > snapshot.dim

    def rows_visited(self, k: int) -> float:
        """All rows: in many dimensions, a tree leaves out few of them."""
        return self.rows

    def propose(self, queries: Matrix, k: int) -> Rows:
        """Returns the ``k`` nearest rows of ``(Q, dim)`` queries, with all that are as near as the
        last of them; -1 fills up queries with fewer."""
        points = _directions(queries, self.metric)
        if self.metric == "dotproduct":
            norms = np.linalg.norm(points, axis=1, keepdims=True)
            points = points / np.where(norms > 0, norms, 1.0)
        if self._is_lifted:
            points = np.hstack([points, np.zeros((len(points), 1))])
        count = min(k + EXTRA_CANDIDATES, self.rows)
        distances, rows = self._tree.query(points, count)
        limits = self._limits(distances[:, min(k, count) - 1])
        is_open = np.flatnonzero((distances[:, -1] <= limits) & (count < self.rows))
        if not len(is_open):
            return np.asarray(rows, np.int64)
        near = self._tree.query_radius(points[is_open], limits[is_open])
        width = max(count, *map(len, near))
        proposed = np.full((len(points), width), -1, np.int64)
        proposed[:, :count] = rows
        for query, more in zip(is_open, near, strict=True):
            proposed[query, : len(more)] = more
            proposed[query, len(more) :] = -1
        return proposed

    def _limits(self, distances: Distances) -> Distances:
        """The distances of ``(Q,)`` last neighbors, and what rounding may add."""
        squares = distances * distances
        return np.sqrt(squares + ROUNDING * (squares + self._scale))

    @staticmethod
    def write(path: Path) -> None:
        """Writes the file of a tree."""
        path.write_text("A tree over the rows of this store, built when it is opened.\n")


def _directions(vectors: Matrix, metric: str) -> Distances:
    """``(n, dim)`` float64 vectors, of unit length or zero for the cosine."""
    exact = vectors.astype(np.float64)
    if metric != "cosine":
        return exact
    norms = np.sqrt(squared_norms(exact))[:, None]
    return np.divide(exact, norms, out=np.zeros_like(exact), where=norms > 0)


def _lifted(points: Distances, metric: str) -> tuple[float, Distances]:
    """Fills the last coordinate so that L2 distances order the points like the metric.

    Points ``(x, sqrt(M^2 - |x|^2))``, with the largest norm ``M``, have the squared distance
    ``|q|^2 + M^2 - 2 <q, x>`` to a query ``(q, 0)``. For the cosine, only zero vectors need it.

    Returns:
        the scale of rounding errors of squared distances, and the points, without the last
        coordinate where all are 0
    """
    if metric == "euclidean":
        return 0.0, np.ascontiguousarray(points[:, :-1])
    squares = squared_norms(points[:, :-1])
    largest = 1.0 if metric == "cosine" else float(squares.max(initial=0.0))
    rest = np.maximum(largest - squares, 0.0)
    if metric == "cosine":
        # Rounding leaves 1e-16 there, whose root is not small.
        rest = np.where(squares > 0, 0.0, 1.0)
    if not rest.any():
        return 1.0 + largest, np.ascontiguousarray(points[:, :-1])
    points[:, -1] = np.sqrt(rest)
    return 1.0 + largest, points
