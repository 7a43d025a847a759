"""The messages about selections; see ``messages``."""

from __future__ import annotations

from typing import Literal, TypedDict

from fiftyone_faiss.brain.curation.selecting.receipt import Verdict as FigureVerdict
from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.panels.grid_messages import GridState
from fiftyone_faiss.panels.run_messages import Interval, RunParams

FigureName = Literal["coverage_radius", "mean_distance", "values", "evenness"]
ALIASES = {"FigureName": FigureName, "FigureVerdict": FigureVerdict}
"""Types that the page knows by a name."""


class SelectParams(GridState):
    """How many to select, and what matters; see ``SelectionRequest``.

    ``labeled`` is a field, ``labeled_tag`` a tag.
    """

    n: int | None
    brain_key: str
    scope: str
    labeled: str | None
    labeled_tag: str | None
    balance_field: str | None
    balance: float
    cluster_field: str | None
    clusters: float
    near: str | None
    near_tag: str | None
    nearness: float
    diversity: float
    typicality: float
    exclude_outliers: bool
    judgments: bool


class ReceiptFigure(TypedDict):
    """A figure of a selection; ``random`` is the mean, the lowest and the highest of random
    choices, and ``verdict`` compares it with all of them.
    """

    name: FigureName
    value: float
    random: Interval
    verdict: FigureVerdict


class ValueCount(TypedDict):
    """How many of the selected have a value."""

    value: str
    count: int


class Uncovered(TypedDict):
    """The region that is covered least: an example, None if it was deleted, its distance to the
    nearest covered one, and how many are nearer to the example than to any of these.
    """

    file: ResultFile | None
    distance: float
    count: int


class SelectionRun(TypedDict):
    """What was selected.

    ``covered`` is how many samples the figures are about; ``values`` are those of the balanced
    field, the most frequent first, and ``more_values`` counts the others.
    """

    id: str
    params: SelectParams
    patches_field: str | None
    count: int
    figures: list[ReceiptFigure]
    uncovered: Uncovered
    covered: int
    outliers: int
    near_duplicates: int
    values: list[ValueCount]
    more_values: int
    notes: list[str]


class SelectedParams(RunParams):
    """A page of what was selected."""

    start: int
    count: int


class SelectedRow(TypedDict):
    """A selected one; ``place`` counts from 1."""

    place: int
    file: ResultFile


class SelectedAnswer(TypedDict):
    """A page of what was selected, and the number of those that exist."""

    rows: list[SelectedRow]
    total: int
