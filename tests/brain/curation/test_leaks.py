"""Leaks against NumPy."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F
from scipy.stats import binomtest
from support.distances import reference_distances
from support.indexes import index_of

import fiftyone_faiss


@pytest.fixture
def leaky(rng: np.random.Generator) -> Iterator[tuple[fo.Dataset, np.ndarray]]:
    """500 samples; 30 of the 100 in the test split are near duplicates of training samples."""
    centers = rng.normal(size=(20, 32))
    vectors = centers[rng.integers(20, size=500)] + 0.5 * rng.normal(size=(500, 32))
    vectors[400:430] = vectors[:30] + 0.02 * rng.normal(size=(30, 32))
    vectors = vectors.astype(np.float32)
    dataset = fo.Dataset()
    splits = ["train"] * 350 + ["val"] * 50 + ["test"] * 100
    dataset.add_samples(
        [
            fo.Sample(
                f"/none/{i}.png",
                split=split,
                tags=[split],
                truth=fo.Classification(label="a"),
                guess=fo.Classification(label="a" if i < 430 or i % 2 else "b"),
            )
            for i, split in enumerate(splits)
        ]
    )
    index_of(dataset, vectors)
    yield dataset, vectors
    dataset.delete()


def brute_force(dataset: fo.Dataset, vectors: np.ndarray, thresh: float) -> set[tuple[str, str]]:
    """The pairs of samples of different splits, the training side first."""
    ids, splits = dataset.values(["id", "split"])
    order = ["train", "val", "test"]
    near = np.argwhere(np.triu(reference_distances(vectors, "cosine") <= thresh, 1))
    return {
        (ids[a], ids[b]) if order.index(splits[a]) < order.index(splits[b]) else (ids[b], ids[a])
        for a, b in near.tolist()
        if splits[a] != splits[b]
    }


@pytest.mark.parametrize("given", ["field", "tags", "views"])
def test_leaks_are_those_of_all_pairs(leaky, given: str) -> None:
    dataset, vectors = leaky
    splits = {
        "field": "split",
        "tags": ["train", "val", "test"],
        "views": {name: dataset.match_tags(name) for name in ("train", "val", "test")},
    }[given]
    leaks = fiftyone_faiss.find_leaks(dataset, splits, thresh=0.25)
    expected = brute_force(dataset, vectors, 0.25)
    assert {(pair.id_a, pair.id_b) for pair in leaks.pairs} == expected
    assert leaks.pair_count == len(expected) > 30
    split_of = dict(zip(*dataset.values(["id", "split"]), strict=True))
    for pair in leaks.pairs:
        assert (pair.split_a, pair.split_b) == (split_of[pair.id_a], split_of[pair.id_b])
    for rate in leaks.rates:
        pairs = [p for p in leaks.pairs if {p.split_a, p.split_b} == {rate.split, rate.other}]
        leaking = {i for p in pairs for i in (p.id_a, p.id_b) if split_of[i] == rate.split}
        total = dataset.count_values("split")[rate.split]
        interval = binomtest(len(leaking), total).proportion_ci(method="wilson")
        assert (rate.leaking, rate.total, rate.rate) == (
            len(leaking), total, len(leaking) / total,
        )  # fmt: skip
        assert (rate.low, rate.high) == pytest.approx((interval.low, interval.high), abs=1e-4)
    assert len(leaks.rates) == 6


def test_the_proposed_threshold_finds_planted_leaks(leaky) -> None:
    dataset, _ = leaky
    ids = dataset.values("id")
    leaks = fiftyone_faiss.find_leaks(dataset, "split")
    planted = {(ids[n], ids[400 + n]) for n in range(30)}
    pairs = {(pair.id_a, pair.id_b) for pair in leaks.pairs}
    assert planted <= pairs
    assert len(pairs) <= 33
    assert leaks.expected_accidental_pairs.low <= len(pairs) - 30


def test_only_the_training_side_is_dropped(leaky) -> None:
    dataset, _ = leaky
    leaks = fiftyone_faiss.find_leaks(dataset, "split", thresh=0.02)
    ids = dataset.values("id")
    assert set(leaks.training_ids) == set(ids[:30])
    assert set(leaks.clean_view().values("id")) == set(ids[30:])
    assert set(leaks.view().values("id")) == {*ids[:30], *ids[400:430]}
    assert sorted(leaks.tag()) == sorted({*ids[:30], *ids[400:430]})
    assert dataset.count_sample_tags()["leak"] == 60


def test_a_model_is_scored_with_and_without_leaks(leaky) -> None:
    dataset, _ = leaky
    leaks = fiftyone_faiss.find_leaks(dataset, "split", thresh=0.02)
    score = leaks.score("guess", "truth")
    assert (score["split"], score["leaking"], score["total"]) == ("test", 30, 100)
    accuracy = {name: values["accuracy"] for name, values in score["metrics"].items()}
    assert accuracy == {"all": 0.65, "clean": 0.5, "leaking": 1.0}
    with pytest.raises(ValueError, match="There is no field 'nothing'"):
        leaks.score("nothing", "truth")


def test_samples_in_no_split_or_in_two_are_reported(leaky) -> None:
    dataset, _ = leaky
    ids = dataset.values("id")
    first, second = dataset[ids[0]], dataset[ids[1]]
    first.tags, second.tags = [], ["train", "test"]
    first.save()
    second.save()
    leaks = fiftyone_faiss.find_leaks(dataset, ["train", "val", "test"], thresh=0.02)
    assert leaks.splits.without_split == [ids[0]]
    assert leaks.splits.in_several == [ids[1]]
    assert not {ids[0], ids[1]} & set(leaks.ids)
    assert len(leaks.pairs) == 28


def test_splits_that_do_not_exist_are_refused(leaky) -> None:
    dataset, _ = leaky
    for splits, sentence in (
        ("fold", "There is no field 'fold' of splits"),
        (["train", "tset"], "No sample has the tag 'tset' of a split"),
        (["train"], "need two splits with samples, found 'train'"),
        ({"train": dataset.match(F("split") == "no")}, "need two splits with samples, found none"),
        (3, "splits is 3; give a field"),
    ):
        with pytest.raises(ValueError, match=sentence):
            fiftyone_faiss.find_leaks(dataset, splits, thresh=0.1)
