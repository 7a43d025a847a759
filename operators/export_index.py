"""Exports an index to a file."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import file_forms, forms


class ExportIndex(foo.Operator):
    """``@fiftyone-faiss/similarity/export_index``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="export_index",
            label="FAISS: export index",
            description="Write the vectors of an index, with ids and file paths, to a file",
            icon="file_download",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Export vectors of")
        if forms.index(ctx, inputs) is not None:
            file_forms.new_file(ctx, inputs)
        return types.Property(inputs, view=types.View(label="Export a FAISS index"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        request = brain.ExportRequest.from_params(ctx.params)
        steps = brain.export_index_steps(ctx.target_view(), request)
        yield from forms.run_steps(ctx, steps, f"export of {request.brain_key}")

    def __call__(
        self,
        samples: foc.SampleCollection,
        brain_key: str | None,
        path: str | os.PathLike[str],
        **options: Any,
    ) -> brain.TransferReport:
        """Exports from Python; see :func:`fiftyone_faiss.export_index`."""
        return brain.export_index(samples, brain_key, path, **options)
