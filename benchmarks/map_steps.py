"""The steps of ``bench_maps.py``; ``workspace.run_step`` runs each in a fresh process."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from vectors import Mixture
from workspace import serve

from fiftyone_faiss.brain.ann.graph_files import GraphMaintenance
from fiftyone_faiss.brain.ann.neighbor_graph import NeighborGraph
from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.core.ids import pack_ids
from fiftyone_faiss.brain.insight.maps.map_quality import quality_steps
from fiftyone_faiss.brain.insight.maps.projections import principal_components
from fiftyone_faiss.brain.insight.maps.umap_layout import umap_steps
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.store import Store

K = 15
MIN_DIST = 0.1


def make(folder: str, n: int, dim: int, seed: int) -> dict[str, Any]:
    """Writes a store of ``Mixture``, or of scikit-learn's digits if ``n`` is 0."""
    if n:
        vectors = np.array(Mixture(n, dim, seed).write(Path(folder) / "vectors.npy"))
    else:
        vectors = load_digits().data.astype(np.float32)
        np.save(Path(folder) / "vectors.npy", vectors)
    metric = "cosine" if n else "euclidean"
    store = Store.create(Path(folder) / "store", has_labels=False, metadata={"metric": metric})
    for start in range(0, len(vectors), 50_000):
        part = vectors[start : start + 50_000]
        ids = pack_ids([f"{start + i + 1:024x}" for i in range(len(part))])
        store.commit(Batch(part, ids))
    return {"size": len(vectors), "dim": vectors.shape[1], "metric": metric}


def graph(folder: str, metric: str) -> dict[str, Any]:
    """Builds the neighbor graph of the store, which keeps it."""
    started = time.perf_counter()
    _, built = _finish(_graphs(folder, metric).current_steps(K))
    return {"build_s": time.perf_counter() - started, "recall": built.recall}


def ours(folder: str, metric: str, seed: int | None) -> dict[str, Any]:
    """Lays out the store from its neighbor graph, as ``visualize_index`` does."""
    _warm_up(seed)
    started = time.perf_counter()
    vectors, neighbors = _opened(folder, metric)
    everything = np.arange(len(vectors))
    first = principal_components(vectors, 2).points(vectors, everything)
    prepared = time.perf_counter()
    points = _finish(umap_steps(neighbors, first, MIN_DIST, seed))
    done = time.perf_counter()
    np.save(Path(folder) / "ours.npy", points)
    return {
        "total_s": done - started,
        "components_s": prepared - started,
        "layout_s": done - prepared,
    }


def umap_learn(folder: str, metric: str, seed: int | None) -> dict[str, Any]:
    """Runs umap-learn with its defaults, on vectors in memory."""
    import umap

    options = {"metric": metric, "min_dist": MIN_DIST, "random_state": seed}
    # Compiles; more than 4,096 vectors take the path of large data.
    rng = np.random.default_rng(1)
    umap.UMAP(**options, n_epochs=2).fit_transform(rng.normal(size=(4_200, 8)))
    vectors = np.load(Path(folder) / "vectors.npy")
    started = time.perf_counter()
    points = umap.UMAP(**options).fit_transform(vectors)
    total = time.perf_counter() - started
    np.save(Path(folder) / "umap_learn.npy", points.astype(np.float32))
    return {"total_s": total}


def quality(folder: str, metric: str) -> dict[str, Any]:
    """Measures the maps of both on the same sampled points."""
    vectors, neighbors = _opened(folder, metric)
    measured: dict[str, Any] = {}
    for name in ("ours", "umap_learn"):
        points = np.load(Path(folder) / f"{name}.npy")
        of_map = _finish(quality_steps(vectors, neighbors, points))
        measured[name] = {
            "trustworthiness": of_map.trustworthiness,
            "error": of_map.error,
            "neighbors_kept": of_map.neighbors_kept,
        }
        if metric == "euclidean":
            measured[name] |= _digits_apart(points)
    return measured


def _digits_apart(points: np.ndarray) -> dict[str, float]:
    """The distances of the centers of digits, in standard deviations of the map."""
    labels = load_digits().target
    centers = [points[labels == digit].mean(axis=0) for digit in range(10)]
    return {
        f"{a}_and_{b}": float(np.linalg.norm(centers[a] - centers[b]) / points.std())
        for a, b in ((3, 8), (0, 1))
    }


def _little() -> tuple[ComparedGraph, np.ndarray]:
    """A graph of 40 points in a ring."""
    everything = np.arange(40)
    neighbors = (everything[:, None] + np.arange(1, K + 1)) % 40
    distances = np.broadcast_to(np.arange(1.0, K + 1), neighbors.shape)
    first = np.stack([np.cos(everything), np.sin(everything)], axis=1).astype(np.float32)
    return ComparedGraph(neighbors, distances, 1.0, 40), first


def _warm_up(seed: int | None) -> None:
    """Compiles the optimizer that the layout uses."""
    from fiftyone_faiss.brain.insight.maps import umap_layout

    few, umap_layout.MAX_REPEATABLE = umap_layout.MAX_REPEATABLE, 10
    _finish(umap_steps(*_little(), MIN_DIST, seed))
    umap_layout.MAX_REPEATABLE = few


def _graphs(folder: str, metric: str) -> GraphMaintenance:
    return GraphMaintenance(Store(Path(folder) / "store"), metric)


def _opened(folder: str, metric: str) -> tuple[ScaledVectors, ComparedGraph]:
    snapshot, stored = _finish(_graphs(folder, metric).current_steps(K))
    assert isinstance(stored, NeighborGraph)
    vectors = ScaledVectors(snapshot, metric, snapshot.live_rows)
    return vectors, ComparedGraph(
        np.asarray(stored.neighbors, np.int64),
        np.asarray(stored.distances),
        stored.recall,
        stored.sampled,
    )


def _finish(steps: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


if __name__ == "__main__":
    serve(make, graph, ours, umap_learn, quality)
