"""Exact search for many queries at once, and exact range search.

Matrix products give the surrogate scores of a block of rows for a batch of queries; see the module
``exact_search``.
"""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.ann.exact_search import (
    BLOCK_ROWS,
    SCORE_ROWS,
    ExactSearch,
    RowHits,
    distances,
    is_extreme_query,
    rank,
    rounding_bound,
    scaled_queries,
)
from fiftyone_faiss.brain.core.arrays import (
    Distances,
    Mask,
    Matrix,
    Rows,
    SurrogateScores,
    is_extreme,
)
from fiftyone_faiss.brain.core.metrics import row_distances
from fiftyone_faiss.brain.store.snapshot import Snapshot

BATCH_QUERIES = 256
# Candidates beyond k: with a few more, rounding rarely leaves the k-th neighbor open.
EXTRA_CANDIDATES = 16


def search_many(
    snapshot: Snapshot, queries: Matrix, metric: str, k: int, mask: Mask
) -> list[RowHits]:
    """Finds the exact ``k`` nearest rows of each query; ties by row.

    Args:
        snapshot: the vectors
        queries: ``(Q, dim)`` float32
        metric: one of ``METRICS``
        k: the number of neighbors
        mask: ``(total_rows,)`` bool, the rows to search
    """
    hits: list[RowHits] = []
    for start in range(0, len(queries), BATCH_QUERIES):
        batch = queries[start : start + BATCH_QUERIES]
        _, query_norms = scaled_queries(batch, metric)
        if snapshot.has_extreme or any(is_extreme_query(norm, metric) for norm in query_norms):
            hits += [_search_one(snapshot, query, metric, k, mask) for query in batch]
        else:
            hits += _search_batch(snapshot, batch, metric, k, mask)
    return hits


def _search_one(snapshot: Snapshot, query: Matrix, metric: str, k: int, mask: Mask) -> RowHits:
    candidates = ExactSearch(snapshot, query, metric, mask=mask).top_k(k)
    return rank(candidates, distances(snapshot, query, metric, candidates), k)


def _search_batch(
    snapshot: Snapshot, queries: Matrix, metric: str, k: int, mask: Mask
) -> list[RowHits]:
    """Ranks a fixed number of candidates; queries where rounding matters are searched again."""
    allowed = int(np.count_nonzero(mask))
    count = min(k + EXTRA_CANDIDATES, allowed)
    scaled, query_norms = scaled_queries(queries, metric)
    rows, max_scores = _candidates(snapshot, scaled, query_norms, metric, count, mask)
    vectors = snapshot.vectors_at(rows.reshape(-1)).astype(np.float64)
    queries_64 = np.repeat(queries.astype(np.float64), count, axis=0)
    exact = row_distances(queries_64, vectors, metric).reshape(len(queries), count)
    hits = []
    for i, query in enumerate(queries):
        hit = rank(rows[i], exact[i], k)
        is_complete = count == allowed or _is_certain(
            snapshot, query_norms[i], metric, hit, max_scores[i]
        )
        hits.append(hit if is_complete else _search_one(snapshot, query, metric, k, mask))
    return hits


def _candidates(
    snapshot: Snapshot,
    queries: Matrix,
    query_norms: Distances,
    metric: str,
    count: int,
    mask: Mask,
) -> tuple[Rows, SurrogateScores]:
    """Finds the ``(Q, count)`` rows of the smallest scores, and the ``(Q,)`` largest of these."""
    block_rows, block_scores = [], []
    for start, vectors, norms in snapshot.blocks(BLOCK_ROWS):
        allowed = mask[start : start + len(norms)]
        block_count = min(count, int(np.count_nonzero(allowed)))
        if not block_count:
            continue
        scores = _scores(queries, vectors, norms, metric)
        scores[:, ~allowed] = np.inf
        best = np.argpartition(scores, block_count - 1, axis=1)[:, :block_count]
        block_rows.append(start + best)
        block_scores.append(np.take_along_axis(scores, best, axis=1))
    rows, scores = np.hstack(block_rows), np.hstack(block_scores)
    best = np.argpartition(scores, count - 1, axis=1)[:, :count]
    max_scores = np.take_along_axis(scores, best, axis=1).max(axis=1)
    if metric == "euclidean":
        max_scores = max_scores + (query_norms * query_norms).astype(np.float32)
    return np.take_along_axis(rows, best, axis=1), max_scores


def _is_certain(
    snapshot: Snapshot, query_norm: float, metric: str, hit: RowHits, max_score: np.float32
) -> bool:
    """Whether all rows beyond the candidates are farther than the last hit despite rounding."""
    score = _score_of(float(hit.distances[-1]), query_norm, metric)
    bound = rounding_bound(query_norm, snapshot.max_norm, snapshot.dim, metric, squared=True)
    # Equal scores may be ties, which are ordered by row.
    return bool(score + bound < max_score)


def _score_of(distance: float, query_norm: float, metric: str) -> float:
    """Converts a distance to a surrogate score; euclidean scores include ``|q|^2``."""
    if metric == "euclidean":
        return distance * abs(distance)
    return distance - 1.0 if metric == "cosine" else distance / query_norm


def range_search(
    snapshot: Snapshot, queries: Matrix, metric: str, thresh: float, mask: Mask
) -> list[RowHits]:
    """Finds all rows within a distance of each query, exactly, nearest first.

    Args:
        snapshot: the vectors
        queries: ``(Q, dim)`` float32
        metric: one of ``METRICS``
        thresh: the largest distance
        mask: ``(total_rows,)`` bool, the rows to search
    """
    hits: list[RowHits] = []
    for start in range(0, len(queries), BATCH_QUERIES):
        batch = queries[start : start + BATCH_QUERIES]
        owners, rows = _pairs_in_range(snapshot, batch, metric, thresh, mask)
        exact = np.empty(len(rows))
        for first in range(0, len(rows), SCORE_ROWS):
            block = slice(first, first + SCORE_ROWS)
            vectors = snapshot.vectors_at(rows[block]).astype(np.float64)
            exact[block] = row_distances(batch[owners[block]].astype(np.float64), vectors, metric)
        near = exact <= thresh
        owners, rows, exact = owners[near], rows[near], exact[near]
        for i in range(len(batch)):
            own = owners == i
            hits.append(rank(rows[own], exact[own], None))
    return hits


def _pairs_in_range(
    snapshot: Snapshot, queries: Matrix, metric: str, thresh: float, mask: Mask
) -> tuple[Rows, Rows]:
    """Finds the pairs of queries and rows that may be in range according to their scores."""
    queries, query_norms = scaled_queries(queries, metric)
    limits = np.array([_score_of(thresh, norm, metric) for norm in query_norms], np.float64)
    limits += [
        rounding_bound(norm, snapshot.max_norm, snapshot.dim, metric, squared=True)
        for norm in query_norms
    ]
    if metric == "euclidean":
        limits -= query_norms * query_norms
    extreme_queries = np.array([is_extreme_query(norm, metric) for norm in query_norms])
    owners, rows = [], []
    for start, vectors, norms in snapshot.blocks(SCORE_ROWS):
        with np.errstate(over="ignore", invalid="ignore"):
            scores = _scores(queries, vectors, norms, metric)
        near = (scores <= limits[:, None]) | is_extreme(norms) | extreme_queries[:, None]
        pairs = np.nonzero(near & mask[start : start + len(norms)])
        owners.append(pairs[0])
        rows.append(start + pairs[1])
    return np.concatenate(owners), np.concatenate(rows)


def _scores(queries: Matrix, vectors: Matrix, norms: Matrix, metric: str) -> SurrogateScores:
    """Computes ``(Q, n)`` surrogate scores; euclidean ones lack ``|q|^2``."""
    products: SurrogateScores = queries @ vectors.T
    if metric == "euclidean":
        return norms * norms - np.float32(2) * products
    if metric == "cosine":
        np.divide(products, norms, out=products, where=norms > 0)
    return -products
