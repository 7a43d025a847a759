"""The panel's methods for results: tags, saved views, fields of scores, exports, code."""

from __future__ import annotations

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    read_flag,
    read_ids,
    read_numbers,
    read_text,
)
from fiftyone_faiss.panels import messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.grid import Grid, results_of, samples_of


def apply_tag(ctx: foo.ExecutionContext, params: messages.TagParams) -> messages.TaggedIds:
    """Tags results, without showing that in the App."""
    ids, field = results_of(params)
    tagged = brain.apply_tag(ctx.dataset, ids, read_text("tag", params.get("tag")), field)
    return {"tagged": len(tagged), "ids": tagged}


def undo_tag(ctx: foo.ExecutionContext, params: messages.Tagging) -> messages.UntagAnswer:
    """Undoes a tagging, without showing that in the App."""
    ids = None if params.get("ids") is None else read_ids("ids", params["ids"])
    count = brain.untag_neighbors(ctx.dataset, read_text("tag", params.get("tag")), ids)
    return {"untagged": count}


class ResultsMethods:
    """A part of :class:`SearchPanel`."""

    @panel_method
    def open_sample(self, ctx: foo.ExecutionContext, params: messages.OpenParams) -> messages.Empty:
        """Opens a result in the App's sample viewer; for another dataset, opens the dataset."""
        other = read_text("dataset", params.get("dataset"), MAX_NAME)
        if other and other != ctx.dataset.name:
            ctx.ops.open_dataset(other)
        else:
            ctx.ops.open_sample(id=read_text("id", params.get("id"), MAX_NAME))
        return {}

    @panel_method
    def preview_tag(
        self, ctx: foo.ExecutionContext, params: messages.TagParams
    ) -> messages.TagPreview:
        """Counts the results that do not have a tag yet."""
        ids, field = results_of(params)
        new = brain.untagged(ctx.dataset, ids, read_text("tag", params.get("tag")), field)
        return {"new": len(new), "count": len(ids)}

    @panel_method
    def tag(self, ctx: foo.ExecutionContext, params: messages.TagParams) -> messages.TaggedIds:
        """Tags the results."""
        answer = apply_tag(ctx, params)
        ctx.ops.reload_dataset()
        return answer

    @panel_method
    def untag(self, ctx: foo.ExecutionContext, params: messages.Tagging) -> messages.UntagAnswer:
        """Undoes a tagging."""
        answer = undo_tag(ctx, params)
        ctx.ops.reload_dataset()
        return answer

    @panel_method
    def save_view(
        self, ctx: foo.ExecutionContext, params: messages.SaveViewParams
    ) -> messages.SaveViewAnswer:
        """Saves the results as a saved view."""
        name = read_text("The name", params.get("name"), MAX_NAME).strip()
        view = brain.view_of(ctx.dataset, *results_of(params))
        brain.save_view(view, name)
        ctx.ops.reload_dataset()
        return {"name": name, "saved_views": ctx.dataset.list_saved_views()}

    @panel_method
    def save_scores(
        self, ctx: foo.ExecutionContext, params: messages.SaveScoresParams
    ) -> messages.SaveScoresAnswer:
        """Saves the scores of the results in a field, or searches again for those of all."""
        field = read_text("field", params.get("field"), MAX_NAME).strip()
        if read_flag("everywhere", params.get("everywhere")):
            request = brain.SearchRequest.from_params(params)
            count = brain.run_search(ctx.dataset, request).save_scores(field, everywhere=True)
        else:
            ids, patches_field = results_of(params)
            scores = read_numbers("scores", params.get("scores"))
            if len(scores) != len(ids):
                raise ValueError(
                    f"There are {len(scores)} scores for {len(ids)} ids; give one each."
                )
            score_of = dict(zip(ids, scores, strict=True))
            count = brain.save_scores(ctx.dataset, score_of, field, patches_field).count
        ctx.ops.reload_dataset()
        return {"field": field, "count": count}

    @panel_method
    def export(
        self, ctx: foo.ExecutionContext, params: messages.ExportParams
    ) -> messages.ExportAnswer:
        """Searches again for all results that the page shows, and returns them as a file."""
        kind = read_text("format", params.get("format"))
        request = brain.SearchRequest.from_params({**params, "skip": 0})
        neighbors = brain.run_search(samples_of(Grid.of(ctx, params), request.scope), request)
        suffix = {"stages": "stages.json"}.get(kind, kind)
        return {"name": f"{ctx.dataset.name}-search.{suffix}", "content": neighbors.to_text(kind)}

    @panel_method
    def code(self, ctx: foo.ExecutionContext, params: messages.SearchInGrid) -> messages.CodeAnswer:
        """Returns Python code for the same search."""
        request = brain.SearchRequest.from_params(params)
        return {"code": brain.as_code(samples_of(Grid.of(ctx, params), request.scope), request)}
