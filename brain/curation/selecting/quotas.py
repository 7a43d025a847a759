"""Quotas: how often each value of a field should occur in a selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.arrays import Distances

# What remains of the score of a sample whose values have reached their quota.
FULL = 1e-3


class Quotas:
    """Counts values, and says which samples have values that are still missing.

    Args:
        values: the values of each sample: none, one or several
        candidates: ``(c,)`` the places of the samples that can be selected
        counted: ``(m,)`` the places of those that are there already
        n: how many will be selected
    """

    def __init__(
        self,
        values: Sequence[tuple[Any, ...]],
        candidates: Positions,
        counted: Positions,
        n: int,
    ) -> None:
        self.names = sorted({str(value) for own in values for value in own})
        number = {name: i for i, name in enumerate(self.names)}
        numbers = [[number[str(value)] for value in own] for own in values]
        sizes = np.array([len(own) for own in numbers], np.int64)
        self._owners = np.repeat(np.arange(len(values)), sizes)
        self._numbers = np.array([value for own in numbers for value in own], np.int64)
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        self.counts = self.counts_of(counted)
        available = self.counts + self.counts_of(candidates)
        self._level = water_level(available, int(self.counts.sum()) + n)
        self._sizes = np.maximum(sizes, 1)

    def counts_of(self, places: Positions) -> Positions:
        """``(v,)`` how many of some samples have each value."""
        numbers = [self._numbers[self._starts[p] : self._starts[p + 1]] for p in places.tolist()]
        joined = np.concatenate([np.empty(0, np.int64), *numbers])
        return np.bincount(joined, minlength=len(self.names))

    def add(self, place: int) -> None:
        """Counts a sample that was selected."""
        own = self._numbers[self._starts[place] : self._starts[place + 1]]
        self.counts[own] += 1

    def terms(self) -> Distances:
        """``(n,)`` how much the values of each sample are still missing, above 0, at most 1."""
        missing = np.maximum(FULL, 1 - self.counts / max(self._level, 1e-9))
        totals = np.bincount(self._owners, missing[self._numbers], minlength=len(self._sizes))
        return np.maximum(totals / self._sizes, FULL)


def water_level(available: Positions, total: int) -> float:
    """The number of samples of each value at which all values together have ``total``.

    Values with fewer samples than that are used up.
    """
    remaining, level = float(total), 0.0
    ascending = np.sort(available[available > 0])
    for i, count in enumerate(ascending.tolist()):
        share = remaining / (len(ascending) - i)
        if share <= count:
            return max(level, share)
        remaining -= count
        level = float(count)
    return max(level, 1.0)


def evenness(counts: Positions) -> float:
    """The entropy of counts relative to equal ones: 0 if one value has all, 1 if all are equal."""
    total = counts.sum()
    if len(counts) < 2 or total == 0:
        return 1.0
    shares = counts[counts > 0] / total
    return float(-(shares * np.log(shares)).sum() / np.log(len(counts)))


def by_quarter(values: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Replaces numbers by the quarter of the numbers that they are in; other values stay."""
    numbers = [own[0] for own in values if len(own) == 1]
    if not any(isinstance(number, float) for number in numbers):
        return list(values)
    edges = np.quantile([float(number) for number in numbers], [0.25, 0.5, 0.75])
    names = (
        f"up to {edges[0]:.3g}",
        f"{edges[0]:.3g} to {edges[1]:.3g}",
        f"{edges[1]:.3g} to {edges[2]:.3g}",
        f"above {edges[2]:.3g}",
    )
    return [
        (names[int(np.searchsorted(edges, float(own[0]), "left"))],) if len(own) == 1 else ()
        for own in values
    ]
