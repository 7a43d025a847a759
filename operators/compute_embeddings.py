"""Computes embeddings and stores them in a field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_flag, read_text
from fiftyone_faiss.operators import forms


class ComputeEmbeddings(foo.Operator):
    """``@fiftyone-faiss/similarity/compute_embeddings``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="compute_embeddings",
            label="FAISS: compute embeddings",
            description="Embed images, or patches, and store the vectors in a field",
            icon="memory",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Embed")
        forms.model(ctx, inputs, brain.index_configs(ctx.dataset))
        forms.regions(ctx, inputs)
        inputs.str(
            "embeddings_field",
            default=brain.DEFAULT_EMBEDDINGS_FIELD,
            label="Embeddings field",
            description="The field to store the vectors in; it is created if it does not exist",
        )
        inputs.bool(
            "force",
            default=False,
            label="Embed everything again",
            description="Otherwise, samples and labels with embeddings are skipped",
        )
        return types.Property(inputs, view=types.View(label="Compute embeddings"))

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        given = read_text("embeddings_field", ctx.params.get("embeddings_field"), MAX_NAME)
        field = given or brain.DEFAULT_EMBEDDINGS_FIELD
        steps = brain.compute_embeddings_steps(
            ctx.target_view(),
            ctx.params["model"],
            field,
            forms.regions_of(ctx.params),
            force=read_flag("force", ctx.params.get("force")),
        )
        yield from forms.run_steps(ctx, steps, field)

    def __call__(
        self,
        samples: foc.SampleCollection,
        model: brain.ModelLike,
        embeddings_field: str = brain.DEFAULT_EMBEDDINGS_FIELD,
        patches_field: str | None = None,
        **options: Any,
    ) -> brain.EmbeddingReport:
        """Computes embeddings from Python; see :func:`fiftyone_faiss.compute_embeddings`, also for
        ``options``."""
        return brain.compute_embeddings(samples, model, embeddings_field, patches_field, **options)
