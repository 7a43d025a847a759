"""The vector of an image as a sum over the patches of a grid, to explain similarities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PatchParts:
    """What each patch of an image adds to its vector.

    ``parts.sum(axis=(0, 1)) + rest`` is the unit vector of the image.

    Attributes:
        parts: ``(rows, columns, dim)`` float32
        rest: ``(dim,)`` float32, what the network does not assign to a patch; zero where the sum of
            the parts is the vector
    """

    parts: Vectors
    rest: Vectors

    @property
    def vector(self) -> Vectors:
        """The ``(dim,)`` float32 unit vector of the image."""
        total: Vectors = self.parts.sum(axis=(0, 1)) + self.rest
        return total
