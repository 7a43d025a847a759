"""Synthetic vectors, exact results, recall and cosines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# Each block has its own seed, so that memory use does not depend on the number of vectors.
BLOCK = 50_000
_QUERY_STREAM = 1_000_000
# Different matrix products give similarities that differ by a few units in the last place.
_TIE = 1e-6


@dataclass(frozen=True)
class Mixture:
    """Clustered unit vectors with a structure like CLIP embeddings.

    An approximate index relies on the structure of its data: isotropic noise underrates it, and
    tight clusters overrate it. Like CLIP embeddings, these vectors share a direction (the cosine
    of two of them is about 0.5), vary in few dimensions with decreasing variance (with a little
    noise in the others), and form clusters of unequal size and width.

    Attributes:
        size: the number of vectors; there is one cluster per hundred
        dim: the dimension of the vectors
        seed: the seed; equal seeds give equal vectors
    """

    size: int
    dim: int
    seed: int

    @cached_property
    def _scale(self) -> npt.NDArray[np.float64]:
        """Returns ``(r,)`` standard deviations of the varying dimensions; the squares sum to 1."""
        variance = 1 / np.arange(1, min(64, self.dim // 2) + 1)
        return np.sqrt(variance / variance.sum())

    @cached_property
    def _axes(self) -> npt.NDArray[np.float64]:
        """Returns ``(1 + r, dim)``: the common direction, then the ``r`` varying dimensions."""
        rng = np.random.default_rng([self.seed, self.dim])
        return np.linalg.qr(rng.standard_normal((self.dim, len(self._scale) + 1)))[0].T

    @cached_property
    def _clusters(self) -> tuple[npt.NDArray[np.float64], ...]:
        """Returns the centers, widths and shares of the clusters."""
        rng = np.random.default_rng([self.seed, self.size, self.dim])
        number = max(16, self.size // 100)
        centers = rng.standard_normal((number, len(self._scale))) * self._scale
        widths = 0.5 * rng.lognormal(0, 0.4, number)
        shares = rng.lognormal(0, 1, number)
        return centers, widths, shares / shares.sum()

    def _draw(self, number: int, stream: int) -> Matrix:
        rng = np.random.default_rng([self.seed, self.size, self.dim, stream])
        centers, widths, shares = self._clusters
        which = rng.choice(len(centers), number, p=shares)
        few = rng.standard_normal((number, len(self._scale))) * self._scale
        few = centers[which] + widths[which, None] * few
        vectors = 1.1 * self._axes[0] + few @ self._axes[1:]
        vectors += rng.standard_normal((number, self.dim)) * (0.1 / np.sqrt(self.dim))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors.astype(np.float32)

    def write(self, path: Path) -> Matrix:
        """Writes the vectors to a ``.npy`` file and returns them memory-mapped, ``(size, dim)``."""
        out = np.lib.format.open_memmap(path, "w+", np.float32, (self.size, self.dim))
        for start in range(0, self.size, BLOCK):
            stop = min(start + BLOCK, self.size)
            out[start:stop] = self._draw(stop - start, start // BLOCK)
        out.flush()
        return np.load(path, mmap_mode="r")

    def queries(self, number: int) -> Matrix:
        """Returns ``(number, dim)`` held-out vectors of the same mixture."""
        return self._draw(number, _QUERY_STREAM)


def _blocks(vectors: Matrix) -> Iterator[tuple[slice, Matrix]]:
    for start in range(0, len(vectors), BLOCK):
        rows = slice(start, min(start + BLOCK, len(vectors)))
        yield rows, np.asarray(vectors[rows])


@dataclass(frozen=True)
class Truth:
    """The results of exact search, computed with NumPy.

    Attributes:
        vectors: ``(n, dim)`` float32 unit vectors
        ids: ``(n,)`` bytes, the sample id of each vector, ascending
        queries: ``(Q, dim)`` float32 unit vectors
        row_filters: ``(n,)`` bool masks by name: the rows that are searched
        limits: ``(Q,)`` float32 by row filter, the similarity of the ``k``-th result of each query
        k: the number of results
    """

    vectors: Matrix
    ids: npt.NDArray[np.bytes_]
    queries: Matrix
    row_filters: Mapping[str, Mask]
    limits: Mapping[str, Matrix]
    k: int

    @classmethod
    def of(
        cls,
        vectors: Matrix,
        ids: npt.NDArray[np.bytes_],
        queries: Matrix,
        row_filters: Mapping[str, Mask],
        k: int,
    ) -> Truth:
        """Ranks all vectors, once for all row filters."""
        best: dict[str, Matrix] = {
            name: np.full((len(queries), k), -np.inf, np.float32) for name in row_filters
        }
        for rows, block in _blocks(vectors):
            similarities = queries @ block.T
            for name, mask in row_filters.items():
                merged = np.concatenate([best[name], similarities[:, mask[rows]]], axis=1)
                best[name] = np.partition(merged, -k, axis=1)[:, -k:]
        limits = {name: top.min(axis=1) for name, top in best.items()}
        return cls(vectors, ids, queries, row_filters, limits, k)

    def recall(self, answers: Sequence[Sequence[str]], row_filter: str, first: int = 0) -> float:
        """Returns the mean recall of answers, 0 to 1.

        An id is correct if the row filter allows it and it is at least as similar as the ``k``-th
        exact result, so either of two equally similar vectors counts.

        Args:
            answers: the ids that were returned for each query
            row_filter: the name of the row filter
            first (0): the query of the first answer
        """
        shares = []
        for number, answer in enumerate(answers, start=first):
            wanted = min(self.k, int(self.row_filters[row_filter].sum()))
            given = np.unique(np.array(answer, self.ids.dtype))
            rows = np.minimum(np.searchsorted(self.ids, given), len(self.ids) - 1)
            rows = rows[(self.ids[rows] == given) & self.row_filters[row_filter][rows]]
            near = np.asarray(self.vectors[rows]) @ self.queries[number]
            shares.append((near >= self.limits[row_filter][number] - _TIE).sum() / wanted)
        return float(np.mean(shares))


def cosines(vectors: Matrix, others: Matrix) -> dict[str, float]:
    """Returns the minimum and mean cosine of the rows of a matrix with those of another."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(others, axis=1)
    values = np.sum(vectors * others, axis=1, dtype=np.float64) / lengths
    return {"min_cosine": float(values.min()), "mean_cosine": float(values.mean())}
