"""The panel "FAISS Map": a map of an index, and a matrix of distances; see
:mod:`fiftyone_faiss.panels.search`.
"""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss.panels.base import methods_of
from fiftyone_faiss.panels.explain_methods import ExplainMethods
from fiftyone_faiss.panels.index_methods import IndexMethods
from fiftyone_faiss.panels.map_methods import MapMethods
from fiftyone_faiss.panels.matrix_methods import MatrixMethods
from fiftyone_faiss.panels.tile_methods import TileMethods


class MapPanel(MapMethods, MatrixMethods, ExplainMethods, IndexMethods, foo.Panel):
    """``@fiftyone-faiss/similarity/similarity_map_faiss``"""

    frames = TileMethods.frames

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="similarity_map_faiss",
            label="FAISS Map",
            icon="scatter_plot",
            surfaces="grid",
            category=foo.Categories.CURATE,
            help_markdown="See an index as a map of points, with the last search drawn on it, and "
            "the distances of some samples from each other as a matrix.",
        )

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        methods = {name: getattr(self, name) for name in methods_of(type(self))}
        view = types.View(component="FaissMapPanel", composite_view=True, **methods)
        return types.Property(types.Object(), view=view)

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        self.refresh(ctx)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        self.refresh(ctx)
