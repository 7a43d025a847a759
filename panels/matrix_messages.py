"""The messages about distance matrices; see ``messages`` and, for arrays, ``map_messages``."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.panels.grid_messages import GridState

MatrixFormat = Literal["png", "svg", "csv"]
ALIASES: dict[str, Any] = {"MatrixFormat": MatrixFormat}
"""Types that the page knows by a name."""


class MatrixParams(GridState):
    """What to compare: ids of samples or labels, or None for some of what the grid shows."""

    brain_key: str
    ids: list[str] | None
    label_field: str | None


class MatrixAnswer(TypedDict):
    """The distances of all pairs.

    ``distances``, ``angles`` and ``percentiles`` have float32 values of the pairs of places
    ``(0, 1), (0, 2), ..., (1, 2), ...``; ``percentiles`` is None if the index is too small. A
    percentile has steps of ``resolution`` and may be off by ``margin``. ``order`` and
    ``label_order`` list places, ``duplicates`` groups of places, ``total`` what could be compared.
    """

    brain_key: str
    metric: str
    patches_field: str | None
    ids: list[str]
    files: list[ResultFile]
    distances: str
    angles: str
    percentiles: str | None
    resolution: float
    margin: float
    order: list[int]
    label_order: list[int]
    labels: list[str | None]
    duplicates: list[list[int]]
    notes: list[str]
    total: int


class MatrixFileParams(MatrixParams):
    """The matrix to save. ``ids`` are those of an answer."""

    format: MatrixFormat
    by_label: bool


class MatrixFile(TypedDict):
    """A file as a base64 text."""

    name: str
    content: str


class MatrixFieldsParams(TypedDict):
    """The index whose labels to choose."""

    brain_key: str


class MatrixFields(TypedDict):
    """The fields that a matrix can be ordered by."""

    fields: list[str]
