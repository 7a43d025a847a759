"""The panel's methods for the history of searches."""

from __future__ import annotations

from typing import cast

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_flag, read_mapping, read_text
from fiftyone_faiss.panels import messages
from fiftyone_faiss.panels.base import panel_method


class HistoryMethods:
    """A part of :class:`SearchPanel`."""

    @panel_method
    def record(
        self, ctx: foo.ExecutionContext, params: messages.SearchParams
    ) -> messages.SavedSearch:
        """Adds a search to the history. The page calls it once it has drawn the results."""
        return _saved_search(brain.record_search(ctx.dataset, params))

    @panel_method
    def history(
        self, ctx: foo.ExecutionContext, params: messages.NoParams
    ) -> messages.HistoryAnswer:
        """Lists the saved searches of the dataset."""
        return {"searches": [_saved_search(search) for search in brain.list_searches(ctx.dataset)]}

    @panel_method
    def save_search(
        self, ctx: foo.ExecutionContext, params: messages.SaveSearchParams
    ) -> messages.SavedSearch:
        """Saves a search under a name."""
        search = read_mapping("params", params.get("params"))
        name = read_text("The name", params.get("name"))
        return _saved_search(brain.save_search(ctx.dataset, search, name))

    @panel_method
    def rename_search(
        self, ctx: foo.ExecutionContext, params: messages.RenameParams
    ) -> messages.SavedSearch:
        """Renames a search; an empty name removes the name."""
        id, name = _id(params), read_text("The name", params.get("name"))
        return _saved_search(brain.update_search(ctx.dataset, id, name=name))

    @panel_method
    def pin_search(
        self, ctx: foo.ExecutionContext, params: messages.PinParams
    ) -> messages.SavedSearch:
        """Pins a search, or unpins it."""
        pinned = read_flag("pinned", params.get("pinned"))
        return _saved_search(brain.update_search(ctx.dataset, _id(params), pinned=pinned))

    @panel_method
    def delete_search(
        self, ctx: foo.ExecutionContext, params: messages.SearchIdParams
    ) -> messages.Empty:
        """Deletes a search."""
        brain.delete_search(ctx.dataset, _id(params))
        return {}


def _id(params: messages.SearchIdParams) -> str:
    return read_text("id", params.get("id"), MAX_NAME)


def _saved_search(search: brain.SavedSearch) -> messages.SavedSearch:
    return cast(messages.SavedSearch, search.to_dict())
