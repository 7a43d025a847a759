"""Vectors on a scale where the squared euclidean distance orders pairs like the metric."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.batch_search import PAIR_ROWS
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Rows, row_norms
from fiftyone_faiss.brain.core.metrics import cosine_distances, row_distances, squared_norms
from fiftyone_faiss.brain.store.snapshot import Snapshot

# Positions of rows among those that are compared.
Positions = npt.NDArray[np.integer[Any]]
# Pairs whose vectors are read at once; those of neighbors are few, and stay in the cache.
READ_PAIRS = 4_096
# With euclidean distances, the rounding error of float32 products is that of the largest norms.
EPSILON = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class ScaledVectors:
    """Some rows of a store, of unit length unless the metric is euclidean.

    The *closeness* of two vectors is minus half of their squared euclidean distance: for the
    cosine metric ``cos - 1``. It is computed in float32 from matrix products.

    Attributes:
        snapshot: the vectors
        metric: ``"cosine"`` or ``"euclidean"``
        rows: ``(n,)`` rows of the store
    """

    snapshot: Snapshot
    metric: str
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def offsets(self) -> Matrix | None:
        """``(n,)`` float32 halves of the squared norms; None for vectors of unit length."""
        if self.metric == "cosine":
            return None
        norms = np.zeros(len(self), np.float32)
        for part in blocks(len(self)):
            norms[part] = row_norms(self.at(part))
        return np.asarray(norms * norms / 2, np.float32)

    @cached_property
    def rounding(self) -> float:
        """A bound of the error of a closeness; see :func:`exact_search.rounding_bound`."""
        scale = 1.0 if self.offsets is None else 4 * float(self.offsets.max(initial=0.0))
        return float(8 * np.sqrt(max(1, self.snapshot.dim)) * EPSILON * scale)

    def at(self, positions: Positions) -> Matrix:
        """Copies the ``(len(positions), dim)`` float32 scaled vectors of some positions."""
        vectors = self.snapshot.vectors_at(self.rows[positions])
        if self.metric == "cosine":
            norms = row_norms(vectors)[:, None]
            np.divide(vectors, norms, out=vectors, where=norms > 0)
        return vectors

    def unscaled_at(self, positions: Positions) -> tuple[Matrix, Matrix]:
        """Returns the vectors of ascending positions as they are stored, which are only read.

        Returns:
            the ``(n, dim)`` float32 vectors, not copied where possible, and the ``(n,)`` float32
            divisors that scale them: their norms for the cosine metric, else 1
        """
        vectors = self.snapshot.mapped_at(self.rows[positions])
        if self.metric != "cosine":
            return vectors, np.ones(len(vectors), np.float32)
        norms = row_norms(vectors)
        return vectors, np.where(norms > 0, norms, np.float32(1))

    def closeness(self, first: Positions, a: Matrix, second: Positions, b: Matrix) -> Matrix:
        """Computes the ``(len(a), len(b))`` closeness of the vectors at two lists of positions."""
        products: Matrix = a @ b.T
        if self.offsets is None:
            products -= np.float32(1)
        else:
            products -= self.offsets[first, None]
            products -= self.offsets[second]
        return products

    def distances(self, first: Positions, second: Positions) -> Distances:
        """Computes the ``(n,)`` exact distances of pairs of positions.

        It is fastest if pairs of the same positions follow each other.
        """
        exact = np.empty(len(first))
        for start in range(0, len(first), READ_PAIRS):
            part = slice(start, start + READ_PAIRS)
            exact[part] = self._distances(first[part], second[part])
        return exact

    def _distances(self, first: Positions, second: Positions) -> Distances:
        """The distances of so few pairs that their vectors fit in memory."""
        read, places = np.unique(np.concatenate([first, second]), return_inverse=True)
        vectors = self.snapshot.vectors_at(self.rows[read]).astype(np.float64)
        squares = squared_norms(vectors) if self.metric == "cosine" else None
        exact = np.empty(len(first))
        for start in range(0, len(first), PAIR_ROWS):
            part = slice(start, min(start + PAIR_ROWS, len(first)))
            a, b = places[part], places[len(first) + start : len(first) + part.stop]
            if squares is None:
                exact[part] = row_distances(vectors[a], vectors[b], self.metric)
            else:
                products = (vectors[a] * vectors[b]).sum(axis=-1)
                exact[part] = cosine_distances(products, squares[a] * squares[b])
        return exact

    def closeness_of(self, distances: Distances) -> Matrix:
        """Converts distances of the metric to float32 closeness."""
        closeness = -distances if self.metric == "cosine" else -distances * distances / 2
        return closeness.astype(np.float32)

    def length_of(self, distance: float) -> float:
        """Converts a distance of the metric to a euclidean distance of scaled vectors."""
        return float(np.sqrt(2 * distance)) if self.metric == "cosine" else distance


def blocks(n: int, size: int = 4096) -> list[Positions]:
    """Splits ``n`` positions into blocks."""
    return [np.arange(start, min(start + size, n)) for start in range(0, n, size)]
