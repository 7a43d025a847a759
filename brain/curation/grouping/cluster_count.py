"""Proposes a number of clusters.

For each candidate, sampled vectors are clustered several times, and so are random vectors with the
same mean and covariance, which have no clusters. Two figures are compared: how much the runs agree,
and how much nearer vectors are to their own center than to the next one. Their product, less what
random vectors reach, is largest at the proposed number. If it is small everywhere, no number stands
out.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.curation.grouping.spherical_kmeans import assign, train
from fiftyone_faiss.brain.curation.grouping.stability import agreement_of

CANDIDATES = (2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 32, 40, 50, 64, 80, 100)
# A cluster has at least so many of the sampled vectors on average.
MIN_PER_CLUSTER = 8
SAMPLED = 3_000
RUNS = 4
# Less is reached by chance.
MIN_GAIN = 0.03


@dataclass(frozen=True)
class Candidate:
    """A number of clusters.

    Attributes:
        k: the number
        agreement: how much runs with different seeds agree, 1 for the same clusters
        separation: how much nearer vectors are to their own center than to the next one, 0 to 1
        chance_agreement: the same for vectors without clusters
        chance_separation: the same
    """

    k: int
    agreement: float
    separation: float
    chance_agreement: float
    chance_separation: float

    @property
    def gain(self) -> float:
        """How much better the number is than by chance; see the module."""
        agreement = (self.agreement - self.chance_agreement) / max(1 - self.chance_agreement, 1e-9)
        return max(agreement, 0.0) * max(self.separation - self.chance_separation, 0.0)


@dataclass(frozen=True)
class Proposal:
    """The numbers of clusters that were tried.

    Attributes:
        k: the proposed number; None if no number stands out
        candidates: the numbers that were tried
    """

    k: int | None
    candidates: tuple[Candidate, ...]


def proposal_steps(
    x: Matrix, is_spherical: bool, seed: int = 51
) -> Generator[tuple[int, int], None, Proposal]:
    """Tries numbers of clusters on ``(n, dim)`` scaled vectors; yields how many are done."""
    numbers = [k for k in CANDIDATES if k * MIN_PER_CLUSTER <= len(x)]
    random = _without_clusters(x, is_spherical, np.random.default_rng(seed))
    tried = []
    for place, k in enumerate(numbers):
        own, chance = (_measure(vectors, k, is_spherical, seed) for vectors in (x, random))
        tried.append(Candidate(k, *own, *chance))
        yield place + 1, len(numbers)
    best = max(tried, key=lambda candidate: candidate.gain, default=None)
    if best is None or best.gain < MIN_GAIN:
        return Proposal(None, tuple(tried))
    return Proposal(best.k, tuple(tried))


def _measure(x: Matrix, k: int, is_spherical: bool, seed: int) -> tuple[float, float]:
    runs = [assign(x, train(x, k, seed + run, is_spherical), is_spherical) for run in range(RUNS)]
    separations: list[Distances] = [run.margins for run in runs]
    return agreement_of([run.labels for run in runs]), float(np.mean(separations))


def _without_clusters(x: Matrix, is_spherical: bool, rng: np.random.Generator) -> Matrix:
    """Draws normally distributed vectors with the mean and the covariance of others."""
    mean = x.mean(axis=0)
    centered = x - mean
    # Mixtures of the vectors themselves have their covariance.
    weights = rng.normal(size=(len(x), len(x))).astype(np.float32) / np.sqrt(len(x))
    normal = mean + weights @ centered
    if is_spherical:
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    return np.asarray(normal, np.float32)
