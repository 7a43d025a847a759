"""Distances straight from their definitions."""

from __future__ import annotations

import numpy as np


def reference(queries: np.ndarray, vectors: np.ndarray, metric: str) -> np.ndarray:
    """``(Q, n)`` distances, one pair at a time."""
    out = np.empty((len(queries), len(vectors)))
    for i, q in enumerate(queries.astype(np.float64)):
        for j, x in enumerate(vectors.astype(np.float64)):
            if metric == "euclidean":
                out[i, j] = np.sqrt(((q - x) ** 2).sum())
            elif metric == "dotproduct":
                out[i, j] = -(q @ x)
            else:
                lengths = np.sqrt((q @ q) * (x @ x))
                out[i, j] = 1 - (q @ x / lengths if lengths else 0)
    return out
