"""The messages about scores; see ``messages``."""

from __future__ import annotations

from typing import Literal, TypedDict

from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.panels.grid_messages import GridState
from fiftyone_faiss.panels.run_messages import Interval, RunParams, ShowRunParams

ScoreKind = Literal["outliers", "uniqueness", "typicality"]
ScoreList = Literal["unusual", "highest", "lowest"]
ALIASES = {"ScoreKind": ScoreKind, "ScoreList": ScoreList}
"""Types that the page knows by a name."""


class ScoresParams(GridState):
    """Which score to compute, and in which field to save it; an empty field has the name of the
    score.
    """

    kind: ScoreKind
    brain_key: str
    scope: str
    field: str
    label_field: str | None


class ScoreBar(TypedDict):
    """A bar of the histogram: how many scores it has, and how many of them stand out."""

    count: int
    unusual: int


class ScoresRun(TypedDict):
    """The scores that were computed.

    ``params`` is what was asked; ``histogram`` divides 0 to 1 evenly; ``unusual`` counts what
    stands out, and ``expected`` is how many of them are expected to be ordinary; ``is_saved`` is
    whether the field has not been restored since.
    """

    id: str
    params: ScoresParams
    kind: ScoreKind
    field: str
    patches_field: str | None
    count: int
    low: float
    high: float
    histogram: list[ScoreBar]
    unusual: int
    expected: Interval | None
    near_duplicates: int
    thresh: float
    recall: float
    classes: int
    notes: list[str]
    is_saved: bool


class ScoredParams(RunParams):
    """A page of what stands out, or of the highest or lowest scores."""

    which: ScoreList
    start: int
    count: int


class ScoredRow(TypedDict):
    """A score; ``label`` is the class that it was compared with."""

    file: ResultFile
    score: float
    is_unusual: bool
    label: str | None


class ScoredAnswer(TypedDict):
    """A page of scores, and the number of all in the list."""

    rows: list[ScoredRow]
    total: int


class ShowScoredParams(ShowRunParams):
    """The list to show in the grid."""

    which: ScoreList


class TagScoredParams(RunParams):
    """The list to tag."""

    which: ScoreList
    name: str
