"""The neighbor graph against NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.distances import reference_distances
from support.stores import create_store, file_of, ids_of, make_batch

from fiftyone_faiss.brain.ann.graph_files import GraphMaintenance
from fiftyone_faiss.brain.ann.neighbor_graph import NeighborGraph, build_steps
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store

METRICS = ("cosine", "euclidean")


def clusters(rng: np.random.Generator, n: int, dim: int = 24) -> np.ndarray:
    """Vectors around 40 centers, of different lengths."""
    centers = rng.normal(size=(40, dim))
    vectors = centers[rng.integers(40, size=n)] + 0.4 * rng.normal(size=(n, dim))
    return (vectors * rng.uniform(0.5, 2, (n, 1))).astype(np.float32)


def run(maintenance: GraphMaintenance, k: int = 15) -> tuple[Snapshot, NeighborGraph]:
    steps = maintenance.current_steps(k)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def built(store: Store, metric: str, k: int) -> NeighborGraph:
    return run(GraphMaintenance(store, metric), k)[1]


def reference(vectors: np.ndarray, metric: str, k: int) -> np.ndarray:
    """``(n, k)`` distances to the nearest others."""
    distances = reference_distances(vectors, metric)
    np.fill_diagonal(distances, np.inf)
    return np.sort(distances, axis=1)[:, :k]


def recall(distances: np.ndarray, vectors: np.ndarray, metric: str) -> float:
    exact = reference(vectors, metric, distances.shape[1])
    return float((distances <= exact[:, -1:] + 1e-9).mean())


@pytest.mark.parametrize("metric", METRICS)
def test_neighbors_are_those_of_numpy_with_exact_distances(
    tmp_path: Path, rng: np.random.Generator, metric: str
) -> None:
    vectors = clusters(rng, 4_000)
    graph = built(create_store(tmp_path / "store", vectors), metric, 15)
    assert graph.neighbors.shape == (4_000, 15)
    assert len(graph.centroids) > 10
    # Never the row itself, and no neighbor twice.
    assert (graph.neighbors != np.arange(4_000)[:, None]).all()
    assert all(len(set(row)) == 15 for row in graph.neighbors.tolist())
    distances = reference_distances(vectors, metric)
    own = np.take_along_axis(distances, graph.neighbors.astype(np.int64), axis=1)
    np.testing.assert_allclose(graph.distances, own, atol=1e-9)
    assert (np.diff(graph.distances, axis=1) >= 0).all()
    true_recall = recall(graph.distances, vectors, metric)
    assert true_recall >= 0.95
    assert abs(graph.recall - true_recall) < 0.02
    assert graph.sampled == 400


@pytest.mark.parametrize(("n", "k"), [(2, 3), (5, 15), (300, 100)])
def test_a_small_graph_is_exact(tmp_path: Path, rng: np.random.Generator, n: int, k: int) -> None:
    vectors = clusters(rng, n)
    graph = built(create_store(tmp_path / "store", vectors), "cosine", k)
    expected = reference(vectors, "cosine", min(k, n - 1))
    np.testing.assert_allclose(graph.distances[:, : n - 1], expected, atol=1e-9)
    assert (graph.neighbors[:, n - 1 :] == -1).all()
    assert np.isinf(graph.distances[:, n - 1 :]).all()
    assert graph.recall == 1.0


def test_a_graph_is_updated_for_added_and_removed_rows(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = clusters(rng, 4_400)
    store = create_store(tmp_path / "store", vectors[:4_000])
    maintenance = GraphMaintenance(store, "cosine")
    first = run(maintenance)[1]
    assert run(maintenance)[1] is not None
    assert store.snapshot().manifest.generation == 2
    store.commit(make_batch(vectors[4_000:], range(4_000, 4_400)))
    store.commit(delete=ids_of(range(100, 300)))
    snapshot, graph = run(maintenance)
    # It was not built again: its cells are those of before.
    np.testing.assert_array_equal(graph.centroids, first.centroids)
    live = snapshot.live_rows
    assert (graph.neighbors[100:300] == -1).all()
    assert np.isin(graph.neighbors[live], live).all()
    place = np.full(4_400, -1)
    place[live] = np.arange(len(live))
    distances = reference_distances(vectors[live], "cosine")
    own = np.take_along_axis(distances, place[graph.neighbors[live]], axis=1)
    np.testing.assert_allclose(graph.distances[live], own, atol=1e-9)
    assert recall(graph.distances[live], vectors[live], "cosine") >= 0.95


def test_more_neighbors_build_the_graph_again(tmp_path: Path, rng: np.random.Generator) -> None:
    store = create_store(tmp_path / "store", clusters(rng, 400))
    maintenance = GraphMaintenance(store, "cosine")
    assert run(maintenance, 5)[1].k == 5
    assert run(maintenance, 20)[1].k == 20
    assert run(maintenance, 5)[1].k == 20


def test_the_file_of_a_graph_is_mapped_and_checked(
    tmp_path: Path, rng: np.random.Generator, caplog: pytest.LogCaptureFixture
) -> None:
    store = create_store(tmp_path / "store", clusters(rng, 600))
    made = built(store, "cosine", 15)
    read = GraphMaintenance(store, "cosine").graph_of(store.snapshot())
    assert read is not None
    np.testing.assert_array_equal(read.neighbors, made.neighbors)
    np.testing.assert_array_equal(read.distances, made.distances)
    assert isinstance(read.distances, np.memmap)
    assert (read.recall, read.sampled, read.limits) == (made.recall, made.sampled, made.limits)
    assert store.verify() == []

    path = file_of(store, "derived")
    damaged = bytearray(path.read_bytes())
    damaged[1_000] ^= 1
    path.write_bytes(damaged)
    (problem,) = store.verify()
    assert problem.is_rebuildable
    fresh = GraphMaintenance(store, "cosine")
    assert fresh.graph_of(store.snapshot()) is None
    assert "so the neighbor graph is built again" in caplog.text
    np.testing.assert_array_equal(run(fresh)[1].neighbors, made.neighbors)


def test_renumbered_rows_have_no_graph(tmp_path: Path, rng: np.random.Generator) -> None:
    store = create_store(tmp_path / "store", clusters(rng, 300))
    built(store, "cosine", 5)
    store.commit(delete=ids_of(range(10)))
    store.compact()
    assert store.snapshot().manifest.neighbor_graph is None
    assert built(store, "cosine", 5).neighbors.shape == (290, 5)


def test_identical_vectors_are_neighbors_of_each_other(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = np.concatenate([clusters(rng, 500), np.ones((3_000, 24), np.float32)])
    graph = built(create_store(tmp_path / "store", vectors), "cosine", 10)
    np.testing.assert_allclose(graph.distances[500:], 0, atol=1e-12)
    assert (graph.neighbors[500:] >= 500).all()


def test_the_same_vectors_give_the_same_graph(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = clusters(rng, 2_000)
    first, second = (built(create_store(tmp_path / n, vectors), "cosine", 15) for n in "ab")
    np.testing.assert_array_equal(first.neighbors, second.neighbors)


def test_metrics_and_numbers_without_a_graph_are_refused(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    snapshot = create_store(tmp_path / "store", clusters(rng, 10)).snapshot()
    with pytest.raises(ValueError, match="'dotproduct' have no symmetric distances"):
        next(build_steps(snapshot, "dotproduct"))
    for k in (0, 101):
        with pytest.raises(ValueError, match=f"1 to 100 neighbors, got {k}"):
            next(build_steps(snapshot, "cosine", k))
    empty = create_store(tmp_path / "empty", np.empty((0, 3), np.float32))
    assert built(empty, "cosine", 5).rows == 0
