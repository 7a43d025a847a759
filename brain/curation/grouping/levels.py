"""The second level: groups of similar clusters."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import silhouette_score

from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.curation.grouping.spherical_kmeans import Labels

# With fewer clusters, a second level says nothing.
MIN_CLUSTERS = 4
# Groups stand out from this mean silhouette of the clusters on.
MIN_SILHOUETTE = 0.1


def groups_of(centers: Matrix, metric: str, n_groups: int | None = None) -> Labels | None:
    """Puts clusters into groups by the mean distance of their centers.

    Args:
        centers: ``(k, dim)`` float32
        metric: ``"cosine"`` or ``"euclidean"``
        n_groups (None): the number of groups; None proposes the one with the largest silhouette

    Returns:
        ``(k,)`` int32 from 0 on; None if no groups stand out
    """
    k = len(centers)
    if k < (2 if n_groups else MIN_CLUSTERS):
        return None
    distances = np.maximum(pdist(centers.astype(np.float64), metric), 0)
    tree = linkage(distances, "average")
    if n_groups is not None:
        return _divided(tree, min(n_groups, k))
    square = squareform(distances)
    best, best_score = None, MIN_SILHOUETTE
    for count in range(2, k // 2 + 1):
        labels = _divided(tree, count)
        if 2 <= len(np.unique(labels)) < k:
            score = float(silhouette_score(square, labels, metric="precomputed"))
            if score > best_score:
                best, best_score = labels, score
    return best


def _divided(tree: Distances, count: int) -> Labels:
    labels = fcluster(tree, count, criterion="maxclust")
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)
