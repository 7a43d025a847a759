"""The quality of a map against scikit-learn and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from support.distances import reference_distances
from support.scored import clusters, dataset_of

from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import graph_steps
from fiftyone_faiss.brain.data.progress_bar import run_steps
from fiftyone_faiss.brain.insight.maps import map_quality
from fiftyone_faiss.brain.insight.maps.map_quality import MapQuality, nearest_in_map, quality_steps


def measured(vectors: np.ndarray, points: np.ndarray, metric: str = "cosine") -> MapQuality:
    dataset = dataset_of(vectors, metric)
    compared = Compared.of(dataset, None)
    graph = run_steps(graph_steps(compared, min(15, len(vectors) - 1)), False)
    quality = run_steps(quality_steps(compared.vectors, graph, points.astype(np.float32)), False)
    dataset.delete()
    return quality


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_quality_is_that_of_scikit_learn(rng: np.random.Generator, metric: str) -> None:
    vectors, _ = clusters(rng, [80, 60, 40])
    points = vectors[:, :2] + rng.normal(scale=0.05, size=(180, 2))
    quality = measured(vectors, points, metric)
    distances = reference_distances(vectors, metric)
    expected = trustworthiness(distances, points, n_neighbors=15, metric="precomputed")
    assert quality.trustworthiness == pytest.approx(expected, abs=1e-6)
    assert (quality.error, quality.sampled, quality.k, quality.recall) == (0.0, 180, 15, 1.0)
    true, in_map = (
        np.argsort(d + np.diag(np.full(180, np.inf)), axis=1)[:, :15]
        for d in (distances, reference_distances(points.astype(np.float32), "euclidean"))
    )
    kept = [len(set(a) & set(b)) / 15 for a, b in zip(true, in_map, strict=True)]
    np.testing.assert_allclose(quality.kept, kept, atol=1e-6)
    assert quality.neighbors_kept == pytest.approx(np.mean(kept))
    assert quality.chance == pytest.approx(15 / 179)


def test_a_perfect_and_a_random_map(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(400, 2))
    perfect = measured(vectors, vectors, "euclidean")
    assert (perfect.trustworthiness, perfect.neighbors_kept) == (1.0, 1.0)
    random = measured(vectors, rng.normal(size=(400, 2)), "euclidean")
    assert random.trustworthiness == pytest.approx(0.5, abs=0.03)
    assert random.neighbors_kept == pytest.approx(random.chance, abs=0.01)


def test_few_points_have_fewer_neighbors(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(6, 2))
    quality = measured(vectors, vectors, "euclidean")
    assert (quality.k, quality.trustworthiness, quality.neighbors_kept) == (2, 1.0, 1.0)


def test_a_sample_estimates_the_trustworthiness(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, _ = clusters(rng, [300, 300])
    points = vectors[:, :2] + rng.normal(scale=0.1, size=(600, 2))
    exact = measured(vectors, points)
    monkeypatch.setattr(map_quality, "MAX_PAIRS", 200 * 600)
    sampled = measured(vectors, points)
    assert sampled.sampled == 200 and 0 < sampled.error < 0.02
    assert abs(sampled.trustworthiness - exact.trustworthiness) < 3 * sampled.error
    np.testing.assert_array_equal(sampled.kept, exact.kept)


def test_points_at_one_place_have_other_neighbors() -> None:
    neighbors = nearest_in_map(np.zeros((6, 2), np.float32), 3)
    assert neighbors.shape == (6, 3)
    for i, others in enumerate(neighbors):
        assert i not in others and len(set(others)) == 3
