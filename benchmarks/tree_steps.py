"""The step of ``bench_tree.py``."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from workspace import serve

TYPES = ("flat", "tree", "ivf_sq8")
QUERIES, K = 60, 10


def measure(folder: str, kind: str, size: int, dim: int, seed: int) -> dict[str, Any]:
    """Times each index type, and scikit-learn, with the same queries; euclidean."""
    from sklearn.neighbors import NearestNeighbors

    from fiftyone_faiss.brain.ann.searcher import VectorSearcher
    from fiftyone_faiss.brain.core.ids import pack_ids
    from fiftyone_faiss.brain.store.batch import Batch
    from fiftyone_faiss.brain.store.store import Store

    vectors, queries = _vectors(kind, size, dim, seed)
    exact = vectors.astype(np.float64)
    distances = np.stack([np.linalg.norm(exact - query, axis=1) for query in queries])
    limits = np.partition(distances, K - 1, axis=1)[:, K - 1]
    ids = pack_ids([f"{i:024x}" for i in range(size)])
    types: dict[str, dict[str, float]] = {}
    for index_type in TYPES:
        path = Path(folder) / index_type
        store = Store.create(path, has_labels=False, metadata={"metric": "euclidean"})
        store.commit(Batch(vectors, ids))
        started = time.perf_counter()
        VectorSearcher(store, "euclidean", index_type).maintenance.maintain()
        built = time.perf_counter() - started
        # As another process opens it.
        searcher = VectorSearcher(store, "euclidean", index_type)
        snapshot = store.snapshot()
        started = time.perf_counter()
        searcher.maintenance.ann_index_of(snapshot)
        opened = time.perf_counter() - started
        times, right = [], 0
        for query, exact_distances, limit in zip(queries, distances, limits, strict=True):
            started = time.perf_counter()
            (hits,) = searcher.search(snapshot, query[None], K, _all_rows())
            times.append(1000 * (time.perf_counter() - started))
            right += int(np.count_nonzero(exact_distances[hits.rows] <= limit))
        types[index_type] = {
            "median_ms": float(np.median(times)),
            "recall": right / (K * QUERIES),
            "build_s": built,
            "open_s": opened,
        }
        shutil.rmtree(path)
    peer = NearestNeighbors(n_neighbors=K).fit(exact)
    times = []
    for query in queries:
        started = time.perf_counter()
        peer.kneighbors(query[None].astype(np.float64))
        times.append(1000 * (time.perf_counter() - started))
    return {
        "types": types,
        "sklearn_ms": float(np.median(times)),
        "sklearn_method": str(peer._fit_method),
    }


def _vectors(kind: str, size: int, dim: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if kind == "uniform":
        noise = np.random.default_rng(seed).random((size + QUERIES, dim), np.float32)
        return noise[:size], noise[size:]
    from vectors import Mixture

    mixture = Mixture(size, max(dim, 4), seed)
    both = mixture.queries(size + QUERIES)[:, :dim]
    return np.ascontiguousarray(both[:size]), np.ascontiguousarray(both[size:])


def _all_rows() -> Any:
    from fiftyone_faiss.brain.ann.row_filter import RowFilter

    return RowFilter(contains=lambda rows: np.ones(len(rows), bool), rows=lambda: None)


if __name__ == "__main__":
    serve(measure)
