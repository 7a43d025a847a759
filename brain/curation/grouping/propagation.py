"""Smooths the probabilities of tags over the neighbor graph."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.core.arrays import Distances

# The share that comes from neighbors, and the number of rounds.
FROM_NEIGHBORS, ROUNDS = 0.5, 10


def propagated(probabilities: Distances, graph: ComparedGraph) -> Distances:
    """Mixes ``(p, n)`` probabilities with those of neighbors, near ones with a larger weight."""
    n, k = graph.neighbors.shape
    there = (graph.neighbors >= 0).ravel()
    rows = np.repeat(np.arange(n), k)[there]
    distances = graph.distances.ravel()[there]
    scale = max(float(np.median(distances)), 1e-9)
    weights = np.exp(-distances / scale)
    matrix = scipy.sparse.csr_matrix((weights, (rows, graph.neighbors.ravel()[there])), (n, n))
    matrix = (matrix + matrix.T).tocsr()
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    matrix = scipy.sparse.diags(1 / np.maximum(sums, 1e-12)) @ matrix
    own = probabilities.T
    mixed = own
    for _ in range(ROUNDS):
        mixed = (1 - FROM_NEIGHBORS) * own + FROM_NEIGHBORS * (matrix @ mixed)
    return np.asarray(mixed.T)
