"""Held-out parts, the pairs that are drawn, and how often alike pairs are closer."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fiftyone_faiss.brain.curation.teaching.drawing import DRAWN, drawn_pairs
from fiftyone_faiss.brain.curation.teaching.examples import Aspect, Examples, Pairs
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


def test_drawn_pairs_are_inside_and_of_their_class(rng: np.random.Generator) -> None:
    labels = rng.integers(-1, 3, 500)
    groups = np.arange(500) // 2
    is_inside = rng.random(500) < 0.7
    (pairs,) = drawn_pairs(examples_of(None, [Aspect("field", labels)]), groups, is_inside, 0) or []
    for ends in (pairs.first, pairs.second):
        assert is_inside[ends].all() and (labels[ends] >= 0).all()
    same = labels[pairs.first] == labels[pairs.second]
    assert (same == pairs.is_alike).all()
    assert (groups[pairs.first] != groups[pairs.second]).all()
    assert (pairs.is_alike.sum(), (~pairs.is_alike).sum()) == (DRAWN, DRAWN)
    # Every class is there.
    assert set(labels[pairs.second[~pairs.is_alike]]) == {0, 1, 2}


def test_of_a_single_tag_only_tagged_samples_are_alike(rng: np.random.Generator) -> None:
    labels = (rng.random(300) < 0.8).astype(np.int64)
    aspect = Aspect("tag", labels, rest=1)
    (pairs,) = drawn_pairs(examples_of(None, [aspect]), np.arange(300), np.ones(300, bool), 0) or []
    assert (labels[pairs.first] == 0).all()
    assert (labels[pairs.second] == np.where(pairs.is_alike, 0, 1)).all()
    assert drawn_pairs(examples_of(None, [aspect]), np.arange(300), labels == 1, 0) is None


def test_random_pairs_are_unlike_if_none_are_given(rng: np.random.Generator) -> None:
    pairs = pairs_of(np.arange(0, 100, 2), np.arange(1, 100, 2), np.ones(50))
    is_inside = np.arange(100) < 60
    (drawn,) = drawn_pairs(examples_of(pairs, []), np.arange(100), is_inside, 0) or []
    unlike = drawn.at(~drawn.is_alike)
    assert drawn.is_alike.sum() == 30 and len(unlike) == 30
    assert (unlike.first < 60).all() and (unlike.second < 60).all()
    assert (unlike.first // 2 != unlike.second // 2).all()


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
    drawn = [rng.choice(80, 80) for _ in range(400)]
    scores = [roc_auc_score(is_alike[own], closeness[own, 1]) for own in drawn]
    assert spread == pytest.approx(np.std(scores), rel=0.2)
    assert (
        pair_auc([HeldOutPairs(pairs.at(is_alike), closeness[is_alike])], np.arange(160), 5) is None
    )
