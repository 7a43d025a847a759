"""Cells: a partition of vectors around centroids, in which near pairs meet in few cells.

Each vector belongs to the cell of its nearest centroid, and is a *guest* of the cells whose border
is near. The border of two cells is the plane halfway between their centroids. The distances of two
vectors ``x`` and ``y`` on different sides of a border, measured across it, add up to at most
``|x - y|``. So one of them is at most ``|x - y| / 2`` away from the border: if vectors are guests
of all cells whose border is within ``limit``, each pair with ``|x - y| <= 2 * limit`` meets in a
cell, where one of them is a guest. Nearest neighbors are results in the same way, with a smaller
limit that is tuned to a recall.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import faiss
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors, blocks
from fiftyone_faiss.brain.core.arrays import Matrix

Item = TypeVar("Item")
Result = TypeVar("Result")

# Larger cells have more guests, and smaller ones take longer to assign.
CELL_ROWS = 256
TRAINING_ROWS = 48
ITERATIONS = 8
SEED = 51


def train_centroids(vectors: ScaledVectors, cell_rows: int = CELL_ROWS) -> Matrix:
    """Finds ``(c, dim)`` centroids by k-means on a sample; the same for the same vectors."""
    number = max(1, len(vectors) // cell_rows)
    size = min(len(vectors), number * TRAINING_ROWS)
    sample = np.sort(np.random.default_rng(SEED).choice(len(vectors), size, replace=False))
    if number == 1:
        return np.zeros((1, vectors.snapshot.dim), np.float32)
    clustering = faiss.Kmeans(
        vectors.snapshot.dim, number, niter=ITERATIONS, seed=SEED, min_points_per_centroid=1
    )
    clustering.train(vectors.at(sample))
    return np.asarray(clustering.centroids, np.float32)


class Borders:
    """Measures how far vectors are from the borders of cells.

    Args:
        centroids: ``(c, dim)`` float32
    """

    def __init__(self, centroids: Matrix) -> None:
        self.centroids = centroids
        self._halves = np.einsum("ij,ij->i", centroids, centroids) / 2
        squares = self._halves[:, None] + self._halves - centroids @ centroids.T
        # Equal centroids have no border; their second cell is empty.
        self._lengths = np.sqrt(np.maximum(2 * squares, 1e-12))

    def measure(self, vectors: Matrix) -> tuple[Positions, Matrix]:
        """Finds the cells of vectors, and their distances to the borders with all others.

        Args:
            vectors: ``(n, dim)`` float32

        Returns:
            the ``(n,)`` cells, and ``(n, c)`` float32 distances to borders, 0 for the own cell
        """
        scores = vectors @ self.centroids.T
        scores -= self._halves
        cells = scores.argmax(axis=1)
        gaps = np.subtract(scores[np.arange(len(cells)), cells, None], scores, out=scores)
        gaps /= self._lengths[cells]
        gaps[np.arange(len(cells)), cells] = 0
        return cells, gaps


@dataclass(frozen=True)
class Cells:
    """The cells of vectors, and the guests of each cell.

    Attributes:
        cell_of: ``(n,)`` int32, the cell of each position
        members: ``(n,)`` positions, sorted by cell
        member_starts: ``(c + 1,)``, where the members of each cell start
        guests: ``(g,)`` positions, sorted by the cell that they are guests of
        guest_starts: ``(c + 1,)``, where the guests of each cell start
    """

    cell_of: Positions
    members: Positions
    member_starts: Positions
    guests: Positions
    guest_starts: Positions

    def __len__(self) -> int:
        return len(self.member_starts) - 1

    def members_of(self, cell: int) -> Positions:
        """The positions in a cell."""
        return self.members[self.member_starts[cell] : self.member_starts[cell + 1]]

    def guests_of(self, cell: int) -> Positions:
        """The positions that are guests of a cell, ascending."""
        return self.guests[self.guest_starts[cell] : self.guest_starts[cell + 1]]

    def are_guests(self, positions: Positions, cells: Positions) -> npt.NDArray[np.bool_]:
        """Tests pairs of positions and cells: whether a position is a guest of its cell."""
        keys = self._guest_keys
        wanted = cells.astype(np.int64) * len(self.cell_of) + positions
        places = np.searchsorted(keys, wanted)
        return keys[np.minimum(places, len(keys) - 1)] == wanted if len(keys) else places > 0

    @cached_property
    def _guest_keys(self) -> Positions:
        owners = np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.guest_starts))
        return owners * len(self.cell_of) + self.guests


def assign(vectors: ScaledVectors, borders: Borders, limit: float) -> Cells:
    """Assigns vectors to cells, and to the cells whose border is within ``limit``."""
    number = len(borders.centroids)

    def measure(part: Positions) -> tuple[Positions, Positions, Positions]:
        cells, gaps = borders.measure(vectors.at(part))
        near = gaps <= limit
        near[np.arange(len(part)), cells] = False
        owners, guests = np.nonzero(near)
        return cells, part[owners], guests

    results = list(in_threads(measure, blocks(len(vectors))))
    cell_of = _joined([cells for cells, _, _ in results])
    guests, visited = _joined([row[1] for row in results]), _joined([row[2] for row in results])
    return _cells(cell_of, guests, visited, number)


def assign_some(
    vectors: ScaledVectors, borders: Borders, limit: float, cell_of: Positions, some: Positions
) -> Cells:
    """Assigns vectors to cells, of which only some are guests, also of their own cell.

    Args:
        vectors: the vectors
        borders: the borders of the cells
        limit: how near a border guests are
        cell_of: ``(n,)`` the known cells, -1 for vectors that have none yet
        some: the positions of the guests, with all that have no cell yet
    """
    cell_of = cell_of.copy()
    guests: list[Positions] = []
    visited: list[Positions] = []
    for part in blocks(len(some)):
        cells, gaps = borders.measure(vectors.at(some[part]))
        cell_of[some[part]] = cells
        owners, near = np.nonzero(gaps <= limit)
        guests.append(some[part][owners])
        visited.append(near)
    return _cells(cell_of, _joined(guests), _joined(visited), len(borders.centroids))


def _cells(cell_of: Positions, guests: Positions, visited: Positions, number: int) -> Cells:
    members, member_starts = _by_cell(np.arange(len(cell_of)), cell_of, number)
    guests, guest_starts = _by_cell(guests, visited, number)
    return Cells(cell_of, members, member_starts, guests, guest_starts)


def _joined(parts: list[Positions]) -> Positions:
    return np.concatenate([np.empty(0, np.int32), *parts]).astype(np.int32)


def _by_cell(positions: Positions, cells: Positions, number: int) -> tuple[Positions, Positions]:
    order = np.argsort(cells, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(cells, minlength=number))])
    return positions[order].astype(np.int32), starts


def in_threads(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Calls a function for each item in threads, and yields the results in order.

    The matrix products of each call run in one thread, so that the work beside them is shared too.
    """
    workers = faiss.omp_get_max_threads()
    with threadpool_limits(1), ThreadPoolExecutor(workers) as pool:
        pending: list[Future[Result]] = []
        for item in items:
            pending.append(pool.submit(function, item))
            # Results wait in memory, so few are computed ahead.
            if len(pending) > 2 * workers:
                yield pending.pop(0).result()
        while pending:
            yield pending.pop(0).result()
