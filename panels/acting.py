"""The panel's methods that act on results: tags, saved views, fields of scores, exports, code."""

from __future__ import annotations

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.retrieval import export
from fiftyone_faiss.panels.answers import Answer, _to_current_params, answered, scope_of


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
            request = brain.SearchRequest.from_params(_to_current_params(ctx.params))
            count = brain.run_search(ctx.dataset, request).save_scores(field, everywhere=True)
        else:
            scores = dict(zip(ctx.params["ids"], ctx.params["scores"], strict=True))
            count = brain.save_scores(ctx.dataset, scores, field, ctx.params.get("patches_field"))
        ctx.ops.reload_dataset()
        return {"field": field, "count": count}

    @answered
    def export(self, ctx: foo.ExecutionContext) -> Answer:
        """Gives the page's results as the text of a file."""
        kind = str(ctx.params.get("format"))
        suffix = {"stages": "stages.json"}.get(kind, kind)
        return {"name": f"{ctx.dataset.name}-search.{suffix}", "content": _as_text(ctx, kind)}

    @answered
    def code(self, ctx: foo.ExecutionContext) -> Answer:
        """Gives Python code that searches the same."""
        samples, _, _ = scope_of(ctx)
        return {"code": brain.as_code(samples, _to_current_params(ctx.params))}


def _as_text(ctx: foo.ExecutionContext, kind: str) -> str:
    """What :meth:`brain.Neighbors.to_text` gives, made of the results that the page has."""
    found, field = ctx.params["results"], ctx.params.get("patches_field")
    if kind == "stages":
        ids = [one["id"] for one in found]
        return export.as_stages(brain.view_of(ctx.dataset, ids, field))
    names = ["distance", "score", "percentile", "band"]
    # The page's own paths may be those of thumbnails.
    paths = export.file_paths(ctx.dataset, [one["sample_id"] for one in found])
    rows = [
        {
            "rank": i,
            "id": one["id"],
            "sample_id": one["sample_id"],
            "filepath": paths.get(one["sample_id"]),
            **{name: one[name] for name in names},
            "copies": one["near_duplicates"],
            **({"bounding_box": one["bounding_box"]} if field else {}),
        }
        for i, one in enumerate(found, 1)
    ]
    if kind == "csv":
        return export.as_csv(rows)
    if kind == "json":
        about = {name: ctx.params.get(name) for name in ("query", "brain_key", "metric")}
        return export.as_json({**about, "count": len(rows), "results": rows})
    raise ValueError(f"'{kind}' is no format; choose csv, json or stages.")
