"""What the panel's methods share: errors as sentences, the view before, results as JSON."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import fiftyone as fo
import fiftyone.operators as foo
from bson import json_util

from fiftyone_faiss import brain

logger = logging.getLogger(__name__)

Answer = dict[str, Any]
Self = TypeVar("Self")
Method = Callable[[Self, foo.ExecutionContext], Answer]


def answered(method: Method[Self]) -> Method[Self]:
    """Turns what a method raises into a sentence for the page."""

    @functools.wraps(method)
    def call(self: Self, ctx: foo.ExecutionContext) -> Answer:
        try:
            return method(self, ctx)
        except ValueError as error:
            return {"error": str(error)}
        except Exception as error:
            logger.exception("The panel could not %s", method.__name__)
            name = type(error).__name__
            return {"error": f"Something went wrong ({name}: {error}); the server's log has more."}

    return call


def base_view(ctx: foo.ExecutionContext) -> tuple[fo.DatasetView, list[str]]:
    """The view that a person chose, and the fingerprints of it and of the answers shown since.

    When the grid shows an answer, it is the view from before the first of them. All are kept, for
    the grid may be an answer or two behind the panel.
    """
    shown, now = ctx.params.get("shown") or [], fingerprint(ctx.view)
    if now not in shown:
        return ctx.view, [now]
    return fo.DatasetView._build(ctx.dataset, ctx.params["base"]), shown


def fingerprint(view: fo.DatasetView) -> str:
    """A hash of a view's stages."""
    stages = json.loads(json_util.dumps(view._serialize(include_uuids=False)))
    return hashlib.sha1(json.dumps(stages, sort_keys=True).encode()).hexdigest()


def scope_of(ctx: foo.ExecutionContext) -> tuple[Any, fo.DatasetView, list[str]]:
    """What is to be searched, and what :func:`base_view` tells.

    Raises:
        ValueError: if it is a saved view that is no longer there
    """
    base, shown = base_view(ctx)
    scope = ctx.params.get("scope") or "dataset"
    if scope == "dataset":
        return ctx.dataset, base, shown
    if scope == "view":
        return base, base, shown
    # A saved view may have one of those names.
    name = scope.removeprefix("saved:")
    if not ctx.dataset.has_saved_view(name):
        raise ValueError(f"There is no saved view '{name}' any more; choose what to search in.")
    return ctx.dataset.load_saved_view(name), base, shown


def drawn(neighbors: brain.Neighbors) -> Answer:
    """What the page draws of the neighbors, as JSON values."""
    app_config = neighbors.samples._root_dataset.app_config
    rows = neighbors.rows(app_config.grid_media_field or "filepath")
    for row in rows:
        row["near_duplicates"] = row.pop("copies")
    return {
        **neighbors.summary(),
        "metric": neighbors.metric,
        "patches_field": neighbors.patches_field,
        "cutoff": neighbors.cut,
        "has_more": neighbors.has_more,
        "verdict": neighbors.verdict,
        "results": rows,
    }


# TEMPORARY: the page's names of request parameters, until ``brain`` accepts them. Delete both
# functions and their calls then.
def _to_current_params(params: Mapping[str, Any]) -> Answer:
    """The page's request with the names that ``brain`` accepts now."""
    current = dict(params)
    if "collapse" in current:
        current["fold"] = current.pop("collapse")
    if current.get("templates") == "single":
        current["templates"] = "one"
    return current


def _to_page_params(params: Mapping[str, Any]) -> Answer:
    """The inverse of :func:`_to_current_params`, for saved searches."""
    page = dict(params)
    if "fold" in page:
        page["collapse"] = page.pop("fold")
    if page.get("templates") == "one":
        page["templates"] = "single"
    return page
