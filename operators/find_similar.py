"""One click: what is similar to the selected samples, or to the open one, or to its labels?"""

from __future__ import annotations

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import forms, query_forms


class FindSimilar(foo.Operator):
    """``@fiftyone-faiss/similarity/find_similar``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="find_similar",
            label="Find similar",
            description="Show what is most similar to the selected samples",
            icon="image_search",
            dynamic=True,
            risk_level="low",
            view_target=False,
        )

    place = types.Places.SAMPLES_GRID_SECONDARY_ACTIONS

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        # A form is needed only where there is a choice of indexes.
        several = ctx.dataset is not None and len(brain.index_keys(ctx.dataset)) > 1
        button = types.Button(label="Find similar", icon="image_search", prompt=several)
        return types.Placement(self.place, button)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        info = forms.index(ctx, inputs)
        if info is not None:
            query_forms.k(ctx, inputs, info)
        return types.Property(inputs, view=types.View(label="Find similar"))

    def execute(self, ctx: foo.ExecutionContext) -> brain.SearchAnswer:
        params = {**ctx.params, "query_type": "samples", "sample_ids": _meant(ctx)}
        try:
            request = brain.SearchRequest.from_params(params)
            # The whole dataset, not the view: often that view is an earlier answer.
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
        """Finds from Python what is similar to samples; see :func:`fiftyone_faiss.search`."""
        return brain.search(samples, sample_ids, brain_key, k)


def _meant(ctx: foo.ExecutionContext) -> list[str]:
    """The ids of what is meant: in the sample viewer, the labels that are selected in it, else the
    open sample, whatever is selected behind it."""
    labels = [one["label_id"] for one in ctx.selected_labels or ()] if ctx.current_sample else []
    current = [ctx.current_sample] if ctx.current_sample else []
    return list(ctx.params.get("sample_ids") or labels or current or ctx.selected)


class FindSimilarToSample(FindSimilar):
    """``@fiftyone-faiss/similarity/find_similar_to_sample``

    The same, for the sample that is open, or for the labels that are selected in it: an operator
    has one place in the App only.
    """

    place = types.Places.SAMPLES_VIEWER_ACTIONS

    @property
    def config(self) -> foo.OperatorConfig:
        config = super().config
        config.name = "find_similar_to_sample"
        config.unlisted = True
        return config
