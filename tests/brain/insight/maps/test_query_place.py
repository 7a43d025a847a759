"""Where a query is drawn on a map."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from scipy.optimize import minimize

from fiftyone_faiss.brain.insight.maps.index_map import IndexMap
from fiftyone_faiss.brain.insight.maps.map_quality import MapQuality
from fiftyone_faiss.brain.insight.maps.query_place import (
    closeness_weights,
    geometric_median,
    nearest_points,
    place_query,
)


def map_of(points: np.ndarray, kept: float = 0.6) -> IndexMap:
    """A map of some points that keeps this share of neighbors."""
    n = len(points)
    quality = MapQuality(0.9, 0.0, n, np.full(n, kept, np.float32), 15, 1.0)
    ids = [f"{i:024x}" for i in range(n)]
    own = np.asarray(points, np.float32)
    samples = fo.Dataset()
    return IndexMap(samples, "m", "given", "pca", None, own, ids, ids, np.zeros(n, bool), quality)


@pytest.mark.parametrize("dims", [2, 3])
def test_the_center_is_the_one_that_scipy_finds(rng: np.random.Generator, dims: int) -> None:
    for _ in range(5):
        points, weights = rng.normal(size=(25, dims)), rng.uniform(0.1, 1, 25)

        def cost(center: np.ndarray, points=points, weights=weights) -> float:
            return float((weights * np.linalg.norm(points - center, axis=1)).sum())

        center = geometric_median(points.astype(np.float32), weights)
        best = minimize(cost, points.mean(axis=0), method="Nelder-Mead", options={"xatol": 1e-8})
        assert cost(center) <= best.fun * (1 + 1e-6)
        np.testing.assert_allclose(center, best.x, atol=1e-3)


def test_the_center_lies_among_the_majority() -> None:
    points = np.array([[0, 0], [0.1, 0], [0, 0.1], [0.1, 0.1], [9, 9], [9, 9.1]], np.float32)
    center = geometric_median(points, np.ones(6))
    assert np.abs(center - 0.05).max() < 0.1
    # A point with more than half of the weight holds the center.
    heavy = geometric_median(points, np.array([0.1, 0.1, 0.1, 0.1, 0.1, 5]))
    np.testing.assert_allclose(heavy, [9, 9.1], atol=1e-4)
    np.testing.assert_array_equal(geometric_median(points[:1].repeat(4, axis=0), np.ones(4)), 0)


def test_nearer_hits_weigh_more() -> None:
    weights = closeness_weights(np.array([0.2, 0.3, 0.4]))
    np.testing.assert_allclose(weights, [1, np.exp(-1), np.exp(-2)])
    np.testing.assert_array_equal(closeness_weights(np.full(3, 0.7)), 1)


def test_the_hits_around_the_query_are_counted(rng: np.random.Generator) -> None:
    points = rng.normal(size=(200, 2)).astype(np.float32)
    hits = rng.permutation(200)[:40].tolist()
    distances = np.sort(rng.uniform(0.1, 0.9, 40)).tolist()
    place = place_query(map_of(points), hits, distances)
    first = np.array(hits[:25])
    weights = closeness_weights(np.array(distances[:25]))
    np.testing.assert_allclose(place.point, geometric_median(points[first], weights), rtol=1e-5)
    nearest = np.argsort(np.linalg.norm(points - place.point, axis=1))[:25]
    assert place.hits_nearest == len(set(nearest) & set(first))
    assert (place.placed_by, place.nearest) == (25, 25)
    assert place.predicted == pytest.approx(15)
    np.testing.assert_array_equal(nearest_points(points, place.point, 25), nearest)


def test_a_query_that_is_a_point_is_drawn_there_and_is_none_of_its_neighbors() -> None:
    points = np.array([[i, 0] for i in range(30)], np.float32)
    place = place_query(map_of(points), [11, 9, 20], [0.1, 0.1, 0.5], own=10)
    np.testing.assert_array_equal(place.point, [10, 0])
    # The three nearest others are 9, 11 and 8 or 12.
    assert (place.placed_by, place.nearest, place.hits_nearest) == (0, 3, 2)


def test_a_query_without_hits_on_the_map_has_no_place() -> None:
    place = place_query(map_of(np.zeros((5, 2))), [], [])
    assert place.point is None and place.placed_by == place.nearest == 0
