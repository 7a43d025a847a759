"""The measurements of ``bench_batch.py``, each in a fresh process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
from workspace import serve

K = 10
ONE_QUERIES = 200
# FAISS's own types, with the search parameter that reaches a recall of 0.98 or more.
MIN_RECALL = 0.98
Search = Callable[[np.ndarray], Any]


def measure(
    name: str, queries_file: str, counts: list[int], rounds: int, own_types: bool
) -> dict[str, Any]:
    """Times an index beside FAISS's own search with its ANN index."""
    import fiftyone as fo

    dataset = fo.load_dataset(name)
    results = dataset.load_brain_results("faiss")
    queries = np.load(queries_file)
    snapshot = results.snapshot
    ann_index = results.vectors.maintenance.ann_index_of(snapshot)
    lookup = results.view_filter.existing_rows

    def with_lookup(some: np.ndarray) -> Any:
        results.view_filter.existing_rows = lookup
        return ours(some)

    def ours(some: np.ndarray) -> Any:
        return results._kneighbors(query=some, k=K, return_dists=True)

    def without_lookup(some: np.ndarray) -> Any:
        results.view_filter.existing_rows = lambda snapshot, rows: np.ones(len(rows), bool)
        return ours(some)

    ways: dict[str, Search] = {"ours": without_lookup}
    if ann_index is not None:
        ways["faiss"] = _refined(ann_index, snapshot, queries[:ONE_QUERIES], _recall_of(results))
    ids = results.sample_ids
    recalls = {"ours": [list(map(str, row)) for row in without_lookup(queries[:ONE_QUERIES])[0]]}
    if ann_index is not None:
        neighbors = ways["faiss"](queries[:ONE_QUERIES])
        recalls["faiss"] = [ids[row].tolist() for row in neighbors]
    totals: dict[int, dict[str, float]] = {}
    for count in counts:
        totals[count] = _interleaved(ways, queries[:count], max(rounds, 30 // count))
    ones = {"with lookup": with_lookup, "without lookup": without_lookup}
    if ann_index is not None:
        ones["faiss refined"] = ways["faiss"]
    return {
        "factory": (snapshot.manifest.ann_index.metadata["factory"] if ann_index else "exact"),
        "totals_ms": totals,
        "one_ms": _one_by_one(ones, queries[:ONE_QUERIES]),
        "recalls": recalls,
        "own_types": _own_types(snapshot, queries[:ONE_QUERIES]) if own_types else None,
    }


def _recall_of(results: Any) -> Callable[[np.ndarray, np.ndarray], tuple[float, float]]:
    """Returns a function that measures the recall of rows, and that of the index."""

    def recalls(queries: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
        from fiftyone_faiss.brain.ann.batch_search import search_many

        snapshot = results.snapshot
        exact = [hit.rows for hit in search_many(snapshot, queries, "cosine", K)]
        ids = results.sample_ids
        own = results._kneighbors(query=queries, k=K, return_dists=True)[0]
        pairs = list(zip(exact, rows, own, strict=True))
        others = [len(np.intersect1d(row, given)) for row, given, _ in pairs]
        ours = [len(set(ids[row].tolist()) & set(map(str, given))) for row, _, given in pairs]
        return float(np.mean(others)) / K, float(np.mean(ours)) / K

    return recalls


def _refined(ann_index: Any, snapshot: Any, queries: np.ndarray, recalls: Any) -> Search:
    """FAISS's own search, ranked by ``IndexRefineFlat``, with the recall of the index or more."""
    vectors = snapshot.vectors_at(snapshot.live_rows)
    refined = faiss.IndexRefineFlat(ann_index.index, faiss.swig_ptr(vectors))
    tuned = ann_index.parameters_for(K)
    base = None
    ivf = faiss.downcast_index(ann_index.index)
    if isinstance(ivf, faiss.IndexIVF):
        base = faiss.SearchParametersIVF(nprobe=tuned.nprobe)
    params = faiss.IndexRefineSearchParameters(k_factor=tuned.k_factor, base_index_params=base)

    def search(some: np.ndarray) -> np.ndarray:
        if base is not None:
            ivf.parallel_mode = 0 if len(some) > 1 else 1
        return refined.search(some, K, params=params)[1]

    if base is not None:
        others, ours = recalls(queries, search(queries))
        while others < ours and base.nprobe < ivf.nlist:
            base.nprobe = max(base.nprobe + 1, base.nprobe * 5 // 4)
            others, ours = recalls(queries, search(queries))
    return search


def _interleaved(ways: dict[str, Search], queries: np.ndarray, rounds: int) -> dict[str, float]:
    """The median time in milliseconds of each way, in random order."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    order = random.Random(0)
    for _ in range(rounds):
        for name in order.sample(list(ways), len(ways)):
            started = time.perf_counter()
            ways[name](queries)
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: round(float(np.median(some)), 4) for name, some in times.items()}


def _one_by_one(ways: dict[str, Search], queries: np.ndarray) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    order = random.Random(1)
    for query in queries:
        for name in order.sample(list(ways), len(ways)):
            started = time.perf_counter()
            ways[name](query[None])
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: round(float(np.median(some)), 4) for name, some in times.items()}


def _own_types(snapshot: Any, queries: np.ndarray) -> dict[str, dict[str, float]]:
    """One query with FAISS's own fast types, without exact ranking."""
    vectors = snapshot.vectors_at(snapshot.live_rows)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    truth = flat.search(queries, K)[1]
    measured = {}
    for factory in ("HNSW32", "IVF1024,SQ8"):
        index = faiss.index_factory(vectors.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        index.train(vectors[:40_000])
        index.add(vectors)
        for value in (4, 8, 16, 32, 64, 128):
            if factory.startswith("HNSW"):
                index.hnsw.efSearch = value
            else:
                index.nprobe = value
            rows = index.search(queries, K)[1]
            recall = np.mean([len(set(a) & set(b)) / K for a, b in zip(rows, truth, strict=True)])
            if recall >= MIN_RECALL:
                break
        times = _one_by_one({"own": lambda query, index=index: index.search(query, K)}, queries)
        measured[f"{factory} {value}"] = {"p50_ms": times["own"], "recall": float(recall)}
    return measured


if __name__ == "__main__":
    serve(measure)
