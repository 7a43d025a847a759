"""The panel's methods about the history of searches."""

from __future__ import annotations

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.panels.answers import Answer, _to_current_params, _to_page_params, answered


class Remembering:
    """Methods of the panel; each answers a message of the page."""

    @answered
    def history(self, ctx: foo.ExecutionContext) -> Answer:
        """Lists the dataset's searches."""
        searches = [search.to_dict() for search in brain.list_searches(ctx.dataset)]
        return {"searches": [{**one, "params": _to_page_params(one["params"])} for one in searches]}

    @answered
    def save_search(self, ctx: foo.ExecutionContext) -> Answer:
        """Keeps a search under a name."""
        name = str(ctx.params.get("name") or "")
        params = brain.lasting_params(_to_current_params(ctx.params["params"]))
        return brain.save_search(ctx.dataset, params, name).to_dict()

    @answered
    def rename_search(self, ctx: foo.ExecutionContext) -> Answer:
        """Gives a search another name, or none if it is empty."""
        name = str(ctx.params.get("name") or "")
        return brain.update_search(ctx.dataset, ctx.params["id"], name=name).to_dict()

    @answered
    def pin_search(self, ctx: foo.ExecutionContext) -> Answer:
        """Keeps a search at the top, or no longer."""
        pinned = bool(ctx.params["pinned"])
        return brain.update_search(ctx.dataset, ctx.params["id"], pinned=pinned).to_dict()

    @answered
    def delete_search(self, ctx: foo.ExecutionContext) -> Answer:
        """Forgets a search."""
        brain.delete_search(ctx.dataset, ctx.params["id"])
        return {}
