"""Each point's neighbors among the others, and what FiftyOne makes of them, against NumPy."""

from __future__ import annotations

from collections.abc import Callable

import fiftyone as fo
import fiftyone.brain as fob
import matplotlib
import numpy as np
import pytest
from fiftyone import ViewField as F
from support.distances import reference
from support.points import Points, check_answers, nearest, neighbors_of, one_sentence, points_of

from fiftyone_faiss.brain.similarity import FaissSimilarityIndex

matplotlib.use("Agg")
METRICS = ("cosine", "euclidean")
# Copies and their originals, and how far apart: the third is the least near of them.
DUPLICATES = {7: (2, 0.0), 9: (5, 1e-3), 10: (5, 1e-2)}


def planted(points: Points) -> Points:
    """The same points, some of which are copies of others."""
    vectors = points.vectors.copy()
    for copy, (original, step) in DUPLICATES.items():
        vectors[copy] = vectors[original]
        vectors[copy][0] += step
    return points.with_vectors(vectors)


def to_others(points: Points, metric: str) -> np.ndarray:
    """``(n, n)`` distances, infinite from each point to itself."""
    distances = reference(points.vectors, points.vectors, metric)
    np.fill_diagonal(distances, np.inf)
    return distances


def duplicates(points: Points, metric: str, thresh: float) -> tuple[list[str], dict]:
    """What FiftyOne defines: each point within reach of an earlier one that is kept goes."""
    distances = to_others(points, metric)
    kept: list[int] = []
    for i in range(len(points.ids)):
        if not (distances[i, kept] <= thresh).any():
            kept.append(i)
    near: dict[str, list[tuple[str, float]]] = {}
    for i in set(range(len(points.ids))) - set(kept):
        j = kept[int(np.argmin(distances[i, kept]))]
        near.setdefault(points.ids[j], []).append((points.ids[i], distances[i, j]))
    return [points.ids[i] for i in kept], near


def check_duplicates(results: FaissSimilarityIndex, points: Points, thresh: float) -> None:
    """Fails unless the last call found the duplicates that NumPy finds."""
    kept, near = duplicates(points, results.config.metric, thresh)
    assert sorted(results.unique_ids) == sorted(kept)
    assert sorted(results.duplicate_ids) == sorted(set(points.ids) - set(kept))
    assert results.thresh == thresh
    assert set(results.neighbors_map) == set(near)
    for id, expected in near.items():
        neighbors = results.neighbors_map[id]
        assert [n for n, _ in neighbors] == [n for n, _ in sorted(expected, key=lambda t: t[1])]
        np.testing.assert_allclose(
            [d for _, d in neighbors], sorted(d for _, d in expected), rtol=1e-4, atol=1e-6
        )


def check_all_neighbors(results: FaissSimilarityIndex, points: Points, thresh: float) -> None:
    """Fails unless the neighbors of all points, as places among them, are NumPy's."""
    expected = to_others(points, results.config.metric)
    current = results.current_sample_ids
    assert current.tolist() == points.sample_ids
    if points.label_ids is not None:
        assert results.current_label_ids.tolist() == points.label_ids
    places, distances = results._kneighbors(k=3, return_dists=True)
    # The places of their distances are compared: copies, equally far, may come in either order.
    expected_distances = np.take_along_axis(expected, np.array(places), 1)
    np.testing.assert_allclose(
        expected_distances, np.sort(expected, axis=1)[:, :3], rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-4, atol=1e-6)
    assert all(len(set(row.tolist())) == 3 for row in places)
    np.testing.assert_array_equal(results._kneighbors(k=3), places)
    assert [sorted(row) for row in results._kneighbors()] == [
        [j for j in range(len(points.ids)) if j != i] for i in range(len(points.ids))
    ]
    near, distances = results._radius_neighbors(thresh=thresh, return_dists=True)
    for i, (row, row_distances) in enumerate(zip(near, distances, strict=True)):
        assert sorted(row.tolist()) == np.flatnonzero(expected[i] <= thresh).tolist()
        np.testing.assert_allclose(row_distances, expected[i][row], rtol=1e-4, atol=1e-6)
    assert [sorted(row.tolist()) for row in results._radius_neighbors(thresh=thresh)] == [
        sorted(row.tolist()) for row in near
    ]


# -- neighbors --------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
def test_all_neighbors_of_the_whole_index(points: Points, metric: str) -> None:
    points = planted(points)
    thresh = {"cosine": 0.7, "euclidean": 3.2}[metric]
    check_all_neighbors(points.index(metric=metric), points, thresh)


@pytest.mark.parametrize("metric", METRICS)
def test_all_neighbors_within_a_view(points: Points, metric: str) -> None:
    points = planted(points)
    results = points.index(metric=metric)
    view = points.dataset.match(F("number") != 5).sort_by("number", reverse=True)
    # In the order of the view, of which positions are places.
    places = [i for s in view.values("id") for i, id in enumerate(points.sample_ids) if id == s]
    assert 1 < len(places) < len(points.ids)
    thresh = {"cosine": 0.7, "euclidean": 3.2}[metric]
    with results.use_view(view):
        check_all_neighbors(results, points.at(places), thresh)
    check_all_neighbors(results, points, thresh)


def test_deleted_samples_are_not_neighbors(points: Points) -> None:
    points = planted(points)
    results = points.index()
    check_all_neighbors(results, points, 0.7)
    gone = [points.sample_ids[2], points.sample_ids[5]]
    points.dataset.delete_samples(gone)
    live = points.at([i for i, id in enumerate(points.sample_ids) if id not in gone])
    check_all_neighbors(results, live, 0.7)
    with results.use_view(points.dataset[1:]):
        first = points.dataset.first().id
        rest = [i for i, id in enumerate(live.sample_ids) if id != first]
        check_all_neighbors(results, live.at(rest), 0.7)
    results.find_duplicates(thresh=1e-3)
    check_duplicates(results, live, 1e-3)


def test_deleted_labels_are_not_neighbors(patches: Points) -> None:
    points = planted(patches)
    results = points.index()
    check_all_neighbors(results, points, 0.7)
    points.dataset.delete_labels(ids=[points.ids[2], points.ids[5]], fields="things")
    live = points.at([i for i in range(len(points.ids)) if i not in (2, 5)])
    check_all_neighbors(results, live, 0.7)
    results.find_duplicates(thresh=1e-3)
    check_duplicates(results, live, 1e-3)


def test_neighbors_within_reach_of_a_query(points: Points) -> None:
    results = points.index(metric="euclidean")
    expected = reference(points.vectors[[1, 4]], points.vectors, "euclidean")
    thresh = 3.5

    def near(row: int) -> tuple[list[str], list[float]]:
        order = [j for j in np.argsort(expected[row]) if expected[row][j] <= thresh]
        return [points.ids[j] for j in order], expected[row][order].tolist()

    def within_reach(query: object) -> tuple[list, list]:
        samples, labels, distances = results._radius_neighbors(query, thresh, return_dists=True)
        return (samples if labels is None else labels), distances

    for query in (points.ids[1], points.vectors[1]):
        ids, distances = within_reach(query)
        assert ids == near(0)[0]
        np.testing.assert_allclose(distances, near(0)[1], rtol=1e-5, atol=1e-6)
    for query in ([points.ids[1], points.ids[4]], points.vectors[[1, 4]]):
        ids, distances = within_reach(query)
        assert ids == [near(0)[0], near(1)[0]]
        for row in (0, 1):
            np.testing.assert_allclose(distances[row], near(row)[1], rtol=1e-5, atol=1e-6)


# -- duplicates and unique ones ----------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("step", [1e-5, 0.2])
def test_duplicates_within_a_threshold(points: Points, metric: str, step: float) -> None:
    points = planted(points)
    results = points.index(metric=metric)
    results.find_duplicates(thresh=step)
    check_duplicates(results, points, step)
    assert points.ids[7] in results.duplicate_ids


def test_a_fraction_of_duplicates_is_the_nearest_copies(points: Points) -> None:
    points = planted(points)
    results = points.index(metric="euclidean")
    results.find_duplicates(fraction=3 / len(points.ids))
    assert results.duplicate_ids == [points.ids[i] for i in DUPLICATES]
    check_duplicates(results, points, results.thresh)


@pytest.mark.parametrize("metric", METRICS)
def test_unique_points_are_farther_apart_than_the_threshold(points: Points, metric: str) -> None:
    results = points.index(metric=metric)
    results.find_unique(5)
    kept, _ = duplicates(points, metric, results.thresh)
    assert sorted(results.unique_ids) == sorted(kept)
    assert len(results.unique_ids) == 5
    assert sorted(results.duplicate_ids) == sorted(set(points.ids) - set(kept))


def test_duplicates_within_a_view(points: Points) -> None:
    points = planted(points)
    results = points.index()
    view = points.dataset.match(F("number") >= 2)
    inside = [i for i, id in enumerate(points.sample_ids) if id in view.values("id")]
    with results.use_view(view):
        results.find_duplicates(thresh=1e-3)
        check_duplicates(results, points.at(inside), 1e-3)
        assert results.view == view
    assert results.view == points.dataset
    results.find_duplicates(thresh=1e-3)
    check_duplicates(results, points, 1e-3)


# FiftyOne makes no patches view of a field of single detections, which these views would be.
@pytest.mark.parametrize("kind", ["samples", "detections"])
def test_the_view_of_duplicates_puts_each_original_before_its_copies(
    dataset: fo.Dataset, rng: np.random.Generator, kind: str
) -> None:
    points = planted(points_of(dataset, kind, rng))
    results = points.index(metric="euclidean")
    results.find_duplicates(thresh=0.05)
    view = results.duplicates_view(type_field="kind", id_field="near_id", dist_field="near")
    places = [2, 7, 5, 9, 10]
    assert view.values("id") == points.at(places).ids
    assert view.values("kind") == ["nearest", "duplicate", "nearest", "duplicate", "duplicate"]
    assert view.values("near_id") == points.at([2, 2, 5, 5, 5]).ids
    np.testing.assert_allclose(view.values("near"), [0, 0, 0, 1e-3, 1e-2], rtol=1e-3, atol=1e-6)
    rest = [id for i, id in enumerate(points.ids) if i not in DUPLICATES]
    assert sorted(results.unique_view().values("id")) == sorted(rest)


def test_the_plot_is_of_the_nearest_distances(points: Points) -> None:
    points = planted(points)
    results = points.index(metric="euclidean")
    distances = to_others(points, "euclidean").min(axis=1)
    nearest_distances = results._kneighbors(k=1, return_dists=True)[1]
    np.testing.assert_allclose(np.ravel(nearest_distances), distances, rtol=1e-4, atol=1e-6)
    expected = np.histogram(distances, bins=5)[0].tolist()
    figure = results.plot_distances(bins=5, backend="matplotlib")
    assert [bar.get_height() for bar in figure.axes[0].patches] == expected
    figure = results.plot_distances(bins=5, backend="plotly")
    assert list(figure.data[0].y) == expected


# -- distances that may be negative ------------------------------------------------------------

NEEDS_DISTANCES: dict[str, Callable[[FaissSimilarityIndex], object]] = {
    "find_duplicates": lambda r: r.find_duplicates(thresh=0.1),
    "fraction": lambda r: r.find_duplicates(fraction=0.25),
    "find_unique": lambda r: r.find_unique(3),
    "plot_distances": lambda r: r.plot_distances(backend="matplotlib"),
    "kneighbors": lambda r: r._kneighbors(k=1),
    "radius_neighbors": lambda r: r._radius_neighbors(thresh=0.1),
    "near_duplicates": lambda r: fob.compute_near_duplicates(
        r.samples, threshold=0.1, similarity_index=r
    ),
}


@pytest.mark.parametrize("call", NEEDS_DISTANCES)
def test_dotproduct_is_no_distance(points: Points, call: str) -> None:
    results = points.index(metric="dotproduct")
    with pytest.raises(ValueError, match="dotproduct") as error:
        NEEDS_DISTANCES[call](results)
    assert one_sentence(error.value)
    assert results.unique_ids is None
    check_answers(results, points.vectors[1], points)
    query = [points.ids[4], points.ids[2]]
    for id, neighbors in zip(query, neighbors_of(results, query, 3)[0], strict=True):
        vector = points.vectors[points.ids.index(id)]
        assert neighbors == nearest(vector, points, "dotproduct", 3)[0]


def test_near_duplicates_of_fiftyone(dataset: fo.Dataset, rng: np.random.Generator) -> None:
    points = planted(points_of(dataset, "samples", rng))
    results = points.index()
    assert fob.compute_near_duplicates(dataset, threshold=1e-3, similarity_index="given") is results
    check_duplicates(results, points, 1e-3)
