"""Held-out parts, the pairs that are drawn, and how often alike pairs are closer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from fiftyone_faiss.brain.curation.teaching.aspect_queries import result_of
from fiftyone_faiss.brain.curation.teaching.drawing import MAX_DRAWS, taught_pairs
from fiftyone_faiss.brain.curation.teaching.examples import Aspect, Examples, Pairs
from fiftyone_faiss.brain.curation.teaching.fitting import fit_steps
from fiftyone_faiss.brain.curation.teaching.held_out import PARTS, parts_of
from fiftyone_faiss.brain.curation.teaching.pair_auc import HeldOutPairs, pair_auc


def pairs_of(first: np.ndarray, second: np.ndarray, is_alike: np.ndarray) -> Pairs:
    return Pairs(first.astype(np.int64), second.astype(np.int64), is_alike.astype(bool))


def examples_of(pairs: Pairs | None, aspects: list[Aspect]) -> Examples:
    """Examples without vectors, which drawing does not look at."""
    return Examples(None, None, pairs, aspects, [])  # type: ignore[arg-type]


def test_near_duplicates_and_the_ends_of_pairs_are_in_one_part(rng: np.random.Generator) -> None:
    groups = np.repeat(np.arange(200), 2)
    # Pairs of neighboring groups: fifty chains of four groups.
    starts = np.flatnonzero(np.arange(200) % 4 < 3)
    pairs = pairs_of(2 * starts, 2 * starts + 3, rng.random(len(starts)) < 0.5)
    part_of = parts_of(groups, pairs, seed=1)
    assert (part_of[::2] == part_of[1::2]).all()
    assert (part_of[pairs.first] == part_of[pairs.second]).all()
    sizes = np.bincount(part_of, minlength=PARTS)
    assert sizes.sum() == 400 and sizes.min() > 60 and sizes.max() < 100
    assert (parts_of(groups, pairs, seed=1) == part_of).all()
    assert (parts_of(groups, None, seed=2) != part_of).any()


def test_few_pairs_are_torn_apart_where_all_are_connected(rng: np.random.Generator) -> None:
    n = 300
    first, second = rng.integers(0, n, (2, 250))
    pairs = pairs_of(first, second, rng.random(250) < 0.5).at(first != second)
    part_of = parts_of(np.arange(n), pairs, seed=3)
    together = (part_of[pairs.first] == part_of[pairs.second]).mean()
    # A random division keeps a fifth together.
    assert together > 0.75
    assert np.bincount(part_of).max() < 1.3 * n / PARTS


def test_pairs_of_classes_are_inside(rng: np.random.Generator) -> None:
    labels = rng.integers(-1, 3, 500)
    groups = np.arange(500) // 2
    is_inside = rng.random(500) < 0.7
    examples = examples_of(None, [Aspect("field", labels)])
    (pairs,) = taught_pairs(examples, groups, is_inside, 0) or []
    for ends in (pairs.first, pairs.second):
        assert is_inside[ends].all() and (labels[ends] >= 0).all()
    assert (pairs.alike == (labels[pairs.first] == labels[pairs.second])).all()
    assert (groups[pairs.first] != groups[pairs.second]).all()
    assert len(pairs.alike) == 2 * MAX_DRAWS and pairs.alike.mean() == 0.5
    # Every class is there.
    assert set(labels[pairs.second[pairs.alike == 0]]) == {0, 1, 2}


def test_pairs_of_two_aspects_are_alike_in_none_in_one_or_in_both(rng: np.random.Generator) -> None:
    shape, color = rng.integers(0, 3, 300), rng.integers(-1, 2, 300)
    examples = examples_of(None, [Aspect("shape", shape), Aspect("color", color)])
    (pairs,) = taught_pairs(examples, np.arange(300), np.ones(300, bool), 0) or []
    first, second = pairs.first, pairs.second
    known = (color[first] >= 0) & (color[second] >= 0)
    same = (shape[first] == shape[second]) + 1.0 * (known & (color[first] == color[second]))
    assert pairs.alike == pytest.approx(same / (1 + known))
    assert set(pairs.alike.tolist()) == {0, 0.5, 1}


def test_of_a_single_tag_only_tagged_samples_are_alike(rng: np.random.Generator) -> None:
    labels = (rng.random(300) < 0.8).astype(np.int64)
    examples = examples_of(None, [Aspect("tag", labels, rest=1)])
    (pairs,) = taught_pairs(examples, np.arange(300), np.ones(300, bool), 0) or []
    assert (labels[pairs.first] == 0).all()
    assert (labels[pairs.second] == np.where(pairs.alike, 0, 1)).all()
    assert taught_pairs(examples, np.arange(300), labels == 1, 0) is None


def test_random_pairs_are_unlike_if_none_are_given(rng: np.random.Generator) -> None:
    pairs = pairs_of(np.arange(0, 100, 2), np.arange(1, 100, 2), np.ones(50))
    is_inside = np.arange(100) < 60
    (taught,) = taught_pairs(examples_of(pairs, []), np.arange(100), is_inside, 0) or []
    first, second = (ends[taught.alike == 0] for ends in (taught.first, taught.second))
    assert taught.alike.sum() == 30 and len(first) == 30
    assert (first < 60).all() and (second < 60).all()
    assert (first // 2 != second // 2).all()


def test_a_fit_is_the_same_for_a_seed_and_brings_alike_ones_together(rng) -> None:
    labels = np.arange(120) % 3
    vectors = rng.normal(size=(120, 12))
    vectors[:, :3] += 2 * np.eye(3)[labels]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    taught = taught_pairs(
        examples_of(None, [Aspect("field", labels)]), np.arange(120), np.ones(120, bool), 0
    )
    threads = torch.get_num_threads()
    first, second, other = (
        result_of(fit_steps(vectors, taught, rank, True, seed))
        for rank, seed in ((4, 1), (4, 1), (4, 2))
    )
    assert torch.get_num_threads() == threads
    assert first.fingerprint == second.fingerprint != other.fingerprint
    assert np.array_equal(first.matrix, second.matrix) and first.left.shape == (12, 4)
    assert np.linalg.matrix_rank(first.matrix - np.eye(12), tol=1e-4) == 4
    same = labels[:, None] == labels
    gaps = [
        (own @ own.T)[same].mean() - (own @ own.T)[~same].mean()
        for own in (vectors, first.apply(vectors))
    ]
    assert gaps[1] > 2 * gaps[0]


def test_the_auc_is_that_of_scikit_learn(rng: np.random.Generator) -> None:
    is_alike = rng.random(80) < 0.4
    closeness = np.stack([rng.normal(size=80), rng.normal(size=80) + is_alike], axis=1).round(1)
    pairs = pairs_of(np.arange(80), np.arange(80, 160), is_alike)
    auc = pair_auc([HeldOutPairs(pairs, closeness)], np.arange(160), seed=5)
    assert auc is not None and (auc.alike, auc.unlike) == (is_alike.sum(), (~is_alike).sum())
    for space in (0, 1):
        expected = roc_auc_score(is_alike, closeness[:, space])
        assert auc.means[space] == pytest.approx(expected)
    # Pairs without common ends vary as if they were drawn themselves.
    spread = auc.resampled[:, 1].std()
    draws = [rng.choice(80, 80) for _ in range(400)]
    scores = [roc_auc_score(is_alike[own], closeness[own, 1]) for own in draws]
    assert spread == pytest.approx(np.std(scores), rel=0.2)
    assert (
        pair_auc([HeldOutPairs(pairs.at(is_alike), closeness[is_alike])], np.arange(160), 5) is None
    )
