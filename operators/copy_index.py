"""Copies an index to another Brain backend, or back."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import copy_forms, forms


class CopyIndex(foo.Operator):
    """``@fiftyone-faiss/similarity/copy_index``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="copy_index",
            label="FAISS: copy index to another backend",
            description="Copy an index to LanceDB, pgvector, Milvus or another backend, or back",
            icon="drive_file_move",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Copy the vectors of")
        index = forms.searchable_index(ctx, inputs)
        if index is not None:
            backend = copy_forms.backend(ctx, inputs, index.backend)
            copy_forms.new_key(ctx, inputs, f"{index.brain_key}_{backend}")
        return types.Property(inputs, view=types.View(label="Copy an index to another backend"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        request = brain.CopyRequest.from_params(ctx.params)
        steps = brain.copy_steps(ctx.target_view(), request)
        report = yield from forms.run_steps(ctx, steps, request.new_key)
        if report is not None and report.notes:
            yield ctx.ops.notify(" ".join(report.notes), variant="warning")

    def __call__(
        self,
        samples: foc.SampleCollection,
        brain_key: str | None,
        new_key: str,
        backend: str = "faiss",
        **settings: Any,
    ) -> brain.TransferReport:
        """Copies from Python; see :func:`fiftyone_faiss.copy_index`."""
        return brain.copy_index(samples, brain_key, new_key, backend, **settings)
