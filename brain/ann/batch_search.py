"""Search for many queries at once, exact or with an ANN index.

Matrix products give the surrogate scores of a block of rows for a batch of queries; see the module
``exact_search``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.candidate_index import CandidateIndex
from fiftyone_faiss.brain.ann.exact_search import (
    ExactSearch,
    RowHits,
    distances,
    is_extreme_query,
    rank,
    rounding_bound,
    row_blocks,
    scaled_queries,
)
from fiftyone_faiss.brain.core.arrays import (
    Distances,
    Mask,
    Matrix,
    Places,
    Rows,
    SurrogateScores,
)
from fiftyone_faiss.brain.core.metrics import row_distances
from fiftyone_faiss.brain.store.snapshot import Snapshot

BATCH_QUERIES = 256
# Candidates beyond k: with a few more, rounding rarely leaves the k-th neighbor open.
EXTRA_CANDIDATES = 16
# Rows per block where float64 copies of pairs are made. Larger blocks leave the cache: those of 512
# rows x 512 dimensions take three times as long.
PAIR_ROWS = 128


def search_many(
    snapshot: Snapshot,
    queries: Matrix,
    metric: str,
    k: int,
    mask: Mask | None = None,
    rows: Rows | None = None,
    start: int = 0,
) -> list[RowHits]:
    """Finds the exact ``k`` nearest rows of each query; ties by row.

    Args:
        snapshot: the vectors
        queries: ``(Q, dim)`` float32
        metric: one of ``METRICS``
        k: the number of neighbors
        mask (None): ``(total_rows,)`` bool, the rows to search; by default the live ones
        rows (None): ``(n,)`` rows to search instead of those of the mask; their vectors are copied
        start (0): the first row to search if ``rows`` is None
    """
    mask = snapshot.live if mask is None else mask
    if rows is not None and not len(rows):
        return [RowHits(rows, np.empty(0))] * len(queries)
    target = _Rows(snapshot, metric, k, mask, rows, start)
    hits: list[RowHits] = []
    for first in range(0, len(queries), BATCH_QUERIES):
        batch = queries[first : first + BATCH_QUERIES]
        _, query_norms = scaled_queries(batch, metric)
        if snapshot.has_extreme or any(is_extreme_query(norm, metric) for norm in query_norms):
            hits += [target.search_one(query) for query in batch]
        else:
            hits += target.search_batch(batch)
    return hits


@dataclass(frozen=True)
class _Rows:
    """The rows that a search for many queries looks at; see :func:`search_many`."""

    snapshot: Snapshot
    metric: str
    k: int
    mask: Mask
    rows: Rows | None
    start: int

    def search_one(self, query: Matrix) -> RowHits:
        """Finds the nearest rows of a ``(dim,)`` query."""
        search = ExactSearch(
            self.snapshot, query, self.metric, self.start, self.rows, mask=self.mask
        )
        candidates = search.top_k(self.k)
        exact = distances(self.snapshot, query, self.metric, candidates)
        return rank(candidates, exact, self.k)

    def search_batch(self, queries: Matrix) -> list[RowHits]:
        """Ranks a fixed number of candidates; queries where rounding matters are searched again."""
        searched = self.mask[self.start :] if self.rows is None else self.rows
        allowed = int(np.count_nonzero(searched)) if self.rows is None else len(searched)
        if not allowed:
            return [RowHits(np.empty(0, np.int64), np.empty(0))] * len(queries)
        count = min(self.k + EXTRA_CANDIDATES, allowed)
        scaled, query_norms = scaled_queries(queries, self.metric)
        rows, max_scores = self._candidates(scaled, query_norms, count)
        owners = np.repeat(np.arange(len(queries)), count)
        exact = pair_distances(self.snapshot, queries, self.metric, owners, rows.reshape(-1))
        exact = exact.reshape(rows.shape)
        hits = []
        for i, query in enumerate(queries):
            hit = rank(rows[i], exact[i], self.k)
            is_complete = count == allowed or _is_certain(
                self.snapshot, query_norms[i], self.metric, hit, max_scores[i]
            )
            hits.append(hit if is_complete else self.search_one(query))
        return hits

    def _candidates(
        self, queries: Matrix, query_norms: Distances, count: int
    ) -> tuple[Rows, SurrogateScores]:
        """Finds the ``(Q, count)`` rows of the smallest scores, and the ``(Q,)`` largest of these.

        Of each block, only scores below the ``count``-th smallest so far are looked at.
        """
        best_rows = np.zeros((len(queries), count), np.int64)
        best_scores = np.full((len(queries), count), np.inf, np.float32)
        limits = best_scores.max(axis=1)
        for at, vectors, norms in row_blocks(self.snapshot, self.start, self.rows):
            scores = surrogate_scores(queries, vectors, norms, self.metric)
            if self.rows is None:
                first = self.start + at
                scores[:, ~self.mask[first : first + len(norms)]] = np.inf
            columns, block_scores = _below(scores, limits, count)
            if not columns.shape[1]:
                continue
            rows = self.start + at + columns if self.rows is None else self.rows[at + columns]
            rows, scores = np.hstack([best_rows, rows]), np.hstack([best_scores, block_scores])
            best = np.argpartition(scores, count - 1, axis=1)[:, :count]
            best_rows = np.take_along_axis(rows, best, axis=1)
            best_scores = np.take_along_axis(scores, best, axis=1)
            limits = best_scores.max(axis=1)
        if self.metric == "euclidean":
            limits = limits + (query_norms * query_norms).astype(np.float32)
        return best_rows, limits


def _below(
    scores: SurrogateScores, limits: SurrogateScores, count: int
) -> tuple[Places, SurrogateScores]:
    """Finds at least the ``count`` smallest scores of each row that are below its limit.

    Returns:
        ``(Q, m)`` columns and their scores; infinite scores fill up rows that have fewer
    """
    near = scores < limits[:, None]
    counts = np.count_nonzero(near, axis=1)
    width = int(counts.max(initial=0))
    if width > 4 * count:
        columns = np.argpartition(scores, count - 1, axis=1)[:, :count]
        return columns, np.take_along_axis(scores, columns, axis=1)
    owners, near_columns = np.nonzero(near)
    places = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    columns = np.zeros((len(scores), width), np.int64)
    values = np.full((len(scores), width), np.inf, np.float32)
    columns[owners, places] = near_columns
    values[owners, places] = scores[owners, near_columns]
    return columns, values


def search_many_with(
    ann_index: CandidateIndex, snapshot: Snapshot, queries: Matrix, k: int, mask: Mask
) -> list[RowHits]:
    """Finds near rows of each query with an ANN index, and newer rows exactly.

    Args:
        ann_index: the ANN index
        snapshot: the vectors
        queries: ``(Q, dim)`` float32
        k: the number of neighbors
        mask: ``(total_rows,)`` bool, the allowed rows

    Returns:
        at most ``k`` rows of each query, ranked by their exact distances; ties by row
    """
    hits: list[RowHits] = []
    for first in range(0, len(queries), BATCH_QUERIES):
        batch = queries[first : first + BATCH_QUERIES]
        rows = ann_index.propose(batch, k)
        owners, places = np.nonzero((rows >= 0) & mask[rows])
        exact = np.full(rows.shape, np.inf)
        exact[owners, places] = pair_distances(
            snapshot, batch, ann_index.metric, owners, rows[owners, places]
        )
        order = np.lexsort((rows, exact))[:, :k]
        for i, places in enumerate(order):
            places = places[exact[i, places] < np.inf]
            hits.append(RowHits(rows[i, places], exact[i, places]))
    if ann_index.rows == snapshot.total_rows:
        return hits
    newer = search_many(snapshot, queries, ann_index.metric, k, mask, start=ann_index.rows)
    return [_merged(old, new, k) for old, new in zip(hits, newer, strict=True)]


def _merged(old: RowHits, new: RowHits, k: int) -> RowHits:
    rows = np.concatenate([old.rows, new.rows])
    return rank(rows, np.concatenate([old.distances, new.distances]), k)


def pair_distances(
    snapshot: Snapshot, queries: Matrix, metric: str, owners: Places, rows: Rows
) -> Distances:
    """Computes the ``(n,)`` exact distances of query ``owners[i]`` to row ``rows[i]``."""
    exact = np.empty(len(rows))
    for first in range(0, len(rows), PAIR_ROWS):
        block = slice(first, first + PAIR_ROWS)
        vectors = snapshot.vectors_at(rows[block]).astype(np.float64)
        exact[block] = row_distances(queries[owners[block]].astype(np.float64), vectors, metric)
    return exact


def _is_certain(
    snapshot: Snapshot, query_norm: float, metric: str, hit: RowHits, max_score: np.float32
) -> bool:
    """Whether all rows beyond the candidates are farther than the last hit despite rounding."""
    score = surrogate_score_of(float(hit.distances[-1]), query_norm, metric)
    bound = rounding_bound(query_norm, snapshot.max_norm, snapshot.dim, metric, squared=True)
    # Equal scores may be ties, which are ordered by row.
    return bool(score + bound < max_score)


def surrogate_score_of(distance: float, query_norm: float, metric: str) -> float:
    """Converts a distance to a surrogate score; euclidean scores include ``|q|^2``."""
    if metric == "euclidean":
        return distance * abs(distance)
    return distance - 1.0 if metric == "cosine" else distance / query_norm


def surrogate_scores(
    queries: Matrix, vectors: Matrix, norms: Matrix, metric: str
) -> SurrogateScores:
    """Computes ``(Q, n)`` surrogate scores; euclidean ones lack ``|q|^2``."""
    products: SurrogateScores = queries @ vectors.T
    if metric == "euclidean":
        products *= np.float32(-2)
        products += norms * norms
        return products
    if metric == "cosine":
        # Zero vectors keep the score 0. A product is faster than a division of each score.
        products *= -np.divide(np.float32(1), norms, out=np.zeros_like(norms), where=norms > 0)
        return products
    return np.negative(products, out=products)
