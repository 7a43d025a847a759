"""An audit is conclusive where the index sees what the labels name, and says so where not.

The rule was tuned on seed 1; these are other seeds.
"""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from support.labels import labeled_dataset

import fiftyone_faiss
from fiftyone_faiss.brain import LabelAudit
from fiftyone_faiss.brain.curation.labeling.noise_rate import expected_count
from fiftyone_faiss.brain.curation.labeling.visibility import agreement_of
from fiftyone_faiss.brain.curation.labeling.votes import Voters, voter_ranks

SEEDS = (11, 12, 13)
N = 400


@pytest.fixture(autouse=True)
def _delete_datasets() -> Iterator[None]:
    before = set(fo.list_datasets())
    yield
    for name in set(fo.list_datasets()) - before:
        fo.delete_dataset(name)


def shapes(
    rng: np.random.Generator, classes: int, spread: float = 0.35
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors around a center for each class, and the classes."""
    of_class = np.arange(N) % classes
    centers = rng.normal(size=(classes, 16))
    return centers[of_class] + spread * rng.normal(size=(N, 16)), of_class


def flipped(
    rng: np.random.Generator, truth: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """The classes with a share of wrong ones, and where these are."""
    chosen, classes = rng.choice(N, int(rate * N), replace=False), int(truth.max()) + 1
    labels = truth.copy()
    labels[chosen] = (truth[chosen] + rng.integers(1, classes, len(chosen))) % classes
    return labels, chosen


def audit(vectors: np.ndarray, labels: np.ndarray) -> LabelAudit:
    names = [f"class {number:02}" for number in range(labels.max() + 1)]
    dataset = labeled_dataset(vectors.astype(np.float32), labels.tolist(), names)
    return fiftyone_faiss.audit_labels(dataset, "animal", "given", progress=False)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("classes", [2, 4, 8, 20])
def test_labels_that_the_index_does_not_see_are_not_judged(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, _ = shapes(rng, 6)
    result = audit(vectors, rng.integers(0, classes, N))
    assert not result.is_conclusive
    assert result.doubt == (
        "The neighbors in 'given' do not tell the labels of 'animal' apart: they have the same "
        "label no more often than by chance; use another index."
    )
    assert (result.issues, result.noise_rate, result.probability) == ([], None, {})
    assert result.agreement.chance == pytest.approx(1 / classes, abs=0.02)
    assert str(result).startswith("The audit of 400 labels is not conclusive. The neighbors in")
    with pytest.raises(ValueError, match=r"There is nothing to save. The neighbors in 'given'"):
        result.save()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [0, 0.05, 0.1, 0.2])
def test_flipped_labels_are_found(seed: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    vectors, truth = shapes(rng, 5)
    labels, chosen = flipped(rng, truth, rate)
    result = audit(vectors, labels)
    assert result.is_conclusive and result.doubt is None and result.noise_rate is not None
    ids = list(result.labels)
    wrong = {ids[n] for n in chosen.tolist()}
    assert len(wrong & set(result.ids)) >= 0.95 * len(wrong)
    number = len(wrong & set(result.ids))
    expected = result.expected_wrong
    assert expected.low <= number <= expected.high and len(result.issues) <= number + 3
    assert result.noise_rate.low <= rate <= result.noise_rate.high
    agreement = result.agreement
    assert agreement.low <= agreement.share <= agreement.high and agreement.is_clear


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [0, 0.1, 0.2])
def test_the_interval_allows_for_classes_that_overlap(seed: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    vectors, truth = shapes(rng, 4, spread=1.2)
    labels, chosen = flipped(rng, truth, rate)
    result = audit(vectors, labels)
    assert result.is_conclusive and result.noise_rate is not None
    ids = list(result.labels)
    wrong = {ids[n] for n in chosen.tolist()} & set(result.ids)
    # Some right labels look wrong, and the interval contains that.
    assert result.expected_wrong.low <= len(wrong) <= result.expected_wrong.high
    assert rate <= result.noise_rate.high and result.look_alikes > 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [0, 0.1])
def test_classes_that_hardly_differ_in_the_index_are_not_judged(seed: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    vectors, truth = shapes(rng, 10, spread=4)
    result = audit(vectors, flipped(rng, truth, rate)[0])
    assert result.doubt is not None and result.issues == []
    assert "use another index" in result.doubt


def test_a_class_that_the_index_takes_for_another_one_is_not_judged() -> None:
    rng = np.random.default_rng(14)
    vectors, truth = shapes(rng, 5)
    # A fifth of the first class is of a sixth one, which looks the same.
    labels = np.where((truth == 0) & (rng.random(N) < 0.2), 5, truth)
    result = audit(vectors, labels)
    assert result.is_conclusive
    sixth = {id for id, name in result.labels.items() if name == "class 05"}
    assert len(sixth) >= 5 and not sixth & set(result.ids)
    assert not sixth & set(result.probability)
    assert result.notes[0] == (
        "The neighbors do not tell 'class 05' apart from other classes; the labels of these "
        "classes are not judged."
    )


def test_agreement_counts_the_votes_of_other_groups() -> None:
    # 0 and 1 are near duplicates, so 1 is not counted and does not vote.
    groups, labels = np.array([0, 0, 1, 2, 3]), np.array([0, 0, 0, 1, 1])
    neighbors = np.array([[1, 2, 3], [0, 2, 3], [0, 3, 4], [4, 2, 0], [3, 2, 0]])
    voters = Voters(neighbors, np.ones((5, 3)), voter_ranks(neighbors, groups), 1.0)
    result = agreement_of(voters, 2, labels, groups)
    # Of two votes each: 2 and 3; 0 and 3; 4 and 2; 3 and 2.
    assert result.share == pytest.approx(np.mean([0.5, 0.5, 0.5, 0.5]))
    # Of the four groups, each label has two: one of the three others is the same.
    assert result.chance == pytest.approx(1 / 3)
    assert not result.is_clear
    assert str(result).startswith("50.0% of the votes of neighbors are for the own label (")


def test_the_number_of_wrong_labels_has_an_interval() -> None:
    assert expected_count([]).to_dict() == {"value": 0.0, "low": 0.0, "high": 0.0}
    result = expected_count([0.5] * 100)
    assert (result.value, result.low, result.high) == (50.0, 40.0, 60.0)
    # 16 look-alikes are 24 at most.
    assert expected_count([0.5] * 100, look_alikes=16).low == 16.0
    assert expected_count([0.99] * 3).high == 3.0
