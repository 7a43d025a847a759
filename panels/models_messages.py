"""The messages about comparisons of models; see ``messages``."""

from __future__ import annotations

from typing import Literal, TypedDict

from fiftyone_faiss.panels.grid_messages import GridState
from fiftyone_faiss.panels.run_messages import Interval

Measure = Literal["knn_accuracy", "precision", "map_at_r"]
ALIASES = {"Measure": Measure}
"""Types that the page knows by a name."""


class ComparisonParams(GridState):
    """What to compare; None for the default."""

    brain_keys: list[str]
    label_field: str
    scope: str
    k: int | None


class ComparedModel(TypedDict):
    """How well an index retrieves the classes, and what it costs."""

    brain_key: str
    model: str | None
    knn_accuracy: Interval
    precision: Interval
    map_at_r: Interval
    hubness: float
    dim: int
    disk_bytes: int
    rate: float | None


class Limits(TypedDict):
    """A measure of a model that knows nothing, or that knows all."""

    knn_accuracy: float
    precision: float
    map_at_r: float


class ComparedPair(TypedDict):
    """The difference of two indexes by a measure; ``better`` is None if the data can show none.

    ``first_only`` and ``second_only`` count the queries that only one of them retrieves right.
    """

    first: str
    second: str
    measure: Measure
    difference: Interval
    p_value: float
    better: str | None
    first_only: int
    second_only: int


class ModelsRun(TypedDict):
    """A comparison of models, the best by mAP@R first; ``params`` is what was asked."""

    id: str
    params: ComparisonParams
    patches_field: str | None
    label_field: str
    k: int
    queries: int
    searched: int
    models: list[ComparedModel]
    pairs: list[ComparedPair]
    leaders: list[str]
    winner: str | None
    chance: Limits
    best_possible: Limits
    classes: int
    notes: list[str]


class ClassesParams(TypedDict):
    """A page of classes."""

    run: str
    start: int
    count: int


class ClassDifference(TypedDict):
    """A difference of two indexes for a class that the data shows."""

    better: str
    other: str
    difference: Interval


class ClassMeasures(TypedDict):
    """The mAP@R of each index for the queries of a class, in the order of the indexes."""

    name: str
    measures: list[Interval]
    differences: list[ClassDifference]


class ClassesAnswer(TypedDict):
    """A page of classes, those with a difference first, and the number of all."""

    classes: list[ClassMeasures]
    total: int


class ShowDifferenceParams(GridState):
    """The queries that one index retrieves right and another one wrong."""

    run: str
    right: str
    wrong: str
