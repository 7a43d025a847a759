"""Exact range search for many queries at once."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.ann.batch_search import (
    BATCH_QUERIES,
    pair_distances,
    surrogate_score_of,
    surrogate_scores,
)
from fiftyone_faiss.brain.ann.exact_search import (
    SCORE_ROWS,
    RowHits,
    is_extreme_query,
    rank,
    rounding_bound,
    scaled_queries,
)
from fiftyone_faiss.brain.core.arrays import Mask, Matrix, Rows, is_extreme
from fiftyone_faiss.brain.store.snapshot import Snapshot


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
        exact = pair_distances(snapshot, batch, metric, owners, rows)
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
    limits = np.array(
        [surrogate_score_of(thresh, norm, metric) for norm in query_norms], np.float64
    )
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
            scores = surrogate_scores(queries, vectors, norms, metric)
        near = (scores <= limits[:, None]) | is_extreme(norms) | extreme_queries[:, None]
        pairs = np.nonzero(near & mask[start : start + len(norms)])
        owners.append(pairs[0])
        rows.append(start + pairs[1])
    return np.concatenate(owners), np.concatenate(rows)
