"""Finds leaks between the splits of a dataset, and tags them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_text
from fiftyone_faiss.operators import duplicates_forms, forms


class FindLeaks(foo.Operator):
    """``@fiftyone-faiss/similarity/find_leaks``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="find_leaks",
            label="FAISS: find leaks",
            description="Find samples of one split that are near samples of another",
            icon="water_drop",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Find leaks in")
        if forms.index(ctx, inputs) is not None:
            if not brain.split_fields(ctx.dataset):
                notice = types.Warning(
                    label="This dataset has no field with the names of splits",
                    description="Save them in a field, or call find_leaks() with tags or views.",
                )
                inputs.view("no_splits", notice).invalid = True
            else:
                duplicates_forms.split_field(ctx, inputs, required=True)
                duplicates_forms.distance(ctx, inputs)
                duplicates_forms.actions(inputs, "leak")
        return types.Property(inputs, view=types.View(label="Find leaks between splits"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        splits = read_text("split_field", ctx.params.get("split_field"))
        if not splits:
            raise ValueError("Choose the field with the names of the splits.")
        request = brain.DuplicatesRequest.from_params({**ctx.params, "split_field": None})
        steps = brain.leaks_steps(ctx.target_view(), splits, request)
        leaks = yield from forms.run_steps(ctx, steps, "leaks")
        if leaks is None or not leaks.ids:
            return
        tag = read_text("tag", ctx.params.get("tag")).strip()
        if tag:
            leaks.tag(tag)
        yield ctx.ops.set_view(leaks.view())
        yield ctx.ops.reload_dataset()

    def __call__(
        self,
        samples: foc.SampleCollection,
        splits: Any,
        brain_key: str | None = None,
        thresh: float | None = None,
        **options: Any,
    ) -> brain.Leaks:
        """Finds leaks from Python; see :func:`fiftyone_faiss.find_leaks`."""
        return brain.find_leaks(samples, splits, brain_key, thresh, **options)
