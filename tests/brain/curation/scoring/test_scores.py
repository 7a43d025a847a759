"""Uniqueness, typicality and outlier scores against their formulas, with copies and undo."""

from __future__ import annotations

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from support.distances import reference_distances
from support.points import Points, points_of
from support.scored import auroc, clusters, dataset_of, in_order

import fiftyone_faiss
from fiftyone_faiss.brain.curation.scoring.computing import scores_steps
from fiftyone_faiss.brain.curation.scoring.request import ScoresRequest

SMALL = {"thresh": 1e-6, "progress": False}


def nearest(vectors: np.ndarray, metric: str, k: int) -> tuple[np.ndarray, np.ndarray]:
    distances = reference_distances(vectors, metric)
    np.fill_diagonal(distances, np.inf)
    neighbors = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return neighbors, np.take_along_axis(distances, neighbors, axis=1)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_scores_are_those_of_the_formulas(rng: np.random.Generator, metric: str) -> None:
    vectors = rng.normal(size=(120, 12)).astype(np.float32)
    dataset = dataset_of(vectors, metric)
    neighbors, distances = nearest(vectors, metric, 30)
    unique = fiftyone_faiss.compute_uniqueness(dataset, "given", **SMALL)
    three = distances[:, :3].mean(axis=1)
    expected = three / (three + np.median(three))
    np.testing.assert_allclose(dataset.values("uniqueness"), expected, atol=1e-9)
    np.testing.assert_allclose(in_order(dataset, unique.scores), expected, atol=1e-9)
    assert unique.range == (min(unique.scores.values()), max(unique.scores.values()))
    typical = fiftyone_faiss.compute_typicality(dataset, **SMALL)
    mean = distances.mean(axis=1)
    expected = np.median(mean) / (mean + np.median(mean))
    np.testing.assert_allclose(dataset.values("typicality"), expected, atol=1e-9)
    odd = fiftyone_faiss.compute_outliers(dataset, field="odd", **SMALL)
    reach_of = np.maximum(distances, distances[:, -1][neighbors]).mean(axis=1)
    factors = reach_of * (1 / reach_of)[neighbors].mean(axis=1)
    total = sum(robust(np.log(values)) for values in (factors, mean))
    order = np.argsort(total)
    scores = np.array(dataset.values("odd"))
    assert (np.diff(scores[order]) >= 0).all() and scores.min() >= 0 and scores.max() <= 1
    # Below the 80th percentile, the score is the share of samples that are less odd.
    np.testing.assert_allclose(scores[order[:90]], np.arange(90) / 120)
    assert (odd.count, unique.count, typical.count) == (120, 120, 120)
    dataset.delete()


def robust(logs: np.ndarray) -> np.ndarray:
    low, high = np.quantile(logs, [0.25, 0.75])
    return (logs - np.median(logs)) / ((high - low) / 1.349)


def test_copies_change_no_score(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(150, 12)).astype(np.float32)
    alone = dataset_of(vectors)
    copied = dataset_of(np.concatenate([vectors, vectors[:1].repeat(40, axis=0), vectors[50:70]]))
    for compute in (
        fiftyone_faiss.compute_uniqueness,
        fiftyone_faiss.compute_typicality,
        fiftyone_faiss.compute_outliers,
    ):
        expected = in_order(alone, compute(alone, **SMALL).scores)
        report = compute(copied, **SMALL)
        scores = in_order(copied, report.scores)
        np.testing.assert_allclose(scores[:150], expected, atol=1e-9)
        np.testing.assert_allclose(scores[150:190], expected[0], atol=1e-9)
        np.testing.assert_allclose(scores[190:], expected[50:70], atol=1e-9)
        assert report.near_duplicates == 60
    # FiftyOne's uniqueness of the same sample falls to nothing.
    fob.compute_uniqueness(copied, uniqueness_field="theirs", similarity_index="given")
    assert copied.first()["theirs"] < 1e-6 < 0.3 < copied.first()["uniqueness"]
    alone.delete()
    copied.delete()


def test_ordinary_vectors_have_no_outliers_and_planted_ones_stand_out() -> None:
    for seed in (3, 4):
        rng = np.random.default_rng(seed)
        vectors, _ = clusters(rng, [100] * 5)
        dataset = dataset_of(vectors)
        report = fiftyone_faiss.compute_outliers(dataset, **SMALL)
        assert (list(report.unusual), report.expected_false_alarms) == ([], None)
        assert str(report).endswith("; nothing stands out.")
        # About one of a hundred ordinary samples has a score above 0.99, by what it says.
        assert np.mean(np.array(dataset.values("outlier_score")) > 0.99) <= 0.02
        planted = rng.normal(size=(20, 16)).astype(np.float32)
        dataset.delete()
        dataset = dataset_of(np.concatenate([vectors, planted, planted]))
        report = fiftyone_faiss.compute_outliers(dataset, thresh=1e-5, progress=False)
        ids = dataset.values("id")
        is_planted = np.arange(540) >= 500
        assert auroc(in_order(dataset, report.scores), is_planted) >= 0.99
        assert set(ids[500:]) <= set(report.unusual)
        false = len(set(report.unusual) & set(ids[:500]))
        expected = report.expected_false_alarms
        assert expected.low <= expected.value <= expected.high and expected.value <= 2.5
        assert false <= expected.high + 2
        assert report.tag("odd") and dataset.match_tags("odd").values("id")[-40:] == ids[500:]
        assert report.view().values("id") == list(report.unusual)
        assert set(report.view(10).values("id")) < set(ids[500:])
        dataset.delete()


def test_typicality_ranks_centers_above_borders(rng: np.random.Generator) -> None:
    vectors, numbers = clusters(rng, [120] * 6)
    dataset = dataset_of(vectors)
    fiftyone_faiss.compute_typicality(dataset, **SMALL)
    fob.compute_representativeness(
        dataset, representativeness_field="theirs", embeddings=vectors, progress=False
    )
    ours, theirs = ([], [])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for number in range(6):
        own = np.flatnonzero(numbers == number)
        center = unit[own].mean(axis=0)
        distances = 1 - unit[own] @ center / np.linalg.norm(center)
        low, high = np.quantile(distances, [0.25, 0.75])
        chosen = (distances <= low) | (distances >= high)
        for field, values in (("typicality", ours), ("theirs", theirs)):
            scores = np.array(dataset.values(field))[own][chosen]
            values.append(auroc(scores, distances[chosen] <= low))
    assert min(ours) >= 0.95
    # Theirs is inverted.
    assert max(theirs) < 0.2
    dataset.delete()


def test_per_class_scores_are_those_of_each_class_alone(rng: np.random.Generator) -> None:
    vectors, numbers = clusters(rng, [60, 80, 3, 60])
    names = ["dog", "cat", "rare", None]
    labels = [None if n == 3 else fo.Classification(label=names[n]) for n in numbers]
    # The first dog looks like a cat: it is odd for a dog, and ordinary among all.
    vectors[0] = vectors[60:140].mean(axis=0)
    dataset = dataset_of(vectors, animal=labels)
    report = fiftyone_faiss.compute_uniqueness(dataset, label_field="animal", **SMALL)
    scores = in_order(dataset, report.scores)
    assert np.isnan(scores[140:]).all() and report.count == 140
    for own in (slice(0, 60), slice(60, 140)):
        _, distances = nearest(vectors[own], "cosine", 3)
        three = distances.mean(axis=1)
        np.testing.assert_allclose(scores[own], three / (three + np.median(three)), atol=1e-9)
    assert list(report.classes) == ["cat", "dog", "rare"]
    assert list(report.notes) == [
        "60 without a label have no score.",
        "3 in classes of fewer than 5 have no score.",
    ]
    odd = fiftyone_faiss.compute_outliers(dataset, label_field="animal", **SMALL)
    assert list(odd.unusual)[:1] == dataset.values("id")[:1]
    assert max(odd.scores.values()) == odd.scores[dataset.first().id]
    everyone = fiftyone_faiss.compute_outliers(dataset, **SMALL)
    assert dataset.first().id not in everyone.unusual
    dataset.delete()


def test_a_view_is_scored_alone_and_undo_restores_the_field(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(80, 8)).astype(np.float32)
    dataset = dataset_of(vectors)
    first = fiftyone_faiss.compute_uniqueness(dataset, **SMALL)
    before = dataset.values("uniqueness")
    view = dataset.match(fo.ViewField("number") < 40)
    report = fiftyone_faiss.compute_uniqueness(view, **SMALL)
    _, distances = nearest(vectors[:40], "cosine", 3)
    three = distances.mean(axis=1)
    after = dataset.values("uniqueness")
    np.testing.assert_allclose(after[:40], three / (three + np.median(three)), atol=1e-9)
    assert after[40:] == [None] * 40
    report.undo()
    assert dataset.values("uniqueness") == before
    first.undo()
    assert not dataset.has_field("uniqueness")
    data = report.to_dict()
    assert (data["kind"], data["count"], data["classes"]) == ("uniqueness", 40, [])
    dataset.delete()


def test_labels_are_scored_per_class(dataset: fo.Dataset, rng: np.random.Generator) -> None:
    points: Points = points_of(dataset, "detections", rng)
    points.index()
    report = fiftyone_faiss.compute_uniqueness(dataset, label_field="things", **SMALL)
    label_of = dict(
        zip(
            dataset.values("things.detections.id", unwind=True),
            dataset.values("things.detections.label", unwind=True),
            strict=True,
        )
    )
    own = [i for i, id in enumerate(points.ids) if label_of[id] == "a"]
    _, distances = nearest(points.vectors[own], "cosine", 3)
    three = distances.mean(axis=1)
    expected = three / (three + np.median(three))
    scores = [report.scores[points.ids[i]] for i in own]
    np.testing.assert_allclose(scores, expected, atol=1e-9)
    saved = dict(
        zip(
            dataset.values("things.detections.id", unwind=True),
            dataset.values("things.detections.uniqueness", unwind=True),
            strict=True,
        )
    )
    assert saved == dict(report.scores)
    assert report.view(3).count() == 3
    report.undo()
    assert not dataset.has_field("things.detections.uniqueness")


def test_long_work_can_be_tracked(rng: np.random.Generator) -> None:
    dataset = dataset_of(rng.normal(size=(600, 8)))
    steps = list(scores_steps(dataset, ScoresRequest("outliers")))
    assert steps[-1].total == 600 and all(0 <= step.fraction <= 1 for step in steps)
    dataset.delete()


def test_bad_input_is_named(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(30, 8)).astype(np.float32)
    dataset = dataset_of(vectors, tags=[["a", "b"]] * 30, tiny=[str(i) for i in range(30)])
    cases = {
        "is no field name": {"field": "no name"},
        "holds other values": {"field": "number"},
        "There is no field 'none'": {"label_field": "none"},
        "several labels in 'tags'": {"label_field": "tags"},
        "fewer than 5 different samples": {"label_field": "tiny"},
        "thresh is 3; give a distance": {"thresh": 3},
        "are near duplicates of each other": {"thresh": 2.0},
    }
    for message, options in cases.items():
        with pytest.raises(ValueError, match=message) as raised:
            fiftyone_faiss.compute_uniqueness(dataset, **{"progress": False, **options})
        assert len(str(raised.value)) <= 300
    with pytest.raises(ValueError, match="kind is 'odd'; choose one of uniqueness"):
        ScoresRequest.from_params({"kind": "odd"})
    assert not dataset.has_field("uniqueness")
    dataset.delete()
