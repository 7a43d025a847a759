"""How the results of a query are put in order: several terms, what to avoid, and feedback.

The similarities of each term are *standardised*: counted in standard deviations from their mean
over the reference set of the index. So a text term and an image term count alike, although images
are much closer to images than texts are. The score of a result is

- of what is wanted, the weighted mean less twice the weighted shortfall of the terms below that
  mean: with two equal terms, the smaller. What one term lacks, another cannot make up for;
- of each thing to avoid, minus ``2 w max(0, z - 0.5)``: a penalty where it is there, and no reward
  where it is not, for the opposite of "a ball" is not what anyone wants to see;
- of feedback, plus 0.7 times the standardised similarity to the mean of what was liked less the
  mean of what was not (Rocchio, "Relevance feedback in information retrieval", 1971). The query
  keeps its own weight, so that no number of likes leads away from it.

``benchmarks/bench_retrieval.py`` compares each of these with its alternatives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.core.metrics import similarities
from fiftyone_faiss.brain.retrieval.calibration import ReferenceSet
from fiftyone_faiss.embedders import unit

SHORTFALL = 2.0
PENALTY, PENALTY_FROM = 2.0, 0.5
FEEDBACK = 0.7


@dataclass(frozen=True)
class WeightedVector:
    """A term's vector in the space of an index, and what is usual for it.

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
        usual = reference_set.similarities(vector)
        return cls(vector, weight, reference_set.metric, float(usual.mean()), _spread(usual))

    def standardised(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64 similarities to ``(n, dim)`` vectors, in standard deviations."""
        return (similarities(self.vector, vectors, self.metric) - self.mean) / self.deviation


def _spread(values: Distances) -> float:
    """The standard deviation; 1 where all are the same, so that it can be divided by."""
    deviation = float(values.std())
    return deviation if deviation > 1e-9 else 1.0


@dataclass(frozen=True)
class Feedback:
    """What was liked and what was not, as a direction.

    Attributes:
        direction: ``(dim,)`` float32
        metric: the index's metric
        deviation: the standard deviation of the reference_set along it
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
        """Of ``(n, dim)`` vectors each; the mean of the reference set stands for None."""
        metric = reference_set.metric
        away, near = (
            _directed(reference_set.vectors if one is None else one, metric).mean(axis=0)
            for one in (disliked, liked)
        )
        direction = near - away
        usual = _directed(reference_set.vectors, metric) @ direction
        return cls(direction, metric, float(usual.mean()), _spread(usual))

    def standardised(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64 places of ``(n, dim)`` vectors along it, in standard deviations."""
        along = _directed(vectors, self.metric) @ self.direction
        return np.asarray((along - self.mean) / self.deviation, np.float64)


def _directed(vectors: Matrix, metric: str) -> Matrix:
    return unit(vectors) if metric == "cosine" else vectors


@dataclass(frozen=True)
class Ranking:
    """What results are ranked by.

    Attributes:
        metric: the index's metric
        wanted: what to find
        avoided: what to avoid
        feedback: what was liked and what was not, None if nothing was said
    """

    metric: str
    wanted: tuple[WeightedVector, ...]
    avoided: tuple[WeightedVector, ...] = ()
    feedback: Feedback | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is the order of the distances to one vector."""
        return len(self.wanted) == 1 and not self.avoided and self.feedback is None

    @property
    def is_reversed(self) -> bool:
        """Whether the farthest from its vector are the candidates: nothing is wanted."""
        return not self.wanted

    @property
    def vector(self) -> Matrix:
        """``(dim,)`` float32: the nearest to it are the candidates, and distances are to it.

        The weighted sum of the wanted vectors, each over the deviation of its similarities, and of
        the feedback; for the euclidean metric, the weighted mean of the points. Of unit length for
        the cosine.
        """
        if self.is_plain:
            return self.wanted[0].vector
        if self.is_reversed:
            return _weighted([(one.vector, one.weight) for one in self.avoided], self.metric)
        euclidean = self.metric == "euclidean"
        weights = sum(one.weight for one in self.wanted)
        total = _weighted(
            [(one.vector, one.weight / (1 if euclidean else one.deviation)) for one in self.wanted],
            self.metric,
        )
        if self.feedback is not None:
            share = FEEDBACK if euclidean else FEEDBACK * weights / self.feedback.deviation
            total = total + np.float32(share) * self.feedback.direction
        return unit(total) if self.metric == "cosine" else total

    def scores(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64, higher is better; see the module.

        Similarities where the ranking is plain, else standard deviations above what is usual.
        """
        if self.is_plain:
            return similarities(self.wanted[0].vector, vectors, self.metric)
        total = np.zeros(len(vectors))
        if self.wanted:
            total += balanced(
                np.stack([one.standardised(vectors) for one in self.wanted]),
                np.array([one.weight for one in self.wanted]),
            )
        total -= self.penalties(vectors)
        if self.feedback is not None:
            total += FEEDBACK * self.feedback.standardised(vectors)
        return total

    def penalties(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64, what is taken off for what is to be avoided, 0 where it is not there.

        If nothing is wanted, what is least like it comes first: then it may be below 0.
        """
        total = np.zeros(len(vectors))
        for one in self.avoided:
            found = one.standardised(vectors)
            if not self.is_reversed:
                found = PENALTY * np.maximum(0.0, found - PENALTY_FROM)
            total += one.weight * found
        return total


def balanced(found: Distances, weights: Distances) -> Distances:
    """The weighted mean of ``(t, n)`` terms, less ``SHORTFALL`` times what they lack of it.

    Returns:
        ``(n,)`` float64
    """
    shares = weights / weights.sum()
    mean = shares @ found
    lacking = shares @ np.maximum(0.0, mean - found)
    return np.asarray(mean - SHORTFALL * lacking)


def _weighted(pairs: list[tuple[Matrix, float]], metric: str) -> Matrix:
    """``(dim,)`` float32: the weighted sum, or for the euclidean metric the mean, of vectors."""
    vectors = np.stack([vector for vector, _ in pairs]).astype(np.float64)
    weights = np.array([weight for _, weight in pairs])
    if metric == "cosine":
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
    if metric == "euclidean":
        weights = weights / weights.sum()
    return np.asarray(weights @ vectors, np.float32)
