"""Metrics: exact distances and similarities."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix

METRICS = ("cosine", "euclidean", "dotproduct")


def row_distances(queries: Distances, vectors: Distances, metric: str) -> Distances:
    """Computes the distance of each query to the vector in the same row.

    Sums run along each row separately: a matrix product would round differently for a different
    number of rows.

    Args:
        queries: ``(dim,)`` or ``(n, dim)`` float64
        vectors: ``(n, dim)`` float64
        metric: one of ``METRICS``

    Returns:
        ``(n,)`` float64 distances: cosine ``1 - cos`` (0 to 2; 1 if a vector is zero), euclidean
        the unsquared L2 distance, dotproduct ``-<q, x>``
    """
    if metric == "euclidean":
        differences = vectors - queries
        return np.asarray(np.sqrt((differences * differences).sum(axis=-1)))
    products = (vectors * queries).sum(axis=-1)
    if metric == "dotproduct":
        return np.asarray(-products)
    return cosine_distances(products, squared_norms(vectors) * squared_norms(queries))


def squared_norms(vectors: Distances) -> Distances:
    """Computes the ``(n,)`` float64 squared norms of ``(n, dim)`` float64 vectors."""
    return np.asarray((vectors * vectors).sum(axis=-1))


def cosine_distances(products: Distances, squares: Distances) -> Distances:
    """Computes ``1 - cos`` from inner products and the products of the squared norms."""
    norms = np.sqrt(squares)
    cosines = np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)
    return np.asarray(1.0 - np.clip(cosines, -1.0, 1.0))


def similarities(vector: Matrix, vectors: Matrix, metric: str) -> Distances:
    """Computes the similarities of a ``(dim,)`` vector to ``(n, dim)`` vectors.

    Returns:
        ``(n,)`` float64, higher is closer: the cosine, the inner product, or the negative
        euclidean distance
    """
    distances = row_distances(vector.astype(np.float64), vectors.astype(np.float64), metric)
    return 1.0 - distances if metric == "cosine" else -distances
