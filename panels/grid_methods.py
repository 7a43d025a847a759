"""The panel's methods for the grid and for filters."""

from __future__ import annotations

from typing import cast

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_ids, read_text
from fiftyone_faiss.panels import grid_messages, messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.grid import Grid, path_field, samples_of

MAX_IMAGES = 3
# Counting reads every sample, which takes long where there are many; results are few.
MAX_COUNTED = 50_000


class GridMethods:
    """A part of :class:`SearchPanel`."""

    @panel_method
    def look(
        self, ctx: foo.ExecutionContext, params: grid_messages.LookParams
    ) -> grid_messages.LookAnswer:
        """Tells what the grid shows, and whether the index changed."""
        grid = Grid.of(ctx, params)
        key = read_text("brain_key", params.get("brain_key"), MAX_NAME)
        return {
            "total": ctx.dataset.count(),
            "in_view": None if grid.is_whole else grid.samples.count(),
            "has_filters": bool(grid.filters),
            "has_results": grid.has_results,
            "is_of_parts": brain.holds_parts(grid.view),
            "index_version": brain.index_version(ctx.dataset, key),
        }

    @panel_method
    def images(
        self, ctx: foo.ExecutionContext, params: grid_messages.ImagesParams
    ) -> grid_messages.ImagesAnswer:
        """Returns the images of a few samples, as the grid shows them."""
        ids = read_ids("ids", params.get("ids"))[:MAX_IMAGES]
        paths = brain.by_ids(ctx.dataset, ids, ordered=True).values(path_field(ctx.dataset))
        return {"filepaths": [path for path in paths if path]}

    @panel_method
    def examples(
        self, ctx: foo.ExecutionContext, params: messages.NoParams
    ) -> grid_messages.ExamplesAnswer:
        """Returns queries to try in an index of texts."""
        return {"examples": brain.example_queries(ctx.dataset)}

    @panel_method
    def facets(
        self, ctx: foo.ExecutionContext, params: grid_messages.FacetParams
    ) -> grid_messages.FacetAnswer:
        """Counts the tags, the labels and the texts of results, or of what would be searched."""
        ids = None if params.get("ids") is None else read_ids("ids", params["ids"])
        field = read_text("patches_field", params.get("patches_field"), MAX_NAME) or None
        scope = read_text("scope", params.get("scope"), 2 * MAX_NAME) or "dataset"
        samples = ctx.dataset if ids is not None else samples_of(Grid.of(ctx, params), scope)
        if ids is None and samples.limit(MAX_COUNTED + 1).count() > MAX_COUNTED:
            return {"facets": [], "is_counted": False}
        facets = brain.count_values(samples, ids, field if ids is not None else None)
        return {
            "facets": [cast(grid_messages.Facet, facet.to_dict()) for facet in facets],
            "is_counted": True,
        }
