"""Places new samples on a map."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_text
from fiftyone_faiss.operators import forms, map_forms


class UpdateMap(foo.Operator):
    """``@fiftyone-faiss/similarity/update_map``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="update_map",
            label="FAISS: update a map",
            description="Place samples that are new in the index on a map, and remove lost ones",
            icon="scatter_plot",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        map_forms.maps(ctx, inputs)
        return types.Property(inputs, view=types.View(label="Update a map"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        vis_key = read_text("vis_key", ctx.params.get("vis_key"), MAX_NAME)
        steps = brain.update_map_steps(ctx.dataset, vis_key)
        yield from forms.run_steps(ctx, steps, vis_key)

    def __call__(
        self, samples: foc.SampleCollection, vis_key: str, **options: Any
    ) -> brain.IndexMap:
        """Updates a map from Python; see :func:`fiftyone_faiss.update_map`."""
        return brain.update_map(samples, vis_key, **options)
