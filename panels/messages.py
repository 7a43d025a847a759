"""The messages between the page and the panel: the parameters and the answer of each method.

Those about indexes are in ``index_messages``.

``tools/generate_page_types.py`` writes the page's types from these. A parameter with a default in
Python is required here if the page always sends it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from fiftyone_faiss.brain.data.result_files import BoundingBox
from fiftyone_faiss.brain.models.prompts import Templates
from fiftyone_faiss.brain.queries.query_line import Kind as TermKind
from fiftyone_faiss.brain.retrieval.answer_types import (
    Band,
    SearchAnswer,
)
from fiftyone_faiss.panels.grid_messages import GridAnswer, GridState

ExportFormat = Literal["csv", "json", "stages"]
# The texts are TypeScript; a number is the length of a list.
Span = Annotated[list[int], 2]
SavedParams = Annotated[dict[str, Any], "Partial<SearchParams>"]

ALIASES: dict[str, Any] = {
    "Templates": Templates,
    "Band": Band,
    "TermKind": TermKind,
    "ExportFormat": ExportFormat,
    "BoundingBox": BoundingBox,
    "SavedParams": SavedParams,
}
"""Types that the page knows by a name."""


class Failure(TypedDict):
    """The answer of a method that failed: ``error`` is a sentence to show."""

    error: str


class NoParams(TypedDict):
    """No parameters."""


class Empty(TypedDict):
    """An answer without values."""


# -- search ----------------------------------------------------------------------------------------


class LineParams(TypedDict):
    """A query line."""

    query: str


class ParsedTerm(TypedDict):
    """A term of a query line; ``at`` is its start and its end in the line, in characters."""

    sign: Literal["+", "-"]
    weight: float
    kind: TermKind
    text: str
    at: Span


class Correction(TypedDict):
    """A word of a query line that looks misspelled, and a word of the dataset instead."""

    word: str
    suggestion: str
    at: Span


class Explanation(TypedDict):
    """The terms of a query line with words to correct, or the error in it."""

    terms: list[ParsedTerm]
    corrections: list[Correction]
    error: str | None
    at: Span | None


class UploadedImage(TypedDict):
    """An image that is sent with the query; ``content`` is base64."""

    name: str
    type: str
    size: int
    content: str


class SearchParams(TypedDict):
    """A search; see :class:`SearchRequest`."""

    query: str
    brain_key: str | None
    k: str | int | None
    scope: str
    reverse: bool
    thresh: str | float | None
    templates: Templates
    diversity: float
    collapse: bool | float
    hubness: bool
    selected: list[str]
    alt: list[str]
    uploads: dict[str, UploadedImage]
    liked: list[str]
    disliked: list[str]
    exclude: list[str]
    filters: dict[str, list[str]]
    skip: int


class SearchNumber(TypedDict):
    """The number of a search among those of a page; the newest wins."""

    page: str
    search_id: int


class ClearParams(GridState, SearchNumber):
    """Ends the search."""


class _Before(TypedDict, total=False):
    before: list[str]


class SearchCall(SearchParams, GridState, SearchNumber, _Before):
    """A search of a page; ``before`` has the ids of the results that the grid shows already."""


class ShownAnswer(SearchAnswer, GridAnswer):
    """The answer to a search, the new state of the grid, and the version of the index."""

    index_version: str | None


class Superseded(TypedDict):
    """The answer to a search if the page has started a newer one."""

    superseded: Literal[True]


class CompareParams(SearchParams, GridState):
    """A search in another index, of this dataset or another."""

    dataset: str
    other_key: str


class CompareAnswer(SearchAnswer):
    """The answer to a search in another index."""

    dataset: str


class SearchInGrid(SearchParams, GridState):
    """A search, and the state of the grid."""


# -- results ---------------------------------------------------------------------------------------


class _OtherDataset(TypedDict, total=False):
    dataset: str


class OpenParams(_OtherDataset):
    """The result to open, and its dataset if it is another."""

    id: str
    sample_id: str


class ResultIds(TypedDict):
    """Results: ids of samples, or of labels in a field."""

    ids: list[str]
    patches_field: str | None


class TagParams(ResultIds):
    """The results to tag."""

    tag: str


class TagPreview(TypedDict):
    """The number of results without the tag, and of all."""

    new: int
    count: int


class TaggedIds(TypedDict):
    """The number and the ids of the results that did not have the tag before."""

    tagged: int
    ids: list[str]


class _SomeIds(TypedDict, total=False):
    ids: list[str] | None


class Tagging(_SomeIds):
    """A tagging to undo: that of some ids, or all with the tag."""

    tag: str


class UntagAnswer(TypedDict):
    """The number of samples, or labels, that lost the tag."""

    untagged: int


class SaveViewParams(ResultIds):
    """The results to save as a view."""

    name: str


class SaveViewAnswer(TypedDict):
    """The name of the saved view, and those of all saved views."""

    name: str
    saved_views: list[str]


class SaveScoresParams(SearchParams, GridState, ResultIds):
    """The scores to save in a field; with ``everywhere``, those of all that the index holds."""

    scores: list[float]
    field: str
    everywhere: bool


class SaveScoresAnswer(TypedDict):
    """The field, and the number of scores in it."""

    field: str
    count: int


class ExportParams(SearchParams, GridState):
    """The search whose results to export; ``k`` is the number of results that the page shows."""

    format: ExportFormat


class ExportAnswer(TypedDict):
    """A file."""

    name: str
    content: str


class CodeAnswer(TypedDict):
    """Python code."""

    code: str


# -- history ---------------------------------------------------------------------------------------


class SavedSearch(TypedDict):
    """A saved search; ``used_at`` is ISO 8601, UTC."""

    id: str
    params: SavedParams
    name: str | None
    pinned: bool
    used_at: str
    uses: int


class HistoryAnswer(TypedDict):
    """The saved searches: pinned searches first, then the newest first."""

    searches: list[SavedSearch]


class SaveSearchParams(TypedDict):
    """The search to save under a name."""

    params: SavedParams
    name: str


class SearchIdParams(TypedDict):
    """The saved search that a method is about."""

    id: str


class RenameParams(SearchIdParams):
    """The new name of a saved search; empty for none."""

    name: str


class PinParams(SearchIdParams):
    """Whether to pin a saved search."""

    pinned: bool
