"""Vectors in memory, in the space before or after a projection."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.arrays import Matrix


@dataclass(frozen=True)
class Space:
    """Vectors whose closeness is minus half of their squared euclidean distance.

    Attributes:
        vectors: ``(n, dim)`` float32
    """

    vectors: Matrix

    def __len__(self) -> int:
        return len(self.vectors)

    @cached_property
    def _offsets(self) -> Matrix:
        return np.asarray(np.einsum("ij,ij->i", self.vectors, self.vectors) / 2, np.float32)

    def at(self, positions: Positions) -> Matrix:
        """The ``(len(positions), dim)`` vectors of some positions."""
        return self.vectors[positions]

    def closeness(self, first: Positions, a: Matrix, second: Positions, b: Matrix) -> Matrix:
        """The ``(len(a), len(b))`` closeness of the vectors at two lists of positions."""
        products: Matrix = a @ b.T
        products -= self._offsets[first, None]
        products -= self._offsets[second]
        return products

    def of_pairs(self, first: Positions, second: Positions) -> Matrix:
        """The ``(p,)`` closeness of pairs of positions."""
        differences = self.vectors[first] - self.vectors[second]
        return np.asarray(-np.einsum("ij,ij->i", differences, differences) / 2, np.float32)
