"""The panel's methods for the tiles of results: frames, near-duplicates, fields, the selection."""

from __future__ import annotations

import base64

import fiftyone.operators as foo

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_list, read_text
from fiftyone_faiss.panels import grid_messages, messages, tile_messages
from fiftyone_faiss.panels.base import panel_method
from fiftyone_faiss.panels.grid import (
    Grid,
    dataset_of,
    path_field,
    results_of,
    samples_of,
    show_results,
)
from fiftyone_faiss.panels.results_methods import apply_tag, undo_tag

# The longer side of the image of a frame, in pixels: enough for the preview of a result.
FRAME_SIDE = 640


class TileMethods:
    """A part of :class:`SearchPanel`."""

    @panel_method
    def frames(
        self, ctx: foo.ExecutionContext, params: tile_messages.FramesParams
    ) -> tile_messages.FramesAnswer:
        """Decodes frames without an image file from their videos."""
        dataset = dataset_of(ctx, params)
        files = brain.frame_images(dataset, *results_of(params), FRAME_SIDE)
        return {
            "images": {
                id: f"data:image/jpeg;base64,{base64.b64encode(file).decode()}"
                for id, file in files.items()
            }
        }

    @panel_method
    def near_duplicates(
        self, ctx: foo.ExecutionContext, params: tile_messages.DuplicatesParams
    ) -> tile_messages.DuplicatesAnswer:
        """Lists the files of the near-duplicates that are collapsed into a result."""
        dataset = dataset_of(ctx, params)
        files = brain.result_files(dataset, *results_of(params), path_field(dataset))
        return {"duplicates": files}

    @panel_method
    def values(
        self, ctx: foo.ExecutionContext, params: tile_messages.ValuesParams
    ) -> tile_messages.ValuesAnswer:
        """Lists the fields that the tiles can show, and reads the values of some of them."""
        dataset = dataset_of(ctx, params)
        names = [
            read_text("fields", name, MAX_NAME)
            for name in read_list("fields", params.get("fields"))
        ]
        fields, values = brain.tile_values(dataset, *results_of(params), names)
        return {"fields": fields, "values": values}

    @panel_method
    def remove_tag(
        self, ctx: foo.ExecutionContext, params: messages.TagParams
    ) -> tile_messages.UntaggedIds:
        """Removes a tag from results, also if they had it before a tagging."""
        ids, field = results_of(params)
        tag = read_text("tag", params.get("tag"))
        removed = brain.remove_tag_from(ctx.dataset, ids, tag, field)
        ctx.ops.reload_samples()
        return {"ids": removed}

    @panel_method
    def tag_result(
        self, ctx: foo.ExecutionContext, params: messages.TagParams
    ) -> messages.TaggedIds:
        """Tags a result without reloading the App, which the next key would wait for."""
        return apply_tag(ctx, params)

    @panel_method
    def untag_result(
        self, ctx: foo.ExecutionContext, params: messages.Tagging
    ) -> messages.UntagAnswer:
        """Undoes the tagging of a result without reloading the App."""
        return undo_tag(ctx, params)

    @panel_method
    def reload_grid(self, ctx: foo.ExecutionContext, params: messages.NoParams) -> messages.Empty:
        """Shows the tags of results in the App's grid, too."""
        ctx.ops.reload_samples()
        return {}

    @panel_method
    def show_results(
        self, ctx: foo.ExecutionContext, params: tile_messages.ShowParams
    ) -> grid_messages.GridAnswer:
        """Shows results in the App's grid, in this order."""
        scope = read_text("scope", params.get("scope"), 2 * MAX_NAME) or "dataset"
        grid = Grid.of(ctx, params)
        return show_results(ctx, grid, samples_of(grid, scope), *results_of(params))
