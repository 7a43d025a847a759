"""The methods of the curation panel that compare models."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_text
from fiftyone_faiss.panels import curate_messages, grid_messages, models_messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.curate_lists import page_of
from fiftyone_faiss.panels.curate_runs import run_of, start
from fiftyone_faiss.panels.grid import Grid, samples_of, show_results
from fiftyone_faiss.panels.models_run import class_rows


class ModelsMethods:
    """A part of :class:`CuratePanel`."""

    @panel_method
    def compare_models(
        self, ctx: foo.ExecutionContext, params: models_messages.ComparisonParams
    ) -> curate_messages.Started:
        """Starts a comparison of models."""
        scope = read_text("scope", params.get("scope"), 2 * MAX_NAME) or "dataset"
        request = brain.ComparisonRequest.from_params(params)
        steps = brain.comparison_steps(samples_of(Grid.of(ctx, params), scope), request)
        asked = {
            "brain_keys": list(request.brain_keys),
            "label_field": request.label_field,
            "scope": scope,
            "k": request.k,
        }
        return start(ctx.dataset, "models", asked, steps)

    @panel_method
    def compared_classes(
        self, ctx: foo.ExecutionContext, params: models_messages.ClassesParams
    ) -> models_messages.ClassesAnswer:
        """Returns a page of the classes with the measure of each index."""
        rows = class_rows(_comparison(ctx, params))
        first, count = page_of(params)
        return {"classes": rows[first : first + count], "total": len(rows)}

    @panel_method
    def show_difference(
        self, ctx: foo.ExecutionContext, params: models_messages.ShowDifferenceParams
    ) -> grid_messages.GridAnswer:
        """Shows in the grid what one index retrieves right and another one wrong."""
        result = _comparison(ctx, params)
        right, wrong = (read_text(name, params.get(name), MAX_NAME) for name in ("right", "wrong"))
        grid = Grid.of(ctx, params)
        ids = result.ids(right, wrong)
        return show_results(ctx, grid, ctx.dataset, ids, result.patches_field)


def _comparison(ctx: foo.ExecutionContext, params: Any) -> brain.ModelComparison:
    id = read_text("run", params.get("run"), MAX_NAME)
    return run_of(ctx.dataset, "models", brain.ModelComparison, id).result
