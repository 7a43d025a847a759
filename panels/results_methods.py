"""The panel's methods for results: tags, saved views, fields of scores, exports, code."""

from __future__ import annotations

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.panels import messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.grid import samples_of


class ResultsMethods:
    """A part of :class:`SearchPanel`."""

    @panel_method
    def open_sample(self, ctx: foo.ExecutionContext, params: messages.OpenParams) -> messages.Empty:
        """Opens a result in the App's sample viewer; for another dataset, opens the dataset."""
        other = params.get("dataset")
        if other and other != ctx.dataset.name:
            ctx.ops.open_dataset(other)
        else:
            ctx.ops.open_sample(id=params["id"])
        return {}

    @panel_method
    def preview_tag(
        self, ctx: foo.ExecutionContext, params: messages.TagParams
    ) -> messages.TagPreview:
        """Counts the results that do not have a tag yet."""
        ids, field = params["ids"], params.get("patches_field")
        new = brain.untagged(ctx.dataset, ids, str(params.get("tag") or ""), field)
        return {"new": len(new), "count": len(ids)}

    @panel_method
    def tag(self, ctx: foo.ExecutionContext, params: messages.TagParams) -> messages.TaggedIds:
        """Tags the results."""
        ids, field = params["ids"], params.get("patches_field")
        tagged = brain.apply_tag(ctx.dataset, ids, str(params.get("tag") or ""), field)
        ctx.ops.reload_dataset()
        return {"tagged": len(tagged), "ids": tagged}

    @panel_method
    def untag(self, ctx: foo.ExecutionContext, params: messages.Tagging) -> messages.UntagAnswer:
        """Undoes a tagging."""
        count = brain.untag_neighbors(ctx.dataset, str(params["tag"]), params.get("ids"))
        ctx.ops.reload_dataset()
        return {"untagged": count}

    @panel_method
    def save_view(
        self, ctx: foo.ExecutionContext, params: messages.SaveViewParams
    ) -> messages.SaveViewAnswer:
        """Saves the results as a saved view."""
        name = str(params.get("name") or "").strip()
        view = brain.view_of(ctx.dataset, list(params["ids"]), params.get("patches_field"))
        brain.save_view(view, name)
        ctx.ops.reload_dataset()
        return {"name": name, "saved_views": ctx.dataset.list_saved_views()}

    @panel_method
    def save_scores(
        self, ctx: foo.ExecutionContext, params: messages.SaveScoresParams
    ) -> messages.SaveScoresAnswer:
        """Saves the scores of the results in a field, or searches again for those of all."""
        field = str(params.get("field") or "").strip()
        if params.get("everywhere"):
            request = brain.SearchRequest.from_params(params)
            count = brain.run_search(ctx.dataset, request).save_scores(field, everywhere=True)
        else:
            scores = dict(zip(params["ids"], params["scores"], strict=True))
            count = brain.save_scores(ctx.dataset, scores, field, params.get("patches_field"))
        ctx.ops.reload_dataset()
        return {"field": field, "count": count}

    @panel_method
    def export(
        self, ctx: foo.ExecutionContext, params: messages.ExportParams
    ) -> messages.ExportAnswer:
        """Searches again for all results that the page shows, and returns them as a file."""
        kind = str(params.get("format"))
        request = brain.SearchRequest.from_params({**params, "skip": 0})
        neighbors = brain.run_search(samples_of(ctx, params, request.scope), request)
        suffix = {"stages": "stages.json"}.get(kind, kind)
        return {"name": f"{ctx.dataset.name}-search.{suffix}", "content": neighbors.to_text(kind)}

    @panel_method
    def code(self, ctx: foo.ExecutionContext, params: messages.SearchInGrid) -> messages.CodeAnswer:
        """Returns Python code for the same search."""
        request = brain.SearchRequest.from_params(params)
        return {"code": brain.as_code(samples_of(ctx, params, request.scope), request)}
