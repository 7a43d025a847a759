"""k-means of vectors in a store: FAISS trains it on a sample, all vectors refine it.

For the cosine metric, centers have unit length (spherical k-means); for the euclidean metric they
are means.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt
import scipy.sparse

from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors, blocks
from fiftyone_faiss.brain.core.arrays import Distances, Matrix

Labels = npt.NDArray[np.int32]

# More vectors for each center change the centers little.
SAMPLED_PER_CENTER, MIN_SAMPLED = 256, 10_000
# The first centers are chosen among so many vectors for each of them.
INIT_PER_CENTER, MIN_INIT = 20, 1_000
TRAIN_ITERATIONS = 20
# All vectors are read so often at most, and until the objective falls by less than this fraction.
PASSES, TOLERANCE = 6, 1e-2
BLOCK = 16_384


@dataclass(frozen=True)
class Assignment:
    """The two nearest centers of vectors.

    Attributes:
        labels: ``(n,)`` int32, the nearest center
        nearest: ``(n,)`` float64, the distance to it, of the metric
        second: ``(n,)`` float64, that to the next one; infinite for a single center
    """

    labels: Labels
    nearest: Distances
    second: Distances

    @property
    def margins(self) -> Distances:
        """``(n,)`` float64, 0 halfway between two centers, 1 in the nearest."""
        ratio = np.divide(
            self.nearest, self.second, out=np.zeros(len(self.nearest)), where=self.second > 0
        )
        return np.asarray(1.0 - ratio)


def sampled(vectors: ScaledVectors, count: int, seed: int = 51) -> Positions:
    """Draws positions at random, ascending."""
    n = len(vectors)
    if n <= count:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, count, replace=False))


def sample_size(k: int) -> int:
    """The number of vectors that ``k`` centers are trained on."""
    return max(SAMPLED_PER_CENTER * k, MIN_SAMPLED)


def train(x: Matrix, k: int, seed: int, is_spherical: bool = True) -> Matrix:
    """Trains ``(k, dim)`` float32 centers on ``(n, dim)`` scaled vectors, at least ``k``."""
    kmeans = faiss.Kmeans(
        x.shape[1],
        k,
        niter=TRAIN_ITERATIONS,
        spherical=is_spherical,
        seed=seed,
        min_points_per_centroid=1,
        max_points_per_centroid=len(x),
    )
    kmeans.train(x, init_centroids=_first_centers(x, k, np.random.default_rng(seed)))
    centers: Matrix = kmeans.centroids
    return centers


def _first_centers(x: Matrix, k: int, rng: np.random.Generator) -> Matrix:
    """Chooses ``k`` vectors that are far from each other, by chance (k-means++)."""
    count = min(len(x), max(INIT_PER_CENTER * k, MIN_INIT))
    some = x[rng.choice(len(x), count, replace=False)]
    squares = np.einsum("ij,ij->i", some, some)
    chosen = [int(rng.integers(count))]
    distances = np.full(count, np.inf)
    for _ in range(k - 1):
        last = chosen[-1]
        to_last = squares + squares[last] - 2 * (some @ some[last])
        distances = np.minimum(distances, np.maximum(to_last, 0))
        distances[last] = 0
        total = float(distances.sum())
        # Fewer different vectors than centers.
        share = distances / total if total > 0 else None
        chosen.append(int(rng.choice(count, p=share)))
    return np.ascontiguousarray(some[chosen])


def assign(
    x: Matrix, centers: Matrix, is_spherical: bool = True, divisors: Matrix | None = None
) -> Assignment:
    """Finds the two nearest centers of vectors.

    Args:
        x: ``(n, dim)`` float32, scaled unless ``divisors`` are given
        centers: ``(k, dim)`` float32, of unit length if they are spherical
        is_spherical (True): whether the metric is cosine
        divisors (None): ``(n,)`` float32, the norms of spherical vectors that are not scaled
    """
    closeness = x @ centers.T
    if is_spherical and divisors is not None:
        closeness /= divisors[:, None]
    if not is_spherical:
        closeness -= np.einsum("ij,ij->i", centers, centers) / 2
    labels = closeness.argmax(axis=1)
    rows = np.arange(len(x))
    first = closeness[rows, labels].astype(np.float64)
    closeness[rows, labels] = -np.inf
    second = closeness.max(axis=1).astype(np.float64)
    if is_spherical:
        nearest, following = (np.maximum(1 - part, 0) for part in (first, second))
    else:
        squares = np.einsum("ij,ij->i", x, x).astype(np.float64)
        nearest, following = (
            np.sqrt(np.maximum(squares - 2 * part, 0)) for part in (first, second)
        )
    return Assignment(labels.astype(np.int32), nearest, following)


def assign_steps(
    vectors: ScaledVectors, centers: Matrix
) -> Generator[int, None, tuple[Assignment, Matrix]]:
    """Assigns all vectors, and yields how many it has read; returns the mean of each cluster, too.

    The mean of a cluster without members is its center.
    """
    is_spherical = vectors.metric == "cosine"
    sums = np.zeros(centers.shape, np.float64)
    counts = np.zeros(len(centers), np.int64)
    parts = []
    for block in blocks(len(vectors), BLOCK):
        x, divisors = vectors.unscaled_at(block)
        part = assign(x, centers, is_spherical, divisors)
        parts.append(part)
        shape = (len(centers), len(x))
        member = scipy.sparse.csr_matrix((1 / divisors, (part.labels, np.arange(len(x)))), shape)
        sums += member @ x
        counts += np.bincount(part.labels, minlength=len(centers))
        yield len(x)
    means = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centers)
    assignment = Assignment(
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.nearest for part in parts]),
        np.concatenate([part.second for part in parts]),
    )
    return assignment, means.astype(np.float32)


def refine_steps(
    vectors: ScaledVectors, centers: Matrix
) -> Generator[int, None, tuple[Matrix, Assignment]]:
    """Moves centers to the middle of all their vectors; yields how many vectors it has read."""
    is_spherical = vectors.metric == "cosine"
    before = np.inf
    for last in (*[False] * (PASSES - 1), True):
        assignment, means = yield from assign_steps(vectors, centers)
        objective = _objective(assignment, is_spherical)
        if last or objective >= before * (1 - TOLERANCE):
            break
        before = objective
        centers = _on_sphere(means, centers) if is_spherical else means
    return centers, assignment


def _objective(assignment: Assignment, is_spherical: bool) -> float:
    nearest = assignment.nearest
    return float(nearest.sum() if is_spherical else (nearest * nearest).sum())


def _on_sphere(means: Matrix, centers: Matrix) -> Matrix:
    """Means with unit length; a mean of nothing but opposites has no direction."""
    norms = np.linalg.norm(means, axis=1, keepdims=True)
    return np.where(norms > 1e-6, means / np.maximum(norms, 1e-6), centers).astype(np.float32)
