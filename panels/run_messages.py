"""The messages that the tabs of the curation panel share; see ``messages``."""

from __future__ import annotations

from typing import TypedDict

from fiftyone_faiss.panels.grid_messages import GridState


class Interval(TypedDict):
    """An expected number with its 95 % interval."""

    value: float
    low: float
    high: float


class RunParams(TypedDict):
    """The result that a method is about."""

    run: str


class ShowRunParams(GridState):
    """The result to show in the grid."""

    run: str


class TagRunParams(RunParams):
    """The tag for a result."""

    name: str


class FieldsParams(TypedDict):
    """The field of the labels that an index holds; None for samples and frames."""

    patches_field: str | None


class FieldsAnswer(TypedDict):
    """The fields of labels, texts, numbers and tags."""

    fields: list[str]
