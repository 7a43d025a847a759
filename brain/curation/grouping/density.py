"""Clusters by density: scikit-learn's HDBSCAN on the neighbor graph.

What is in no dense region is in no cluster. The graph makes it work for many vectors: HDBSCAN gets
the distances of neighbors only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import HDBSCAN

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.core.arrays import Distances, Rows
from fiftyone_faiss.brain.curation.grouping.spherical_kmeans import Labels

MIN_SIZE, SIZE_SHARE = 5, 0.01
# So many neighbors must be near for a dense region.
MIN_SAMPLES = 5
# Runs for the stability leave out this share of the vectors.
LEFT_OUT = 0.1
# Components without a path of neighbors are so much farther from each other than neighbors are.
FAR = 4.0


@dataclass(frozen=True)
class DenseClusters:
    """The result of HDBSCAN.

    Attributes:
        labels: ``(n,)`` int32; -1 for vectors in no cluster
        strengths: ``(n,)`` float64, 0 to 1, how much a vector belongs to the cluster, 0 outside
    """

    labels: Labels
    strengths: Distances


def smallest_size(n: int) -> int:
    """The default for the smallest size of a cluster of ``n`` vectors."""
    return max(MIN_SIZE, round(SIZE_SHARE * n))


def dense_clusters(
    graph: ComparedGraph, min_size: int, kept: Positions | None = None
) -> DenseClusters:
    """Finds clusters by density.

    Args:
        graph: the neighbors
        min_size: the smallest number of members of a cluster, at least 2
        kept (None): clusters only these positions; the others are in no cluster
    """
    n = len(graph.neighbors)
    kept = np.arange(n) if kept is None else kept
    labels, strengths = np.full(n, -1, np.int32), np.zeros(n)
    if len(kept) < max(min_size, MIN_SAMPLES + 1):
        return DenseClusters(labels, strengths)
    distances = _distances(graph)[kept][:, kept]
    method = HDBSCAN(
        min_cluster_size=min_size,
        min_samples=MIN_SAMPLES,
        metric="precomputed",
        allow_single_cluster=False,
        copy=True,
    )
    method.fit(_linked(distances))
    labels[kept], strengths[kept] = method.labels_, method.probabilities_
    labels[labels < 0] = -1
    return DenseClusters(labels, np.where(labels >= 0, strengths, 0.0))


def _distances(graph: ComparedGraph) -> scipy.sparse.csr_matrix:
    """The distances of neighbors, the same in both directions."""
    n, k = graph.neighbors.shape
    first = np.repeat(np.arange(n), k)
    second, distances = graph.neighbors.ravel(), graph.distances.ravel()
    there = second >= 0
    # A sparse matrix has no entries of 0.
    values = np.maximum(distances[there], 1e-9)
    matrix = scipy.sparse.csr_matrix((values, (first[there], second[there])), (n, n))
    return matrix.maximum(matrix.T).tocsr()


def _linked(matrix: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """Links components, and vectors with few neighbors, at a large distance."""
    n = matrix.shape[0]
    far = FAR * float(matrix.max() if matrix.nnz else 1.0)
    first: list[Rows] = []
    second: list[Rows] = []
    count, component = connected_components(matrix, directed=False)
    if count > 1:
        heads = np.unique(component, return_index=True)[1]
        first.append(heads[:-1])
        second.append(heads[1:])
    for place in np.flatnonzero(np.diff(matrix.indptr) < MIN_SAMPLES).tolist():
        others = (place + 1 + np.arange(MIN_SAMPLES)) % n
        first.append(np.full(MIN_SAMPLES, place))
        second.append(others)
    if not first:
        return matrix
    rows, columns = np.concatenate(first), np.concatenate(second)
    links = scipy.sparse.csr_matrix((np.full(len(rows), far), (rows, columns)), (n, n))
    links = links.maximum(links.T).tocsr()
    links.data[:] = far
    # Neighbors keep their own distance.
    return _merged(matrix, links)


def _merged(
    matrix: scipy.sparse.csr_matrix, links: scipy.sparse.csr_matrix
) -> scipy.sparse.csr_matrix:
    """The entries of a matrix, and of links where it has none."""
    pattern = matrix.copy()
    pattern.data = np.ones_like(pattern.data)
    extra = links - links.multiply(pattern)
    extra.eliminate_zeros()
    return (matrix + extra).tocsr()
