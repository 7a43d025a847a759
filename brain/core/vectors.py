"""Checks of the vectors that callers pass."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix

# Above this value, sums of squares do not fit into float32.
MAX_VALUE = 1e18


def as_array(values: Any) -> np.ndarray:
    """Converts numbers to an array, also tensors of torch, of any type, that require gradients.

    Raises:
        ValueError: if they are vectors of different lengths
    """
    # Torch takes seconds to import; without it, nobody can pass a tensor.
    torch = sys.modules.get("torch")
    if torch is not None:
        if isinstance(values, (list, tuple)) and any(isinstance(v, torch.Tensor) for v in values):
            return np.array([as_array(value) for value in values])
        if isinstance(values, torch.Tensor):
            tensor = values.detach().cpu()
            # NumPy has no bfloat16.
            return np.asarray(tensor.float() if tensor.dtype == torch.bfloat16 else tensor)
    return np.asarray(values)


def check_vectors(embeddings: Any) -> Matrix:
    """Converts embeddings to ``(n, dim)`` float32 vectors that can be stored and searched.

    Raises:
        ValueError: if they have another shape, or values that are not finite or too large
    """
    try:
        array = as_array(embeddings)
    except ValueError:
        # NumPy raises for vectors of different lengths; its message is about nested arrays.
        array = np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise ValueError(
            "Embeddings must be real numbers, in vectors of one length; convert them first."
        )
    with np.errstate(over="ignore"):
        vectors = np.asarray(array, np.float32)
    if vectors.ndim != 2 or (vectors.size == 0 and len(vectors)):
        raise ValueError(
            f"Embeddings must have the shape (number, dimensions), got {vectors.shape}."
        )
    # The minimum and maximum show every NaN and infinity, and need no copy of the vectors.
    lowest, highest = vectors.min(initial=0), vectors.max(initial=0)
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ValueError(
            "Some embeddings are not finite numbers of float32; remove those rows first."
        )
    if max(-lowest, highest) > MAX_VALUE:
        raise ValueError(f"Some embeddings have values above {MAX_VALUE:g}; scale them down first.")
    return vectors
