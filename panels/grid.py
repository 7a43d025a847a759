"""The App's grid: which view and filters a person chose, and what a search in it means."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.operators as foo
import fiftyone.server.view as fosv
from bson import json_util
from cachetools import LRUCache

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    quoted,
    read_ids,
    read_list,
    read_mapping,
    read_text,
    read_whole,
)
from fiftyone_faiss.panels import grid_messages, messages

SidebarFilters = dict[str, Any]
"""The filters of the App's sidebar: by the path of a field, in the App's own format."""

# The number of the newest search, or clearing, of each page; an older one must not reach the grid.
_NEWEST: LRUCache[str, int] = LRUCache(maxsize=1_000)
_NEWEST_LOCK = threading.Lock()

# What the grid showed before results, by the dataset and the fingerprint of their view: the grid is
# shared, and results of one page are no choice of a person who searches on another page.
_BEFORE: LRUCache[tuple[str, str], tuple[list[dict[str, Any]], SidebarFilters]]
_BEFORE = LRUCache(maxsize=1_000)
_BEFORE_LOCK = threading.Lock()


@dataclass(frozen=True)
class Grid:
    """What a person chose to see in the grid.

    While the grid shows results, this is what it showed before the first search.

    Attributes:
        dataset: the dataset
        view: the view, without the sidebar's filters
        filters: the sidebar's filters, whether they are in force or put aside for the results
        shown: the fingerprints of the chosen view and of the results shown since
        has_results: whether the grid shows the newest results of the page
    """

    dataset: fo.Dataset
    view: fo.DatasetView
    filters: SidebarFilters
    shown: list[str]
    has_results: bool

    @classmethod
    def of(cls, ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> Grid:
        """Reads the grid of a request.

        The page sends the fingerprints of all results that it has shown, because the grid may lag
        behind, the filters that these results have put aside, and those that it is about to set.
        """
        pending = dict(read_mapping("pending", params.get("pending")))
        now, filters = _current_view(ctx), _current_filters(ctx) or pending
        shown, is_at = read_list("shown", params.get("shown")), fingerprint(now)
        # A saved view is chosen, also if it was saved from results.
        is_saved = bool(ctx.request_params.get("view_name"))
        if is_at in shown and not is_saved:
            rows = read_list("base", params.get("base"))
            stages = [dict(read_mapping("base", row)) for row in rows]
            aside = dict(read_mapping("sidebar", params.get("sidebar")))
        else:
            with _BEFORE_LOCK:
                before = _BEFORE.get((ctx.dataset.name, is_at))
            if before is None or is_saved:
                return cls(ctx.dataset, now, filters, [is_at], False)
            shown, (stages, aside) = [is_at], before
        base = brain.build_view(ctx.dataset, stages)
        has_results = len(shown) > 1 and is_at == shown[-1]
        return cls(ctx.dataset, base, filters or aside, shown, has_results)

    @property
    def is_whole(self) -> bool:
        """Whether the grid shows the whole dataset."""
        return not self.filters and self.view == self.dataset.view()

    @cached_property
    def samples(self) -> foc.SampleCollection:
        """The samples of the view that the filters let through; the dataset if these are all."""
        if self.is_whole:
            return self.dataset
        if not self.filters:
            return self.view
        stages = brain.serialize_view(self.view)
        return fosv.get_view(self.dataset, stages=stages, filters=self.filters)


def _current_view(ctx: foo.ExecutionContext) -> fo.DatasetView:
    """The view in the grid without the sidebar's filters."""
    if not _current_filters(ctx):
        return ctx.view
    request = ctx.request_params
    if request.get("view_name"):
        return ctx.dataset.load_saved_view(request["view_name"])
    # An extended selection, such as that of points in a plot, is a part of the view.
    return fosv.get_view(
        ctx.dataset, stages=request.get("view"), extended_stages=request.get("extended")
    )


def _current_filters(ctx: foo.ExecutionContext) -> SidebarFilters:
    return dict(ctx.request_params.get("filters") or {})


def show(
    ctx: foo.ExecutionContext, view: fo.DatasetView, filters: SidebarFilters
) -> grid_messages.GridChange:
    """Shows a view in the grid; returns what the page has to do.

    The App drops the filters of the sidebar when it has loaded another view. Only the page knows
    when that is, so it sets the filters.
    """
    if view == ctx.dataset.view():
        ctx.ops.clear_view()
    else:
        ctx.ops.set_view(view)
    moves = fingerprint(view) != fingerprint(_current_view(ctx))
    return {"filters": filters, "moves": moves}


def fingerprint(view: fo.DatasetView) -> str:
    """A hash of a view's stages."""
    stages = json.loads(json_util.dumps(brain.serialize_view(view)))
    return hashlib.sha1(json.dumps(stages, sort_keys=True).encode()).hexdigest()


def dataset_of(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> fo.Dataset:
    """The dataset of results, which may be another than the App's.

    Raises:
        ValueError: if it does not exist any more
    """
    name = read_text("dataset", params.get("dataset"), MAX_NAME) or ctx.dataset.name
    if name == ctx.dataset.name:
        return ctx.dataset
    if not fo.dataset_exists(name):
        raise ValueError(f"There is no dataset '{name}' any more; compare with another index.")
    return fo.load_dataset(name)


def path_field(dataset: fo.Dataset) -> str:
    """The field with the images that the grid shows, such as thumbnails."""
    return str(dataset.app_config.grid_media_field or "filepath")


def samples_of(grid: Grid, scope: str) -> foc.SampleCollection:
    """The dataset or the view to search in.

    Args:
        grid: what the grid shows
        scope: see :class:`SearchRequest`; the name of a saved view alone works too

    Raises:
        ValueError: if it is a saved view that does not exist
    """
    if scope == "dataset":
        return grid.dataset
    if scope == "view":
        return grid.samples
    # A saved view may be named "dataset" or "view".
    name = scope.removeprefix("saved:")
    if not grid.dataset.has_saved_view(name):
        raise ValueError(
            f"There is no saved view {quoted(name)} any more; choose what to search in."
        )
    return grid.dataset.load_saved_view(name)


def show_results(
    ctx: foo.ExecutionContext,
    grid: Grid,
    samples: foc.SampleCollection,
    ids: list[str],
    patches_field: str | None,
) -> grid_messages.GridAnswer:
    """Shows results in the grid; returns the new state of the grid.

    The sidebar's filters stay in force if the results are from the samples that they let through;
    else they are put aside until the results are cleared.

    Args:
        ctx: the context
        grid: what the grid shows
        samples: what was searched
        ids: the ids of the results
        patches_field: the field of the labels that they are; None for samples
    """
    # Patches lack the fields of their samples, so the filters of these become stages of the view.
    keeps = samples is grid.samples and (patches_field is None or brain.holds_parts(grid.view))
    view = brain.view_of(grid.view if keeps else samples, ids, patches_field)
    base, aside = brain.serialize_view(grid.view), {} if keeps else grid.filters
    is_at = fingerprint(view)
    with _BEFORE_LOCK:
        _BEFORE[grid.dataset.name, is_at] = base, aside
    return {
        **show(ctx, view, grid.filters if keeps else {}),
        "base": base,
        "sidebar": aside,
        "shown": [*grid.shown, is_at],
    }


def is_newest(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> Callable[[], bool]:
    """Registers a search, or a clearing; returns a function that tells whether it is still the
    newest of its page.

    Pages number them, because a request may arrive late.
    """
    page = f"{ctx.panel_id}/{read_text('page', params.get('page'), MAX_NAME)}"
    # Pages number them by the time in ms; JavaScript's whole numbers have 53 bits.
    number = read_whole("search_id", params.get("search_id"), 2**53) or 0
    with _NEWEST_LOCK:
        _NEWEST[page] = max(number, _NEWEST.get(page, 0))

    def check() -> bool:
        with _NEWEST_LOCK:
            return number >= _NEWEST.get(page, 0)

    return check


def results_of(params: messages.ResultIds) -> tuple[list[str], str | None]:
    """The ids of results, and the field of those that are labels.

    Raises:
        ValueError: if the ids are not valid, or there is no such field
    """
    ids = list(read_ids("ids", params.get("ids")))
    return ids, read_text("patches_field", params.get("patches_field"), MAX_NAME) or None
