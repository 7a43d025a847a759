"""Searchers whose ANN indexes hold a few hundred rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fiftyone_faiss.brain.ann.policy import DEFAULT_POLICY
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.store.store import Store

DIM, ROWS = 16, 400
FACTORIES = ("PQ4x4", "LSH", "IVF4,PQ4x4", "OPQ4,IVF4,PQ4x4fs,RFlat")
# All types but exact search.
ANN_TYPES = ("sqfp16", "sq8", "ivf_sq8", "hnsw", "tree", *FACTORIES)
# With the default policy, a few hundred rows have no ANN index, or do not use it.
SMALL_POLICY = replace(
    DEFAULT_POLICY,
    min_rows=32,
    tail_rows=20,
    deleted_rows=20,
    max_candidate_fraction=1 / 4,
    gather_rows=16,
)


def small_searcher(
    store: Store,
    index_type: str,
    metric: str = "cosine",
    texts: Callable[[], np.ndarray | None] = lambda: None,
) -> VectorSearcher:
    """Returns a searcher with thresholds for small stores."""
    return VectorSearcher(store, metric, index_type, texts, SMALL_POLICY)


def searcher_with_index(store: Store, index_type: str, metric: str = "cosine") -> VectorSearcher:
    """Returns a searcher whose ANN index is built."""
    searcher = small_searcher(store, index_type, metric)
    searcher.maintenance.maintain()
    assert [path.suffix for path in store.path.glob("*.derived")] == [".derived"]
    return searcher
