"""Fits a projection to pairs: a small change of the space in which alike pairs are near.

The probability that a pair is alike is modeled as a logistic function of its closeness after the
projection. The loss is the mean negative log likelihood, with equal weights of alike and unlike
pairs, plus the squared Frobenius norm of what is added to the identity. Fits are deterministic: one
thread, one seed, and batches of one order.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import torch

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.curation.teaching.drawing import TaughtPairs
from fiftyone_faiss.embedders import Projection

FitSteps: TypeAlias = Generator[tuple[int, int], None, Projection]
"""Yields how many steps are done, and how many there are; returns the projection."""

STEPS, STEPS_AT_ONCE = 120, 20
# Pairs of one step.
BATCH = 512
LEARNING_RATE, SLOPE_RATE = 0.08, 0.02
# The weight of the squared norm of what is added to the identity, per dimension.
PULL = 0.1


def fit_steps(
    vectors: Matrix, taught: Sequence[TaughtPairs], rank: int, scales_to_unit: bool, seed: int
) -> FitSteps:
    """Learns a projection.

    Args:
        vectors: ``(m, dim)`` float32, of unit length if projected vectors are scaled to it
        taught: kinds of pairs, as rows of the vectors; each has alike and unlike ones
        rank: the rank of what is added to the identity, at most the dimension
        scales_to_unit: whether distances are those of projected vectors scaled to unit length
        seed: of the first weights and the batches

    Yields:
        how many steps are done, and how many there are
    """
    with one_thread():
        fit = _Fit(vectors, taught, min(rank, vectors.shape[1]), scales_to_unit, seed)
    for start in range(0, STEPS, STEPS_AT_ONCE):
        with one_thread():
            for _ in range(STEPS_AT_ONCE):
                fit.step()
        yield start + STEPS_AT_ONCE, STEPS
    return fit.projection()


class _Fit:
    """The weights of a projection while it is learned; see :func:`fit_steps`."""

    def __init__(
        self,
        vectors: Matrix,
        taught: Sequence[TaughtPairs],
        rank: int,
        scales_to_unit: bool,
        seed: int,
    ) -> None:
        dim = vectors.shape[1]
        self._random = torch.Generator().manual_seed(seed)
        self._vectors = torch.from_numpy(np.ascontiguousarray(vectors, np.float32))
        self._taught = [_Taught(pairs) for pairs in taught]
        self._scales_to_unit = scales_to_unit
        right = torch.randn(dim, rank, generator=self._random) / dim**0.5
        # It begins as the identity.
        self._left = torch.zeros(dim, rank).requires_grad_()
        self._right = right.requires_grad_()
        with torch.no_grad():
            self._scales = [self._scale_of(own) for own in self._taught]
        # Of each kind: the logarithm of its slope, and its bias.
        self._links = torch.zeros(len(taught), 2).requires_grad_()
        weights = {"params": [self._left, self._right], "lr": LEARNING_RATE / dim**0.5}
        self._optimizer = torch.optim.Adam([weights, {"params": [self._links], "lr": SLOPE_RATE}])

    def step(self) -> None:
        """Takes one step of the optimizer."""
        with torch.enable_grad():
            self._optimizer.zero_grad()
            dim = len(self._left)
            # The squared norm of left @ right.T, without that matrix.
            norm = ((self._left.T @ self._left) * (self._right.T @ self._right)).sum()
            losses = [self._loss(kind) for kind in range(len(self._taught))]
            loss = torch.stack(losses).mean() + PULL * norm / dim
            loss.backward()
            self._optimizer.step()

    def projection(self) -> Projection:
        """The projection as it is now."""
        left, right = (weights.detach().numpy().copy() for weights in (self._left, self._right))
        return Projection(left, right, self._scales_to_unit)

    def _loss(self, kind: int) -> torch.Tensor:
        taught = self._taught[kind]
        first, second, alike, weights = taught.batch(self._random)
        middle, spread = self._scales[kind]
        slope, bias = self._links[kind]
        logits = slope.exp() * (self._closeness(first, second) - middle) / spread - bias
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, alike, reduction="none"
        )
        return (losses * weights).sum() / weights.sum()

    def _closeness(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Minus half of the squared distances after the projection."""
        differences = self._project(first) - self._project(second)
        return -(differences * differences).sum(dim=1) / 2

    def _project(self, rows: torch.Tensor) -> torch.Tensor:
        vectors = self._vectors[rows]
        projected = vectors + (vectors @ self._right) @ self._left.T
        if self._scales_to_unit:
            return torch.nn.functional.normalize(projected, dim=1)
        return projected

    def _scale_of(self, taught: _Taught) -> tuple[float, float]:
        """The mean and the spread of the closeness before anything is learned."""
        closeness = self._closeness(taught.first, taught.second)
        return float(closeness.mean()), max(float(closeness.std()), 1e-12)


class _Taught:
    """Pairs as tensors."""

    def __init__(self, pairs: TaughtPairs) -> None:
        self.first, self.second = torch.from_numpy(pairs.first), torch.from_numpy(pairs.second)
        self.alike = torch.from_numpy(pairs.alike)
        share = self.alike.mean()
        # Alike and unlike ones have the same weight in all.
        self.weights = self.alike / share + (1 - self.alike) / (1 - share)

    def batch(self, random: torch.Generator) -> tuple[torch.Tensor, ...]:
        """All pairs, or random ones of many."""
        columns = (self.first, self.second, self.alike, self.weights)
        if len(self.first) <= BATCH:
            return columns
        chosen = torch.randint(len(self.first), (BATCH,), generator=random)
        return tuple(column[chosen] for column in columns)


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums in another order, as of several threads, would give other weights."""
    previous = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(previous)
