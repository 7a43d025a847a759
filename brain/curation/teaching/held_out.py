"""Parts of the examples: each is held out once, while a projection is learned from the others.

Near duplicates are in one part, so no example has a copy on the other side. Pairs with ends in
different parts are not used, so as few as possible of them are torn apart.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.curation.teaching.examples import Pairs

PARTS = 5
# How much larger than the others a part may be.
SLACK = 1.1


def parts_of(groups: Positions, pairs: Pairs | None, seed: int) -> Positions:
    """Divides examples into parts.

    Args:
        groups: ``(m,)`` the groups of near duplicates, numbers from 0
        pairs: pairs to keep together
        seed: of the random order

    Returns:
        ``(m,)`` the part of each example, 0 to ``PARTS - 1``
    """
    n = int(groups.max(initial=-1)) + 1
    rng = np.random.default_rng(seed)
    part = np.full(n, -1, np.int64)
    if pairs is not None:
        _assign_paired(part, groups[pairs.first], groups[pairs.second], rng)
    rest = np.flatnonzero(part < 0)
    part[rng.permutation(rest)] = np.arange(len(rest)) % PARTS
    return part[groups]


def _assign_paired(
    part: Positions, first: Positions, second: Positions, rng: np.random.Generator
) -> None:
    """Assigns groups with pairs, each to the part with the most groups that it has pairs with.

    A part is the less attractive the fuller it is (Stanton and Kliot, Streaming Graph Partitioning
    for Large Distributed Graphs, KDD 2012).
    """
    neighbors: dict[int, list[int]] = {}
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        neighbors.setdefault(a, []).append(b)
        neighbors.setdefault(b, []).append(a)
    sizes = np.zeros(PARTS)
    capacity = max(1.0, SLACK * len(neighbors) / PARTS)
    for group in _in_walking_order(neighbors, rng):
        of_neighbors = part[neighbors[group]]
        counts = np.bincount(of_neighbors[of_neighbors >= 0], minlength=PARTS)
        attraction = counts * (1 - sizes / capacity)
        # Of equally attractive parts, the smallest.
        part[group] = np.lexsort((sizes, -attraction))[0]
        sizes[part[group]] += 1


def _in_walking_order(neighbors: dict[int, list[int]], rng: np.random.Generator) -> list[int]:
    """Groups in an order in which those with pairs follow each other: breadth first."""
    order: list[int] = []
    seen: set[int] = set()
    for start in rng.permutation(list(neighbors)).tolist():
        queue = deque([start] if start not in seen else [])
        seen.add(start)
        while queue:
            group = queue.popleft()
            order.append(group)
            for other in neighbors[group]:
                if other not in seen:
                    seen.add(other)
                    queue.append(other)
    return order
