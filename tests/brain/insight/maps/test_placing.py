"""New samples are placed on a map, and lost ones removed."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of
from support.scored import clusters, dataset_of

import fiftyone_faiss
from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.insight.maps.placing import place_by_neighbors

OLD, NEW = 120, 20


@pytest.fixture
def vectors(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of four clusters in random order, and the cluster of each."""
    some, numbers = clusters(rng, [35] * 4)
    order = rng.permutation(len(some))
    return some[order], numbers[order]


@pytest.fixture
def dataset(vectors: tuple[np.ndarray, np.ndarray]) -> Iterator[fo.Dataset]:
    """The first of these, indexed."""
    dataset = dataset_of(vectors[0][:OLD])
    yield dataset
    dataset.delete()


def add(dataset: fo.Dataset, vectors: np.ndarray) -> list[str]:
    """Adds samples to a dataset and its index."""
    ids = dataset.add_samples([fo.Sample(f"/none/new-{i}.png") for i in range(len(vectors))])
    load_faiss_index(dataset, None).add_to_index(vectors, ids)
    return ids


@pytest.mark.parametrize("method", ["umap", "pca"])
def test_new_samples_are_placed_and_lost_ones_removed(
    dataset: fo.Dataset, vectors: tuple[np.ndarray, np.ndarray], method: str
) -> None:
    made = fiftyone_faiss.visualize_index(dataset, method=method, vis_key="m", progress=False)
    assert fiftyone_faiss.update_map(dataset, "m").points is not None
    new = add(dataset, vectors[0][OLD:])
    lost = made.ids[:5]
    load_faiss_index(dataset, None).remove_from_index(sample_ids=lost)
    dataset.delete_samples(lost)
    updated = fiftyone_faiss.update_map(dataset, "m", progress=False)
    assert updated.ids == made.ids[5:] + new
    np.testing.assert_array_equal(updated.points[:-NEW], made.points[5:])
    np.testing.assert_array_equal(updated.placed, np.arange(len(updated)) >= OLD - 5)
    assert "20 of them placed later" in str(updated)
    loaded = fiftyone_faiss.load_map(dataset, "m")
    np.testing.assert_array_equal(loaded.points, updated.points)
    np.testing.assert_array_equal(loaded.placed, updated.placed)
    # The nearest old point of each new one is in its cluster; by chance, of 0.25 of them.
    numbers = vectors[1][5:]
    far = np.linalg.norm(updated.points[-NEW:, None] - updated.points[:-NEW], axis=2)
    nearest = numbers[: OLD - 5][far.argmin(axis=1)]
    assert (nearest == numbers[OLD - 5 :]).mean() >= 0.95
    if method == "pca":
        x = vectors[0] / np.linalg.norm(vectors[0], axis=1, keepdims=True)
        exact = x[OLD:] @ made.projection.directions.T - made.projection.offsets
        np.testing.assert_allclose(updated.points[-NEW:], exact, atol=1e-5)


def test_nothing_changes_without_news(dataset: fo.Dataset) -> None:
    made = fiftyone_faiss.visualize_index(dataset, method="pca", progress=False)
    run = dataset.get_brain_info("given_pca").timestamp
    same = fiftyone_faiss.update_map(dataset, "given_pca")
    np.testing.assert_array_equal(same.points, made.points)
    assert dataset.get_brain_info("given_pca").timestamp == run


def test_many_new_samples_are_noted(
    dataset: fo.Dataset, vectors: tuple[np.ndarray, np.ndarray]
) -> None:
    fiftyone_faiss.visualize_index(dataset, method="pca", vis_key="m", progress=False)
    add(dataset, np.concatenate([vectors[0]] * 2) + 0.01)
    updated = fiftyone_faiss.update_map(dataset, "m", progress=False)
    assert updated.notes == (
        "Many points were placed later (70 %); make the map again for a better one.",
    )


def test_a_map_without_points_or_index_is_refused(dataset: fo.Dataset) -> None:
    fiftyone_faiss.visualize_index(dataset, method="pca", vis_key="m", progress=False)
    new = add(dataset, np.eye(16, dtype=np.float32)[:6])
    old = [id for id in dataset.values("id") if id not in new]
    load_faiss_index(dataset, None).remove_from_index(sample_ids=old)
    with pytest.raises(ValueError, match="No point of the map 'm' is left; make the map again"):
        fiftyone_faiss.update_map(dataset, "m", progress=False)
    assert len(fiftyone_faiss.load_map(dataset, "m")) == OLD
    fiftyone_faiss.delete_index(dataset, "given")
    with pytest.raises(ValueError, match="has no FAISS index yet"):
        fiftyone_faiss.update_map(dataset, "m", progress=False)
    assert len(fiftyone_faiss.load_map(dataset, "m")) == OLD


def test_an_index_of_other_vectors_is_refused(dataset: fo.Dataset) -> None:
    fiftyone_faiss.visualize_index(dataset, method="pca", vis_key="m", progress=False)
    fiftyone_faiss.delete_index(dataset, "given")
    index_of(dataset, np.random.default_rng(1).normal(size=(OLD, 5)).astype(np.float32))
    with pytest.raises(ValueError, match="shows vectors of another model than the index 'given'"):
        fiftyone_faiss.update_map(dataset, "m", progress=False)
    assert len(fiftyone_faiss.load_map(dataset, "m")) == OLD


def test_chains_of_new_vectors_and_islands(dataset: fo.Dataset) -> None:
    compared = Compared.of(dataset, None)
    vectors = ScaledVectors(compared.vectors.snapshot, "cosine", compared.vectors.rows[:6])
    # 3 is next to 0 and 1, 4 only next to 3, 5 only next to 4, which waits for 3.
    neighbors = np.array([[1, 2], [0, 2], [0, 1], [0, 1], [3, 5], [4, 4]])
    distances = np.array([[0.1, 0.2]] * 3 + [[0.1, 0.1], [0.1, 0.1], [0.1, 0.2]])
    graph = ComparedGraph(neighbors, distances, 1.0, 6)
    points = np.array([[0, 0], [4, 0], [9, 9], [7, 7], [7, 7], [7, 7]], np.float32)
    is_known = np.array([True, True, True, False, False, False])
    placed = place_by_neighbors(vectors, graph, points, is_known)
    np.testing.assert_array_equal(placed[:3], points[:3])
    np.testing.assert_allclose(placed[3:], [[2, 0]] * 3, atol=1e-6)
    # Two that know only each other are placed at the nearest known vectors.
    island = ComparedGraph(np.array([[1, 2]] * 4 + [[5, 5], [4, 4]]), distances, 1.0, 6)
    placed = place_by_neighbors(vectors, island, points, is_known)
    x = vectors.at(np.arange(6))
    for i in (4, 5):
        # The third one has a place by then.
        nearest = int((x[:4] @ x[i]).argmax())
        np.testing.assert_allclose(placed[i], placed[nearest])
