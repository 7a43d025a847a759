"""How well the neighbors in a map agree with the true ones."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors, blocks
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.core.progress import Progress, Steps

NEIGHBORS = 15
# As many pairs are compared for the trustworthiness, which takes some seconds; all pairs of up to
# 10,000 points.
MAX_PAIRS = 100_000_000
_SEED = 3


@dataclass(frozen=True, eq=False)
class MapQuality:
    """The quality of a map, from its points and the true neighbors.

    Attributes:
        trustworthiness: 1 if all neighbors in the map are true ones, about 0.5 for random points.
            Venna and Kaski, "Neighborhood preservation in nonlinear projection methods", 2001:
            neighbors in the map that are none are penalized by their true rank
        error: the standard error of the trustworthiness, 0 if all points were measured
        sampled: how many points it was measured at
        kept: ``(n,)`` float32, the share of the true neighbors of each point that are its
            neighbors in the map, 0 to 1
        k: the number of neighbors
        recall: the fraction of the true neighbors that the neighbor graph knows
    """

    trustworthiness: float
    error: float
    sampled: int
    kept: Matrix
    k: int
    recall: float

    @property
    def neighbors_kept(self) -> float:
        """The mean of ``kept``."""
        return float(self.kept.mean())

    @property
    def chance(self) -> float:
        """The share of true neighbors that a map of random points keeps."""
        return self.k / max(1, len(self.kept) - 1)

    def __str__(self) -> str:
        return (
            f"trustworthiness {self.trustworthiness:.3f} (of 1; chance 0.5), keeps "
            f"{100 * self.neighbors_kept:.0f} % of {self.k} neighbors "
            f"(chance {100 * self.chance:.2g} %)"
        )


def neighbors_for_quality(count: int) -> int:
    """How many neighbors the quality of a map of ``count`` points is about.

    The trustworthiness is defined for fewer than half of the points.
    """
    return max(1, min(NEIGHBORS, (count - 1) // 2))


def quality_steps(
    vectors: ScaledVectors, graph: ComparedGraph, points: Matrix
) -> Steps[MapQuality]:
    """Measures the quality of a map.

    Args:
        vectors: the vectors
        graph: their neighbors
        points: ``(n, num_dims)`` float32
    """
    k = neighbors_for_quality(len(points))
    in_map = nearest_in_map(points, k)
    true = graph.neighbors[:, :k]
    kept = np.empty(len(points), np.float32)
    for part in blocks(len(points)):
        is_kept = (in_map[part][:, :, None] == true[part][:, None, :]).any(axis=2)
        kept[part] = is_kept.mean(axis=1)
    sample = _sample(len(points))
    penalties = np.empty(len(sample))
    started = time.perf_counter()
    # Blocks of 200 MB: all vectors are read once for each.
    size = max(1, 50_000_000 // len(points))
    for some in blocks(len(sample), size):
        penalties[some] = _penalties(vectors, sample[some], in_map[sample[some]], k)
        seconds = time.perf_counter() - started
        yield Progress(int(some[-1]) + 1, len(sample), 0, seconds, "measured")
    # The largest possible penalty of a point gives the trustworthiness 0.
    each = 1 - penalties * 2 / (k * (2 * len(points) - 3 * k - 1))
    is_all = len(sample) == len(points)
    error = 0.0 if is_all else float(each.std(ddof=1) / np.sqrt(len(each)))
    return MapQuality(float(each.mean()), error, len(sample), kept, k, graph.recall)


def nearest_in_map(points: Matrix, k: int) -> Positions:
    """``(n, k)`` positions of the nearest others in a map, nearest first."""
    _, nearest = cKDTree(points).query(points, k + 1, workers=-1)
    # A point is not always the first of those at its place.
    is_own = nearest == np.arange(len(points))[:, None]
    is_own[~is_own.any(axis=1), -1] = True
    others: Positions = nearest[~is_own].reshape(len(points), k)
    return others


def _penalties(vectors: ScaledVectors, sample: Positions, in_map: Positions, k: int) -> Distances:
    """``(m,)`` sums of the ranks, beyond ``k``, of the neighbors in the map of some points."""
    closeness = np.empty((len(sample), len(vectors)), np.float32)
    own = vectors.at(sample)
    for part in blocks(len(vectors)):
        closeness[:, part] = vectors.closeness(sample, own, part, vectors.at(part))
    closeness[np.arange(len(sample)), sample] = -np.inf
    sums = np.zeros(len(sample))
    for i, others in enumerate(in_map):
        # The rank is one more than the number of those that are closer.
        ranks = 1 + (closeness[i] > closeness[i, others, None]).sum(axis=1)
        sums[i] = np.maximum(ranks - k, 0).sum()
    return sums


def _sample(count: int) -> Positions:
    wanted = max(200, MAX_PAIRS // count)
    if wanted >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(_SEED).choice(count, wanted, replace=False))
