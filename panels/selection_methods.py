"""The methods of the curation panel that select samples, and list and tag them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_text
from fiftyone_faiss.panels import grid_messages, run_messages, selection_messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.curate_lists import existing, files_of, page_of
from fiftyone_faiss.panels.curate_messages import ActAnswer, Started
from fiftyone_faiss.panels.curate_runs import run_of, start
from fiftyone_faiss.panels.curate_tagging import tagged_answer
from fiftyone_faiss.panels.grid import Grid, samples_of, show_results

_TEXTS = ("brain_key", "labeled_tag", "balance_field", "cluster_field", "near_tag")
_NUMBERS = ("balance", "clusters", "nearness", "diversity", "typicality")


class SelectionMethods:
    """A part of :class:`CuratePanel`."""

    @panel_method
    def select_samples(
        self, ctx: foo.ExecutionContext, params: selection_messages.SelectParams
    ) -> Started:
        """Starts to select samples that are worth labeling next."""
        request = brain.SelectionRequest.from_params(params)
        scope = read_text("scope", params.get("scope"), 2 * MAX_NAME) or "dataset"
        samples = samples_of(Grid.of(ctx, params), scope)
        asked = {
            **{name: read_text(name, params.get(name)) or None for name in _TEXTS},
            **{name: getattr(request, name) for name in _NUMBERS},
            "brain_key": request.brain_key or "",
            "n": request.n,
            "scope": scope,
            "labeled": params.get("labeled") or None,
            "near": request.near,
            "exclude_outliers": request.exclude_outliers,
            "judgments": request.judgments,
        }
        steps = brain.selection_steps(samples, request)
        return start(ctx.dataset, "selection", asked, steps)

    @panel_method
    def selected(
        self, ctx: foo.ExecutionContext, params: selection_messages.SelectedParams
    ) -> selection_messages.SelectedAnswer:
        """Returns a page of what was selected, in order."""
        selection, ids = _existing(ctx.dataset, params)
        first, count = page_of(params)
        place = {id: number for number, id in enumerate(selection.ids, 1)}
        files = files_of(ctx.dataset, ids[first : first + count], selection.patches_field)
        rows: list[selection_messages.SelectedRow] = [
            {"place": place[id], "file": file} for id, file in files.items()
        ]
        return {"rows": rows, "total": len(ids)}

    @panel_method
    def show_selected(
        self, ctx: foo.ExecutionContext, params: run_messages.ShowRunParams
    ) -> grid_messages.GridAnswer:
        """Shows what was selected in the grid, in order."""
        selection, ids = _existing(ctx.dataset, params)
        grid = Grid.of(ctx, params)
        return show_results(ctx, grid, ctx.dataset, ids, selection.patches_field)

    @panel_method
    def tag_selected(
        self, ctx: foo.ExecutionContext, params: run_messages.TagRunParams
    ) -> ActAnswer:
        """Tags what was selected, and records it: the next selection counts it as labeled."""
        selection, ids = _existing(ctx.dataset, params)
        name = read_text("name", params.get("name"), MAX_NAME).strip()
        tagged = brain.apply_tag(ctx.dataset, ids, name, selection.patches_field)
        dataset, field = ctx.dataset, selection.patches_field
        judgment = brain.record_selected(dataset, ids, field)
        return tagged_answer(
            ctx,
            "selection",
            name,
            tagged,
            field,
            lambda: brain.remove_judgment(dataset, judgment),
        )


def _existing(dataset: fo.Dataset, params: Mapping[str, Any]) -> tuple[brain.Selection, list[str]]:
    """The selection, and its ids that still exist."""
    id = read_text("run", params.get("run"))
    selection = run_of(dataset, "selection", brain.Selection, id).result
    return selection, existing(dataset, selection.ids, selection.patches_field)
