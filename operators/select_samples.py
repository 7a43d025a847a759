"""Selects samples that are worth labeling next."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_text
from fiftyone_faiss.operators import forms, scores_forms

DEFAULT_N = 100


class SelectSamples(foo.Operator):
    """``@fiftyone-faiss/similarity/select_samples``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="select_samples",
            label="FAISS: select samples",
            description="Select the samples that are worth labeling next",
            icon="playlist_add_check",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Select from")
        info = forms.index(ctx, inputs)
        if info is not None:
            inputs.int("n", default=DEFAULT_N, min=1, label="Number of samples")
            scores_forms.labeled(ctx, inputs, info.patches_field)
            scores_forms.value_field(
                ctx,
                inputs,
                "balance_field",
                "Balance",
                "The values of this field shall occur equally often",
                info.patches_field,
            )
            scores_forms.nearness(ctx, inputs, info.supports_text)
            scores_forms.weights(ctx, inputs)
            scores_forms.tag(inputs, "to label", "Leave it empty to tag nothing")
        return types.Property(inputs, view=types.View(label="Select samples to label"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        request = brain.SelectionRequest.from_params({**ctx.params, "n": _n(ctx.params)})
        steps = brain.selection_steps(ctx.target_view(), request)
        selection = yield from forms.run_steps(ctx, steps, "selection")
        if selection is None:
            return
        tag = read_text("tag", ctx.params.get("tag")).strip()
        if tag:
            selection.tag(tag)
        yield ctx.ops.set_view(selection.view())
        yield ctx.ops.reload_dataset()

    def __call__(
        self,
        samples: foc.SampleCollection,
        n: int = DEFAULT_N,
        brain_key: str | None = None,
        **options: Any,
    ) -> brain.Selection:
        """Selects from Python; see :func:`fiftyone_faiss.select_samples`."""
        return brain.select_samples(samples, n, brain_key, **options)


def _n(params: Mapping[str, Any]) -> Any:
    n = params.get("n")
    return DEFAULT_N if n is None else n
