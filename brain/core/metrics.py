"""Metrics: exact distances and similarities."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix

METRICS = ("cosine", "euclidean", "dotproduct")


def row_distances(queries: Distances, vectors: Distances, metric: str) -> Distances:
    """``(n,)`` distances of one ``(dim,)`` query, or ``(n, dim)`` queries, to ``(n, dim)`` vectors.

    Sums run along each row by themselves; a matrix product would round differently with the
    number of rows.
    """
    if metric == "euclidean":
        differences = vectors - queries
        return np.asarray(np.sqrt((differences * differences).sum(axis=-1)))
    products = (vectors * queries).sum(axis=-1)
    if metric == "dotproduct":
        return np.asarray(-products)
    lengths = np.sqrt((vectors * vectors).sum(axis=-1) * (queries * queries).sum(axis=-1))
    cosines = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return 1.0 - np.clip(cosines, -1.0, 1.0)


def similarities(vector: Matrix, vectors: Matrix, metric: str) -> Distances:
    """``(n,)`` float64 similarities of ``(dim,)`` to ``(n, dim)``, higher is closer.

    The cosine, the inner product, or the negative euclidean distance.
    """
    found = row_distances(vector.astype(np.float64), vectors.astype(np.float64), metric)
    return 1.0 - found if metric == "cosine" else -found
