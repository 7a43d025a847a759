"""Imports an index from a file."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import file_forms, forms


class ImportIndex(foo.Operator):
    """``@fiftyone-faiss/similarity/import_index``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="import_index",
            label="FAISS: import index",
            description="Read vectors from a file into a new index",
            icon="file_upload",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Import vectors of")
        file_forms.existing_file(ctx, inputs)
        file_forms.new_index(ctx, inputs)
        return types.Property(inputs, view=types.View(label="Import a FAISS index"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        request = brain.ImportRequest.from_params(ctx.params)
        steps = brain.import_index_steps(ctx.target_view(), request)
        yield from forms.run_steps(ctx, steps, request.brain_key)

    def __call__(
        self,
        samples: foc.SampleCollection,
        path: str | os.PathLike[str],
        brain_key: str,
        match: str = "id",
        **options: Any,
    ) -> brain.TransferReport:
        """Imports from Python; see :func:`fiftyone_faiss.import_index`."""
        return brain.import_index(samples, path, brain_key, match, **options)
