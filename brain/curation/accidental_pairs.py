"""How many pairs are near by accident: a model of the tail of the distances of different pictures.

Near duplicates lie below the tail. So the tail is fitted between the distance that about
``TAIL_PAIRS`` pairs per vector reach and a fraction of it, where accidental pairs outnumber
duplicates, and continued to smaller distances by a power law. The number of pairs within a
distance ``t`` of each other is proportional to ``t ** a`` for small ``t``, where ``a`` is the local
intrinsic dimension (Amsaleg et al., Estimating Local Intrinsic Dimensionality, KDD 2015, section
2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.cells import in_threads
from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors, blocks
from fiftyone_faiss.brain.core.arrays import Distances

# Vectors that are compared with all.
SAMPLED_ROWS = 1_000
# Pairs per sampled vector up to the end of the tail.
TAIL_PAIRS = 30
# The tail begins at the distance that this share of these pairs reach.
TAIL_START = 1 / 3
RESAMPLES = 200
# Fewer pairs than these tell nothing about a tail.
MIN_PAIRS = 50
_SEED = 7


@dataclass(frozen=True)
class Estimate:
    """An expected number with its interval.

    Attributes:
        value: the expected number
        low: the lower end of the 95 % interval
        high: the upper end
    """

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """The same as JSON values."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class AccidentalPairs:
    """The tail of the distances between different pictures.

    Attributes:
        distances: ``(p,)`` float64, the smallest distances of sampled vectors to others, ascending
        scale: pairs of all vectors per sampled pair
        counts: ``(r,)`` float64, the number of pairs below ``start``, for resampled vectors; the
            first is that of the sample itself
        exponents: ``(r,)`` float64
        start: where the tail begins, a distance
        nearest: ``(s,)`` float64, the distance of each sampled vector to its nearest other,
            infinite for those that are farther than all ``distances``
    """

    distances: Distances
    scale: float
    counts: Distances
    exponents: Distances
    start: float
    nearest: Distances

    @classmethod
    def of(cls, vectors: ScaledVectors) -> AccidentalPairs | None:
        """Estimates the tail; None if there are too few vectors for it."""
        n = len(vectors)
        rng = np.random.default_rng(_SEED)
        sample = np.sort(rng.choice(n, min(n, SAMPLED_ROWS), replace=False))
        owners, distances = _nearest_pairs(vectors, sample)
        end = float(distances.max(initial=0.0))
        start = float(np.quantile(distances, TAIL_START)) if len(distances) else 0.0
        if len(distances) < MIN_PAIRS or not 0 < start < end:
            return None
        tail = distances > start
        logs = np.bincount(owners[tail], np.log(distances[tail] / start), len(sample))
        numbers = np.bincount(owners[tail], minlength=len(sample)).astype(float)
        shares = np.full(len(sample), 1 / len(sample))
        resampled = rng.multinomial(len(sample), shares, RESAMPLES)
        weights = np.vstack([np.ones(len(sample)), resampled])
        in_tail, log_sums = weights @ numbers, weights @ logs
        width = float(np.log(end / start))
        means = log_sums / np.maximum(in_tail, 1) / width
        exponents = np.array([_exponent(mean) for mean in means]) / width
        counts = in_tail / (np.exp(exponents * width) - 1)
        nearest = np.full(len(sample), np.inf)
        np.minimum.at(nearest, owners, distances)
        scale = n / len(sample) / 2
        return cls(np.sort(distances), scale, counts, exponents, start, nearest)

    def thresh_for(self, fraction: float) -> float:
        """The distance within which a fraction of the vectors has another one."""
        within = float(np.quantile(self.nearest, fraction, method="lower"))
        return within if np.isfinite(within) else float(self.distances[-1])

    def expected(self, thresh: float) -> Estimate:
        """The number of pairs of different pictures within a distance, among all vectors."""
        values = self.scale * self.counts * (thresh / self.start) ** self.exponents
        low, high = np.quantile(values[1:], [0.025, 0.975])
        # Few accidental pairs vary like events of a Poisson process.
        spread = 1.96 * np.sqrt(values[0])
        return Estimate(float(values[0]), float(max(0.0, low - spread)), float(high + spread))

    def found(self, thresh: float) -> float:
        """Estimates the number of pairs within a distance, duplicates included."""
        return float(self.scale * np.searchsorted(self.distances, thresh, "right"))


def _exponent(mean: float) -> float:
    """Solves ``mean = 1 / (1 - exp(-b)) - 1 / b`` for ``b``, the maximum-likelihood exponent.

    It is that of a density proportional to ``exp(b x)`` on 0 to 1 with this mean.
    """
    low, high = 1e-6, 500.0
    for _ in range(60):
        middle = (low + high) / 2
        if 1 / -np.expm1(-middle) - 1 / middle < mean:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _nearest_pairs(vectors: ScaledVectors, sample: np.ndarray) -> tuple[np.ndarray, Distances]:
    """The nearest pairs of sampled vectors: places in the sample, and distances."""
    sampled = vectors.at(sample)
    wanted = TAIL_PAIRS * len(sample)
    # A first look at some vectors says how close the wanted pairs are.
    some = np.linspace(0, len(vectors) - 1, min(len(vectors), 2_000)).astype(np.int64)
    first = vectors.closeness(sample, sampled, some, vectors.at(some))
    first[sample[:, None] == some] = -np.inf
    share = min(1.0, 1.5 * wanted / (len(sample) * len(vectors)))
    least = float(np.quantile(first[np.isfinite(first)], 1 - share))

    def near(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        closeness = vectors.closeness(sample, sampled, part, vectors.at(part))
        closeness[sample[:, None] == part] = -np.inf
        rows, columns = np.nonzero(closeness >= least)
        return rows, closeness[rows, columns]

    found = list(in_threads(near, blocks(len(vectors))))
    owners = np.concatenate([rows for rows, _ in found])
    closeness = np.concatenate([values for _, values in found]).astype(np.float64)
    if len(owners) > wanted:
        kept = np.argpartition(-closeness, wanted - 1)[:wanted]
        owners, closeness = owners[kept], closeness[kept]
    closeness = np.minimum(closeness, 0.0)
    return owners, -closeness if vectors.metric == "cosine" else np.sqrt(-2 * closeness)
