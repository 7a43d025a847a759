"""The messages about the tiles of results; see ``messages``."""

from __future__ import annotations

from typing import TypedDict

from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.panels.grid_messages import GridState
from fiftyone_faiss.panels.messages import ResultIds


class OtherDataset(TypedDict, total=False):
    """The dataset of results, if it is not the App's."""

    dataset: str


class FramesParams(ResultIds, OtherDataset):
    """The frames, or the labels in frames, whose images to decode."""


class FramesAnswer(TypedDict):
    """The images of frames as data URLs, by id; without those that cannot be decoded."""

    images: dict[str, str]


class DuplicatesParams(ResultIds, OtherDataset):
    """The near-duplicates to show."""


class DuplicatesAnswer(TypedDict):
    """The near-duplicates of a result that still exist."""

    duplicates: list[ResultFile]


class TileField(TypedDict):
    """A field that the tiles can show; the App colors its values by ``path``."""

    name: str
    path: str


class ValuesParams(ResultIds, OtherDataset):
    """The names of the fields to read for results."""

    fields: list[str]


class ValuesAnswer(TypedDict):
    """The fields that there are, and by id and field the texts of the values."""

    fields: list[TileField]
    values: dict[str, dict[str, list[str]]]


class UntaggedIds(TypedDict):
    """The ids of the results that lost the tag."""

    ids: list[str]


class ShowParams(ResultIds, GridState):
    """The results to show in the grid, and where they were searched."""

    scope: str
