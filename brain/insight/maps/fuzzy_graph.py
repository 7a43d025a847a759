"""The weights of neighbors in UMAP, and the curve of its forces, without a compiler.

They equal those of umap-learn, whose compilation takes longer than the map of some thousand points.

McInnes, Healy and Melville, "UMAP: Uniform Manifold Approximation and Projection", 2018.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
from scipy.optimize import curve_fit

from fiftyone_faiss.brain.ann.scaled_vectors import blocks
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.core.arrays import Distances, Matrix

# Halvings of the interval of a width; its error is far below that of float32.
HALVINGS = 40
# A width is at least this share of the mean distance.
MIN_WIDTH = 1e-3


def fuzzy_union(graph: ComparedGraph) -> scipy.sparse.coo_matrix:
    """The weights of the edges, above 0 and up to 1, in both directions.

    The weight of a neighbor decays from the nearest one; two weights of one pair are united as
    probabilities.

    Args:
        graph: the neighbors, none missing

    Returns:
        ``(n, n)`` float32, ordered by rows
    """
    count, k = graph.neighbors.shape
    weights = np.concatenate([_weights(graph.distances[part]) for part in blocks(count)])
    starts = np.arange(0, count * k + 1, k)
    own = scipy.sparse.csr_matrix((weights.ravel(), graph.neighbors.ravel(), starts), (count,) * 2)
    other = own.T.tocsr()
    united = own + other - own.multiply(other)
    return united.tocoo()


def _weights(distances: Distances) -> Matrix:
    """``(n, k)`` weights whose sum is the logarithm to base 2 of the number of neighbors.

    umap-learn counts a point as its own first neighbor.
    """
    nearest = np.min(distances, axis=1, where=distances > 0, initial=np.inf, keepdims=True)
    nearest[~np.isfinite(nearest)] = 0.0
    beyond = np.maximum(distances - nearest, 0.0)
    wanted = np.log2(distances.shape[1] + 1)
    low, high = np.zeros((len(distances), 1)), np.full((len(distances), 1), np.inf)
    width = np.ones((len(distances), 1))
    for _ in range(HALVINGS):
        is_wide = np.exp(-beyond / width).sum(axis=1, keepdims=True) > wanted
        high, low = np.where(is_wide, width, high), np.where(is_wide, low, width)
        width = np.where(np.isfinite(high), (low + high) / 2, 2 * width)
    mean = distances.mean(axis=1, keepdims=True) * distances.shape[1] / (distances.shape[1] + 1)
    width = np.maximum(width, np.maximum(MIN_WIDTH * mean, 1e-12))
    return np.asarray(np.exp(-beyond / width), np.float32)


def curve_of(min_dist: float) -> tuple[np.float32, np.float32]:
    """The ``a`` and ``b`` of ``1 / (1 + a d^2b)``, which is near 1 up to ``min_dist``."""
    distances = np.linspace(0, 3, 300)
    wanted = np.where(distances < min_dist, 1.0, np.exp(-(distances - min_dist)))
    (a, b), _ = curve_fit(lambda d, a, b: 1 / (1 + a * d ** (2 * b)), distances, wanted)
    return np.float32(a), np.float32(b)
