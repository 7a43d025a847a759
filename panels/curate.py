"""The panel "FAISS Curate", a tab for each service; see :mod:`fiftyone_faiss.panels.search`."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss.panels.base import methods_of
from fiftyone_faiss.panels.cluster_methods import ClusterMethods
from fiftyone_faiss.panels.curate_actions import CurateActions
from fiftyone_faiss.panels.curate_methods import CurateMethods
from fiftyone_faiss.panels.index_methods import IndexMethods
from fiftyone_faiss.panels.labels_methods import LabelsMethods
from fiftyone_faiss.panels.models_methods import ModelsMethods
from fiftyone_faiss.panels.scores_methods import ScoresMethods
from fiftyone_faiss.panels.selection_methods import SelectionMethods
from fiftyone_faiss.panels.text_tag_methods import TextTagMethods
from fiftyone_faiss.panels.tile_methods import TileMethods


class CuratePanel(
    CurateMethods,
    CurateActions,
    ClusterMethods,
    TextTagMethods,
    LabelsMethods,
    ModelsMethods,
    ScoresMethods,
    SelectionMethods,
    IndexMethods,
    foo.Panel,
):
    """``@fiftyone-faiss/similarity/similarity_curate_faiss``"""

    frames = TileMethods.frames

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="similarity_curate_faiss",
            label="FAISS Curate",
            icon="cleaning_services",
            surfaces="grid",
            category=foo.Categories.CURATE,
            help_markdown="Find duplicates, leaks between splits, outliers and wrong labels; "
            "select what to label next, cluster, tag by text, and compare models.",
        )

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        methods = {name: getattr(self, name) for name in methods_of(type(self))}
        view = types.View(component="FaissCuratePanel", composite_view=True, **methods)
        return types.Property(types.Object(), view=view)

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        self.refresh(ctx)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        self.refresh(ctx)
