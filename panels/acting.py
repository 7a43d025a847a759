"""The panel's methods that act on results: tags, saved views, fields of scores, exports, code."""

from __future__ import annotations

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.panels.answers import Answer, answered, scope_of


class Acting:
    """Methods of the panel; each answers a message of the page."""

    @answered
    def open_sample(self, ctx: foo.ExecutionContext) -> Answer:
        """Opens a result in the App's sample viewer; of another dataset, opens that first."""
        other = ctx.params.get("dataset")
        if other and other != ctx.dataset.name:
            ctx.ops.open_dataset(other)
        else:
            ctx.ops.open_sample(id=ctx.params["id"])
        return {}

    @answered
    def preview_tag(self, ctx: foo.ExecutionContext) -> Answer:
        """Tells how many of the results do not have a tag yet."""
        ids, field = ctx.params["ids"], ctx.params.get("patches_field")
        new = brain.untagged(ctx.dataset, ids, str(ctx.params.get("tag") or ""), field)
        return {"new": len(new), "count": len(ids)}

    @answered
    def tag(self, ctx: foo.ExecutionContext) -> Answer:
        """Tags the results."""
        tag = str(ctx.params.get("tag") or "")
        ids, field = ctx.params["ids"], ctx.params.get("patches_field")
        tagged = brain.apply_tag(ctx.dataset, ids, tag, field)
        ctx.ops.reload_dataset()
        return {"tagged": len(tagged), "ids": tagged}

    @answered
    def untag(self, ctx: foo.ExecutionContext) -> Answer:
        """Takes a tagging back: that of some ids, or all with the tag."""
        count = brain.untag_neighbors(ctx.dataset, str(ctx.params["tag"]), ctx.params.get("ids"))
        ctx.ops.reload_dataset()
        return {"untagged": count}

    @answered
    def save_view(self, ctx: foo.ExecutionContext) -> Answer:
        """Saves the results as a saved view."""
        ids, field = list(ctx.params["ids"]), ctx.params.get("patches_field")
        name = str(ctx.params.get("name") or "").strip()
        brain.save_view(brain.view_of(ctx.dataset, ids, field), name)
        ctx.ops.reload_dataset()
        return {"name": name, "saved_views": ctx.dataset.list_saved_views()}

    @answered
    def save_scores(self, ctx: foo.ExecutionContext) -> Answer:
        """Stores the results' scores in a field; or those of all samples, searching again."""
        field = str(ctx.params.get("field") or "").strip()
        if ctx.params.get("everywhere"):
            request = brain.SearchRequest.from_params(ctx.params)
            count = brain.answer(ctx.dataset, request).save_scores(field, everywhere=True)
        else:
            scores = dict(zip(ctx.params["ids"], ctx.params["scores"], strict=True))
            count = brain.save_scores(ctx.dataset, scores, field, ctx.params.get("patches_field"))
        ctx.ops.reload_dataset()
        return {"field": field, "count": count}

    @answered
    def export(self, ctx: foo.ExecutionContext) -> Answer:
        """Searches again, and gives what was found as the text of a file."""
        kind = str(ctx.params.get("format"))
        samples, _, _ = scope_of(ctx)
        neighbors = brain.answer(samples, brain.SearchRequest.from_params(ctx.params))
        suffix = {"stages": "stages.json"}.get(kind, kind)
        return {"name": f"{ctx.dataset.name}-search.{suffix}", "content": neighbors.to_text(kind)}

    @answered
    def code(self, ctx: foo.ExecutionContext) -> Answer:
        """Gives Python code that searches the same."""
        samples, _, _ = scope_of(ctx)
        return {"code": brain.as_code(samples, ctx.params)}
