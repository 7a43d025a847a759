"""Intervals and paired tests of means over queries: near duplicates are one draw, not several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions

Vector = npt.NDArray[np.float64]
DRAWS = 2000
# Draws of a block times groups; bounds the memory of their weights.
BLOCK_WEIGHTS = 10_000_000


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval.

    Attributes:
        value: the mean
        low: the lower end
        high: the upper end
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


class PairedQueries:
    """Measures of the same queries by several models, resampled together.

    Args:
        values: ``(q, m)`` a measure of each query by each model
        groups: ``(q,)`` the group of near duplicates of each query
        seed: of the random draws
    """

    def __init__(self, values: npt.NDArray[np.float64], groups: Positions, seed: int) -> None:
        _, group = np.unique(groups, return_inverse=True)
        self.sizes = np.bincount(group).astype(np.float64)
        self.sums = np.stack(
            [np.bincount(group, values[:, model]) for model in range(values.shape[1])], axis=1
        )
        self.means: Vector = values.mean(axis=0)
        self.seed = seed
        self.resampled = self._resampled_means()

    def interval(self, model: int) -> Interval:
        """The mean of a model."""
        return interval_of(float(self.means[model]), self.resampled[:, model])

    def difference(self, first: int, second: int) -> Interval:
        """The difference of the means of two models."""
        differences = self.resampled[:, first] - self.resampled[:, second]
        return interval_of(float(self.means[first] - self.means[second]), differences)

    def p_value(self, first: int, second: int) -> float:
        """The chance of a difference as large if the models were exchangeable (sign-flip test)."""
        differences = self.sums[:, first] - self.sums[:, second]
        differences = differences[differences != 0]
        if not len(differences):
            return 1.0
        observed = abs(differences.sum())
        rng = np.random.default_rng(self.seed)
        reached = 0
        for count in _counts(len(differences)):
            signs = rng.integers(0, 2, (count, len(differences))) * 2 - 1
            # Rounding must not tell equal sums apart.
            reached += int((np.abs(signs @ differences) >= observed * (1 - 1e-9)).sum())
        return (1 + reached) / (1 + DRAWS)

    def _resampled_means(self) -> npt.NDArray[np.float64]:
        rng = np.random.default_rng(self.seed)
        parts = []
        for count in _counts(len(self.sizes)):
            weights = rng.poisson(1.0, (count, len(self.sizes))).astype(np.float64)
            totals = np.maximum(weights @ self.sizes, 1e-9)
            parts.append(weights @ self.sums / totals[:, None])
        return np.concatenate(parts)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusts p values for the number of tests (Holm, 1979)."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    adjusted = np.maximum.accumulate(np.asarray(p_values)[order] * factors).clip(max=1.0)
    result = np.empty(len(p_values))
    result[order] = adjusted
    return [float(value) for value in result]


def interval_of(value: float, resampled: Vector) -> Interval:
    """The 95 % interval of a value, from what it is in resampled data."""
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Interval(value, min(float(low), value), max(float(high), value))


def _counts(groups: int) -> list[int]:
    """The numbers of draws of each block."""
    size = max(1, BLOCK_WEIGHTS // max(groups, 1))
    return [min(size, DRAWS - start) for start in range(0, DRAWS, size)]
