"""Sources of candidates for one query."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fiftyone_faiss.brain.ann.candidate_index import CandidateIndex
from fiftyone_faiss.brain.ann.exact_search import ExactSearch
from fiftyone_faiss.brain.ann.policy import AnnPolicy
from fiftyone_faiss.brain.core.arrays import Matrix, Rows
from fiftyone_faiss.brain.store.snapshot import Snapshot

# Returns candidates for a number of neighbors: at least this many live rows, if there are.
Proposer = Callable[[int], Rows]


def proposer(
    snapshot: Snapshot,
    ann_index: CandidateIndex | None,
    query: Matrix,
    metric: str,
    policy: AnnPolicy,
    reverse: bool = False,
) -> Proposer:
    """Returns a source of candidates: exact search, or the ANN index and newer rows.

    Args:
        snapshot: the vectors
        ann_index: the ANN index, or None for exact search
        query: ``(dim,)`` float32
        metric: one of ``METRICS``
        policy: the thresholds
        reverse (False): whether to propose the farthest rows, which needs exact search
    """
    if ann_index is None:
        return ExactSearch(snapshot, query, metric, reverse=reverse).top_k
    tail: ExactSearch | None = None
    if ann_index.rows < snapshot.total_rows:
        tail = ExactSearch(snapshot, query, metric, start=ann_index.rows)

    def propose(count: int) -> Rows:
        requested = count
        while True:
            (rows,) = ann_index.propose(query[None], requested)
            rows = rows[(rows >= 0) & snapshot.live[rows]]
            if len(rows) >= min(count, ann_index.rows):
                return rows if tail is None else np.concatenate([rows, tail.top_k(count)])
            # Deleted rows displaced live ones, and rows of the tail must not replace those.
            requested *= policy.candidate_growth
            if policy.is_large(snapshot.total_rows, requested):
                return ExactSearch(snapshot, query, metric).top_k(count)

    return propose
