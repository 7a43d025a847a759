"""The comparisons that find the neighbors of a graph."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from fiftyone_faiss.brain.ann.cells import Cells, in_threads
from fiftyone_faiss.brain.ann.pairs import pair_distances
from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors
from fiftyone_faiss.brain.ann.top_neighbors import TopNeighbors
from fiftyone_faiss.brain.core.arrays import Distances, Matrix

# Values of a product that one thread holds: 16 million float32 are 64 MB.
PRODUCT_VALUES = 1 << 24

# Two lists of positions, and the closeness of each pair.
Pairs = tuple[Positions, Positions, Matrix]
PairLists = list[Pairs]


def compare_members(
    vectors: ScaledVectors, cells: Cells, top: TopNeighbors, start: int = 0
) -> Generator[int, None, None]:
    """Compares the members of each cell with each other; yields the number of cells so far."""

    def compare(cell: int) -> PairLists:
        members = cells.members_of(cell)
        all_vectors = vectors.at(members)
        lists: PairLists = []
        for part in parts_of(len(members), len(members)):
            closeness = vectors.closeness(members[part], all_vectors[part], members, all_vectors)
            closeness[np.arange(len(closeness)), np.arange(len(members))[part]] = -np.inf
            width = min(top.neighbors.shape[1], len(members) - 1)
            if width > 0:
                best = np.argpartition(-closeness, width - 1, axis=1)[:, :width]
                values = np.take_along_axis(closeness, best, axis=1)
                lists.append((members[part], members[best], values))
        return lists

    for cell, lists in enumerate(in_threads(compare, range(start, len(cells))), start):
        for rows, neighbors, closeness in lists:
            top.set(rows, neighbors, closeness)
        yield cell + 1


def compare_guests(
    vectors: ScaledVectors, cells: Cells, top: TopNeighbors, start: int = 0
) -> Generator[int, None, None]:
    """Compares the members of each cell with its guests; yields the number of cells so far."""

    def compare(cell: int) -> PairLists:
        members, guests = cells.members_of(cell), cells.guests_of(cell)
        if not len(members) or not len(guests):
            return []
        member_vectors = vectors.at(members)
        lists: PairLists = []
        for part in parts_of(len(guests), len(members)):
            some = guests[part]
            closeness = vectors.closeness(some, vectors.at(some), members, member_vectors)
            own = _limits_of(some, closeness, top)
            limits = np.minimum(own[:, None], top.limits[members])
            first, second = np.nonzero(closeness > limits)
            lists.append((some[first], members[second], closeness[first, second]))
        return lists

    for cell, lists in enumerate(in_threads(compare, range(start, len(cells))), start):
        for guests, members, closeness in lists:
            # In an update, a guest may be a member too.
            others = guests != members
            guests, members, closeness = guests[others], members[others], closeness[others]
            top.add(guests, members, closeness)
            top.add(members, guests, closeness)
        yield cell + 1
    top.merge()


def _limits_of(positions: Positions, closeness: Matrix, top: TopNeighbors) -> Matrix:
    """The least closeness of a new neighbor; that of the k-th best here if there are none yet."""
    limits: Matrix = top.limits[positions]
    empty = np.isneginf(limits)
    # In an update, one of the best is the position itself.
    count = top.neighbors.shape[1] + 1
    if empty.any() and closeness.shape[1] > count:
        best = np.partition(closeness[empty], -count, axis=1)[:, -count]
        limits[empty] = np.nextafter(best, np.float32(-np.inf))
    return limits


def parts_of(rows: int, columns: int, values: int = PRODUCT_VALUES) -> list[slice]:
    """Splits rows so that their products with columns have at most this many values."""
    size = max(1, values // max(1, columns))
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def ranked(
    vectors: ScaledVectors, positions: Positions, neighbors: Positions, known: Distances
) -> tuple[Positions, Distances]:
    """Ranks the neighbors of some positions by their exact distances; ties by position.

    Args:
        vectors: the vectors
        positions: ``(n,)``
        neighbors: ``(n, w)`` positions, -1 where there are none
        known: ``(n, w)`` float64 distances, NaN where they are to be computed

    Returns:
        ``(n, w)`` positions and distances, nearest first
    """
    rows, places = np.nonzero((neighbors >= 0) & np.isnan(known))
    distances = np.where(neighbors >= 0, known, np.inf)
    distances[rows, places] = pair_distances(vectors, positions[rows], neighbors[rows, places])
    order = np.lexsort((neighbors, distances))
    return (
        np.take_along_axis(neighbors, order, axis=1),
        np.take_along_axis(distances, order, axis=1),
    )
