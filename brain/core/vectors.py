"""Vectors that callers give: what can be stored and searched, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix

# Above this, sums of squares no longer fit into float32.
LARGEST = 1e18


def check_vectors(embeddings: Any) -> Matrix:
    """``(n, dim)`` float32 vectors that can be stored and searched.

    Raises:
        ValueError: if they have another shape, or values that are not finite or too large
    """
    try:
        given = np.asarray(embeddings)
    except ValueError:
        # NumPy's own words for it are about arrays of arrays.
        given = np.empty(0, object)
    if given.dtype.kind not in "fiub":
        raise ValueError("Embeddings are real numbers, in vectors of one length; convert them.")
    with np.errstate(over="ignore"):
        vectors = np.asarray(given, np.float32)
    if vectors.ndim != 2 or (vectors.size == 0 and len(vectors)):
        raise ValueError(
            f"Embeddings come as an array of (number, dimensions), not of shape {vectors.shape}."
        )
    # What is not a number shows in the extremes too, which take no copy of the vectors.
    lowest, highest = vectors.min(initial=0), vectors.max(initial=0)
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ValueError(
            "Some embeddings are not finite numbers of float32; remove those rows first."
        )
    if max(-lowest, highest) > LARGEST:
        raise ValueError(f"Some embeddings have values above {LARGEST:g}; scale them down first.")
    return vectors
