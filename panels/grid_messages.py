"""The messages between the page and the panel about the grid, and about filters."""

from __future__ import annotations

from typing import Any, TypedDict


class GridState(TypedDict, total=False):
    """The view before the first search, the filters of the sidebar that the results have put aside,
    the fingerprints of the views shown since, and the filters that the page is about to set.
    """

    base: list[Any]
    sidebar: dict[str, Any]
    shown: list[str]
    pending: dict[str, Any]


class GridChange(TypedDict):
    """The filters that the sidebar should have once the grid shows its new view; ``moves`` is
    whether that is another view.
    """

    filters: dict[str, Any]
    moves: bool


class GridAnswer(GridChange):
    """The new state of the grid."""

    base: list[Any]
    sidebar: dict[str, Any]
    shown: list[str]


class LookParams(GridState):
    """The index of the page's results."""

    brain_key: str


class LookAnswer(TypedDict):
    """What the grid shows.

    ``in_view`` is the number of samples, or of parts of them, that the view and the
    filters of the sidebar let through; None if these are all samples. ``has_results`` is whether
    the grid shows the newest results of the page, ``is_of_parts`` whether its view is one of
    patches, clips or frames.
    """

    total: int
    in_view: int | None
    has_filters: bool
    has_results: bool
    is_of_parts: bool
    index_version: str | None


class ImagesParams(TypedDict):
    """Ids of samples."""

    ids: list[str]


class ImagesAnswer(TypedDict):
    """The images of samples, in the order of the ids; fewer where a sample has none."""

    filepaths: list[str]


class ExamplesAnswer(TypedDict):
    """Queries to try."""

    examples: list[str]


class FacetParams(GridState):
    """The results whose values to count; without ids, those of what the scope names."""

    ids: list[str] | None
    patches_field: str | None
    scope: str


class FacetValue(TypedDict):
    """A value of a field, and the number of results with it."""

    value: str
    count: int


class Facet(TypedDict):
    """The values of a field, most frequent first; ``more`` is the number of further values."""

    path: str
    values: list[FacetValue]
    more: int


class FacetAnswer(TypedDict):
    """The values of each field; ``is_counted`` is False, and there are none, if there are too many
    samples to count without a search.
    """

    facets: list[Facet]
    is_counted: bool
