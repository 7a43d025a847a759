"""The App's grid: which view a person chose, and what a search in it means."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.operators as foo
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
from fiftyone_faiss.panels import messages

# The number of the newest search, or clearing, of each page; an older one must not reach the grid.
_NEWEST: LRUCache[str, int] = LRUCache(maxsize=1_000)
_NEWEST_LOCK = threading.Lock()


def base_view(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> fo.DatasetView:
    """The view that a person chose: if the grid shows results, the view before the first search.

    The page sends the fingerprints of all results that it has shown, because the grid may lag
    behind.
    """
    if fingerprint(ctx.view) not in read_list("shown", params.get("shown")):
        return ctx.view
    stages = [dict(read_mapping("base", stage)) for stage in read_list("base", params.get("base"))]
    return brain.build_view(ctx.dataset, stages)


def shown_views(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> list[str]:
    """The fingerprints of the chosen view and of the results shown since."""
    shown, now = read_list("shown", params.get("shown")), fingerprint(ctx.view)
    return shown if now in shown else [now]


def fingerprint(view: fo.DatasetView) -> str:
    """A hash of a view's stages."""
    stages = json.loads(json_util.dumps(brain.serialize_view(view)))
    return hashlib.sha1(json.dumps(stages, sort_keys=True).encode()).hexdigest()


def samples_of(
    ctx: foo.ExecutionContext, params: Mapping[str, Any], scope: str
) -> foc.SampleCollection:
    """The dataset or the view to search in.

    Args:
        ctx: the context
        params: the message of the page
        scope: see :class:`SearchRequest`; the name of a saved view alone works too

    Raises:
        ValueError: if it is a saved view that does not exist
    """
    if scope == "dataset":
        return ctx.dataset
    if scope == "view":
        return base_view(ctx, params)
    # A saved view may be named "dataset" or "view".
    name = scope.removeprefix("saved:")
    if not ctx.dataset.has_saved_view(name):
        raise ValueError(
            f"There is no saved view {quoted(name)} any more; choose what to search in."
        )
    return ctx.dataset.load_saved_view(name)


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
