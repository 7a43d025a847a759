"""Exact distances, and exact search for one query.

Distances ascend: cosine is ``1 - cos`` (0 to 2; 1 to a zero vector), euclidean the unsquared L2
distance, dotproduct ``-<q, x>``. They are computed in float64 from the stored vectors, each pair
separately, so a distance depends only on its two vectors.

Candidates come from *surrogate scores*: float32 numbers that order rows like the metric, computed
by a matrix-vector product. Their rounding error is bounded. Exact distances decide between rows
that are closer together than this bound, and for all vectors whose norms are extreme.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.copied_rows import Copy
from fiftyone_faiss.brain.core.arrays import (
    Distances,
    Mask,
    Matrix,
    Rows,
    SurrogateScores,
    is_extreme,
    row_norms,
)
from fiftyone_faiss.brain.core.metrics import row_distances
from fiftyone_faiss.brain.store.snapshot import Snapshot

# Rows per matrix product: 32,768 x 512 float32 are 64 MB, much more than the overhead of a call.
BLOCK_ROWS = 32_768
# Rows per block where float64 copies are made.
SCORE_ROWS = 4_096


@dataclass(frozen=True)
class RowHits:
    """The result of one query: rows of the store, nearest first.

    Attributes:
        rows: ``(n,)`` int64
        distances: ``(n,)`` float64, ascending (descending for the farthest rows)
    """

    rows: Rows
    distances: Distances


def distances(snapshot: Snapshot, query: Matrix, metric: str, rows: Rows) -> Distances:
    """Computes the ``(len(rows),)`` exact float64 distances of a ``(dim,)`` query to rows."""
    query_64 = np.asarray(query, np.float64)
    result = np.empty(len(rows))
    for start in range(0, len(rows), SCORE_ROWS):
        block = slice(start, start + SCORE_ROWS)
        vectors = snapshot.vectors_at(rows[block]).astype(np.float64)
        result[block] = row_distances(query_64, vectors, metric)
    return result


def rank(rows: Rows, exact: Distances, k: int | None, reverse: bool = False) -> RowHits:
    """Returns the ``k`` nearest (or farthest) rows, or all if ``k`` is None; ties by row."""
    order = np.lexsort((rows, -exact if reverse else exact))[:k]
    return RowHits(rows[order], exact[order])


class ExactSearch:
    """The surrogate scores of one query for all rows or for some.

    Args:
        snapshot: the vectors
        query: ``(dim,)`` float32
        metric: one of ``METRICS``
        start (0): the first row
        rows (None): ``(n,)`` rows to search; by default all from ``start``
        mask (None): ``(total_rows,)`` bool, the rows to search if ``rows`` is None; by default the
            live ones
        reverse (False): whether to search for the farthest rows
        copy (None): a copy of the vectors of ``rows``
    """

    def __init__(
        self,
        snapshot: Snapshot,
        query: Matrix,
        metric: str,
        start: int = 0,
        rows: Rows | None = None,
        mask: Mask | None = None,
        reverse: bool = False,
        copy: Copy | None = None,
    ) -> None:
        self._rows = rows
        self._start = start
        total = snapshot.total_rows - start if rows is None else len(rows)
        self._scores = np.empty(total, np.float32)
        (query,), (query_norm,) = scaled_queries(query[None], metric)
        extreme = np.full(total, is_extreme_query(query_norm, metric))
        for at, vectors, norms in row_blocks(snapshot, start, rows, copy):
            _write_scores(self._scores[at : at + len(norms)], vectors, norms, query, metric)
            if snapshot.has_extreme:
                extreme[at : at + len(norms)] |= is_extreme(norms)
        self._tolerance = np.float32(
            rounding_bound(query_norm, snapshot.max_norm, query.size, metric)
        )
        if reverse:
            np.negative(self._scores, out=self._scores)
        allowed = np.ones(total, bool)
        if rows is None:
            allowed = (snapshot.live if mask is None else mask)[start:]
        self._extreme = np.flatnonzero(extreme & allowed)
        self._scored = int(np.count_nonzero(allowed)) - len(self._extreme)
        if self._scored < total:
            self._scores[~allowed | extreme] = np.inf

    def top_k(self, k: int) -> Rows:
        """Returns a superset of the ``k`` best rows, unordered; all rows if there are fewer."""
        if k >= self._scored:
            positions = np.flatnonzero(self._scores < np.inf)
        else:
            kth_score = np.partition(self._scores, k - 1)[k - 1]
            positions = np.flatnonzero(self._scores <= kth_score + self._tolerance)
        positions = np.concatenate([positions, self._extreme])
        return self._start + positions if self._rows is None else self._rows[positions]


def row_blocks(
    snapshot: Snapshot, start: int, rows: Rows | None, copy: Copy | None = None
) -> Iterator[tuple[int, Matrix, Matrix]]:
    """Yields positions among the rows to search, vectors and norms.

    Args:
        snapshot: the vectors
        start: the first row, if ``rows`` is None
        rows: ``(n,)`` rows, or None for all from ``start``
        copy (None): a copy of the vectors of ``rows``
    """
    if copy is not None:
        yield 0, copy.vectors, copy.norms
        return
    if rows is None:
        for first, vectors, norms in snapshot.blocks(BLOCK_ROWS, start):
            yield first - start, vectors, norms
        return
    for at in range(0, len(rows), BLOCK_ROWS):
        vectors = snapshot.vectors_at(rows[at : at + BLOCK_ROWS])
        yield at, vectors, row_norms(vectors)


def scaled_queries(queries: Matrix, metric: str) -> tuple[Matrix, Distances]:
    """Normalizes queries unless the metric is euclidean.

    Args:
        queries: ``(Q, dim)``
        metric: one of ``METRICS``

    Returns:
        the ``(Q, dim)`` float32 queries, and their ``(Q,)`` float64 norms before; zero queries have
        the norm 1 if they are normalized
    """
    queries_64 = queries.astype(np.float64)
    norms = np.sqrt((queries_64 * queries_64).sum(axis=1))
    if metric != "euclidean":
        norms[norms == 0] = 1.0
        queries_64 /= norms[:, None]
    return np.ascontiguousarray(queries_64, np.float32), norms


def is_extreme_query(norm: float, metric: str) -> bool:
    """Whether float32 cannot compute the surrogate scores of a query of this norm."""
    return metric == "euclidean" and bool(is_extreme(np.array([norm], np.float32))[0])


@np.errstate(over="ignore", invalid="ignore")
def _write_scores(
    out: SurrogateScores, vectors: Matrix, norms: Matrix, query: Matrix, metric: str
) -> None:
    np.matmul(vectors, query, out=out)
    if metric == "euclidean":
        # |x - q|^2 - |q|^2
        out *= -2.0
        out += norms * norms
        return
    np.negative(out, out=out)
    if metric == "cosine":
        # Zero vectors keep the score 0: they count as orthogonal.
        np.divide(out, norms, out=out, where=norms > 0)


def rounding_bound(
    query_norm: float, max_norm: float, dim: int, metric: str, squared: bool = False
) -> float:
    """Bounds the rounding error of the difference of two surrogate scores of a query.

    A sum of ``d`` float32 products has an error of about ``sqrt(d)`` half units of ``|q| |x|``
    (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 2.8). The bound is eight
    times that.

    Args:
        query_norm: the norm of the query; only the euclidean metric uses it
        max_norm: the largest norm of a vector
        dim: ``d``
        metric: one of ``METRICS``
        squared (False): whether euclidean scores include ``|q|^2``
    """
    scale = 1.0 if metric == "cosine" else max_norm
    if metric == "euclidean":
        scale = (query_norm + max_norm) ** 2 - (0.0 if squared else query_norm * query_norm)
    return float(8.0 * np.sqrt(dim) * np.finfo(np.float32).eps * scale)
