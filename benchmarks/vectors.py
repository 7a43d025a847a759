"""Vectors to measure with, exact answers to compare with, recall and cosines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# A block is drawn from a seed of its own, so that memory stays small at any size.
BLOCK = 50_000
_QUERY_STREAM = 1_000_000
# Equal similarities come out of different products a few units of the last place apart.
_TIE = 1e-6


@dataclass(frozen=True)
class Mixture:
    """Clustered unit vectors, shaped like a CLIP's rather than like isotropic noise.

    An index that skips part of the data lives from its structure, so noise would make it look
    bad and tight clusters would make it look good. Like a CLIP's, these vectors share a direction
    (two of them have a cosine of about 0.5), vary in few dimensions with decreasing variance
    (a little noise fills the others), and come in clusters of unequal size and width.

    Attributes:
        size: how many vectors, which gives the number of clusters: one for a hundred
        dim: their length
        seed: the same seed gives the same vectors
    """

    size: int
    dim: int
    seed: int

    @cached_property
    def _scale(self) -> npt.NDArray[np.float64]:
        """Standard deviations of the few dimensions; their squares add up to 1."""
        variance = 1 / np.arange(1, min(64, self.dim // 2) + 1)
        return np.sqrt(variance / variance.sum())

    @cached_property
    def _axes(self) -> npt.NDArray[np.float64]:
        """``(1 + r, dim)``: the common direction, then the ``r`` dimensions that vary."""
        rng = np.random.default_rng([self.seed, self.dim])
        return np.linalg.qr(rng.standard_normal((self.dim, len(self._scale) + 1)))[0].T

    @cached_property
    def _clusters(self) -> tuple[npt.NDArray[np.float64], ...]:
        """Centres, widths and shares of the clusters."""
        rng = np.random.default_rng([self.seed, self.size, self.dim])
        number = max(16, self.size // 100)
        centres = rng.standard_normal((number, len(self._scale))) * self._scale
        widths = 0.5 * rng.lognormal(0, 0.4, number)
        shares = rng.lognormal(0, 1, number)
        return centres, widths, shares / shares.sum()

    def _draw(self, number: int, stream: int) -> Matrix:
        rng = np.random.default_rng([self.seed, self.size, self.dim, stream])
        centres, widths, shares = self._clusters
        which = rng.choice(len(centres), number, p=shares)
        few = rng.standard_normal((number, len(self._scale))) * self._scale
        few = centres[which] + widths[which, None] * few
        drawn = 1.1 * self._axes[0] + few @ self._axes[1:]
        drawn += rng.standard_normal((number, self.dim)) * (0.1 / np.sqrt(self.dim))
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        return drawn.astype(np.float32)

    def write(self, path: Path) -> Matrix:
        """Writes the vectors to a ``.npy`` file and returns them mapped, ``(size, dim)``."""
        out = np.lib.format.open_memmap(path, "w+", np.float32, (self.size, self.dim))
        for start in range(0, self.size, BLOCK):
            stop = min(start + BLOCK, self.size)
            out[start:stop] = self._draw(stop - start, start // BLOCK)
        out.flush()
        return np.load(path, mmap_mode="r")

    def queries(self, number: int) -> Matrix:
        """``(number, dim)`` vectors of the same mixture that are not among the data."""
        return self._draw(number, _QUERY_STREAM)


def _blocks(vectors: Matrix) -> Iterator[tuple[slice, Matrix]]:
    for start in range(0, len(vectors), BLOCK):
        rows = slice(start, min(start + BLOCK, len(vectors)))
        yield rows, np.asarray(vectors[rows])


@dataclass(frozen=True)
class Truth:
    """What exact search finds, by NumPy.

    Attributes:
        vectors: ``(n, dim)`` unit vectors
        ids: ``(n,)`` bytes, the sample id of each, ascending
        queries: ``(Q, dim)`` unit vectors
        scopes: by name, which rows are searched
        limits: by row_filter, ``(Q,)`` the similarity of the last right answer to each query
        k: how many answers are right
    """

    vectors: Matrix
    ids: npt.NDArray[np.bytes_]
    queries: Matrix
    scopes: Mapping[str, Mask]
    limits: Mapping[str, Matrix]
    k: int

    @classmethod
    def of(
        cls,
        vectors: Matrix,
        ids: npt.NDArray[np.bytes_],
        queries: Matrix,
        scopes: Mapping[str, Mask],
        k: int,
    ) -> Truth:
        """Searches all vectors, once for all scopes."""
        best: dict[str, Matrix] = {
            name: np.full((len(queries), k), -np.inf, np.float32) for name in scopes
        }
        for rows, block in _blocks(vectors):
            found = queries @ block.T
            for name, mask in scopes.items():
                merged = np.concatenate([best[name], found[:, mask[rows]]], axis=1)
                best[name] = np.partition(merged, -k, axis=1)[:, -k:]
        limits = {name: one.min(axis=1) for name, one in best.items()}
        return cls(vectors, ids, queries, scopes, limits, k)

    def recall(self, answers: Sequence[Sequence[str]], row_filter: str, first: int = 0) -> float:
        """The mean share of right answers among those given.

        An answer is right if the filter allows it and it is no farther than the last exact one:
        which of two equally near vectors is given does not matter.

        Args:
            answers: the ids found for each query
            row_filter: which rows were searched
            first (0): the query that the first answers belong to
        """
        shares = []
        for number, found in enumerate(answers, start=first):
            wanted = min(self.k, int(self.scopes[row_filter].sum()))
            given = np.unique(np.array(found, self.ids.dtype))
            rows = np.minimum(np.searchsorted(self.ids, given), len(self.ids) - 1)
            rows = rows[(self.ids[rows] == given) & self.scopes[row_filter][rows]]
            near = np.asarray(self.vectors[rows]) @ self.queries[number]
            shares.append((near >= self.limits[row_filter][number] - _TIE).sum() / wanted)
        return float(np.mean(shares))


def cosines(vectors: Matrix, others: Matrix) -> dict[str, float]:
    """The least and the mean cosine of each row of a matrix with the same row of another."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(others, axis=1)
    found = np.sum(vectors * others, axis=1, dtype=np.float64) / lengths
    return {"min_cosine": float(found.min()), "mean_cosine": float(found.mean())}
