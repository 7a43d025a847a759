"""Compares which index retrieves the classes of a dataset better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import forms, label_forms


class CompareModels(foo.Operator):
    """``@fiftyone-faiss/similarity/compare_models``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="compare_models",
            label="FAISS: compare models",
            description="Compare which index finds samples of the same class, and how sure that is",
            icon="leaderboard",
            dynamic=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Compare models on")
        indexes = label_forms.indexes(ctx, inputs)
        if indexes:
            label_forms.label_field(ctx, inputs, indexes[0].patches_field)
            label_forms.neighbors(inputs, 10, "Of kNN accuracy and precision")
        return types.Property(inputs, view=types.View(label="Compare models"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        request = brain.ComparisonRequest.from_params(ctx.params)
        steps = brain.comparison_steps(ctx.target_view(), request)
        comparison: brain.ModelComparison | None = None
        tracked = brain.tracked(steps, ctx.dataset.name, "model comparison")
        while comparison is None:
            try:
                step = next(tracked)
            except StopIteration as end:
                comparison = end.value
            else:
                if ctx.delegated:
                    ctx.set_progress(step.fraction, label=str(step))
        return {**comparison.to_dict(), "summary": _page(comparison)}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        outputs = types.Object()
        outputs.str("summary", view=types.MarkdownView())
        return types.Property(outputs, view=types.View(label="Comparison of models"))

    def __call__(
        self,
        samples: foc.SampleCollection,
        brain_keys: Sequence[str],
        label_field: str,
        **options: Any,
    ) -> brain.ModelComparison:
        """Compares models from Python; see :func:`fiftyone_faiss.compare_models`."""
        return brain.compare_models(samples, brain_keys, label_field, **options)


def _page(comparison: brain.ModelComparison) -> str:
    """The comparison in Markdown: the verdict, the indexes, the pairs."""
    head = ("index", "mAP@R", "kNN accuracy", "precision", "hubness", "dim", "MB", "images/s")
    lines = [forms.as_text(str(comparison)), "", f"| {' | '.join(head)} |", "|---" * 8 + "|"]
    for model in comparison.models:
        cells = (
            forms.as_text(model.brain_key),
            str(model.map_at_r),
            str(model.knn_accuracy),
            str(model.precision),
            f"{model.hubness:.1f}",
            str(model.dim),
            f"{model.disk_bytes / 1e6:,.1f}",
            "–" if model.rate is None else f"{model.rate:,.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"- {forms.as_text(str(pair))}" for pair in comparison.pairs)]
    clear = [pair for pair in comparison.class_pairs if pair.better]
    lines += [f"- {forms.as_text(str(pair))}" for pair in clear]
    return "\n".join([*lines, *(f"- {note}" for note in comparison.notes)])
