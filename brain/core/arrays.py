"""Array type aliases, and the norms of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Distances = npt.NDArray[np.float64]
SurrogateScores = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

# For norms in this range, float32 products and squares neither underflow nor overflow.
MIN_NORM, MAX_NORM = 1e-15, 1e15


def row_norms(vectors: npt.NDArray[Any]) -> Matrix:
    """Computes the ``(n,)`` float32 L2 norms of ``(n, dim)`` vectors.

    Norms whose squares do not fit into float32 are computed in float64.
    """
    with np.errstate(over="ignore"):
        single = vectors.astype(np.float32, copy=False)
        # Unlike np.linalg.norm, einsum makes no copy of all squares.
        norms = np.sqrt(np.einsum("ij,ij->i", single, single))
        extreme = np.flatnonzero((norms < MIN_NORM) | (norms > MAX_NORM))
        norms[extreme] = np.linalg.norm(vectors[extreme].astype(np.float64), axis=1)
    return np.asarray(norms, np.float32)


def is_extreme(norms: Matrix) -> Mask:
    """Tests ``(n,)`` norms: whether they are too small or too large for float32 products.

    The norm 0 is not extreme.
    """
    return (norms > 0) & ~((norms > MIN_NORM) & (norms < MAX_NORM))
