"""Make an index say what its dataset holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import forms


class UpdateIndex(foo.Operator):
    """``@fiftyone-faiss/similarity/update_index``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="update_index",
            label="FAISS: update index",
            description="Embed what an index lacks, and forget what was deleted",
            icon="sync",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Update the index for")
        info = forms.index(ctx, inputs)
        if info is not None and info.problem is None:
            health = brain.index_health(ctx.dataset, info.brain_key)
            inputs.md(forms.health_table(health), name="health")
            inputs.bool(
                "check_media",
                default=False,
                label="Look for changed files",
                description="Compares the size and the time of every file, which takes a while",
            )
        return types.Property(inputs, view=types.View(label="Update a FAISS index"))

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        steps = brain.update_index_steps(
            ctx.target_view(),
            ctx.params.get("brain_key"),
            check_media=bool(ctx.params.get("check_media")),
        )
        yield from forms.run_steps(ctx, steps, ctx.params.get("brain_key") or "index")

    def __call__(
        self,
        samples: foc.SampleCollection,
        brain_key: str | None = None,
        check_media: bool = False,
        **options: Any,
    ) -> brain.IndexReport:
        """Updates from Python; see :func:`fiftyone_faiss.update_index`, also for ``options``."""
        return brain.update_index(samples, brain_key, check_media, **options)
