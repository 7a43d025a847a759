"""The weights of UMAP, one pair at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.insight.maps.fuzzy_graph import curve_of, fuzzy_union


def graph_of(vectors: np.ndarray, k: int) -> ComparedGraph:
    """The exact euclidean neighbors of vectors."""
    distances = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    np.fill_diagonal(distances, np.inf)
    neighbors = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return ComparedGraph(neighbors, np.take_along_axis(distances, neighbors, axis=1), 1.0, 40)


def weights_of(distances: np.ndarray) -> np.ndarray:
    """The weights of one point, as the paper defines them."""
    positive = distances[distances > 0]
    nearest = positive.min() if len(positive) else 0.0
    beyond = np.maximum(0, distances - nearest)
    wanted = np.log2(len(distances) + 1)

    def excess(width: float) -> float:
        return float(np.exp(-beyond / width).sum() - wanted)

    return np.exp(-beyond / brentq(excess, 1e-6, 1e6))


def test_weights_are_those_of_the_paper(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(40, 3))
    # Two copies, whose distance of 0 is not the nearest one that counts.
    vectors[1] = vectors[0]
    graph = graph_of(vectors, 6)
    expected = np.zeros((40, 40))
    for i in range(40):
        expected[i, graph.neighbors[i]] = weights_of(graph.distances[i])
    expected = expected + expected.T - expected * expected.T
    union = fuzzy_union(graph)
    np.testing.assert_allclose(union.toarray(), expected, atol=1e-5)
    assert union.data.dtype == np.float32 and (np.diff(union.row) >= 0).all()


def test_copies_only() -> None:
    union = fuzzy_union(graph_of(np.zeros((5, 2)), 3))
    assert union.data.tolist() == [1.0] * union.nnz


@pytest.mark.parametrize(("min_dist", "a", "b"), [(0.1, 1.5769, 0.8951), (0.5, 0.5830, 1.3342)])
def test_the_curve_is_that_of_umap_learn(min_dist: float, a: float, b: float) -> None:
    assert curve_of(min_dist) == pytest.approx((a, b), abs=1e-3)
