"""How many ordinary samples score as high as unusual ones: a model of the tail of a statistic.

Ordinary samples are the bulk; strange ones are in the upper tail. The tail of the ordinary ones is
modeled as exponential, with the rate of decay between the median and the 80th percentile, so that
up to a fifth of the samples may be strange. Tails of embeddings of networks fall faster than this.
Those of simple features, such as color histograms, can be heavier: the estimate is too low for
them, because a few ordinary images are far from all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.curation.accidental_pairs import Estimate

# The bulk that the decay is measured in, as quantiles.
BULK = (0.5, 0.8)
# At most this share of what is called unusual may be ordinary.
MAX_FALSE_SHARE = 0.1
# Fewer samples than these tell nothing about a tail.
MIN_SAMPLES = 20
RESAMPLES = 100
_SEED = 7


@dataclass(frozen=True)
class Tail:
    """The tail of a statistic of ordinary samples.

    Attributes:
        values: ``(n,)`` the statistic, higher for stranger samples
        start: where the modeled tail starts
        scale: the distance over which the tail falls by the factor *e*; 0 for equal values
    """

    values: Distances
    start: float
    scale: float

    @classmethod
    def of(cls, values: Distances) -> Tail:
        """Fits the tail."""
        low, high = np.quantile(values, BULK)
        return cls(values, float(high), float(_scale(low, high)))

    def probabilities(self) -> Distances:
        """``(n,)`` the estimated share of ordinary samples whose statistic is as high, 0 to 1."""
        ascending = np.sort(self.values)
        at_least = len(ascending) - np.searchsorted(ascending, self.values, "left")
        empirical = at_least / len(ascending)
        return np.where(self.values > self.start, self._beyond(self.values), empirical)

    def _beyond(self, values: Distances) -> Distances:
        if self.scale <= 0:
            return np.zeros_like(values)
        excess = np.maximum(values - self.start, 0.0)
        return np.asarray((1 - BULK[1]) * np.exp(-excess / self.scale))

    def unusual(self) -> Positions:
        """The places of unusual samples, the strangest first; none if nothing stands out.

        These are as many as possible such that at most a tenth of them is expected to be ordinary
        (Benjamini and Hochberg, "Controlling the false discovery rate", 1995).
        """
        n = len(self.values)
        if n < MIN_SAMPLES:
            return np.empty(0, np.int64)
        order = np.argsort(-self.values, kind="stable")
        expected = n * self._beyond(self.values[order])
        is_beyond = self.values[order] > self.start
        fits = np.flatnonzero((expected <= MAX_FALSE_SHARE * np.arange(1, n + 1)) & is_beyond)
        return order[: int(fits[-1]) + 1 if len(fits) else 0]

    def expected(self, thresh: float) -> Estimate | None:
        """The number of ordinary samples above a value in the tail, with a 95 % interval.

        None if there are too few samples to tell, or the value is not in the tail.
        """
        n = len(self.values)
        if n < MIN_SAMPLES or thresh <= self.start:
            return None
        rng = np.random.default_rng(_SEED)
        resampled = self.values[rng.integers(0, n, (RESAMPLES, n))] if n <= 10_000 else None
        value = float(n * self._beyond(np.array([thresh]))[0])
        spread = 1.96 * np.sqrt(value)
        if resampled is None:
            # Quantiles of this many values hardly vary.
            return Estimate(value, max(0.0, value - spread), value + spread)
        lows, highs = np.quantile(resampled, BULK, axis=1)
        scales = np.maximum(_scale(lows, highs), 1e-12)
        values = n * (1 - BULK[1]) * np.exp(-np.maximum(thresh - highs, 0.0) / scales)
        low, high = np.quantile(values, [0.025, 0.975])
        return Estimate(value, float(max(0.0, low - spread)), float(high + spread))


def _scale(low: Distances, high: Distances) -> Distances:
    return (high - low) / np.log((1 - BULK[0]) / (1 - BULK[1]))
