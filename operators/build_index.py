"""Build a FAISS similarity index, or complete one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import forms


class BuildIndex(foo.Operator):
    """``@fiftyone-faiss/similarity/build_index``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="build_index",
            label="FAISS: build index",
            description="Embed images, or patches, and index them for similarity search",
            icon="add_chart",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Index")
        self._brain_key(ctx, inputs)
        forms.embeddings_field(ctx, inputs)
        forms.model(ctx, inputs)
        forms.regions(ctx, inputs)
        forms.metric(inputs)
        forms.index_type(ctx, inputs)
        return types.Property(inputs, view=types.View(label="Build a FAISS index"))

    def _brain_key(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        key = ctx.params.get("brain_key", "clip")
        is_ours = key in [info.brain_key for info in brain.list_indexes(ctx.dataset)]
        is_taken = not is_ours and key in ctx.dataset.list_brain_runs()
        bad = is_taken or not str(key or "").isidentifier()
        inputs.str(
            "brain_key",
            default="clip",
            required=True,
            label="Brain key",
            description="There is an index of this name: what it lacks is added to it"
            if is_ours
            else "What to call the index",
            invalid=bad,
            error_message="Another Brain run has this key; choose another"
            if is_taken
            else "Use letters, digits and underscores, and start with a letter",
        )

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        steps = brain.build_index_steps(
            ctx.target_view(),
            ctx.params["brain_key"],
            model=ctx.params.get("model"),
            embeddings=ctx.params.get("embeddings") or None,
            regions=forms.regions_of(ctx.params),
            metric=ctx.params.get("metric", "cosine"),
            index_type=ctx.params.get("index_type") or "auto",
        )
        yield from forms.run_steps(ctx, steps, ctx.params["brain_key"])

    def __call__(
        self,
        samples: foc.SampleCollection,
        brain_key: str,
        model: Any = None,
        embeddings: Any = None,
        patches_field: str | None = None,
        metric: str = "cosine",
        index_type: str = "auto",
        **options: Any,
    ) -> brain.IndexReport:
        """Builds from Python; see :func:`fiftyone_faiss.build_index`, also for ``options``."""
        return brain.build_index(
            samples,
            brain_key,
            model,
            embeddings,
            patches_field,
            metric=metric,
            index_type=index_type,
            **options,
        )
