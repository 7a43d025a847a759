"""How well held-out examples of a class are found by each other, before and after."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.curation.labeling.retrieval_measures import limits, measure_steps
from fiftyone_faiss.brain.curation.teaching.examples import Aspect, Flags
from fiftyone_faiss.brain.curation.teaching.spaces import Space

Values = npt.NDArray[np.float64]
Result = TypeVar("Result")
# mAP@R has no number of neighbors; the other measures are not used.
NEIGHBORS = 1


@dataclass(frozen=True)
class AspectQueries:
    """The mAP@R of held-out queries.

    Attributes:
        values: ``(q, s)`` in each space
        groups: ``(q,)`` their groups of near duplicates
        chance: ``(q,)`` that of a random order, the mean of a part
    """

    values: Values
    groups: Positions
    chance: Values

    @classmethod
    def of(
        cls, aspect: Aspect, groups: Positions, is_held_out: Flags, spaces: Sequence[Space]
    ) -> AspectQueries:
        """Measures the queries of a part among its examples.

        Args:
            aspect: the classes
            groups: ``(m,)`` the groups of near duplicates of all examples
            is_held_out: ``(m,)`` the part
            spaces: the ``s`` spaces of all examples
        """
        inside = np.flatnonzero(is_held_out & (aspect.labels >= 0))
        labels, own = aspect.labels[inside], groups[inside]
        # Others of the class, in other groups.
        pairs = np.unique(np.stack([labels, own]), axis=1)
        different = np.bincount(pairs[0], minlength=int(labels.max(initial=0)) + 1)
        queries = np.flatnonzero(aspect.is_query[inside] & (different[labels] > 1))
        if not len(queries):
            return cls(np.zeros((0, len(spaces))), own[queries], np.zeros(0))
        values = []
        for space in spaces:
            steps = measure_steps(Space(space.at(inside)), labels, own, queries, NEIGHBORS)
            values.append(result_of(steps).map_at_r)
        chance = limits(labels, own, queries, NEIGHBORS)[0]["map_at_r"]
        return cls(np.stack(values, axis=1), own[queries], np.full(len(queries), chance))


def ideal_space(aspects: Sequence[Aspect], seed: int) -> Space:
    """A space that holds nothing but the labels of all aspects, with random order of ties.

    Of several aspects, no space can order by each of them alone; in this one, all matter alike.
    """
    if not aspects:
        return Space(np.zeros((0, 1), np.float32))
    columns = []
    for aspect in aspects:
        size = int(aspect.labels.max(initial=0)) + 1
        # The last row is that of examples without a label.
        columns.append(np.vstack([np.eye(size), np.zeros((1, size))])[aspect.labels])
    hot = np.hstack(columns)
    noise = 1e-3 * np.random.default_rng(seed).normal(size=(len(hot), 8))
    return Space(np.hstack([hot, noise]).astype(np.float32))


def result_of(steps: Generator[object, None, Result]) -> Result:
    """Runs all steps, and returns what they return."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: Result = stop.value
            return result
