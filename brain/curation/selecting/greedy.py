"""Selects greedily: each time the sample with the largest product of its terms.

The first term is the distance to the nearest sample that is selected or labeled, as in the greedy
k-center algorithm (Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985;
Sener and Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set Approach", ICLR
2018). Alone it selects the samples at the borders; the product with the typicality selects those in
the middle of what is not covered yet. The weight of a term is its exponent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors, blocks
from fiftyone_faiss.brain.core.arrays import Distances, Mask, Matrix
from fiftyone_faiss.brain.curation.selecting.quotas import Quotas

# The smallest distance, of vectors that are equal but for rounding.
MIN_DISTANCE = 1e-9
PICKS_AT_ONCE = 16
CHOSEN_AT_ONCE = 2_048


def lengths(vectors: ScaledVectors, closeness: Matrix) -> Distances:
    """Converts closeness to distances of the metric."""
    negative = np.maximum(-closeness.astype(np.float64), 0.0)
    return negative if vectors.metric == "cosine" else np.sqrt(2 * negative)


def nearest_of(vectors: ScaledVectors, chosen: Positions) -> tuple[Distances, Positions]:
    """``(n,)`` distances of all vectors to the nearest chosen one, and its place in the choice."""
    n = len(vectors)
    best, place = np.full(n, -np.inf, np.float32), np.zeros(n, np.int64)
    for start in range(0, len(chosen), CHOSEN_AT_ONCE):
        some = chosen[start : start + CHOSEN_AT_ONCE]
        of_chosen = vectors.at(some)
        for part in blocks(n):
            closeness = vectors.closeness(part, vectors.at(part), some, of_chosen)
            nearest = closeness.argmax(axis=1)
            values = closeness[np.arange(len(part)), nearest]
            is_nearer = values > best[part]
            best[part[is_nearer]] = values[is_nearer]
            place[part[is_nearer]] = start + nearest[is_nearer]
    return lengths(vectors, best), place


@dataclass(frozen=True)
class WeightedQuotas:
    """Quotas with the weight of their term."""

    quotas: Quotas
    weight: float


class Greedy:
    """The state of a greedy selection.

    Args:
        vectors: the vectors
        candidates: ``(c,)`` positions that can be selected
        covered: ``(m,)`` positions that are covered already
        diversity: the weight of the distance
        constant: ``(c,)`` the sum of the logarithms of terms that do not change, weighted
        quotas: the quotas, over all positions
    """

    def __init__(
        self,
        vectors: ScaledVectors,
        candidates: Positions,
        covered: Positions,
        diversity: float,
        constant: Distances,
        quotas: Sequence[WeightedQuotas],
    ) -> None:
        self._vectors, self._candidates = vectors, candidates
        self._matrix = vectors.at(candidates)
        self._diversity, self._constant, self._quotas = diversity, constant, quotas
        self._distances: Distances | None = None
        self._open: Mask = np.ones(len(candidates), bool)
        for start in range(0, len(covered), CHOSEN_AT_ONCE):
            self._cover(covered[start : start + CHOSEN_AT_ONCE])

    def select(self) -> int:
        """Selects the next position."""
        scores = self._constant.copy()
        if self._distances is not None:
            scores += self._diversity * np.log(np.maximum(self._distances, MIN_DISTANCE))
        for weighted in self._quotas:
            scores += weighted.weight * np.log(weighted.quotas.terms()[self._candidates])
        scores[~self._open] = -np.inf
        place = int(scores.argmax())
        position = int(self._candidates[place])
        self._open[place] = False
        self._cover(np.array([position]))
        for weighted in self._quotas:
            weighted.quotas.add(position)
        return position

    def _cover(self, positions: Positions) -> None:
        closeness = self._vectors.closeness(
            self._candidates, self._matrix, positions, self._vectors.at(positions)
        )
        distances = lengths(self._vectors, closeness.max(axis=1))
        if self._distances is None:
            self._distances = distances
        else:
            np.minimum(self._distances, distances, out=self._distances)
