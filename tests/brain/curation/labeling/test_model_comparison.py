"""The comparison of models against NumPy, and its verdicts on drawn images."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from scipy.stats import skew
from support.indexes import index_of
from support.labels import NAMES, clustered, labeled_dataset

import fiftyone_faiss
from fiftyone_faiss.brain.curation.labeling.paired import PairedQueries, holm

N = 200


@pytest.fixture
def two(rng: np.random.Generator) -> Iterator[tuple[fo.Dataset, np.ndarray]]:
    """200 samples with the indexes "given" (fair), "copy" of it and "noisy" (poor)."""
    vectors, labels = clustered(rng, N, spread=1.0)
    dataset = labeled_dataset(vectors, labels)
    index_of(dataset, vectors, brain_key="copy")
    noisy = vectors + 2 * rng.normal(size=vectors.shape).astype(np.float32)
    index_of(dataset, noisy, brain_key="noisy")
    yield dataset, vectors
    dataset.delete()


def reference(vectors: np.ndarray, labels: np.ndarray, k: int) -> dict[str, float]:
    """The measures of all samples as queries, one by one."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    accuracy, precision, map_at_r = [], [], []
    occurrences = np.zeros(len(labels))
    for query in range(len(labels)):
        similarity = unit @ unit[query]
        order = np.argsort(-similarity, kind="stable")
        order = order[order != query]
        right = labels[order] == labels[query]
        counts = np.bincount(labels[order[:k]], minlength=labels.max() + 1)
        winners = set(np.flatnonzero(counts == counts.max()).tolist())
        winner = next(labels[n] for n in order[:k] if labels[n] in winners)
        accuracy.append(winner == labels[query])
        precision.append(right[:k].mean())
        r = right.sum()
        ranks = np.flatnonzero(right[:r])
        map_at_r.append(sum(right[: rank + 1].mean() for rank in ranks) / r)
        occurrences[order[:k]] += 1
    return {
        "knn_accuracy": np.mean(accuracy),
        "precision": np.mean(precision),
        "map_at_r": np.mean(map_at_r),
        "hubness": skew(occurrences),
    }


def test_the_measures_are_those_of_numpy(two) -> None:
    dataset, vectors = two
    comparison = fiftyone_faiss.compare_models(dataset, ["noisy", "given"], "animal", k=7)
    given, noisy = comparison.models
    assert (given.brain_key, noisy.brain_key) == ("given", "noisy")
    labels = np.arange(N) % 4
    for name, expected in reference(vectors, labels, 7).items():
        measured = getattr(given, name)
        value = measured if name == "hubness" else measured.value
        assert value == pytest.approx(expected, abs=1e-5), name
    for class_name, measures in given.by_class.items():
        assert measures["precision"].low < measures["precision"].value, class_name
    by_class = [measures["map_at_r"].value for measures in given.by_class.values()]
    assert np.mean(by_class) == pytest.approx(given.map_at_r.value)
    assert (given.dim, given.model, given.rate) == (16, None, None) and given.disk_bytes > 0
    assert (len(comparison.queries), comparison.searched, comparison.notes) == (N, N, ())
    assert comparison.chance["precision"] == pytest.approx(49 / 199)
    assert comparison.best_possible == {"knn_accuracy": 1, "precision": 1, "map_at_r": 1}


def test_a_better_model_is_named_and_a_copy_shows_no_difference(two) -> None:
    dataset, _ = two
    comparison = fiftyone_faiss.compare_models(dataset, ["noisy", "given", "copy"], "animal")
    for measure in ("knn_accuracy", "precision", "map_at_r"):
        same = comparison.pair("given", "copy", measure)
        assert (same.better, same.p_value, same.difference.value) == (None, 1.0, 0.0)
        worse = comparison.pair("given", "noisy", measure)
        assert worse.better == "given" and worse.p_value < 0.01
        assert (worse.first, worse.second) == ("noisy", "given") and worse.difference.high < 0
    assert comparison.winner is None and set(comparison.leaders) == {"given", "copy"}
    assert "no difference that this data can show between 'given' and 'copy'" in str(comparison)
    assert "'noisy' and 'given' by map_at_r: 'given' is better; -0." in str(
        comparison.pair("given", "noisy")
    )
    assert {pair.class_name for pair in comparison.class_pairs} == set(NAMES)
    ids = comparison.ids(right="given", wrong="noisy")
    assert len(ids) > 10 and comparison.view("given", "noisy").values("id") == ids
    assert comparison.ids("given", "copy") == []
    only = fiftyone_faiss.compare_models(dataset, ["given", "noisy"], "animal")
    assert only.winner == "given" and "'given' is the best" in str(only)
    shown = only.to_dict()
    assert shown["winner"] == "given" and shown["models"][0]["map_at_r"]["value"] > 0.5


def test_samples_that_an_index_misses_are_left_out_and_views_are_searched_alone(rng) -> None:
    vectors, labels = clustered(rng, 120)
    dataset = labeled_dataset(vectors, labels)
    ids = dataset.values("id")
    # The second index has other rows, in another order.
    order = rng.permutation(120)[:100]
    index_of(dataset.select([ids[n] for n in order], ordered=True), vectors[order], "part")
    comparison = fiftyone_faiss.compare_models(dataset, ["given", "part"], "animal")
    assert comparison.queries == [ids[n] for n in sorted(order)]
    assert comparison.notes == ("20 are not in all of the indexes, and were left out.",)
    assert comparison.pair("given", "part").difference.value == pytest.approx(0, abs=1e-6)
    view = dataset.match(fo.ViewField("number") < 60)
    dataset.set_values("animal", {ids[0]: None}, key_field="id")
    part = fiftyone_faiss.compare_models(view, ["part", "given"], "animal", max_queries=20)
    inside = {ids[n] for n in order if 0 < n < 60}
    assert len(part.queries) == 20 and set(part.queries) < inside
    assert part.searched == len(inside)
    dataset.delete()


def test_near_duplicates_are_no_neighbors_of_each_other(rng) -> None:
    vectors = rng.normal(size=(60, 16)).astype(np.float32)
    # Classes without any structure, and a copy of each image with its class.
    labels = rng.integers(0, 2, 60)
    doubled = np.concatenate([vectors, vectors])
    dataset = labeled_dataset(doubled, np.concatenate([labels, labels]))
    index_of(dataset, doubled * 2, brain_key="twice")
    comparison = fiftyone_faiss.compare_models(dataset, ["given", "twice"], "animal", k=1)
    accuracy = comparison.models[0].knn_accuracy
    assert accuracy.value < 0.75 and accuracy.high - accuracy.low > 0.2
    dataset.delete()


def test_patches_and_frames_are_compared(rng) -> None:
    vectors, labels = clustered(rng, 60)
    dataset = fo.Dataset()
    things = [fo.Detection(label=NAMES[n], bounding_box=[0, 0, 1, 1]) for n in labels]
    dataset.add_samples(
        [
            fo.Sample(f"/none/{i}.png", things=fo.Detections(detections=things[3 * i : 3 * i + 3]))
            for i in range(20)
        ]
    )
    for key, values in (("a", vectors), ("b", rng.normal(size=vectors.shape))):
        of_sample = dict(zip(dataset.values("id"), values.reshape(20, 3, 16), strict=True))
        index_of(dataset, of_sample, key, patches_field="things")
    comparison = fiftyone_faiss.compare_models(dataset, ["a", "b"], "things")
    assert comparison.winner == "a" and comparison.patches_field == "things"
    assert comparison.queries == dataset.values("things.detections.id", unwind=True)
    index_of(dataset, rng.normal(size=(20, 4)), "images")
    with pytest.raises(ValueError, match="hold different things, patches of 'things' and samples"):
        fiftyone_faiss.compare_models(dataset, ["a", "images"], "things")
    dataset.delete()

    videos = fo.Dataset()
    sample = fo.Sample("/none/0.mp4")
    for number, label in enumerate(labels, 1):
        animal = fo.Classification(label=NAMES[label])
        sample.frames[number] = fo.Frame(filepath=f"/none/{number}.png", animal=animal)
    videos.add_sample(sample)
    frames = videos.to_frames()
    index_of(frames, vectors, "a")
    index_of(frames, vectors[:, :2], "b")
    comparison = fiftyone_faiss.compare_models(videos, ["a", "b"], "frames.animal")
    assert comparison.winner == "a" and comparison.queries == frames.values("id")
    videos.delete()


def test_equal_models_rarely_differ(rng) -> None:
    # Both are right by chance, about the same queries in part.
    known, count = rng.random(400) < 0.5, 0
    for seed in range(40):
        draws = np.random.default_rng(seed).random((400, 2)) < 0.3 + 0.4 * known[:, None]
        table = PairedQueries(draws.astype(float), np.arange(400), seed)
        interval = table.difference(0, 1)
        assert interval.low <= interval.value <= interval.high
        count += table.p_value(0, 1) < 0.05
    assert count <= 5


def test_p_values_are_adjusted() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == [] and holm([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("keys", "options", "sentence"),
    [
        (["given"], {}, "brain_keys names 1 indexes; give 2 to 20 different ones"),
        (["given", "given"], {}, "brain_keys names 1 indexes; give 2 to 20"),
        (["given", "none"], {}, "'none'"),
        (["given", "copy"], {"k": 0}, "k is 0; give 1 to 100 neighbors"),
        (["given", "copy"], {"max_queries": 1}, "max_queries is 1; give 2 or more"),
        (["given", "copy"], {"seed": "x"}, "seed is 'x'; give a whole number"),
    ],
)
def test_bad_values_are_refused(two, keys: list[str], options: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as error:
        fiftyone_faiss.compare_models(two[0], keys, "animal", **options)
    assert len(str(error.value)) <= 300


def test_unknown_pairs_are_refused(two) -> None:
    comparison = fiftyone_faiss.compare_models(two[0], ["given", "copy"], "animal")
    with pytest.raises(ValueError, match="'given' and 'noisy' were not compared by 'map_at_r'"):
        comparison.pair("given", "noisy")
    with pytest.raises(ValueError, match="'noisy' was not compared; choose from"):
        comparison.ids("given", "noisy")
