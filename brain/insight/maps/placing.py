"""Places new vectors on a map by their neighbors."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors, blocks
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.core.arrays import Distances, Mask, Matrix


def place_by_neighbors(
    vectors: ScaledVectors, graph: ComparedGraph, points: Matrix, is_known: Mask
) -> Matrix:
    """Places vectors at the weighted mean of their neighbors that have a place.

    Those with neighbors on the map come first, then their neighbors, and so on. A vector that no
    neighbors lead to the map is placed at the nearest vector on it.

    Args:
        vectors: all vectors
        graph: their neighbors
        points: ``(n, num_dims)`` float32; those of new vectors are not read
        is_known: ``(n,)`` whether a vector is on the map, true for one at least

    Returns:
        ``(n, num_dims)`` float32 points
    """
    points, has_place = points.copy(), is_known.copy()
    while not has_place.all():
        waiting = np.flatnonzero(~has_place)
        leads = has_place[graph.neighbors[waiting]] & (graph.neighbors[waiting] >= 0)
        ready = leads.any(axis=1)
        if not ready.any():
            points[waiting] = points[_nearest_known(vectors, waiting, np.flatnonzero(has_place))]
            break
        some = waiting[ready]
        weights = _weights(graph.distances[some], leads[ready])
        around = points[graph.neighbors[some]]
        points[some] = np.einsum("nk,nkd->nd", weights, around)
        has_place[some] = True
    return points


def _weights(distances: Distances, counts: Mask) -> Distances:
    """``(n, k)`` weights that sum to 1 over the neighbors that count.

    They decay from the nearest one, as in UMAP, so that a vector between two groups is drawn to the
    nearer one.
    """
    nearest = np.min(distances, axis=1, where=counts, initial=np.inf)
    beyond = np.where(counts, distances - nearest[:, None], 0.0)
    # Half of the mean excess: the farthest of the neighbors hardly count.
    scale = beyond.sum(axis=1) / counts.sum(axis=1) / 2
    weights = np.where(counts, np.exp(-beyond / np.maximum(scale, 1e-12)[:, None]), 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _nearest_known(vectors: ScaledVectors, waiting: Positions, known: Positions) -> Positions:
    """The position of the nearest of the known vectors for each that waits."""
    best, where = np.full(len(waiting), -np.inf), np.zeros(len(waiting), np.int64)
    own = vectors.at(waiting)
    for part in blocks(len(known)):
        there = known[part]
        closeness = vectors.closeness(waiting, own, there, vectors.at(there))
        column = closeness.argmax(axis=1)
        values = closeness[np.arange(len(waiting)), column]
        is_better = values > best
        best[is_better], where[is_better] = values[is_better], there[column[is_better]]
    return where
