"""Selections: what is selected, and the figures of the receipt against NumPy."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from support.distances import reference_distances
from support.points import points_of
from support.scored import clusters, dataset_of

import fiftyone_faiss
from fiftyone_faiss.brain.curation.accidental_pairs import Estimate
from fiftyone_faiss.brain.curation.selecting.quotas import evenness, water_level
from fiftyone_faiss.brain.curation.selecting.receipt import Figures, Receipt, UncoveredRegion
from fiftyone_faiss.brain.curation.selecting.request import SelectionRequest

SMALL = {"thresh": 1e-6, "progress": False}


def places_of(dataset: fo.Dataset, ids: list[str]) -> list[int]:
    number = dict(zip(*dataset.values(["id", "number"]), strict=True))
    return [number[id] for id in ids]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_selection_and_its_receipt_are_those_of_numpy(
    rng: np.random.Generator, metric: str
) -> None:
    vectors = rng.normal(size=(200, 8)).astype(np.float32)
    scenes = rng.choice(["beach", "city", "snow"], 200, p=[0.7, 0.2, 0.1]).tolist()
    dataset = dataset_of(vectors, metric, scene=scenes)
    selection = fiftyone_faiss.select_samples(
        dataset, 12, "given", balance_field="scene", balance=0, exclude_outliers=False, **SMALL
    )
    places = places_of(dataset, selection.ids)
    distances = reference_distances(vectors, metric)
    without_own = distances + np.diag(np.full(200, np.inf))
    mean = np.sort(without_own, axis=1)[:, :30].mean(axis=1)
    typicality = np.median(mean) / (mean + np.median(mean))
    expected = [int(typicality.argmax())]
    while len(expected) < 12:
        scores = distances[:, expected].min(axis=1) * typicality
        scores[expected] = -1
        expected.append(int(scores.argmax()))
    assert places == expected
    to_nearest = distances[:, places].min(axis=1)
    receipt, farthest = selection.receipt, int(to_nearest.argmax())
    assert receipt.figures.coverage_radius == pytest.approx(to_nearest.max(), abs=1e-9)
    assert receipt.figures.mean_distance == pytest.approx(to_nearest.mean(), abs=1e-9)
    assert places_of(dataset, [receipt.uncovered.id]) == [farthest]
    assert receipt.uncovered.distance == pytest.approx(to_nearest.max(), abs=1e-9)
    assert receipt.uncovered.count == int((distances[:, farthest] < to_nearest).sum())
    counts = {name: [scenes[i] for i in places].count(name) for name in sorted(set(scenes))}
    assert receipt.counts == counts
    shares = np.array([n for n in counts.values() if n]) / 12
    entropy = -(shares * np.log(shares)).sum() / np.log(3)
    assert receipt.figures.evenness == pytest.approx(entropy)
    draws = np.random.default_rng(11)
    radii = [
        distances[:, draws.choice(200, 12, replace=False)].min(axis=1).max() for _ in range(20)
    ]
    random = receipt.random["coverage_radius"]
    assert (random.value, random.low, random.high) == pytest.approx(
        (np.mean(radii), min(radii), max(radii)), abs=1e-9
    )
    data = selection.to_dict()
    assert data["ids"] == list(selection.ids) and data["receipt"]["counts"] == counts
    assert data["receipt"]["random"]["coverage_radius"]["value"] == random.value
    assert str(selection).startswith("12 selected: coverage radius ")
    # The first half of a selection is the selection of half the size.
    half = fiftyone_faiss.select_samples(dataset, 6, exclude_outliers=False, **SMALL)
    assert half.ids == selection.ids[:6]
    dataset.delete()


def test_what_is_labeled_is_covered_and_never_selected(rng: np.random.Generator) -> None:
    vectors, numbers = clusters(rng, [50] * 6)
    labels = [fo.Classification(label="known") if n < 3 else None for n in numbers]
    tags = [["done"] if n < 3 else [] for n in numbers]
    dataset = dataset_of(vectors, truth=labels, tags=tags)
    ids = dataset.values("id")
    by_field = fiftyone_faiss.select_samples(dataset, 9, labeled="truth", **SMALL)
    chosen = numbers[places_of(dataset, by_field.ids)]
    assert sorted(set(chosen[:3].tolist())) == [3, 4, 5] and chosen.min() == 3
    for labeled in (["done"], ids[:150], dataset.match_tags("done")):
        same = fiftyone_faiss.select_samples(dataset, 9, labeled=labeled, **SMALL)
        assert same.ids == by_field.ids
    distances = reference_distances(vectors, "cosine")
    covering = [*range(150), *places_of(dataset, by_field.ids)]
    is_outlier = by_field.receipt.outliers
    assert is_outlier == 0
    expected = distances[:, covering].min(axis=1)
    assert by_field.receipt.figures.coverage_radius == pytest.approx(expected.max(), abs=1e-9)
    excluded = fiftyone_faiss.select_samples(
        dataset, 9, labeled="truth", exclude=by_field.ids, **SMALL
    )
    assert not set(excluded.ids) & set(by_field.ids)
    assert by_field.tag() == by_field.ids
    assert dataset.match_tags("to label").count() == 9
    assert by_field.view().values("id") == by_field.ids
    assert fiftyone_faiss.untag_neighbors(dataset, "to label") == 9
    dataset.delete()


def test_garbage_and_copies_are_not_selected(rng: np.random.Generator) -> None:
    vectors, _ = clusters(rng, [100] * 5)
    garbage = rng.normal(size=(15, 16)).astype(np.float32)
    dataset = dataset_of(np.concatenate([vectors, garbage, vectors[:100]]))
    selection = fiftyone_faiss.select_samples(dataset, 40, thresh=1e-5, progress=False)
    places = np.array(places_of(dataset, selection.ids))
    assert (places < 500).all()
    assert (selection.receipt.outliers, selection.receipt.near_duplicates) == (15, 100)
    # k-center alone takes all of it.
    plain = fiftyone_faiss.select_samples(
        dataset, 40, typicality=0, exclude_outliers=False, thresh=1e-5, progress=False
    )
    taken = np.array(places_of(dataset, plain.ids))
    assert ((taken >= 500) & (taken < 515)).sum() == 15
    dataset.delete()


def test_values_and_clusters_are_balanced(rng: np.random.Generator) -> None:
    vectors, numbers = clusters(rng, [300, 60, 30, 10])
    sizes = rng.uniform(0, 1000, 400)
    names = [f"group {n}" for n in numbers]
    dataset = dataset_of(vectors, group=names, size=sizes.tolist())
    plain = fiftyone_faiss.select_samples(dataset, 40, balance_field="group", balance=0, **SMALL)
    even = fiftyone_faiss.select_samples(dataset, 40, balance_field="group", balance=3, **SMALL)
    assert even.receipt.counts == dict.fromkeys(sorted(set(names)), 10)
    assert even.receipt.figures.evenness == pytest.approx(1)
    assert plain.receipt.figures.evenness < 0.95
    assert even.receipt.random["evenness"].high < 0.95
    by_field = fiftyone_faiss.select_samples(
        dataset, 40, cluster_field="group", clusters=3, balance_field="group", balance=0, **SMALL
    )
    assert by_field.receipt.counts == even.receipt.counts
    # Ten clusters of k-means: none of them has more than twice its share.
    made = fiftyone_faiss.select_samples(dataset, 40, clusters=3, **SMALL)
    assert len(set(numbers[places_of(dataset, made.ids)])) == 4
    quarters = fiftyone_faiss.select_samples(dataset, 40, balance_field="size", balance=3, **SMALL)
    chosen = sizes[places_of(dataset, quarters.ids)]
    edges = np.quantile(sizes, [0.25, 0.5, 0.75])
    assert np.bincount(np.searchsorted(edges, chosen), minlength=4).tolist() == [10] * 4
    dataset.delete()


def test_near_and_far_from_a_query_or_a_tag(book: fo.Dataset) -> None:
    labels = dict(zip(*book.values(["id", "objects.detections.label"]), strict=True))

    def share(**options: object) -> float:
        selection = fiftyone_faiss.select_samples(book, 12, progress=False, **options)
        return float(np.mean(["dog" in labels[id] for id in selection.ids]))

    reference = float(np.mean(["dog" in own for own in labels.values()]))
    assert share(near="a dog", nearness=6) >= 4 * reference
    assert share(near="a dog", nearness=-6) <= reference / 2
    tagged = [id for id, own in labels.items() if "dog" in own][:4]
    dataset = book.clone()
    dataset.select(tagged).tag_samples("dogs")
    near = fiftyone_faiss.select_samples(dataset, 8, near_tag="dogs", nearness=20, progress=False)
    similar = [fiftyone_faiss.search(dataset, id, k=12).ids for id in tagged]
    assert len(set(near.ids) & {*tagged, *(id for ids in similar for id in ids)}) >= 6
    dataset.delete()


def test_a_selection_of_drawings_covers_more_than_chance(book: fo.Dataset) -> None:
    scenes, objects = book.values(["scene.label", "objects.detections.label"])
    pairs = dict(
        zip(
            book.values("id"),
            ({(scene, name) for name in own} for scene, own in zip(scenes, objects, strict=True)),
            strict=True,
        )
    )
    selection = fiftyone_faiss.select_samples(book, 40, progress=False)
    covered = len(set().union(*(pairs[id] for id in selection.ids)))
    ids = list(pairs)
    random = [
        len(set().union(*(pairs[ids[i]] for i in np.random.default_rng(s).permutation(160)[:40])))
        for s in range(20)
    ]
    mean, error = np.mean(random), np.std(random, ddof=1) / np.sqrt(20)
    assert covered > mean + 1.96 * error
    figures, random_figures = selection.receipt.figures, selection.receipt.random
    assert figures.coverage_radius < random_figures["coverage_radius"].low
    assert figures.mean_distance < random_figures["mean_distance"].value


def test_a_probe_on_selected_digits_is_better_than_on_random_ones() -> None:
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.data))
    train, test = order[:1300], order[1300:]
    dataset = dataset_of(digits.data[train])
    selection = fiftyone_faiss.select_samples(dataset, 100, progress=False)

    def accuracy(places: np.ndarray) -> float:
        probe = LogisticRegression(max_iter=200)
        chosen = train[places]
        probe.fit(digits.data[chosen], digits.target[chosen])
        return float(probe.score(digits.data[test], digits.target[test]))

    random = [accuracy(np.random.default_rng(s).permutation(1300)[:100]) for s in range(20)]
    mean, error = np.mean(random), np.std(random, ddof=1) / np.sqrt(20)
    assert accuracy(np.array(places_of(dataset, selection.ids))) > mean + 1.96 * error
    dataset.delete()


def test_a_view_and_labels_can_be_selected_from(
    dataset: fo.Dataset, rng: np.random.Generator
) -> None:
    points = points_of(dataset, "detections", rng)
    points.index()
    selection = fiftyone_faiss.select_samples(
        dataset, 6, balance_field="things", balance=5, exclude_outliers=False, **SMALL
    )
    assert set(selection.ids) <= set(points.ids)
    assert selection.receipt.counts == {"a": 3, "b": 3}
    assert selection.view().values("id") == selection.ids
    selection.tag()
    assert dataset.count_label_tags() == {"to label": 6}
    view = dataset.match(fo.ViewField("number") >= 6)
    inside = set(view.values("things.detections.id", unwind=True))
    part = fiftyone_faiss.select_samples(view, 4, exclude_outliers=False, **SMALL)
    assert set(part.ids) <= inside and part.receipt.covered == len(inside)


def test_quotas_use_up_what_is_rare() -> None:
    assert water_level(np.array([100, 2, 100]), 42) == 20
    assert water_level(np.array([1, 1]), 10) == 1
    assert (evenness(np.array([5, 5])), evenness(np.array([9, 0]))) == (1.0, 0.0)


def test_bad_input_is_named(rng: np.random.Generator) -> None:
    dataset = dataset_of(rng.normal(size=(30, 8)))
    cases = {
        "n is 31, but only 30 can be selected": {"n": 31, "exclude_outliers": False},
        "n is 0; give the number": {"n": 0},
        "diversity is -1; give a weight from 0 to 100": {"diversity": -1},
        "nearness is 1000; give a weight from -100": {"nearness": 1000},
        "There is no field 'none'": {"balance_field": "none"},
        "None of these samples has the tag 'none'": {"labeled": ["none"]},
        "Give near or near_tag, not both": {"near": "a dog", "near_tag": "dog"},
    }
    for message, options in cases.items():
        with pytest.raises(ValueError, match=message) as raised:
            fiftyone_faiss.select_samples(dataset, **{"n": 3, "progress": False, **options})
        assert len(str(raised.value)) <= 300
    with pytest.raises(ValueError, match="n is None"):
        SelectionRequest.from_params({"brain_key": "given"})
    dataset.delete()


def test_figures_are_compared_with_all_random_choices() -> None:
    random = {
        "coverage_radius": Estimate(0.5, 0.4, 0.6),
        "mean_distance": Estimate(0.2, 0.1, 0.3),
        "values": Estimate(4.0, 4.0, 4.0),
        "evenness": Estimate(0.8, 0.7, 0.9),
    }
    region = UncoveredRegion("0" * 24, 0.3, 1)

    def receipt_of(*figures: float) -> Receipt:
        radius, mean, values, even = figures
        return Receipt(Figures(radius, mean, int(values), even), random, region, 9, 0, 0, {})

    good = receipt_of(0.3, 0.05, 4, 0.95)
    assert [good.verdict(name) for name in random] == ["better", "better", "chance", "better"]
    assert good.sentences() == ()
    bad = receipt_of(0.7, 0.2, 3, 0.6)
    assert [bad.verdict(name) for name in random] == ["worse", "chance", "worse", "worse"]
    assert bad.to_dict()["verdicts"]["coverage_radius"] == "worse"
    assert bad.sentences() == (
        "The coverage radius is worse than all those of 20 random choices.",
        "The mean distance is no better than those of 20 random choices.",
        "The evenness is worse than all those of 20 random choices.",
    )
