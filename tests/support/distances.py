"""Distances by their definitions."""

from __future__ import annotations

import numpy as np


def reference(queries: np.ndarray, vectors: np.ndarray, metric: str) -> np.ndarray:
    """Computes ``(Q, n)`` distances, one pair at a time."""
    distances = np.empty((len(queries), len(vectors)))
    for i, q in enumerate(queries.astype(np.float64)):
        for j, x in enumerate(vectors.astype(np.float64)):
            if metric == "euclidean":
                distances[i, j] = np.sqrt(((q - x) ** 2).sum())
            elif metric == "dotproduct":
                distances[i, j] = -(q @ x)
            else:
                norms = np.sqrt((q @ q) * (x @ x))
                distances[i, j] = 1 - (q @ x / norms if norms else 0)
    return distances


def reference_distances(vectors: np.ndarray, metric: str) -> np.ndarray:
    """Computes ``(n, n)`` float64 distances among vectors, from matrix products."""
    x = vectors.astype(np.float64)
    products = x @ x.T
    squares = np.diag(products)
    if metric == "euclidean":
        return np.sqrt(np.maximum(squares[:, None] + squares - 2 * products, 0))
    return 1 - products / np.sqrt(squares[:, None] * squares)
