"""The panel "FAISS Search": what its page asks for, answered with a call or two of ``brain`` each.

The page keeps what a person typed and what was found. Each of its calls names a method of
:class:`SearchPanel` and gets back a JSON value, in which ``error`` is a sentence to show.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.panels.acting import Acting
from fiftyone_faiss.panels.answers import (
    Answer,
    _to_current_params,
    answered,
    base_view,
    drawn,
    fingerprint,
    scope_of,
)
from fiftyone_faiss.panels.remembering import Remembering
from fiftyone_faiss.panels.upkeep import Upkeep

METHODS = (
    "refresh", "warm", "explain", "search", "compare", "clear",
    "open_sample", "preview_tag", "tag", "untag", "save_view", "save_scores", "export", "code",
    "history", "save_search", "rename_search", "pin_search", "delete_search",
    "health", "missing", "build", "update", "rebuild", "tune", "jobs", "cancel",
)  # fmt: skip

# The number of the newest search, or clearing, of each page, of so many pages: an older one must
# not reach the grid.
PAGES = 1_000
_newest: dict[str, int] = {}
_counting = threading.Lock()


class SearchPanel(Acting, Remembering, Upkeep, foo.Panel):
    """``@fiftyone-faiss/similarity/similarity_search_faiss``"""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="similarity_search_faiss",
            label="FAISS Search",
            icon="image_search",
            surfaces="grid",
            category=foo.Categories.CURATE,
            help_markdown="Search this dataset by words, by an image, or by selected samples.",
        )

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        methods = {name: getattr(self, name) for name in METHODS}
        view = types.View(component="FaissSearchPanel", composite_view=True, **methods)
        return types.Property(types.Object(), view=view)

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        self.refresh(ctx)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        self.refresh(ctx)

    @answered
    def explain(self, ctx: foo.ExecutionContext) -> Answer:
        """Tells how a query line is read, while it is typed."""
        return brain.explain_line(str(ctx.params.get("query") or ""))

    @answered
    def search(self, ctx: foo.ExecutionContext) -> Answer:
        """Answers a query, and shows the same in the App's grid."""
        started = time.perf_counter()
        is_newest = _counted(ctx)
        samples, base, shown = scope_of(ctx)
        request = brain.SearchRequest.from_params(_to_current_params(ctx.params))
        if not is_newest():
            return {"superseded": True}
        neighbors = brain.run_search(samples, request)
        if not is_newest():
            return {"superseded": True}
        # A further page joins what the grid shows already.
        before = list(ctx.params.get("before") or ()) if request.skip else []
        view = brain.view_of(samples, [*before, *neighbors.ids], neighbors.patches_field)
        answer = drawn(neighbors)
        if not request.skip:
            answer["notes"] += _remembered(ctx)
        ctx.ops.set_view(view)
        return {
            **answer,
            "milliseconds": 1000 * (time.perf_counter() - started),
            "base": base._serialize(include_uuids=False),
            "shown": [*shown, fingerprint(view)],
        }

    @answered
    def compare(self, ctx: foo.ExecutionContext) -> Answer:
        """Answers the same query from another index; the grid stays as it is."""
        name = ctx.params.get("dataset") or ctx.dataset.name
        if not fo.dataset_exists(name):
            raise ValueError(f"There is no dataset '{name}' any more; compare with another index.")
        other = scope_of(ctx)[0] if name == ctx.dataset.name else fo.load_dataset(name)
        params = {**ctx.params, "brain_key": ctx.params["other_key"], "liked": [], "disliked": []}
        # Ids are of this dataset; an index that does not hold them embeds their files.
        request = brain.SearchRequest.from_params(_to_current_params(params), ctx.dataset)
        return {**drawn(brain.run_search(other, request)), "dataset": name}

    @answered
    def clear(self, ctx: foo.ExecutionContext) -> Answer:
        """Drops a search that still runs; the grid shows what it showed before the first one."""
        if not _counted(ctx)():
            return {"superseded": True}
        base, _ = base_view(ctx)
        if base == ctx.dataset.view():
            ctx.ops.clear_view()
        else:
            ctx.ops.set_view(base)
        return {}


def _remembered(ctx: foo.ExecutionContext) -> list[str]:
    """Puts a search into the history, all but those by uploads, which are not kept."""
    if ctx.params.get("uploads") or "query" not in ctx.params:
        return []
    try:
        brain.record_search(ctx.dataset, brain.lasting_params(_to_current_params(ctx.params)))
    except ValueError as error:
        return [str(error)]
    return []


def _counted(ctx: foo.ExecutionContext) -> Callable[[], bool]:
    """Takes note of a search, or a clearing, and tells whether it is still its page's newest when
    asked.

    Pages number them: a request may arrive late.
    """
    page = f"{ctx.panel_id}/{ctx.params.get('page')}"
    number = int(ctx.params.get("search_id") or 0)
    with _counting:
        _newest[page] = max(number, _newest.pop(page, 0))
        while len(_newest) > PAGES:
            del _newest[next(iter(_newest))]
    return lambda: number >= _newest.get(page, 0)
