"""Searches with text, an image or selected samples, and shows the neighbors in the grid."""

from __future__ import annotations

from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import forms, query_forms
from fiftyone_faiss.operators.icons import OWN_ICON


class Search(foo.Operator):
    """``@fiftyone-faiss/similarity/search``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="search",
            label="FAISS: search",
            description="Find samples with text, an image or selected samples",
            icon="search",
            **OWN_ICON,
            dynamic=True,
            risk_level="low",
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(
            ctx,
            action_description="Search",
            allow_selected_samples=False,
            default_target="DATASET",
        )
        info = forms.searchable_index(ctx, inputs)
        if info is not None:
            query_forms.query(ctx, inputs, info)
            query_forms.k(ctx, inputs)
            query_forms.search_options(ctx, inputs)
        return types.Property(inputs, view=types.View(label="FAISS search"))

    def execute(self, ctx: foo.ExecutionContext) -> brain.SearchAnswer:
        request = brain.SearchRequest.from_params(query_forms.query_params(ctx))
        neighbors = brain.run_search(ctx.target_view(), request)
        ctx.ops.set_view(neighbors.view())
        return neighbors.to_dict()

    def __call__(
        self,
        samples: foc.SampleCollection,
        query: Any,
        brain_key: str | None = None,
        k: int = brain.DEFAULT_K,
        reverse: bool = False,
        **options: Any,
    ) -> brain.Neighbors:
        """Searches from Python; see :func:`fiftyone_faiss.search`."""
        return brain.search(samples, query, brain_key, k, reverse, **options)
