"""Linear maps of vectors: principal components, and axes that a query line names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors, blocks
from fiftyone_faiss.brain.backend.searchable import SearchableIndex
from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.queries.query_input import QueryInput
from fiftyone_faiss.embedders import unit

# Two sides of an axis, or two axes, that are more alike than this are called so in a note.
ALIKE_SIDES, ALIKE_AXES = 0.98, 0.8


@dataclass(frozen=True)
class Moments:
    """The mean and the covariance of scaled vectors.

    Attributes:
        mean: ``(dim,)`` float64
        covariance: ``(dim, dim)`` float64
    """

    mean: Distances
    covariance: Distances

    @classmethod
    def of(cls, vectors: ScaledVectors) -> Moments:
        """Computes them, in blocks."""
        dim, count = vectors.snapshot.dim, len(vectors)
        mean, products = np.zeros(dim), np.zeros((dim, dim))
        for part in blocks(count):
            mean += vectors.at(part).sum(axis=0, dtype=np.float64)
        mean /= count
        for part in blocks(count):
            # Products of centered vectors keep their digits when the mean is far from 0.
            centered = vectors.at(part) - mean.astype(np.float32)
            products += centered.T @ centered
        return cls(mean, products / count)

    def deviations(self, directions: Matrix) -> Distances:
        """``(m,)`` standard deviations along ``(m, dim)`` directions of any length."""
        variances = np.einsum("md,de,me->m", directions, self.covariance, directions)
        return np.asarray(np.sqrt(np.maximum(variances, 0.0)))

    def shares(self, directions: Matrix) -> Distances:
        """``(m,)`` shares of the whole variance along ``(m, dim)`` directions, 0 to 1."""
        along = self.deviations(unit(directions)) ** 2
        return np.asarray(along / max(float(np.trace(self.covariance)), 1e-30))


@dataclass(frozen=True)
class Projection:
    """Maps a scaled vector ``x`` to ``directions @ x - offsets``.

    Attributes:
        directions: ``(num_dims, dim)`` float32
        offsets: ``(num_dims,)`` float32
        shares: ``(num_dims,)`` float64, the share of the variance along each direction, 0 to 1
        notes: what else to know, in sentences
    """

    directions: Matrix
    offsets: Matrix
    shares: Distances
    notes: tuple[str, ...] = ()

    def points(self, vectors: ScaledVectors, positions: Positions) -> Matrix:
        """``(n, num_dims)`` float32 points of some positions."""
        points = np.empty((len(positions), len(self.directions)), np.float32)
        for part in blocks(len(positions)):
            points[part] = vectors.at(positions[part]) @ self.directions.T - self.offsets
        return points


def principal_components(vectors: ScaledVectors, num_dims: int) -> Projection:
    """Finds the directions of the largest variance.

    Raises:
        ValueError: if the vectors have fewer dimensions
    """
    dim = vectors.snapshot.dim
    if dim < num_dims:
        raise ValueError(f"num_dims is {num_dims}, but the vectors have only {dim}; give fewer.")
    moments = Moments.of(vectors)
    largest_only = [dim - num_dims, dim - 1]
    _, columns = scipy.linalg.eigh(moments.covariance, subset_by_index=largest_only)
    directions = columns.T[::-1]
    # The sign of an eigenvector is arbitrary, and differs between machines.
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(num_dims), largest])[:, None]
    return Projection(
        directions.astype(np.float32),
        (directions @ moments.mean).astype(np.float32),
        moments.shares(directions),
    )


def named_axes(index: SearchableIndex, vectors: ScaledVectors, lines: Sequence[str]) -> Projection:
    """Finds the directions that query lines name.

    Each term of a line is counted in standard deviations, as in a search. Other than in a search,
    a negative term counts in full, since an axis has two ends. Each axis has the mean 0 and the
    standard deviation 1 over the vectors.

    Args:
        index: embeds the lines
        vectors: the vectors to be mapped
        lines: query lines

    Raises:
        ValueError: if a line cannot be embedded, or all vectors are alike along it
    """
    moments = Moments.of(vectors)
    directions, notes = [], []
    for line in lines:
        sides = _sides(index, vectors.metric, moments, line)
        direction = sides[0] - sides[1]
        deviation = float(moments.deviations(direction[None])[0])
        if deviation < 1e-9:
            raise ValueError(f"All samples are alike along the axis '{line}'; choose another one.")
        directions.append(direction / deviation)
        lengths = np.linalg.norm(sides, axis=1)
        if sides[0] @ sides[1] > ALIKE_SIDES * lengths.prod() > 0:
            notes.append(
                f"The model hardly tells the two sides of '{line}' apart, so the axis says little."
            )
    stacked = np.stack(directions)
    notes += _correlated(moments, stacked, lines)
    return Projection(
        stacked.astype(np.float32),
        (stacked @ moments.mean).astype(np.float32),
        moments.shares(stacked),
        tuple(notes),
    )


def _sides(index: SearchableIndex, metric: str, moments: Moments, line: str) -> Distances:
    """``(2, dim)`` sums of the positive and of the negative terms of a line."""
    sides = np.zeros((2, len(moments.mean)))
    for term in QueryInput.of(line).query.terms:
        vector = term.query.vector(index)[None]
        vector = unit(vector) if metric == "cosine" else vector
        deviation = float(moments.deviations(vector)[0])
        sides[int(term.negative)] += term.weight * vector[0] / max(deviation, 1e-9)
    return sides


def _correlated(moments: Moments, directions: Distances, lines: Sequence[str]) -> list[str]:
    # Their standard deviation is 1.
    correlations = directions @ moments.covariance @ directions.T
    return [
        f"The axes '{lines[i]}' and '{lines[j]}' are correlated (r = {correlations[i, j]:.2f}), so "
        "they show much the same."
        for i in range(len(lines))
        for j in range(i)
        if abs(correlations[i, j]) > ALIKE_AXES
    ]
