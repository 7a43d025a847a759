"""Ranks the results of a query with several terms, negative terms and relevance feedback.

The similarities of each term are *standardized*: counted in standard deviations from their mean
over the reference set of the index. So text terms and image terms count equally, although text
embeddings are farther from image embeddings than these are from each other. The score is the sum of

- for the positive terms, their weighted mean minus twice the weighted shortfall of the terms below
  that mean; with two equal terms, the smaller one. Results that match only some of the terms rank
  lower;
- for each negative term, ``-2 w max(0, z - 0.5)``: a penalty for results that match it, and no
  reward for the others, because the opposite of "a ball" is of no interest;
- for relevance feedback, 0.7 times the standardized similarity to the mean of the liked minus the
  mean of the disliked vectors (Rocchio, "Relevance feedback in information retrieval", 1971). The
  weight of the query stays the same for any number of likes.

``benchmarks/bench_retrieval.py`` compares each of these with its alternatives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.core.metrics import similarities
from fiftyone_faiss.brain.retrieval.reference_set import ReferenceSet
from fiftyone_faiss.embedders import unit

SHORTFALL = 2.0
PENALTY, PENALTY_FROM = 2.0, 0.5
FEEDBACK = 0.7


@dataclass(frozen=True)
class WeightedVector:
    """The vector of a term, and its similarities to the reference set.

    Attributes:
        vector: ``(dim,)`` float32
        weight: above 0
        metric: the index's metric
        mean: the mean similarity to the reference set
        deviation: its standard deviation
    """

    vector: Matrix
    weight: float
    metric: str
    mean: float
    deviation: float

    @classmethod
    def of(cls, vector: Matrix, weight: float, reference_set: ReferenceSet) -> WeightedVector:
        reference = reference_set.similarities(vector)
        mean, deviation = float(reference.mean()), _deviation(reference)
        return cls(vector, weight, reference_set.metric, mean, deviation)

    def standardized(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64 similarities to ``(n, dim)`` vectors, in standard deviations."""
        return (similarities(self.vector, vectors, self.metric) - self.mean) / self.deviation


def _deviation(values: Distances) -> float:
    """The standard deviation; 1 if all values are the same, so that it can divide."""
    deviation = float(values.std())
    return deviation if deviation > 1e-9 else 1.0


@dataclass(frozen=True)
class Feedback:
    """Relevance feedback as a direction.

    Attributes:
        direction: ``(dim,)`` float32
        metric: the index's metric
        deviation: the standard deviation of the reference set along it
        mean: the mean of the reference set along it
    """

    direction: Matrix
    metric: str
    mean: float
    deviation: float

    @classmethod
    def of(
        cls, liked: Matrix | None, disliked: Matrix | None, reference_set: ReferenceSet
    ) -> Feedback:
        """The direction from ``(n, dim)`` disliked to ``(m, dim)`` liked vectors.

        None stands for the reference set.
        """
        metric = reference_set.metric
        away, near = (
            _directed(reference_set.vectors if vectors is None else vectors, metric).mean(axis=0)
            for vectors in (disliked, liked)
        )
        direction = near - away
        reference = _directed(reference_set.vectors, metric) @ direction
        return cls(direction, metric, float(reference.mean()), _deviation(reference))

    def standardized(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64 positions of ``(n, dim)`` vectors along it, in standard deviations."""
        along = _directed(vectors, self.metric) @ self.direction
        return np.asarray((along - self.mean) / self.deviation, np.float64)


def _directed(vectors: Matrix, metric: str) -> Matrix:
    return unit(vectors) if metric == "cosine" else vectors


@dataclass(frozen=True)
class Ranking:
    """Ranks vectors for a query.

    Attributes:
        metric: the index's metric
        wanted: the positive terms
        avoided: the negative terms
        feedback: the relevance feedback, None if there is none
    """

    metric: str
    wanted: tuple[WeightedVector, ...]
    avoided: tuple[WeightedVector, ...] = ()
    feedback: Feedback | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the scores order results like the distances to one vector."""
        return len(self.wanted) == 1 and not self.avoided and self.feedback is None

    @property
    def is_reversed(self) -> bool:
        """Whether there are only negative terms: candidates are the farthest from their vector."""
        return not self.wanted

    @property
    def vector(self) -> Matrix:
        """``(dim,)`` float32: candidates are the nearest to it, and distances are to it.

        The weighted sum of the positive vectors, each divided by the deviation of its similarities,
        and of the feedback; for the euclidean metric, the weighted mean. Of unit length for cosine.
        """
        if self.is_plain:
            return self.wanted[0].vector
        if self.is_reversed:
            return _weighted([(term.vector, term.weight) for term in self.avoided], self.metric)
        euclidean = self.metric == "euclidean"
        weights = sum(term.weight for term in self.wanted)
        total = _weighted(
            [
                (term.vector, term.weight / (1 if euclidean else term.deviation))
                for term in self.wanted
            ],
            self.metric,
        )
        if self.feedback is not None:
            share = FEEDBACK if euclidean else FEEDBACK * weights / self.feedback.deviation
            total = total + np.float32(share) * self.feedback.direction
        return unit(total) if self.metric == "cosine" else total

    def scores(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64, higher is better; see the module.

        Similarities if the ranking is plain, else standard deviations above the mean of the
        reference set.
        """
        if self.is_plain:
            return similarities(self.wanted[0].vector, vectors, self.metric)
        total = np.zeros(len(vectors))
        if self.wanted:
            total += balanced(
                np.stack([term.standardized(vectors) for term in self.wanted]),
                np.array([term.weight for term in self.wanted]),
            )
        total -= self.penalties(vectors)
        if self.feedback is not None:
            total += FEEDBACK * self.feedback.standardized(vectors)
        return total

    def penalties(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64 penalties for matching negative terms, 0 for vectors that match none.

        With only negative terms, the least similar come first, and penalties may be below 0.
        """
        total = np.zeros(len(vectors))
        for term in self.avoided:
            penalties = term.standardized(vectors)
            if not self.is_reversed:
                penalties = PENALTY * np.maximum(0.0, penalties - PENALTY_FROM)
            total += term.weight * penalties
        return total


def balanced(scores: Distances, weights: Distances) -> Distances:
    """The weighted mean of ``(t, n)`` scores, minus ``SHORTFALL`` times the shortfall below it.

    Returns:
        ``(n,)`` float64
    """
    shares = weights / weights.sum()
    mean = shares @ scores
    shortfall = shares @ np.maximum(0.0, mean - scores)
    return np.asarray(mean - SHORTFALL * shortfall)


def _weighted(pairs: list[tuple[Matrix, float]], metric: str) -> Matrix:
    """``(dim,)`` float32: the weighted sum, or for the euclidean metric the mean, of vectors."""
    vectors = np.stack([vector for vector, _ in pairs]).astype(np.float64)
    weights = np.array([weight for _, weight in pairs])
    if metric == "cosine":
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
    if metric == "euclidean":
        weights = weights / weights.sum()
    return np.asarray(weights @ vectors, np.float32)
