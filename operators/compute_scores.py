"""Scores how unique, how typical or how odd samples are."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_text
from fiftyone_faiss.operators import forms, scores_forms


class ComputeScores(foo.Operator):
    """``@fiftyone-faiss/similarity/compute_scores``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="compute_scores",
            label="FAISS: compute scores",
            description="Score how unique, typical or odd samples are, also within their class",
            icon="bar_chart",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Score")
        kinds = types.TabsView()
        kinds.add_choice("outliers", label="Outliers")
        kinds.add_choice("uniqueness", label="Uniqueness")
        kinds.add_choice("typicality", label="Typicality")
        inputs.enum("kind", kinds.values(), view=kinds, default="outliers")
        info = forms.index(ctx, inputs)
        if info is not None:
            kind = ctx.params.get("kind", "outliers")
            scores_forms.field(ctx, inputs, kind)
            scores_forms.value_field(
                ctx,
                inputs,
                "label_field",
                "Within the classes of",
                "Compares each sample with its class only: what is odd for a dog. Leave it empty "
                "to compare all",
                info.patches_field,
            )
            scores_forms.tag(inputs, "", "Tags what is unusual. Leave it empty to tag nothing")
        return types.Property(inputs, view=types.View(label="Compute scores"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        kind = read_text("kind", ctx.params.get("kind")) or "outliers"
        request = brain.ScoresRequest.from_params({**ctx.params, "kind": kind})
        steps = brain.scores_steps(ctx.target_view(), request)
        report = yield from forms.run_steps(ctx, steps, str(request.field))
        if report is None:
            return
        tag = read_text("tag", ctx.params.get("tag")).strip()
        if tag and report.unusual:
            report.tag(tag)
        if report.unusual:
            yield ctx.ops.set_view(report.view())
        yield ctx.ops.reload_dataset()

    def __call__(
        self,
        samples: foc.SampleCollection,
        kind: str = "outliers",
        brain_key: str | None = None,
        field: str | None = None,
        label_field: str | None = None,
        thresh: float | None = None,
    ) -> brain.ScoreReport:
        """Computes scores from Python.

        Args:
            samples: a dataset or a view
            kind ("outliers"): ``"outliers"``, ``"uniqueness"`` or ``"typicality"``
            brain_key (None): the index; optional if there is only one
            field (None): the field to save them in, by default named after the kind
            label_field (None): see :func:`fiftyone_faiss.compute_outliers`
            thresh (None): the same
        """
        request = brain.ScoresRequest(kind, brain_key, field, label_field, thresh)
        return brain.compute_scores(samples, request)
