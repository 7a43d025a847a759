"""Builds a FAISS similarity index, or adds missing vectors to one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.core.media import VIDEO
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_number, read_text
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
        indexes = brain.index_configs(ctx.dataset)
        _brain_key(ctx, inputs, indexes)
        _frames(ctx, inputs)
        forms.embeddings_field(ctx, inputs)
        forms.model(ctx, inputs, indexes)
        forms.regions(ctx, inputs)
        forms.metric(inputs)
        forms.index_type(ctx, inputs)
        return types.Property(inputs, view=types.View(label="Build a FAISS index"))

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        brain_key = read_text("brain_key", ctx.params.get("brain_key"), MAX_NAME)
        samples = ctx.target_view()
        if samples.media_type == VIDEO:
            samples = brain.video_frames(samples, _seconds(ctx))
        steps = brain.build_index_steps(
            samples,
            brain_key,
            model=ctx.params.get("model"),
            embeddings=ctx.params.get("embeddings") or None,
            regions=forms.regions_of(ctx.params),
            metric=ctx.params.get("metric", "cosine"),
            index_type=ctx.params.get("index_type") or "auto",
        )
        yield from forms.run_steps(ctx, steps, brain_key)

    def __call__(
        self,
        samples: foc.SampleCollection,
        brain_key: str,
        model: brain.ModelLike | None = None,
        embeddings: brain.GivenEmbeddings | None = None,
        patches_field: str | None = None,
        metric: str = "cosine",
        index_type: str = "auto",
        **options: Any,
    ) -> brain.IndexReport:
        """Builds an index from Python; see :func:`fiftyone_faiss.build_index`, also for
        ``options``."""
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


def _brain_key(
    ctx: foo.ExecutionContext, inputs: types.Object, indexes: Sequence[brain.IndexSummary]
) -> None:
    """Adds the brain key: a new one, or that of an index.

    The App sets it to its default again whenever that changes, until a person edits it: so it
    follows the model.
    """
    model = ctx.params.get("model") or forms.default_model(indexes)
    field = ctx.params.get("patches_field")
    default = brain.suggest_brain_key(ctx.dataset, model, field, indexes)
    key = ctx.params.get("brain_key", default)
    exists = key in [info.brain_key for info in indexes]
    is_taken = not exists and key in ctx.dataset.list_brain_runs()
    inputs.str(
        "brain_key",
        default=default,
        required=True,
        label="Brain key",
        description="This index exists; the missing vectors are added to it"
        if exists
        else "The name of the index",
        invalid=is_taken or not str(key or "").isidentifier(),
        error_message="Another Brain run has this key; choose another"
        if is_taken
        else "Use letters, digits and underscores, and start with a letter",
    )


def _frames(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Adds the interval of the frames to index, for videos."""
    if ctx.dataset.media_type != VIDEO:
        return
    every = ctx.params.get("every", 1.0)
    inputs.float(
        "every",
        default=1.0,
        label="A frame every ... seconds",
        description="Frames of the videos are indexed, at this interval",
        invalid=not (isinstance(every, (int, float)) and every > 0),
        error_message="Enter a number of seconds above 0",
    )


def _seconds(ctx: foo.ExecutionContext) -> float:
    seconds = read_number("every", ctx.params.get("every"))
    return 1.0 if seconds is None else seconds
