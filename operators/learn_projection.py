"""Teaches an index what matters, and makes a new index of it if it is better."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_text
from fiftyone_faiss.operators import forms, teaching_forms


class LearnProjection(foo.Operator):
    """``@fiftyone-faiss/similarity/learn_projection``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="learn_projection",
            label="FAISS: teach an index what matters",
            description="Learn from labels, tags or judgments which images are alike",
            icon="school",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Learn from")
        index = forms.index(ctx, inputs)
        if index is not None:
            teaching_forms.source(ctx, inputs, index)
            teaching_forms.new_key(ctx, inputs, index.brain_key)
        return types.Property(inputs, view=types.View(label="Teach an index what matters"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        key = read_text("brain_key", ctx.params.get("brain_key"), MAX_NAME)
        brain_key = key or brain.load_faiss_index(ctx.dataset, None).key
        request = teaching_forms.request_of(ctx.params, brain_key)
        steps = brain.teaching_steps(ctx.target_view(), request)
        report = yield from forms.run_steps(ctx, steps, request.new_key)
        if report is not None and not report.is_kept:
            yield ctx.ops.notify(" ".join(report.refusals), variant="warning")

    def __call__(
        self,
        samples: foc.SampleCollection,
        brain_key: str | None,
        new_key: str,
        alike: Sequence[tuple[str, str]] = (),
        unlike: Sequence[tuple[str, str]] = (),
        label_field: str | Sequence[str] = (),
        tags: str | Sequence[str] = (),
        **options: Any,
    ) -> brain.ProjectionReport:
        """Teaches from Python; see :func:`fiftyone_faiss.learn_projection`."""
        return brain.learn_projection(
            samples, brain_key, new_key, alike, unlike, label_field, tags, **options
        )
