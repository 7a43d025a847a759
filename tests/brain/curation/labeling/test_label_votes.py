"""The votes of neighbors, and the model of label noise, against NumPy."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from support.labels import clustered, flipped

from fiftyone_faiss.brain.core.intervals import wilson_interval
from fiftyone_faiss.brain.curation.labeling.judging import judge
from fiftyone_faiss.brain.curation.labeling.noise_model import fit
from fiftyone_faiss.brain.curation.labeling.votes import Voters, voter_ranks


def test_the_nearest_of_each_other_group_votes() -> None:
    groups = np.array([0, 0, 1, 1, 2, 3, 3])
    neighbors = np.full((7, 6), -1)
    neighbors[:2] = [[1, 2, 3, 4, 5, 6], [0, 3, 2, 6, 5, -1]]
    ranks = voter_ranks(neighbors, groups)
    assert ranks[:2].tolist() == [[0, 1, 0, 2, 3, 0], [0, 1, 0, 2, 0, 0]]
    assert not ranks[2:].any()
    labels = np.array([2, 2, 0, 1, 1, 0, 0])
    distances = np.where(neighbors < 0, np.inf, np.arange(6.0))
    voters = Voters(neighbors, distances, ranks, 1.0)
    counts = voters.counts(2, labels, 3, weighted=False).toarray()
    assert counts[:2].tolist() == [[1, 1, 0], [1, 1, 0]]
    counts = voters.counts(9, labels, 3, weighted=False).toarray()
    assert counts[:2].tolist() == [[2, 1, 0], [1, 1, 0]]
    # Their distances are 1, 3 and 4.
    weights = np.exp(-np.array([1, 3, 4]) * 3 / 8)
    weights *= 3 / weights.sum()
    expected = [weights[0] + weights[2], weights[1], 0]
    assert np.allclose(voters.counts(9, labels, 3).toarray()[0], expected)


def nearest(vectors: np.ndarray, k: int) -> np.ndarray:
    """The positions of the ``k`` nearest neighbors by cosine."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -2)
    return np.argsort(-similarity, axis=1, kind="stable")[:, :k]


def fitted(vectors: np.ndarray, labels: np.ndarray, k: int = 15):
    neighbors = nearest(vectors, k)
    ranks = voter_ranks(neighbors, np.arange(len(labels)))
    counts = Voters(neighbors, np.ones(ranks.shape), ranks, 1.0).counts(k, labels, labels.max() + 1)
    importance = np.ones(len(labels))
    *_, (_, model) = fit(counts, labels, importance)
    names = [str(n) for n in range(labels.max() + 1)]
    return model, judge(model, counts, labels, importance, names)


def test_the_noise_of_each_pair_of_classes_is_estimated(rng) -> None:
    vectors, labels = clustered(rng, 800)
    wrong = labels.copy()
    # A fifth of the first class has the label of the second.
    of_first = np.flatnonzero(labels == 0)
    wrong[of_first[:40]] = 1
    model, judgment = fitted(vectors, wrong)
    assert np.allclose(model.given[0], [0.8, 0.2, 0, 0], atol=0.03)
    assert np.allclose(model.given[1:], np.eye(4)[1:], atol=0.02)
    (pair,) = [pair for pair in judgment.noise_rate.pairs if pair.count > 5]
    assert (pair.true, pair.label) == ("0", "1")
    assert pair.low < 0.2 < pair.high and abs(pair.rate - 0.2) < 0.03
    rate = judgment.noise_rate
    assert rate.low < 0.05 < rate.high and abs(rate.rate - 0.05) < 0.01
    assert set(np.flatnonzero(judgment.wrong > 0.5)) == set(of_first[:40].tolist())
    assert (judgment.suggested[of_first[:40]] == 0).all()


def test_a_rare_class_is_not_outvoted(rng) -> None:
    # The neighbors of a rare class are mostly of the frequent class around it.
    frequent = rng.normal(size=(600, 8))
    rare = rng.normal(size=(40, 8)) * 0.7 + 0.6
    vectors = np.concatenate([frequent, rare]).astype(np.float32)
    labels = np.repeat([0, 1], [600, 40])
    neighbors = nearest(vectors, 15)
    outvoted = (labels[neighbors[600:]] == 0).mean(axis=1) > 0.5
    _, judgment = fitted(vectors, labels)
    flagged = judgment.wrong[600:] > 0.5
    assert outvoted.sum() >= 15
    assert flagged.sum() <= outvoted.sum() / 3


def test_probabilities_add_up_to_the_number_of_wrong_labels(rng) -> None:
    vectors, labels = clustered(rng, 1200, spread=0.8)
    wrong, chosen = flipped(rng, labels, 120)
    _, judgment = fitted(vectors, wrong)
    is_wrong = np.zeros(1200, bool)
    is_wrong[chosen] = True
    assert abs(judgment.wrong.sum() - 120) < 24
    for low, high in ((0.0, 0.2), (0.2, 0.8), (0.8, 1.01)):
        here = (judgment.wrong >= low) & (judgment.wrong < high)
        expected, actual = judgment.wrong[here].sum(), is_wrong[here].sum()
        assert abs(expected - actual) < 3 * np.sqrt(max(expected, 1)) + 0.02 * here.sum()


def test_wilson_intervals() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    low, high = wilson_interval(10, 100)
    assert np.allclose([low, high], [0.0552, 0.1744], atol=1e-4)
    assert wilson_interval(0, 50)[0] == 0 and wilson_interval(50, 50)[1] == 1


def test_a_sample_without_voters_has_the_noise_of_its_label() -> None:
    labels = np.array([0, 1] * 50)
    counts = np.zeros((100, 2))
    counts[np.arange(100), labels] = 10
    counts[0] = 0
    matrix = sparse.csr_matrix(counts)
    *_, (_, model) = fit(matrix, labels, np.ones(100))
    judgment = judge(model, matrix, labels, np.ones(100), ["a", "b"])
    assert judgment.wrong[0] < 0.05
