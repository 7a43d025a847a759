"""Star covers: which members of a group to keep so that each other one is near a kept one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fiftyone_faiss.brain.ann.joined_pairs import JoinedPairs
from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors
from fiftyone_faiss.brain.core.arrays import Distances, Mask

# The positions that are near one, among those that are not covered yet.
Near = Callable[[int], tuple[Positions, Distances]]


def star_cover(order: Positions, near: Near, total: int) -> tuple[Positions, Distances]:
    """Chooses the members to keep, in a given order, and which of them covers each other one.

    A member is kept unless one that was kept before is near. So no two kept members are near each
    other, and a chain of members keeps several.

    Args:
        order: ``(m,)`` positions, the best to keep first
        near: returns the positions near one, and their distances
        total: the number of all positions

    Returns:
        ``(total,)`` int64, the kept position that covers each position, itself if it is kept, -1
        outside of the order; and ``(total,)`` float64 distances to it
    """
    keeper = np.full(total, -1, np.int64)
    distance = np.zeros(total)
    waiting = np.zeros(total, bool)
    waiting[order] = True
    for position in order.tolist():
        if not waiting[position]:
            continue
        keeper[position] = position
        waiting[position] = False
        others, distances = near(position)
        fresh = waiting[others]
        covered = others[fresh]
        keeper[covered], distance[covered] = position, distances[fresh]
        waiting[covered] = False
    return keeper, distance


def near_in(first: Positions, second: Positions, distances: Distances, total: int) -> Near:
    """The near positions of a list of pairs."""
    owners = np.concatenate([first, second])
    others = np.concatenate([second, first])
    both = np.concatenate([distances, distances])
    by_owner = np.lexsort((both, owners))
    owners, others, both = owners[by_owner], others[by_owner], both[by_owner]
    starts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=total))])

    def near(position: int) -> tuple[Positions, Distances]:
        part = slice(int(starts[position]), int(starts[position + 1]))
        return others[part], both[part]

    return near


def near_among(vectors: ScaledVectors, pairs: JoinedPairs) -> Near:
    """The near positions of a join, also of those whose pairs are not all listed."""
    listed = near_in(pairs.first, pairs.second, pairs.distances, len(vectors))
    is_listed = _listed_degrees(pairs, len(vectors)) == pairs.degrees
    members = _Members(pairs.groups)

    def near(position: int) -> tuple[Positions, Distances]:
        if is_listed[position]:
            return listed(position)
        others = members.of(position)
        others = others[others != position]
        own = np.full(len(others), position)
        distances = vectors.distances(own, others)
        close = distances <= pairs.thresh
        return others[close], distances[close]

    return near


class _Members:
    """The members of groups."""

    def __init__(self, groups: Positions) -> None:
        self._groups = groups
        self._order = np.argsort(groups, kind="stable")
        self._sorted = groups[self._order]

    def of(self, position: int) -> Positions:
        """All members of the group of a position."""
        group = self._groups[position]
        start, stop = np.searchsorted(self._sorted, [group, group + 1])
        return self._order[start:stop]


def _listed_degrees(pairs: JoinedPairs, total: int) -> Positions:
    both = np.concatenate([pairs.first, pairs.second])
    return np.bincount(both, minlength=total)


def grouped(groups: Positions, is_member: Mask) -> list[Positions]:
    """The positions of each group with at least two members, the largest group first."""
    members = np.flatnonzero(is_member)
    order = members[np.argsort(groups[members], kind="stable")]
    _, starts = np.unique(groups[order], return_index=True)
    parts = [part for part in np.split(order, starts[1:]) if len(part) > 1]
    return sorted(parts, key=lambda part: (-len(part), int(part[0])))
