"""Exact distances and similarities."""

from __future__ import annotations

import numpy as np
import pytest
from support.distances import reference

from fiftyone_faiss.brain.core.metrics import METRICS, row_distances, similarities

ZERO, X, Y = [0.0, 0.0], [2.0, 0.0], [0.0, 3.0]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("cosine", [0.0, 1.0, 2.0, 1.0]),
        ("euclidean", [0.0, np.sqrt(13), 4.0, 2.0]),
        ("dotproduct", [-4.0, 0.0, 4.0, 0.0]),
    ],
)
def test_distances_follow_their_definitions(metric: str, expected: list[float]) -> None:
    vectors = np.array([X, Y, [-2.0, 0.0], ZERO])
    np.testing.assert_allclose(row_distances(np.array(X), vectors, metric), expected, atol=1e-15)


@pytest.mark.parametrize("metric", METRICS)
def test_each_query_is_compared_with_the_vector_in_its_row(
    rng: np.random.Generator, metric: str
) -> None:
    queries, vectors = rng.normal(size=(2, 20, 5))
    expected = np.diag(reference(queries, vectors, metric))
    np.testing.assert_allclose(row_distances(queries, vectors, metric), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("cosine", [1.0, 0.0]), ("euclidean", [0.0, -np.sqrt(13)]), ("dotproduct", [4.0, 0.0])],
)
def test_similarities_are_higher_for_closer_vectors(metric: str, expected: list[float]) -> None:
    vectors = np.array([X, Y], np.float32)
    values = similarities(np.array(X, np.float32), vectors, metric)
    np.testing.assert_allclose(values, expected, atol=1e-15)
