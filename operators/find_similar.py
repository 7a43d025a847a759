"""Finds the neighbors of the selected samples, the open sample or its labels in one click."""

from __future__ import annotations

from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import forms, query_forms
from fiftyone_faiss.operators.icons import OWN_ICON


class FindSimilar(foo.Operator):
    """``@fiftyone-faiss/similarity/find_similar``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="find_similar",
            label="Find similar",
            description="Show the samples that are most similar to the selected ones",
            icon="image_search",
            **OWN_ICON,
            dynamic=True,
            risk_level="low",
            view_target=False,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        info = forms.searchable_index(ctx, inputs)
        if info is not None:
            query_forms.k(ctx, inputs)
        return types.Property(inputs, view=types.View(label="Find similar"))

    def execute(self, ctx: foo.ExecutionContext) -> brain.SearchAnswer:
        params = {**ctx.params, "query_type": "samples", "sample_ids": _query_ids(ctx)}
        try:
            request = brain.SearchRequest.from_params(params)
            # Searches the dataset, not the view, which is often the result of an earlier search.
            neighbors = brain.run_search(ctx.dataset, request)
        except ValueError as error:
            ctx.ops.notify(str(error), variant="error")
            raise
        ctx.ops.set_view(neighbors.view())
        if ctx.current_sample:
            ctx.ops.close_sample()
        return neighbors.to_dict()

    def __call__(
        self,
        samples: foc.SampleCollection,
        sample_ids: str | list[str],
        brain_key: str | None = None,
        k: int = brain.DEFAULT_K,
    ) -> brain.Neighbors:
        """Finds similar samples from Python; see :func:`fiftyone_faiss.search`."""
        return brain.search(samples, sample_ids, brain_key, k)


def _query_ids(ctx: foo.ExecutionContext) -> Any:
    """Returns the ids to search with.

    In the sample viewer, these are the labels selected in it, or else the open sample; in the
    grid, the selected samples.
    """
    labels, current = [], []
    if ctx.current_sample:
        labels = [label["label_id"] for label in ctx.selected_labels or ()]
        current = [ctx.current_sample]
    return ctx.params.get("sample_ids") or labels or current or ctx.selected


class FindSimilarToSample(FindSimilar):
    """``@fiftyone-faiss/similarity/find_similar_to_sample``

    The same operator for the open sample, or the labels selected in it. The button of the grid
    belongs to the panel's page.
    """

    @property
    def config(self) -> foo.OperatorConfig:
        config = super().config
        config.name = "find_similar_to_sample"
        config.unlisted = True
        return config

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        # The form is needed only to choose between several indexes.
        several = ctx.dataset is not None and len(brain.index_keys(ctx.dataset)) > 1
        button = types.Button(label="Find similar", icon="image_search", prompt=several)
        return types.Placement(types.Places.SAMPLES_VIEWER_ACTIONS, button)
