"""The steps of ``bench_graph.py``; ``workspace.run_step`` runs each in a fresh process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from vectors import Mixture
from workspace import serve

from fiftyone_faiss.brain.ann import graph_recall
from fiftyone_faiss.brain.ann.graph_files import GraphMaintenance
from fiftyone_faiss.brain.ann.range_join import join_steps
from fiftyone_faiss.brain.ann.range_search import range_search
from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors
from fiftyone_faiss.brain.core.ids import PackedIds, pack_ids
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.store import Store

K = 15
# Rows for the times that are extrapolated to all rows.
EXACT_ROWS, FAISS_ROWS, RECALL_ROWS = 2_048, 10_000, 500
NOISE = 0.004


def make(folder: str, n: int, dim: int, seed: int) -> dict[str, Any]:
    """Writes a store of vectors, of which one of 50 is a near duplicate of another."""
    vectors = np.array(Mixture(n, dim, seed).write(Path(folder) / "vectors.npy"))
    rng = np.random.default_rng(seed)
    count = n // 50
    places = rng.choice(n, 2 * count, replace=False)
    noise = rng.standard_normal((count, dim)).astype(np.float32) * NOISE
    vectors[places[:count]] = vectors[places[count:]] + noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    store = Store.create(Path(folder) / "store", has_labels=False, metadata={"metric": "cosine"})
    for start in range(0, n, 50_000):
        numbers = range(start, min(start + 50_000, n))
        store.commit(Batch(vectors[start : start + 50_000], _ids(numbers)))
    (Path(folder) / "vectors.npy").unlink()
    return {"rows": store.snapshot().total_rows}


def graph(folder: str) -> dict[str, Any]:
    """Builds the neighbor graph."""
    store = Store(Path(folder) / "store")
    maintenance = GraphMaintenance(store, "cosine")
    (snapshot, made), seconds, memory = _timed(lambda: _last(maintenance.current_steps(K)))
    vectors = ScaledVectors(snapshot, "cosine", snapshot.live_rows)
    sample = np.sort(np.random.default_rng(99).choice(len(vectors), RECALL_ROWS, replace=False))
    _, exact = graph_recall.nearest(vectors, sample, K)
    recall = float((made.distances[sample] <= exact[:, -1:] + 1e-9).mean())
    return {"build_s": seconds, "memory_bytes": memory, "recall": recall, "stated": made.recall}


def exact(folder: str) -> dict[str, Any]:
    """The time of a float32 product of all pairs with its best 15, extrapolated from some rows."""
    x = _all_vectors(folder)
    queries = x[:EXACT_ROWS]
    started = time.perf_counter()
    for start in range(0, len(x), 16_384):
        products = queries @ x[start : start + 16_384].T
        np.argpartition(-products, K, axis=1)
    product_s = time.perf_counter() - started
    started = time.perf_counter()
    faiss.knn(queries, x, K + 1, metric=faiss.METRIC_INNER_PRODUCT)
    faiss_s = time.perf_counter() - started
    started = time.perf_counter()
    for start in range(0, len(x), 16_384):
        np.nonzero(queries @ x[start : start + 16_384].T > 0.99)
    join_s = time.perf_counter() - started
    factor = len(x) / EXACT_ROWS
    return {
        "exact_s": factor * product_s, "faiss_exact_s": factor * faiss_s, "join_s": factor * join_s
    }  # fmt: skip


def ivf(folder: str, recall: float) -> dict[str, Any]:
    """The time of FAISS's batched IVF search at a recall, extrapolated from some rows."""
    x = _all_vectors(folder)
    rng = np.random.default_rng(7)
    nlist = int(4 * np.sqrt(len(x)))
    index = faiss.index_factory(x.shape[1], f"IVF{nlist},Flat", faiss.METRIC_INNER_PRODUCT)
    started = time.perf_counter()
    index.train(x[rng.choice(len(x), min(len(x), 50 * nlist), replace=False)])
    index.add(x)
    build_s = time.perf_counter() - started
    sample = rng.choice(len(x), RECALL_ROWS, replace=False)
    truth, _ = faiss.knn(x[sample], x, K + 1, metric=faiss.METRIC_INNER_PRODUCT)
    for nprobe in (1, 2, 3, 4, 6, 8, 11, 16, 22, 32, 45, 64, 90, 128, 256):
        index.nprobe = nprobe
        scores, _ = index.search(x[sample], K + 1)
        reached = float((scores[:, 1:] >= truth[:, -1:] - 1e-6).mean())
        if reached >= recall:
            break
    started = time.perf_counter()
    index.search(x[rng.choice(len(x), FAISS_ROWS, replace=False)], K + 1)
    seconds = (time.perf_counter() - started) * len(x) / FAISS_ROWS
    return {"search_s": seconds, "build_s": build_s, "nprobe": nprobe, "recall": reached}


def join(folder: str, thresh: float, rows: int) -> dict[str, Any]:
    """Finds the near duplicates, and checks some rows against an exact search."""
    snapshot = Store(Path(folder) / "store").snapshot()
    vectors = ScaledVectors(snapshot, "cosine", snapshot.live_rows)
    pairs, seconds, memory = _timed(lambda: _last(join_steps(vectors, thresh)))
    sample = np.sort(np.random.default_rng(5).choice(len(vectors), rows, replace=False))
    hits = range_search(snapshot, snapshot.vectors_at(sample), "cosine", thresh, snapshot.live)
    wanted = sum(len(hit.rows) - 1 for hit in hits)
    counted = int(pairs.degrees[sample].sum())
    return {
        "join_s": seconds, "memory_bytes": memory, "pairs": pairs.count, "checked": wanted,
        "recall": counted / wanted if wanted else None, "stated": pairs.recall,
    }  # fmt: skip


def update(folder: str, dim: int, seed: int) -> dict[str, Any]:
    """Adds 1 % of the rows, and updates the graph."""
    store = Store(Path(folder) / "store")
    n = store.snapshot().total_rows
    added = Mixture(n, dim, seed)._draw(n // 100, 1_234)
    store.commit(Batch(added, _ids(range(n, n + len(added)))))
    maintenance = GraphMaintenance(store, "cosine")
    (_, made), seconds, _ = _timed(lambda: _last(maintenance.current_steps(K)))
    return {"update_s": seconds, "recall": made.recall, "added": len(added)}


def fiftyone_duplicates(n: int, dim: int, seed: int, thresh: float) -> dict[str, Any]:
    """FiftyOne's ``find_duplicates`` on an sklearn index, and ours on the same vectors."""
    import fiftyone as fo
    import fiftyone.brain as fob

    import fiftyone_faiss

    vectors = Mixture(n, dim, seed)._draw(n, 0)
    rng = np.random.default_rng(seed)
    places = rng.choice(n, n // 25, replace=False)
    half = len(places) // 2
    noise = rng.standard_normal((half, dim)).astype(np.float32) * NOISE
    vectors[places[:half]] = vectors[places[half : 2 * half]] + noise
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(n)], progress=False)
    options = {"embeddings": vectors, "metric": "cosine"}
    sklearn = fob.compute_similarity(dataset, backend="sklearn", brain_key="sk", **options)
    fob.compute_similarity(dataset, backend="faiss", brain_key="faiss", **options)
    _, theirs_s, _ = _timed(lambda: sklearn.find_duplicates(thresh=thresh))
    ours, ours_s, _ = _timed(
        lambda: fiftyone_faiss.find_near_duplicates(dataset, "faiss", thresh, rules=("labels",))
    )
    x = vectors.astype(np.float64)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    expected = set()
    for start in range(0, n, 2_000):
        rows, columns = np.nonzero(1 - x[start : start + 2_000] @ x.T <= thresh)
        expected |= {(start + a, b) for a, b in zip(rows, columns, strict=True) if start + a < b}
    place = {id: i for i, id in enumerate(dataset.values("id"))}
    pairs = {(place[pair.id_a], place[pair.id_b]) for pair in ours.pairs}
    dataset.delete()
    return {
        "fiftyone_s": theirs_s, "ours_s": ours_s, "pairs": len(pairs),
        "differing_from_numpy": len(pairs ^ expected),
        "fiftyone_duplicates": len(sklearn.duplicate_ids), "our_redundant": len(ours.redundant),
    }  # fmt: skip


def _ids(numbers: range) -> PackedIds:
    return pack_ids(f"{number:024x}" for number in numbers)


def _all_vectors(folder: str) -> np.ndarray:
    snapshot = Store(Path(folder) / "store").snapshot()
    return snapshot.vectors_at(snapshot.live_rows)


def _last(steps: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def _timed(call: Callable[[], Any]) -> tuple[Any, float, int]:
    """The result of a call, its duration in seconds, and its peak of anonymous memory in bytes."""
    peak, ended = [_anonymous()], threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            peak[0] = max(peak[0], _anonymous())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    started = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - started
    ended.set()
    thread.join()
    return result, seconds, peak[0]


def _anonymous() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return 1024 * int(line.split()[1])
    return 0


if __name__ == "__main__":
    serve(make, graph, exact, ivf, join, update, fiftyone_duplicates)
