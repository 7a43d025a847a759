"""Distance matrices against NumPy: distances, angles, order, percentiles, groups."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F
from support.backends import BACKENDS, lancedb_folder
from support.clusters import create
from support.distances import reference
from support.points import Points, one_sentence
from support.scored import clusters, dataset_of

import fiftyone_faiss
from fiftyone_faiss.brain.core.metrics import METRICS
from fiftyone_faiss.brain.insight.matrix.computing import MAX_IDS

UNKNOWN_ID = "f" * 24


@pytest.mark.parametrize("metric", METRICS)
def test_distances_and_angles_are_those_of_numpy(points: Points, metric: str) -> None:
    points.vectors[3] = 0
    points.index(metric=metric)
    chosen = [5, 3, 0, 7, 1]
    some = points.at(chosen)
    matrix = fiftyone_faiss.distance_matrix(points.dataset, some.ids, "given")
    expected = reference(some.vectors, some.vectors, metric)
    np.testing.assert_allclose(matrix.distances, expected, rtol=1e-6, atol=1e-6)
    cosines = 1 - reference(some.vectors, some.vectors, "cosine")
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    # Close to 0, the angle amplifies the rounding of NumPy's cosine.
    np.testing.assert_allclose(matrix.angles, angles, atol=1e-4)
    assert (matrix.distances.dtype, matrix.angles.dtype) == (np.float32, np.float32)
    np.testing.assert_array_equal(matrix.distances, matrix.distances.T)
    assert (matrix.ids, matrix.sample_ids) == (some.ids, some.sample_ids)
    assert (matrix.metric, matrix.patches_field) == (metric, points.patches_field)
    # Neighbors in a search have the same distances.
    hits = fiftyone_faiss.search(points.dataset, some.ids[0], brain_key="given", k=30)
    distance_of = dict(zip(hits.ids, hits.distances, strict=True))
    for id, distance in zip(some.ids[1:], matrix.distances[0, 1:], strict=True):
        assert np.float32(distance_of[id]) == distance


def test_a_view_is_compared_by_its_own_ids(points: Points) -> None:
    points.index()
    view = points.dataset.match(F("number") < 4)
    held = set(view.values("id"))
    inside = [id for id, owner in zip(points.ids, points.sample_ids, strict=True) if owner in held]
    assert fiftyone_faiss.distance_matrix(view).ids == inside
    whole = fiftyone_faiss.distance_matrix(points.dataset)
    assert whole.ids == points.ids and not whole.missing


@pytest.mark.parametrize("backend", BACKENDS)
def test_indexes_of_other_backends_are_compared(points: Points, backend: str, tmp_path) -> None:
    with lancedb_folder(tmp_path):
        create(points, "other", backend, metric="cosine")
        matrix = fiftyone_faiss.distance_matrix(points.dataset, points.ids, "other")
    some = points.of(matrix.ids)
    expected = reference(some.vectors, some.vectors, "cosine")
    np.testing.assert_allclose(matrix.distances, expected, atol=1e-6)


def test_the_order_puts_clusters_together_and_is_always_the_same(rng) -> None:
    vectors, numbers = clusters(rng, [12, 9, 15])
    shuffled = rng.permutation(len(vectors))
    dataset = dataset_of(vectors[shuffled])
    matrix = fiftyone_faiss.distance_matrix(dataset)
    ordered = numbers[shuffled][matrix.order]
    assert sorted(matrix.order) == list(range(36))
    assert np.count_nonzero(np.diff(ordered)) == 2
    again = fiftyone_faiss.distance_matrix(dataset)
    np.testing.assert_array_equal(matrix.order, again.order)

    def length(order: np.ndarray) -> float:
        return float(matrix.distances[order[:-1], order[1:]].sum())

    # Swapping any two neighbors that are leaves of one node makes the way longer.
    for place in range(35):
        swapped = matrix.order.copy()
        swapped[[place, place + 1]] = swapped[[place + 1, place]]
        if ordered[place] == ordered[place + 1]:
            assert length(matrix.order) <= length(swapped) + 0.2
    assert length(matrix.order) < 0.7 * length(np.arange(36))
    dataset.delete()


@pytest.mark.parametrize("metric", METRICS)
def test_percentiles_are_shares_of_all_pairs_of_a_small_index(rng, metric: str) -> None:
    vectors = rng.normal(size=(60, 6)).astype(np.float32)
    dataset = dataset_of(vectors, metric)
    matrix = fiftyone_faiss.distance_matrix(dataset, dataset.values("id")[:10])
    pairs = reference(vectors, vectors, metric)[np.triu_indices(60, 1)]
    assert matrix.percentiles is not None and matrix.random_pairs is not None
    for i in range(10):
        for j in range(i):
            distance = float(reference(vectors[i : i + 1], vectors[j : j + 1], metric)[0, 0])
            expected = 100 * np.mean(pairs < distance - 1e-9)
            assert matrix.percentiles[i, j] == pytest.approx(expected, abs=1e-4)
    assert (len(matrix.random_pairs), matrix.random_pairs.margin) == (1770, 0)
    assert matrix.random_pairs.resolution == pytest.approx(100 / 1770)
    assert "all 1,770 pairs of the index" in str(matrix)
    dataset.delete()


def test_percentiles_of_a_large_index_are_within_their_margin(rng) -> None:
    vectors, _ = clusters(rng, [400, 600, 700, 300])
    dataset = dataset_of(vectors)
    ids = dataset.values("id")
    chosen = rng.choice(len(ids), 40, replace=False)
    matrix = fiftyone_faiss.distance_matrix(dataset, [ids[i] for i in chosen])
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = np.sort((1 - units @ units.T)[np.triu_indices(2000, 1)])
    expected = 100 * np.searchsorted(pairs, matrix.distances) / len(pairs)
    assert matrix.percentiles is not None and matrix.random_pairs is not None
    margin = matrix.random_pairs.margin
    assert 0 < margin < 6 and len(matrix.random_pairs) == 499_500
    off = ~np.eye(40, dtype=bool)
    assert np.abs(matrix.percentiles - expected)[off].max() <= margin
    assert (np.diag(matrix.percentiles) == 0).all()
    dataset.delete()


def test_an_index_of_few_vectors_has_no_percentiles(points: Points) -> None:
    points.index()
    matrix = fiftyone_faiss.distance_matrix(points.dataset)
    assert matrix.percentiles is None and "fewer than 30 vectors" in str(matrix)


def test_duplicates_are_grouped(rng) -> None:
    vectors = rng.normal(size=(20, 16)).astype(np.float32)
    vectors[7] = 2 * vectors[2]
    vectors[11] = vectors[2] + 0.01 * vectors[3]
    vectors[9] = vectors[4]
    dataset = dataset_of(vectors, "euclidean")
    ids = dataset.values("id")
    matrix = fiftyone_faiss.distance_matrix(dataset)
    expected = [[ids[2], ids[7], ids[11]], [ids[4], ids[9]]]
    assert matrix.duplicates == expected and "2 groups of near-duplicates" in str(matrix)
    assert fiftyone_faiss.distance_matrix(dataset, thresh=0).duplicates == [
        [ids[2], ids[7]], [ids[4], ids[9]],
    ]  # fmt: skip
    dataset.delete()


def test_labels_order_the_matrix(rng) -> None:
    vectors = rng.normal(size=(12, 8)).astype(np.float32)
    names = ["b", "a", None, "b", "c", "a", "a", None, "c", "b", "a", "c"]
    dataset = dataset_of(vectors, kind=[fo.Classification(label=x) if x else None for x in names])
    matrix = fiftyone_faiss.distance_matrix(dataset, label_field="kind")
    assert matrix.labels == names
    ordered = [names[place] for place in matrix.label_order]
    assert ordered == ["a"] * 4 + ["b"] * 3 + ["c"] * 3 + [None] * 2
    # Within a label, the order is that of the leaves.
    place_of = {place: n for n, place in enumerate(matrix.order.tolist())}
    own = [place_of[place] for place in matrix.label_order[:4].tolist()]
    assert own == sorted(own)
    dataset.delete()


def test_the_labels_of_patches_are_their_own(points: Points) -> None:
    points.index()
    field = points.patches_field or "number"
    matrix = fiftyone_faiss.distance_matrix(points.dataset, label_field=field)
    if points.patches_field is None:
        assert matrix.labels == [str(n) for n in points.dataset.values("number")]
        return
    path = f"{field}.detections.label" if field == "things" else f"{field}.label"
    assert matrix.labels == points.dataset.values(path, unwind=True)


def test_what_the_index_or_the_dataset_lacks_is_named(points: Points) -> None:
    points.at(range(4, len(points.ids))).index()
    points.dataset.delete_samples([points.sample_ids[-1]])
    wanted = [points.ids[0], points.ids[4], UNKNOWN_ID, points.ids[5], points.ids[-1]]
    matrix = fiftyone_faiss.distance_matrix(points.dataset, [*wanted, points.ids[4]])
    assert matrix.ids == points.ids[4:6]
    assert matrix.missing == [points.ids[0], UNKNOWN_ID, points.ids[-1]]
    assert matrix.notes[0].startswith("3 were left out")


def test_what_cannot_be_compared_is_refused_in_one_sentence(points: Points) -> None:
    points.index()
    many = [f"{n:024x}" for n in range(MAX_IDS + 1)]
    for options, text in (
        ({"ids": many}, "501 are too many"),
        ({"ids": points.ids[:1]}, "two are needed"),
        ({"ids": ["nobody"]}, "is no id"),
        ({"brain_key": "nothing"}, "no similarity index 'nothing'"),
        ({"label_field": "nothing"}, "no field 'nothing'"),
        ({"thresh": -1}, "thresh must be 0 to 2"),
    ):
        with pytest.raises(ValueError, match=text) as error:
            fiftyone_faiss.distance_matrix(points.dataset, **options)
        assert one_sentence(error.value)
