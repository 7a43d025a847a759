"""The steps of ``bench_clusters.py``; ``workspace.run_step`` runs each in a fresh process."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from vectors import Matrix, Mixture
from workspace import serve

from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.curation.grouping import spherical_kmeans as kmeans
from fiftyone_faiss.brain.curation.grouping.cluster_request import ClusterRequest
from fiftyone_faiss.brain.curation.grouping.partitions import divide_kmeans_steps
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.store import Store


def make(folder: str, n: int, dim: int, seed: int) -> dict[str, Any]:
    """Writes a store of vectors."""
    vectors = np.array(Mixture(n, dim, seed).write(Path(folder) / "vectors.npy"))
    store = Store.create(Path(folder) / "store", has_labels=False, metadata={"metric": "cosine"})
    for start in range(0, n, 50_000):
        part = vectors[start : start + 50_000]
        ids = pack_ids([f"{start + i + 1:024x}" for i in range(len(part))])
        store.commit(Batch(part, ids))
    return {"bytes": int(vectors.nbytes)}


def ours(folder: str, k: int, seed: int, seeds: int) -> dict[str, Any]:
    """Runs k-means: one run, and then the service's runs with their stability."""
    vectors = _vectors(folder)
    started = time.perf_counter()
    x = vectors.at(kmeans.sampled(vectors, kmeans.sample_size(k), seed))
    centers = kmeans.train(x, k, seed)
    centers, assignment = _finish(kmeans.refine_steps(vectors, centers))
    once = time.perf_counter() - started
    started = time.perf_counter()
    request = ClusterRequest(n_clusters=k, seeds=seeds, seed=seed)
    divided = _finish(divide_kmeans_steps(vectors, request, k))
    with_stability = time.perf_counter() - started
    given = np.load(Path(folder) / "vectors.npy", mmap_mode="r")
    return {
        "once_s": once,
        "inertia": _inertia(given, assignment.labels, k),
        "stability_s": with_stability,
        "stability_inertia": _inertia(given, divided.partition.labels, k),
        "agreement": divided.stability.agreement,
    }


def sklearn(folder: str, k: int, seed: int) -> dict[str, Any]:
    """Runs scikit-learn's MiniBatchKMeans with its defaults, on vectors in memory."""
    vectors = np.load(Path(folder) / "vectors.npy")
    started = time.perf_counter()
    labels = MiniBatchKMeans(k, random_state=seed, n_init=1).fit_predict(vectors)
    return {
        "fit_s": time.perf_counter() - started,
        "inertia": _inertia(vectors, labels, k),
    }


def _vectors(folder: str) -> ScaledVectors:
    snapshot = Store(Path(folder) / "store").snapshot()
    return ScaledVectors(snapshot, "cosine", snapshot.live_rows)


def _inertia(vectors: Matrix, labels: np.ndarray, k: int) -> float:
    """The sum of squared distances to the mean of the cluster, the best center for it."""
    sums, counts, squares = np.zeros((k, vectors.shape[1])), np.zeros(k), 0.0
    for start in range(0, len(vectors), 50_000):
        part, own = np.asarray(vectors[start : start + 50_000]), labels[start : start + 50_000]
        for cluster in range(k):
            sums[cluster] += part[own == cluster].sum(axis=0, dtype=np.float64)
        counts += np.bincount(own, minlength=k)
        squares += float(np.einsum("ij,ij->", part, part, dtype=np.float64))
    return squares - float(((sums * sums).sum(axis=1) / np.maximum(counts, 1)).sum())


def _finish(steps: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


if __name__ == "__main__":
    serve(make, ours, sklearn)
