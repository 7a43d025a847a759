"""The messages about explanations of matches; any panel may have their methods."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from fiftyone_faiss.brain.data.result_files import BoundingBox
from fiftyone_faiss.brain.insight.explaining.methods import Method as ExplanationMethod
from fiftyone_faiss.brain.models.prompts import Templates
from fiftyone_faiss.panels.messages import UploadedImage

Interval = Annotated[list[float], 2]
Line = Annotated[list[float], 4]

ALIASES: dict[str, Any] = {"ExplanationMethod": ExplanationMethod}
"""Types that the page knows by a name."""


class _ExplainedQuery(TypedDict, total=False):
    query: str
    selected: list[str]
    alt: list[str]
    uploads: dict[str, UploadedImage]
    query_type: Literal["text", "samples"]
    sample_ids: list[str]
    templates: Templates


class ExplainParams(_ExplainedQuery):
    """A match to explain: a query as in a search, or one sample of a pair in ``sample_ids``."""

    id: str
    brain_key: str | None
    method: ExplanationMethod | None


class ExplanationParams(TypedDict):
    """An explanation that was started."""

    job: str


class ExplanationStarted(TypedDict):
    """An explanation that was started."""

    job: str


class ExplanationMap(TypedDict):
    """What raises the score, 0 to 1, on a grid over ``box`` in the picture."""

    values: list[list[float]]
    box: BoundingBox


class Faithfulness(TypedDict):
    """The mean scores while parts are removed; ``problem`` is why there is no badge."""

    has_badge: bool
    problem: str | None
    beaten: float
    deletion: float
    insertion: float
    random: float
    interval: Interval


class ExplanationPairs(TypedDict):
    """What each place of the query's picture adds with each place of the match."""

    method: ExplanationMethod
    values: list[list[list[list[float]]]]
    query_box: BoundingBox
    match_box: BoundingBox


class MatchExplanation(TypedDict):
    """Why a sample matches a query; the images are data URLs."""

    id: str
    query: str
    brain_key: str
    method: ExplanationMethod
    score: float
    map: ExplanationMap
    query_map: ExplanationMap | None
    faithfulness: Faithfulness
    pairs: ExplanationPairs | None
    remainder: float | None
    is_exact: bool
    lines: list[Line]
    is_mirrored: bool
    fits: dict[str, float]
    notes: list[str]
    image: str
    query_image: str | None


class ExplanationState(TypedDict):
    """The progress of an explanation; ``explanation`` is there once it is done."""

    state: Literal["running", "done", "cancelled", "failed"]
    fraction: float
    label: str
    explanation: MatchExplanation | None


class SaveHeatmapParams(TypedDict):
    """The explanation whose heatmap to save, and the field."""

    job: str
    field: str


class HeatmapSaved(TypedDict):
    """What was done, in a sentence."""

    text: str
