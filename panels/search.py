"""The panel "FAISS Search": what its page asks for, answered with one call of ``brain`` each.

The page keeps what a person typed and what was found. Each of its calls names a method of
:class:`SearchPanel` and gets back a JSON value, in which ``error`` is a sentence to show.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.operators as foo
from bson import json_util
from fiftyone.operators import types

from fiftyone_faiss import brain

logger = logging.getLogger(__name__)

BUILD_INDEX = "@fiftyone-faiss/similarity/build_index"
Answer = dict[str, Any]
Method = Callable[["SearchPanel", foo.ExecutionContext], Answer]


def answered(method: Method) -> Method:
    """Turns what a method raises into a sentence for the page."""

    @functools.wraps(method)
    def call(self: SearchPanel, ctx: foo.ExecutionContext) -> Answer:
        try:
            return method(self, ctx)
        except ValueError as error:
            return {"error": str(error)}
        except Exception as error:
            logger.exception("The panel could not %s", method.__name__)
            name = type(error).__name__
            return {"error": f"Something went wrong ({name}: {error}); the server's log has more."}

    return call


class SearchPanel(foo.Panel):
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
        view = types.View(
            component="FaissSearchPanel",
            composite_view=True,
            refresh=self.refresh,
            warm=self.warm,
            search=self.search,
            open_sample=self.open_sample,
            tag=self.tag,
            untag=self.untag,
            clear=self.clear,
            build=self.build,
            update=self.update,
            jobs=self.jobs,
            cancel=self.cancel,
        )
        return types.Property(types.Object(), view=view)

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        self.refresh(ctx)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        self.refresh(ctx)

    @answered
    def refresh(self, ctx: foo.ExecutionContext) -> Answer:
        """Tells the page which indexes there are."""
        dataset = ctx.dataset
        ctx.panel.set_data(
            {
                "dataset": dataset.name,
                "size": dataset.count(),
                "indexes": [info.to_dict() for info in brain.list_indexes(dataset)],
                "jobs": [job.to_dict() for job in brain.list_jobs(dataset.name)],
            }
        )
        return {}

    @answered
    def warm(self, ctx: foo.ExecutionContext) -> Answer:
        """Loads the model of an index before the first query needs it."""
        return brain.warm(ctx.dataset, ctx.params.get("brain_key"))

    @answered
    def search(self, ctx: foo.ExecutionContext) -> Answer:
        """Answers a query, and shows the same in the App's grid."""
        started = time.perf_counter()
        base, shown = _base_view(ctx)
        samples = base if ctx.params.get("scope") == "view" else ctx.dataset
        request = brain.SearchRequest.from_params(ctx.params)
        neighbors = brain.answer(samples, request)
        view = neighbors.view()
        results = _results(view, neighbors)
        ctx.ops.set_view(view)
        return {
            **neighbors.summary(),
            "results": results,
            "milliseconds": 1000 * (time.perf_counter() - started),
            "patches_field": neighbors.patches_field,
            "base": base._serialize(include_uuids=False),
            "shown": [*shown, _fingerprint(view)],
        }

    @answered
    def open_sample(self, ctx: foo.ExecutionContext) -> Answer:
        """Opens a result in the App's sample viewer."""
        ctx.ops.open_sample(id=ctx.params["id"])
        return {}

    @answered
    def tag(self, ctx: foo.ExecutionContext) -> Answer:
        """Tags the results."""
        tag = str(ctx.params.get("tag") or "")
        ids, field = ctx.params["ids"], ctx.params.get("patches_field")
        tagged = brain.apply_tag(ctx.dataset, ids, tag, field)
        ctx.ops.reload_dataset()
        return {"tagged": len(tagged)}

    @answered
    def untag(self, ctx: foo.ExecutionContext) -> Answer:
        """Takes a tagging back."""
        count = brain.untag_neighbors(ctx.dataset, str(ctx.params["tag"]))
        ctx.ops.reload_dataset()
        return {"untagged": count}

    @answered
    def clear(self, ctx: foo.ExecutionContext) -> Answer:
        """Shows in the grid what it showed before the first search."""
        base, _ = _base_view(ctx)
        if base == ctx.dataset.view():
            ctx.ops.clear_view()
        else:
            ctx.ops.set_view(base)
        return {}

    @answered
    def build(self, ctx: foo.ExecutionContext) -> Answer:
        """Opens the form that builds an index."""
        ctx.prompt(BUILD_INDEX, on_success=self.refresh)
        return {}

    @answered
    def update(self, ctx: foo.ExecutionContext) -> Answer:
        """Begins to embed what an index lacks, and to forget what was deleted."""
        key = ctx.params["brain_key"]
        steps = brain.update_index_steps(ctx.dataset, key)
        return brain.start_job(steps, ctx.dataset.name, key).to_dict()

    @answered
    def jobs(self, ctx: foo.ExecutionContext) -> Answer:
        """Tells how far the work on the dataset is; in the end, what indexes there are now."""
        jobs = brain.list_jobs(ctx.dataset.name)
        if ctx.params.get("watched") and not any(job.state == "running" for job in jobs):
            self.refresh(ctx)
        return {"jobs": [job.to_dict() for job in jobs]}

    @answered
    def cancel(self, ctx: foo.ExecutionContext) -> Answer:
        """Cancels work; what it has done is kept."""
        for job in brain.list_jobs(ctx.dataset.name):
            if job.id == ctx.params["id"]:
                job.cancel()
        return {}


def _base_view(ctx: foo.ExecutionContext) -> tuple[fo.DatasetView, list[str]]:
    """The view that a person chose, and the fingerprints of it and of the answers shown since.

    When the grid shows an answer, it is the view from before the first of them. All are kept, for
    the grid may be an answer or two behind the panel.
    """
    shown, now = ctx.params.get("shown") or [], _fingerprint(ctx.view)
    if now not in shown:
        return ctx.view, [now]
    return fo.DatasetView._build(ctx.dataset, ctx.params["base"]), shown


def _fingerprint(view: fo.DatasetView) -> str:
    stages = json.loads(json_util.dumps(view._serialize(include_uuids=False)))
    return hashlib.sha1(json.dumps(stages, sort_keys=True).encode()).hexdigest()


def _results(view: foc.SampleCollection, neighbors: brain.Neighbors) -> list[Answer]:
    """What the page draws of each neighbour: its picture, its box in it, its score."""
    path_field = view._root_dataset.app_config.grid_media_field or "filepath"
    paths = dict(zip(*view.values(["id", path_field]), strict=True))
    return [
        {"id": one, "path": paths.get(one), "score": round(float(score), 4)}
        for one, score in zip(neighbors.ids, neighbors.scores, strict=True)
    ]
