"""Distinct vectors: those that scores compare, without near duplicates, by class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph, graph_steps
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.curation.accidental_pairs import NearestPairs
from fiftyone_faiss.brain.curation.near_duplicate_groups import EQUAL_DISTANCE, groups_steps
from fiftyone_faiss.brain.curation.thresholds import propose

# With fewer others of its class, a sample is not compared with it.
MIN_CLASS = 5


@dataclass(frozen=True)
class Distinct:
    """One vector of each group of near duplicates.

    Attributes:
        compared: all vectors
        thresh: the largest distance of near duplicates
        positions: ``(m,)`` the positions of the distinct vectors, ascending
        place: ``(n,)`` the place of each position's distinct vector in ``positions``, -1 for those
            without a class
        classes: ``(m,)`` the number of the class of each distinct vector, 0 without classes
    """

    compared: Compared
    thresh: float
    positions: Positions
    place: Positions
    classes: Positions

    def subset(self, places: Positions) -> Compared:
        """Some of the distinct vectors, by ascending places."""
        if len(places) == len(self.compared.vectors):
            return self.compared
        whole = self.compared.vectors
        rows = whole.rows[self.positions[places]]
        vectors = ScaledVectors(whole.snapshot, whole.metric, rows)
        return replace(self.compared, vectors=vectors)


def distinct_steps(
    compared: Compared, thresh: float | None, classes: Positions | None = None
) -> Steps[Distinct]:
    """Chooses the first vector of each group of near duplicates, in each class.

    Args:
        compared: the vectors
        thresh: the largest distance of near duplicates, None for the proposed one
        classes (None): ``(n,)`` the number of each position's class, -1 for none

    Raises:
        ValueError: if fewer than two remain
    """
    if thresh is None:
        thresh = propose(NearestPairs.of(compared.vectors)) or EQUAL_DISTANCE
    groups = yield from groups_steps(compared, thresh)
    n = len(groups)
    if classes is None:
        classes = np.zeros(n, np.int64)
    keys = classes * (int(groups.max()) + 1) + groups
    known = np.flatnonzero(classes >= 0)
    _, first, inverse = np.unique(keys[known], return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    place = np.full(n, -1, np.int64)
    place[known] = rank[inverse]
    positions = known[first[order]]
    if len(positions) < 2:
        raise ValueError(
            f"All {n:,} are near duplicates of each other at the distance {thresh:.3g}; give a "
            "smaller thresh, or other samples."
        )
    return Distinct(compared, thresh, positions, place, classes[positions])


Measure = Callable[[ComparedGraph], list[np.ndarray]]


@dataclass(frozen=True)
class Measured:
    """What was measured on graphs of distinct vectors.

    Attributes:
        columns: the ``(m,)`` results; NaN for vectors of classes that are too small
        recall: the smallest recall of a graph
    """

    columns: list[np.ndarray]
    recall: float


def measure_steps(distinct: Distinct, k: int, measure: Measure, count: int) -> Steps[Measured]:
    """Measures something on the neighbor graph of each class.

    Args:
        distinct: the vectors
        k: the number of neighbors; fewer in classes with fewer vectors
        measure: maps the graph of a class to columns of ``count`` results
        count: the number of columns
    """
    total = len(distinct.positions)
    columns = [np.full(total, np.nan) for _ in range(count)]
    recall, done = 1.0, 0
    is_whole = bool((distinct.classes == distinct.classes[0]).all())
    for number in np.unique(distinct.classes):
        places = np.flatnonzero(distinct.classes == number)
        minimum = 2 if is_whole else MIN_CLASS
        if len(places) >= minimum:
            subset = distinct.subset(places)
            steps = graph_steps(subset, min(k, len(places) - 1))
            graph = yield from _shifted(steps, done, total)
            recall = min(recall, graph.recall)
            for column, values in zip(columns, measure(graph), strict=True):
                column[places] = values
        done += len(places)
    return Measured(columns, recall)


def _shifted(steps: Steps[ComparedGraph], done: int, total: int) -> Steps[ComparedGraph]:
    """Runs the steps of a class with the progress of all classes."""
    while True:
        try:
            step = next(steps)
        except StopIteration as stop:
            return cast(ComparedGraph, stop.value)
        yield Progress(min(total, done + step.done), total, 0, step.seconds, "scored")
