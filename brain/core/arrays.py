"""Array aliases, and the norms of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# Between lengths like these, float32 products and squares neither vanish nor overflow.
SMALL, LARGE = 1e-15, 1e15
Matrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


def lengths(vectors: npt.NDArray[Any]) -> Matrix:
    """``(n,)`` float32 lengths; those whose squares a float32 cannot hold are taken in float64."""
    with np.errstate(over="ignore"):
        flat = vectors.astype(np.float32, copy=False)
        # Without the copy of all squares that NumPy's own norm makes.
        norms = np.sqrt(np.einsum("ij,ij->i", flat, flat))
        odd = np.flatnonzero((norms < SMALL) | (norms > LARGE))
        norms[odd] = np.linalg.norm(vectors[odd].astype(np.float64), axis=1)
    return np.asarray(norms, np.float32)


def is_extreme(norms: Matrix) -> npt.NDArray[np.bool_]:
    """``(n,)`` bool, which vectors are too short or long for float32 products, by their norms."""
    return (norms > 0) & ~((norms > SMALL) & (norms < LARGE))


Mask = npt.NDArray[np.bool_]
Distances = npt.NDArray[np.float64]
SurrogateScores = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
