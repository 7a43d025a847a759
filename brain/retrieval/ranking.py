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
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.combined_search import product_similarities
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, SurrogateScores
from fiftyone_faiss.brain.core.metrics import similarities
from fiftyone_faiss.brain.retrieval.reference_set import ReferenceSet
from fiftyone_faiss.embedders import unit

# Values of rows, in float64, or in float32 where all rows of an index are ranked.
Values = npt.NDArray[Any]

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
        return self.standardize(similarities(self.vector, vectors, self.metric))

    def standardize(self, values: Values) -> Values:
        """``(n,)`` similarities in standard deviations."""
        return (values - self.mean) / self.deviation


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
        return np.asarray(self.standardize(along), np.float64)

    def standardize(self, along: Values) -> Values:
        """``(n,)`` positions along it, in standard deviations."""
        return (along - self.mean) / self.deviation


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
        return self._combined(
            [term.standardized(vectors) for term in self.wanted],
            [term.standardized(vectors) for term in self.avoided],
            None if self.feedback is None else self.feedback.standardized(vectors),
        )

    def contributions(self, vectors: Matrix) -> Distances:
        """``(t, n)`` float64: what each term, and then the feedback, contributes to the scores.

        For a positive term its standardized similarity, for a negative term minus its penalty.
        """
        rows = [term.standardized(vectors) for term in self.wanted]
        rows += [-self._penalty(term, term.standardized(vectors)) for term in self.avoided]
        if self.feedback is not None:
            rows.append(FEEDBACK * self.feedback.standardized(vectors))
        return np.stack(rows).astype(np.float64)

    @property
    def vectors(self) -> Matrix:
        """``(t, dim)`` float32: the vectors whose products :meth:`product_scores` takes."""
        feedback = [] if self.feedback is None else [self.feedback.direction]
        return np.stack([term.vector for term in (*self.wanted, *self.avoided)] + feedback)

    def product_scores(self, products: Matrix, norms: Matrix) -> SurrogateScores:
        """Computes the scores from products, in float32.

        Args:
            products: ``(t, n)`` float32 products of ``vectors`` with ``n`` rows
            norms: ``(n,)`` float32 norms of the rows
        """
        terms = (*self.wanted, *self.avoided)
        vectors = self.vectors
        similar = product_similarities(
            products[: len(terms)], norms, vectors[: len(terms)], self.metric
        )
        standardized = [
            term.standardize(values) for term, values in zip(terms, similar, strict=True)
        ]
        along = None
        if self.feedback is not None:
            along = products[-1]
            if self.metric == "cosine":
                along = np.divide(along, norms, out=np.zeros_like(norms), where=norms > 0)
            along = self.feedback.standardize(along)
        count = len(self.wanted)
        return self._combined(standardized[:count], standardized[count:], along)

    def _combined(
        self, wanted: list[Values], avoided: list[Values], feedback: Values | None
    ) -> Values:
        """Combines ``(n,)`` standardized similarities to each term."""
        total: Values = -self._penalties(avoided)
        if wanted:
            total = total + balanced(np.stack(wanted), np.array([t.weight for t in self.wanted]))
        if feedback is not None:
            total = total + FEEDBACK * feedback
        return total

    def penalties(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64 penalties for matching negative terms, 0 for vectors that match none.

        With only negative terms, the least similar come first, and penalties may be below 0.
        """
        penalties = self._penalties([term.standardized(vectors) for term in self.avoided])
        return np.broadcast_to(penalties, len(vectors))

    def _penalties(self, avoided: list[Values]) -> Values:
        total: Values = np.zeros(1, np.float32)
        for term, values in zip(self.avoided, avoided, strict=True):
            total = total + self._penalty(term, values)
        return total

    def _penalty(self, term: WeightedVector, values: Values) -> Values:
        if not self.is_reversed:
            values = PENALTY * np.maximum(0, values - PENALTY_FROM)
        return term.weight * values


def balanced(scores: Values, weights: Distances) -> Values:
    """The weighted mean of ``(t, n)`` scores, minus ``SHORTFALL`` times the shortfall below it.

    Returns:
        ``(n,)``
    """
    shares = (weights / weights.sum()).astype(scores.dtype)
    mean = shares @ scores
    shortfall = shares @ np.maximum(0, mean - scores)
    return mean - SHORTFALL * shortfall


def _weighted(pairs: list[tuple[Matrix, float]], metric: str) -> Matrix:
    """``(dim,)`` float32: the weighted sum, or for the euclidean metric the mean, of vectors."""
    vectors = np.stack([vector for vector, _ in pairs]).astype(np.float64)
    weights = np.array([weight for _, weight in pairs])
    if metric == "cosine":
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
    if metric == "euclidean":
        weights = weights / weights.sum()
    return np.asarray(weights @ vectors, np.float32)
