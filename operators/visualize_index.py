"""Makes a map of an index."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import forms, map_forms


class VisualizeIndex(foo.Operator):
    """``@fiftyone-faiss/similarity/visualize_index``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="visualize_index",
            label="FAISS: make a map",
            description="Show an index as points in two or three dimensions",
            icon="scatter_plot",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Make a map of")
        info = forms.index(ctx, inputs)
        if info is not None:
            name = map_forms.method(ctx, inputs)
            map_forms.options(ctx, inputs, name)
            map_forms.key(ctx, inputs, info.brain_key, name)
        return types.Property(inputs, view=types.View(label="Make a map of an index"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        request = map_forms.request_of(ctx.params)
        steps = brain.map_steps(ctx.target_view(), request)
        made = yield from forms.run_steps(ctx, steps, request.vis_key or "map")
        if made is not None and made.num_dims == 2 and not ctx.delegated:
            yield ctx.ops.open_panel("Embeddings", layout="horizontal")

    def __call__(
        self,
        samples: foc.SampleCollection,
        brain_key: str | None = None,
        method: str = "umap",
        num_dims: int = 2,
        vis_key: str | None = None,
        **options: Any,
    ) -> brain.IndexMap:
        """Makes a map from Python; see :func:`fiftyone_faiss.visualize_index`."""
        return brain.visualize_index(samples, brain_key, method, num_dims, vis_key, **options)
