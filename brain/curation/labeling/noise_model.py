"""The model of label noise: the class of a sample whose own and neighbors' labels may be wrong.

Each sample has a hidden class. Its own label was drawn from the labels of this class (``given``),
and each vote of a neighbor from the votes that this class gets (``votes``), which differ, because
neighbors may be of other classes. All are fitted by expectation maximization (Dawid and Skene,
1979). Because the votes of a rare class are mostly those of others, its samples are not outvoted.
Neighbors are alike, so their votes count less than independent ones: their weight is the one that
predicts the own labels best, which are not among the votes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fiftyone_faiss.brain.ann.scaled_vectors import Positions

Matrix: TypeAlias = npt.NDArray[np.float64]

MAX_CLASSES = 2000
ROUNDS = 50
# The weight of a vote is tuned after each of these rounds.
TUNED_EVERY = 5
WEIGHTS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
FIRST_WEIGHT = 0.4
# A fit has converged if no parameter changes by more.
TOLERANCE = 1e-4
# Numbers of samples that are added to each class, so that nothing is impossible.
PRIOR_LABELS = 0.02
PRIOR_VOTES = 0.5
BLOCK = 8192


@dataclass(frozen=True)
class NoiseModel:
    """The fitted model.

    Attributes:
        prior: ``(c,)`` how frequent each class is
        given: ``(c, c)`` how often a sample of a class (row) has a label (column)
        votes: ``(c, c)`` how often the neighbors of a sample of a class (row) have a label
        weight: the weight of a vote, 0 to 1
    """

    prior: Matrix
    given: Matrix
    votes: Matrix
    weight: float

    def by_votes(self, counts: sparse.csr_matrix) -> Matrix:
        """The ``(n, c)`` probabilities of the classes without the own label."""
        scores = np.asarray(counts @ (self.weight * np.log(self.votes).T)) + np.log(self.prior)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def with_label(self, by_votes: Matrix, labels: Positions) -> tuple[Matrix, Matrix]:
        """The ``(n, c)`` probabilities of the classes, and ``(n,)`` that of each own label."""
        joint = by_votes * self.given[:, labels].T
        of_label = joint.sum(axis=1)
        return joint / of_label[:, None], of_label


def fit(
    counts: sparse.csr_matrix, labels: Positions, importance: npt.NDArray[np.float64]
) -> Iterator[tuple[int, NoiseModel]]:
    """Fits the model; yields the number of each round with the model after it.

    Args:
        counts: ``(n, c)`` the votes
        labels: ``(n,)`` the own labels
        importance: ``(n,)`` how much each sample counts
    """
    classes = int(counts.shape[1])
    prior = np.bincount(labels, importance, minlength=classes)
    model = NoiseModel(
        prior / prior.sum(), _diagonal(0.9, classes), _diagonal(0.8, classes), FIRST_WEIGHT
    )
    for number in range(1, ROUNDS + 1):
        before, model = model, _maximized(model, counts, labels, importance)
        if number % TUNED_EVERY == 0:
            model = _with_best_weight(model, counts, labels, importance)
        yield number, model
        change = max(np.abs(model.given - before.given).max(), abs(model.weight - before.weight))
        if number > TUNED_EVERY and change < TOLERANCE:
            break


def evidence(
    model: NoiseModel,
    counts: sparse.csr_matrix,
    labels: Positions,
    importance: npt.NDArray[np.float64],
) -> float:
    """How well the votes predict the own labels: the sum of the logarithms of their probability."""
    total = 0.0
    for part in blocks(len(labels)):
        _, probability = model.with_label(model.by_votes(counts[part]), labels[part])
        total += float(importance[part] @ np.log(probability))
    return total


def blocks(n: int) -> Iterator[slice]:
    """Slices of the samples, because the probabilities of all would not fit into memory."""
    return (slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK))


def _diagonal(share: float, classes: int) -> Matrix:
    return share * np.eye(classes) + (1 - share) / classes


def _maximized(
    model: NoiseModel,
    counts: sparse.csr_matrix,
    labels: Positions,
    importance: npt.NDArray[np.float64],
) -> NoiseModel:
    classes = len(model.prior)
    prior = np.full(classes, 1e-9)
    given = np.full((classes, classes), PRIOR_LABELS / classes)
    votes = np.full((classes, classes), PRIOR_VOTES / classes)
    for part in blocks(len(labels)):
        probability, _ = model.with_label(model.by_votes(counts[part]), labels[part])
        probability *= importance[part, None]
        prior += probability.sum(axis=0)
        size = part.stop - part.start
        own = sparse.csr_matrix(
            (np.ones(size), (np.arange(size), labels[part])), shape=(size, classes)
        )
        given += np.asarray((own.T @ probability).T)
        votes += np.asarray((counts[part].T @ probability).T)
    return NoiseModel(prior / prior.sum(), _scaled(given), _scaled(votes), model.weight)


def _scaled(matrix: Matrix) -> Matrix:
    scaled: Matrix = matrix / matrix.sum(axis=1, keepdims=True)
    return scaled


def _with_best_weight(
    model: NoiseModel,
    counts: sparse.csr_matrix,
    labels: Positions,
    importance: npt.NDArray[np.float64],
) -> NoiseModel:
    tries = [NoiseModel(model.prior, model.given, model.votes, weight) for weight in WEIGHTS]
    return max(tries, key=lambda tried: evidence(tried, counts, labels, importance))
