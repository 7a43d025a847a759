"""How many pairs are near by accident: a model of the tail of the distances of different images.

The density of the distances ``t`` of different images is modeled as ``exp(c) * t**(a - 1) *
exp(-b * t)`` with ``b >= 0``: near zero, it grows with the local intrinsic dimension (Amsaleg et
al., Estimating Local Intrinsic Dimensionality, KDD 2015, section 2), and farther away more slowly,
as in a cluster of finite width. It is fitted to the nearest pairs above a threshold by a Poisson
regression on the counts of bins, and continued below it. Pairs of one group of near duplicates are
left out where all vectors are compared. Resampled vectors give the interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.cells import in_threads
from fiftyone_faiss.brain.ann.joined_pairs import components
from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors, blocks
from fiftyone_faiss.brain.core.arrays import Distances

# Up to this many vectors, all are compared; of more, some are compared with all.
MAX_ALL = 4_000
SAMPLED_ROWS = 1_000
# The nearest pairs that are kept, and those that the tail is fitted to, per compared vector. More
# would reach beyond the clusters of the data, where the model does not hold.
NEAREST_PAIRS, TAIL_PAIRS = 40, 5
# The tail begins above this share of its pairs, which are duplicates more often.
TAIL_START = 0.1
BINS = 16
RESAMPLES = 100
# Fewer pairs than these tell nothing about a tail.
MIN_PAIRS = 50
_SEED = 7
_ITERATIONS = 25
# How far below the threshold the density is integrated, as a factor.
_SPAN = 3_000


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
        return dict(vars(self))


@dataclass(frozen=True)
class NearestPairs:
    """The nearest pairs of compared vectors with all others.

    Attributes:
        owners: ``(p,)`` the places of the compared vectors, by ascending distance
        others: ``(p,)`` the positions of the others
        distances: ``(p,)`` float64, ascending
        sample: ``(s,)`` the positions of the compared vectors
        total: the number of all vectors
    """

    owners: Positions
    others: Positions
    distances: Distances
    sample: Positions
    total: int

    @classmethod
    def of(cls, vectors: ScaledVectors) -> NearestPairs:
        """Compares vectors, all with all if they are few."""
        n = len(vectors)
        size = n if n <= MAX_ALL else SAMPLED_ROWS
        sample = np.sort(np.random.default_rng(_SEED).choice(n, size, replace=False))
        owners, others, distances = _nearest_pairs(vectors, sample)
        order = np.argsort(distances, kind="stable")
        return cls(owners[order], others[order], distances[order], sample, n)

    @property
    def _scale(self) -> float:
        """Pairs of all vectors per listed pair, which is listed from both of its ends."""
        return self.total / len(self.sample) / 2

    def pairs_within(self, thresh: float) -> float:
        """Estimates the number of pairs within a distance, duplicates included."""
        return float(self._scale * np.searchsorted(self.distances, thresh, "right"))

    def thresh_for(self, fraction: float) -> float:
        """The distance within which a fraction of the vectors has another one."""
        nearest = np.full(len(self.sample), np.inf)
        np.minimum.at(nearest, self.owners, self.distances)
        within = float(np.quantile(nearest, fraction, method="lower"))
        return within if np.isfinite(within) else float(self.distances[-1])

    def expected(self, thresh: float) -> Estimate | None:
        """The number of pairs of different images within a distance, among all vectors.

        None if too few pairs are above the distance to tell.
        """
        owners, distances = self._of_different_images(thresh)
        count = TAIL_PAIRS * len(self.sample)
        if len(distances) < MIN_PAIRS:
            return None
        start = max(thresh, float(distances[min(int(TAIL_START * count), len(distances) - 1)]))
        first = int(np.searchsorted(distances, start, "right"))
        tail = slice(first, first + int((1 - TAIL_START) * count))
        if len(distances[tail]) < MIN_PAIRS or start <= 0:
            return None
        edges = np.geomspace(start, distances[tail][-1], BINS + 1)
        bins = np.clip(np.searchsorted(edges, distances[tail]) - 1, 0, BINS - 1)
        per_vector = np.zeros((len(self.sample), BINS))
        np.add.at(per_vector, (owners[tail], bins), 1)
        size = len(self.sample)
        resampled = np.random.default_rng(_SEED).multinomial(
            size, np.full(size, 1 / size), RESAMPLES
        )
        counts = np.vstack([np.ones(size), resampled]) @ per_vector
        values = self._scale * _integrals(_fit(counts, edges), thresh)
        low, high = np.quantile(values[1:], [0.025, 0.975])
        # Few accidental pairs vary like events of a Poisson process.
        spread = 1.96 * np.sqrt(values[0])
        return Estimate(float(values[0]), float(max(0.0, low - spread)), float(high + spread))

    def _of_different_images(self, thresh: float) -> tuple[Positions, Distances]:
        """The pairs that are no members of one group of duplicates within a distance."""
        if len(self.sample) < self.total:
            return self.owners, self.distances
        near = int(np.searchsorted(self.distances, thresh, "right"))
        groups = components(self.owners[:near], self.others[:near], self.total)
        different = groups[self.owners] != groups[self.others]
        return self.owners[different], self.distances[different]


def _fit(counts: Distances, edges: Distances) -> Distances:
    """Fits the density of ``log t`` by Poisson regression.

    Args:
        counts: ``(r, BINS)`` the counts of the bins, for each resample
        edges: ``(BINS + 1,)`` the edges of the bins

    Returns:
        ``(r, 3)`` the coefficients ``c``, ``a`` and ``b``
    """
    centers, widths = np.sqrt(edges[1:] * edges[:-1]), np.diff(np.log(edges))
    scale = centers[-1]
    terms = np.stack([np.ones(BINS), np.log(centers / scale), -centers / scale], axis=1)
    fitted = _poisson(counts, terms, widths)
    # The exponent may not fall towards zero.
    rising = fitted[:, 2] < 0
    if rising.any():
        fitted[rising, :2] = _poisson(counts[rising], terms[:, :2], widths)
        fitted[rising, 2] = 0
    fitted[:, 0] -= fitted[:, 1] * np.log(scale)
    fitted[:, 2] /= scale
    return fitted


def _poisson(counts: Distances, terms: Distances, widths: Distances) -> Distances:
    """``(r, m)`` coefficients, by iteratively reweighted least squares (McCullagh and Nelder,
    Generalized Linear Models, 1989, section 2.5)."""
    means: Distances = np.maximum(counts, 0.5)
    links: Distances = np.log(means / widths)
    ridge = 1e-6 * np.eye(terms.shape[1])
    coefficients: Distances = np.zeros((len(counts), terms.shape[1]))
    for _ in range(_ITERATIONS):
        weighted = terms.T[None] * means[:, None]
        moments = weighted @ terms + ridge
        solved = np.linalg.solve(moments, weighted @ links[..., None])
        coefficients = np.asarray(solved[..., 0], np.float64)
        logs = np.clip(coefficients @ terms.T, -50, 50)
        means = np.clip(np.exp(logs) * widths, 1e-9, 1e12)
        links = logs + (counts - means) / means
    return coefficients


def _integrals(coefficients: Distances, thresh: float) -> Distances:
    """``(r,)`` the expected counts below a distance."""
    if thresh <= 0:
        return np.zeros(len(coefficients))
    logs = np.linspace(np.log(thresh / _SPAN), np.log(thresh), 600)
    c, a, b = (coefficients[:, i, None] for i in range(3))
    densities = np.exp(np.clip(c + a * logs - b * np.exp(logs), -700, 700))
    return np.asarray(densities.sum(axis=1) * (logs[1] - logs[0]))


def _nearest_pairs(
    vectors: ScaledVectors, sample: Positions
) -> tuple[Positions, Positions, Distances]:
    """The nearest pairs of sampled vectors: places in the sample, others, and distances."""
    sampled = vectors.at(sample)
    wanted = min(NEAREST_PAIRS * len(sample), len(sample) * (len(vectors) - 1))
    # A first look at some vectors says how close the wanted pairs are.
    some = np.linspace(0, len(vectors) - 1, min(len(vectors), 2_000)).astype(np.int64)
    first = vectors.closeness(sample, sampled, some, vectors.at(some))
    first[sample[:, None] == some] = -np.inf
    share = min(1.0, 1.5 * wanted / (len(sample) * len(vectors)))
    minimum = float(np.quantile(first[np.isfinite(first)], 1 - share))

    def near(part: Positions) -> tuple[Positions, Positions, Distances]:
        closeness = vectors.closeness(sample, sampled, part, vectors.at(part))
        closeness[sample[:, None] == part] = -np.inf
        rows, columns = np.nonzero(closeness >= minimum)
        return rows, part[columns], closeness[rows, columns].astype(np.float64)

    parts = list(in_threads(near, blocks(len(vectors), 1_024)))
    owners, others, closeness = (np.concatenate(part) for part in zip(*parts, strict=True))
    if len(owners) > wanted:
        kept = np.argpartition(-closeness, wanted - 1)[:wanted]
        owners, others, closeness = owners[kept], others[kept], closeness[kept]
    # Below the rounding error of float32 products, distances are equal.
    closeness = np.minimum(closeness, 0.0)
    return owners, others, -closeness if vectors.metric == "cosine" else np.sqrt(-2 * closeness)
