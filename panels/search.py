"""The panel "FAISS Search".

The page keeps what a person typed and the results. Each of its calls names a method of
:class:`SearchPanel`; ``messages`` has the types of the parameters and of the answer. An answer with
``error`` has a sentence to show.
"""

from __future__ import annotations

import time
from typing import cast

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_ids, read_text
from fiftyone_faiss.panels import grid_messages, messages
from fiftyone_faiss.panels.base import methods_of, panel_method
from fiftyone_faiss.panels.explain_methods import ExplainMethods
from fiftyone_faiss.panels.grid import (
    Grid,
    dataset_of,
    is_newest,
    path_field,
    samples_of,
    show,
    show_results,
)
from fiftyone_faiss.panels.grid_methods import GridMethods
from fiftyone_faiss.panels.history_methods import HistoryMethods
from fiftyone_faiss.panels.index_methods import IndexMethods
from fiftyone_faiss.panels.results_methods import ResultsMethods
from fiftyone_faiss.panels.tile_methods import TileMethods


class SearchPanel(
    ResultsMethods,
    TileMethods,
    ExplainMethods,
    GridMethods,
    HistoryMethods,
    IndexMethods,
    foo.Panel,
):
    """``@fiftyone-faiss/similarity/similarity_search_faiss``"""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="similarity_search_faiss",
            label="FAISS Search",
            icon="image_search",
            surfaces="grid",
            category=foo.Categories.CURATE,
            help_markdown="Search this dataset by text, by an image, or by selected samples.",
        )

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        methods = {name: getattr(self, name) for name in methods_of(type(self))}
        view = types.View(component="FaissSearchPanel", composite_view=True, **methods)
        return types.Property(types.Object(), view=view)

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        self.refresh(ctx)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        self.refresh(ctx)

    @panel_method
    def explain(
        self, ctx: foo.ExecutionContext, params: messages.LineParams
    ) -> messages.Explanation:
        """Parses a query line while it is typed."""
        line = read_text("query", params.get("query"))
        corrections = [row.to_dict() for row in brain.corrections_of(ctx.dataset, line)]
        return cast(messages.Explanation, {**brain.explain_line(line), "corrections": corrections})

    @panel_method
    def search(
        self, ctx: foo.ExecutionContext, params: messages.SearchCall
    ) -> messages.ShownAnswer | messages.Superseded:
        """Runs a search, and shows its results in the App's grid.

        The page calls :meth:`record` once it has drawn the results.
        """
        started = time.perf_counter()
        still_newest = is_newest(ctx, params)
        request = brain.SearchRequest.from_params(params)
        grid = Grid.of(ctx, params)
        samples = samples_of(grid, request.scope)
        if not still_newest():
            return {"superseded": True}
        neighbors = brain.run_search(samples, request)
        if not still_newest():
            return {"superseded": True}
        # A further page is added to the results that the grid shows already.
        before = read_ids("before", params.get("before")) if request.skip else ()
        answer = neighbors.to_dict(path_field(ctx.dataset))
        ids = [*before, *neighbors.ids]
        state = show_results(ctx, grid, samples, ids, neighbors.patches_field)
        return {
            **answer,
            **state,
            "milliseconds": 1000 * (time.perf_counter() - started),
            "index_version": brain.index_version(ctx.dataset, neighbors.brain_key),
        }

    @panel_method
    def compare(
        self, ctx: foo.ExecutionContext, params: messages.CompareParams
    ) -> messages.CompareAnswer:
        """Runs the same search in another index; the grid stays as it is."""
        dataset = dataset_of(ctx, params)
        other = {**params, "brain_key": params.get("other_key"), "liked": [], "disliked": []}
        # Ids are from this dataset; an index that does not hold them embeds their files.
        request = brain.SearchRequest.from_params(other, ctx.dataset)
        samples = dataset
        if dataset == ctx.dataset:
            samples = samples_of(Grid.of(ctx, params), request.scope)
        neighbors = brain.run_search(samples, request)
        return {**neighbors.to_dict(path_field(dataset)), "dataset": dataset.name}

    @panel_method
    def clear(
        self, ctx: foo.ExecutionContext, params: messages.ClearParams
    ) -> grid_messages.GridChange | messages.Superseded:
        """Drops a search that is still running, and shows the view before the first search."""
        if not is_newest(ctx, params)():
            return {"superseded": True}
        grid = Grid.of(ctx, params)
        return show(ctx, grid.view, grid.filters)
