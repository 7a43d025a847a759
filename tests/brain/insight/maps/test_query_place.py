"""Where a query is drawn on a map."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest

from fiftyone_faiss.brain.insight.maps.index_map import IndexMap
from fiftyone_faiss.brain.insight.maps.map_quality import MapQuality
from fiftyone_faiss.brain.insight.maps.query_place import (
    closeness_weights,
    densest_center,
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
def test_around_the_center_are_as_many_hits_as_around_any_of_them(
    rng: np.random.Generator, dims: int
) -> None:
    for _ in range(5):
        points = rng.normal(size=(300, dims)).astype(np.float32)
        hits = rng.permutation(300)[:25]
        weights = rng.uniform(0.1, 1, 25)

        def weight_around(place: np.ndarray, points=points, hits=hits, weights=weights) -> float:
            nearest = np.argsort(np.linalg.norm(points - place, axis=1))[:25]
            return float(weights[np.isin(hits, nearest)].sum())

        center, members = densest_center(points, hits, weights)
        best = max(weight_around(points[hit]) for hit in hits)
        assert weight_around(center) >= best - 1e-9
        assert weights[np.isin(hits, members)].sum() >= best - 1e-9


def test_the_center_is_that_of_the_hits_that_lie_together() -> None:
    together = [[0, 0], [0.2, 0], [0, 0.2], [0.2, 0.2]]
    apart = [[9, 9], [-9, 9]]
    # There are others around all of them.
    others = [[x + 0.1 * i, y] for x, y in ((9, 9.5), (-9, 9.5), (1, 0)) for i in range(10)]
    points = np.array([*together, *apart, *others], np.float32)
    center, members = densest_center(points, np.arange(6), np.ones(6))
    assert members.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(center, [0.1, 0.1], atol=1e-6)
    weighted, _ = densest_center(points, np.arange(6), np.array([3, 1, 1, 1, 1, 1.0]))
    np.testing.assert_allclose(weighted, [0.4 / 6, 0.4 / 6], atol=1e-6)


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
    center, members = densest_center(points, first, weights)
    np.testing.assert_allclose(place.point, center, rtol=1e-5)
    nearest = np.argsort(np.linalg.norm(points - place.point, axis=1))[:25]
    assert place.hits_nearest == len(set(nearest) & set(first))
    assert (place.placed_by, place.nearest) == (len(members), 25)
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
