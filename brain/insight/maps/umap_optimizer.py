"""One iteration of UMAP's optimizer, compiled by Numba, which is optional."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numba
import numpy as np

# How many random points repel a point each time that a neighbor attracts it, as in umap-learn.
NEGATIVES = 5
# The longest step along one dimension.
MAX_STEP = np.float32(4)
# The constants of Knuth's linear congruential generator, whose upper bits are random.
_FACTOR, _SUMMAND = np.uint64(6364136223846793005), np.uint64(1442695040888963407)


@lru_cache
def compiled(parallel: bool) -> Callable[..., None]:
    """Compiles :func:`move_points`; in parallel, threads may overwrite each other's steps."""
    function: Callable[..., None] = numba.njit(
        # Numba's cache does not tell the two apart.
        move_points,
        fastmath=True,
        nogil=True,
        parallel=parallel,
        cache=not parallel,
    )
    return function


def move_points(
    points: Any, heads: Any, tails: Any, periods: Any, due: Any, negative_due: Any, states: Any,
    a: Any, b: Any, rate: Any, iteration: Any,
) -> None:  # fmt: skip
    """Moves points along the edges that are due.

    Args:
        points: ``(n, num_dims)`` float32, changed in place
        heads: ``(e,)`` int32, the point of each edge that is attracted and repelled
        tails: ``(e,)`` int32, its neighbor, which is attracted
        periods: ``(e,)`` float32, after how many iterations each edge is due again
        due: ``(e,)`` float32, the iteration in which each edge is due next, changed in place
        negative_due: ``(e,)`` float32, the same for its repulsions
        states: ``(n,)`` uint64 states of random numbers, changed in place
        a: float32, with ``b`` the curve ``1 / (1 + a d^2b)`` of the similarity at a distance
        b: float32
        rate: float32, the learning rate, 0 to 1
        iteration: its number, from 0
    """
    two, near = np.float32(2), np.float32(0.001)
    count, dims = points.shape
    for edge in numba.prange(len(heads)):
        if due[edge] > iteration:
            continue
        head, tail = heads[edge], tails[edge]
        squared = np.float32(0)
        for d in range(dims):
            squared += (points[head, d] - points[tail, d]) ** 2
        if squared > 0:
            power = squared**b
            pull = -two * a * b * power / squared / (a * power + np.float32(1))
            for d in range(dims):
                step = pull * (points[head, d] - points[tail, d])
                step = rate * min(MAX_STEP, max(-MAX_STEP, step))
                points[head, d] += step
                points[tail, d] -= step
        due[edge] += periods[edge]
        period = periods[edge] / np.float32(NEGATIVES)
        repulsions = int((iteration - negative_due[edge]) / period)
        for _ in range(repulsions):
            states[head] = states[head] * _FACTOR + _SUMMAND
            other = (states[head] >> np.uint64(33)) % np.uint64(count)
            squared = np.float32(0)
            for d in range(dims):
                squared += (points[head, d] - points[other, d]) ** 2
            if squared > 0:
                push = two * b / ((near + squared) * (a * squared**b + np.float32(1)))
                for d in range(dims):
                    step = push * (points[head, d] - points[other, d])
                    points[head, d] += rate * min(MAX_STEP, max(-MAX_STEP, step))
        negative_due[edge] += repulsions * period
