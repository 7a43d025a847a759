"""What is shown of a ranking, against its definitions written out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from fiftyone_faiss.brain.retrieval.reranking import collapse, hubness, mmr


def directions(vectors: np.ndarray) -> np.ndarray:
    wide = vectors.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True)


def angled(degrees: list[float], lengths: float = 1.0) -> np.ndarray:
    """Vectors in a plane, by their angles."""
    radians = np.radians(degrees)
    return (lengths * np.stack([np.cos(radians), np.sin(radians)], axis=1)).astype(np.float32)


# -- variety -----------------------------------------------------------------------------------


def marginal(vectors: np.ndarray, scores: np.ndarray, k: int, d: float) -> list[int]:
    """Maximal marginal relevance, one pair at a time."""
    x = directions(vectors)
    relevance = (scores - scores.min()) / (scores.max() - scores.min())
    chosen = [int(np.argmax(relevance))]
    while len(chosen) < min(k, len(scores)):
        left = [i for i in range(len(scores)) if i not in chosen]
        gains = [(1 - d) * relevance[i] - d * max(float(x[i] @ x[j]) for j in chosen) for i in left]
        chosen.append(left[int(np.argmax(gains))])
    return chosen


@pytest.mark.parametrize("diversity", [0.0, 0.3, 0.7, 1.0])
def test_variety_is_maximal_marginal_relevance(rng, diversity: float) -> None:
    vectors = (rng.normal(size=(40, 6)) * rng.uniform(0.5, 2, (40, 1))).astype(np.float32)
    scores = 3 * rng.normal(size=40)
    neighbors = mmr(vectors, scores, 12, diversity)
    assert neighbors.tolist() == marginal(vectors, scores, 12, diversity)
    if diversity == 0:
        assert neighbors.tolist() == np.argsort(-scores)[:12].tolist()


def test_what_is_alike_is_chosen_last(rng) -> None:
    vectors = angled([0, 1, 2, 90])
    scores = np.array([1.0, 0.9, 0.8, 0.7])
    assert mmr(vectors, scores, 3, 0.0).tolist() == [0, 1, 2]
    assert mmr(vectors, scores, 3, 0.5).tolist() == [0, 3, 1]
    # With nothing but variety, the best is still the first.
    assert mmr(vectors[::-1], scores[::-1], 2, 1.0).tolist() == [3, 0]


def test_variety_of_few_and_of_equals() -> None:
    vectors = angled([0, 30, 60])
    assert mmr(vectors, np.array([0.2, 0.5, 0.1]), 10, 0.5).tolist()[0] == 1
    assert sorted(mmr(vectors, np.array([0.2, 0.5, 0.1]), 10, 0.5).tolist()) == [0, 1, 2]
    assert mmr(vectors, np.full(3, 0.4), 2, 0.5).tolist() == [0, 2]


# -- near-duplicates -------------------------------------------------------------------------------


def collapsed(vectors: np.ndarray, count: int, within: float) -> list[list[int]]:
    """Each result under the first that is near enough, one pair at a time."""
    x = directions(vectors)
    groups: list[list[int]] = []
    for i in range(len(x)):
        owner = next((group for group in groups if 1 - x[group[0]] @ x[i] <= within), None)
        if owner is not None:
            owner.append(i)
        else:
            groups.append([i])
    return groups[:count]


@pytest.mark.parametrize("within", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("count", [4, 100])
def test_near_copies_are_under_the_best_of_them(rng, within: float, count: int) -> None:
    centers = rng.normal(size=(30, 8))
    vectors = centers[rng.integers(30, size=150)] + 0.2 * rng.normal(size=(150, 8))
    vectors = (vectors * rng.uniform(0.5, 2, (150, 1))).astype(np.float32)
    neighbors = [group.tolist() for group in collapse(vectors, count, within)]
    assert neighbors == collapsed(vectors, count, within)
    assert any(len(group) > 1 for group in neighbors)


def test_a_near_copy_of_a_near_copy_need_not_be_one() -> None:
    # 15 degrees are a cosine distance of 0.034, 30 degrees one of 0.134.
    assert [group.tolist() for group in collapse(angled([0, 15, 30]), 3, 0.05)] == [[0, 1], [2]]
    assert [group.tolist() for group in collapse(angled([15, 0, 30]), 3, 0.05)] == [[0, 1, 2]]


def test_only_equal_directions_are_copies_at_no_distance() -> None:
    vectors = np.concatenate([angled([0]), angled([0], 3.0), angled([10])])
    assert [group.tolist() for group in collapse(vectors, 3, 0.0)] == [[0, 1], [2]]
    many = np.tile(np.random.default_rng(5).normal(size=(300, 64)).astype(np.float32), (2, 1))
    assert [group.tolist() for group in collapse(many, 600, 0.0)] == [
        [i, i + 300] for i in range(300)
    ]
    assert collapse(vectors, 0) == []
    assert collapse(vectors[:0], 3) == []


# -- hubness -----------------------------------------------------------------------------------


@pytest.mark.parametrize("nearest", [1, 10])
def test_hubness_is_the_mean_cosine_to_the_nearest_others(rng, nearest: int) -> None:
    vectors = (5 * rng.normal(size=(20, 6))).astype(np.float32)
    others = rng.normal(size=(50, 6)).astype(np.float32)
    cosines = directions(vectors) @ directions(others).T
    expected = np.sort(cosines, axis=1)[:, -nearest:].mean(axis=1)
    neighbors = hubness(vectors, others, nearest)
    assert neighbors.dtype == np.float64
    np.testing.assert_allclose(neighbors, expected, atol=1e-6)


def test_hubness_to_fewer_others_counts_all_of_them_but_oneself() -> None:
    neighbors = hubness(angled([0, 90]), angled([0, 60]))
    np.testing.assert_allclose(neighbors, [0.5, (np.sqrt(3) / 2) / 2], atol=1e-6)
