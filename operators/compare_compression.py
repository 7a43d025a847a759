"""Compares ways to compress the vectors of an index."""

from __future__ import annotations

from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import forms


class CompareCompression(foo.Operator):
    """``@fiftyone-faiss/similarity/compare_compression``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="compare_compression",
            label="FAISS: compare compressions",
            description="Compare how small vectors can be, and what is lost",
            icon="compress",
            dynamic=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Compress the vectors of")
        if forms.index(ctx, inputs) is not None:
            inputs.int(
                "max_vectors",
                default=20_000,
                min=1_000,
                max=200_000,
                label="Vectors",
                description="Of more vectors, some are drawn by chance",
            )
            inputs.int("k", default=10, min=1, max=100, label="Neighbors")
        return types.Property(inputs, view=types.View(label="Compare compressions"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        request = brain.CompressionRequest.from_params(ctx.params)
        steps = brain.compression_steps(ctx.target_view(), request)
        table: brain.CompressionTable | None = None
        tracked = brain.tracked(steps, ctx.dataset.name, "comparison of compressions")
        while table is None:
            try:
                step = next(tracked)
            except StopIteration as end:
                table = end.value
            else:
                if ctx.delegated:
                    ctx.set_progress(step.fraction, label=str(step))
        summary = f"{forms.as_text(str(table))}\n\n{table.to_markdown()}"
        return {**table.to_dict(), "summary": summary}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        outputs = types.Object()
        outputs.str("summary", view=types.MarkdownView())
        return types.Property(outputs, view=types.View(label="Comparison of compressions"))

    def __call__(
        self, samples: foc.SampleCollection, brain_key: str | None = None, **options: Any
    ) -> brain.CompressionTable:
        """Compares from Python; see :func:`fiftyone_faiss.compare_compression`."""
        return brain.compare_compression(samples, brain_key, **options)
