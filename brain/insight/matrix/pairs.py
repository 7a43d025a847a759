"""Distances and angles of all pairs of a few vectors, and an order that puts near ones together."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Places
from fiftyone_faiss.brain.core.metrics import row_distances


def pair_distances(vectors: Matrix, metric: str) -> Distances:
    """Computes the distances of all pairs, each exactly as a search computes it.

    Args:
        vectors: ``(n, dim)`` float32
        metric: one of ``METRICS``

    Returns:
        ``(n, n)`` float64, symmetric. The diagonal is the distance of a vector to itself: 0 for
        cosine (1 for a zero vector) and euclidean, ``-<x, x>`` for dotproduct
    """
    exact = vectors.astype(np.float64)
    distances = np.zeros((len(exact), len(exact)))
    for place, vector in enumerate(exact):
        row = row_distances(vector, exact[place:], metric)
        distances[place, place:] = distances[place:, place] = row
    if metric == "cosine":
        # Rounding leaves 1e-16 there.
        np.fill_diagonal(distances, np.where(exact.any(axis=1), 0.0, 1.0))
    return distances


def angles_of(cosine_distances: Distances) -> Distances:
    """Converts cosine distances to angles in degrees, 0 to 180."""
    return np.asarray(np.degrees(np.arccos(np.clip(1.0 - cosine_distances, -1.0, 1.0))))


def leaf_order(distances: Distances) -> Places:
    """Orders places so that neighbors in the order are as near to each other as possible.

    The order is that of the leaves of a tree by average linkage which has the smallest sum of
    distances between neighbors (Bar-Joseph et al., "Fast optimal leaf ordering for hierarchical
    clustering", Bioinformatics, 2001). Equal distances give an equal order.

    Args:
        distances: ``(n, n)`` float64, symmetric, at least two

    Returns:
        ``(n,)`` int64
    """
    condensed = squareform(distances, checks=False)
    # Inner products may be negative; a constant changes no order.
    condensed = condensed - min(0.0, float(condensed.min()))
    tree = linkage(condensed, "average", optimal_ordering=True)
    return leaves_list(tree).astype(np.int64)
