"""Explains why the selected samples match a text, or each other, and saves heatmaps."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_ids, read_text
from fiftyone_faiss.operators import forms

DEFAULT_FIELD = "why_similar"


class ExplainMatch(foo.Operator):
    """``@fiftyone-faiss/similarity/explain_match``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="explain_match",
            label="FAISS: explain match",
            description="Save heatmaps of why the selected samples match a text or a sample",
            icon="help_outline",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        if forms.searchable_index(ctx, inputs) is not None:
            _query(ctx, inputs)
            inputs.enum(
                "method",
                list(brain.EXPLANATION_METHODS),
                label="Method",
                description="Empty for the one that measures best for the model",
            )
            inputs.str("field", default=DEFAULT_FIELD, label="Save the heatmaps in")
        return types.Property(inputs, view=types.View(label="Explain match"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        field = read_text("field", ctx.params.get("field"), MAX_NAME).strip() or DEFAULT_FIELD
        for request in _requests(ctx):
            steps = brain.explanation_steps(ctx.dataset, request)
            explanation = yield from forms.run_steps(ctx, steps, "explanation")
            if explanation is None:
                return
            explanation.save(field)
        yield ctx.ops.reload_dataset()

    def __call__(
        self,
        samples: foc.SampleCollection,
        query: Any,
        id: str,
        brain_key: str | None = None,
        **options: Any,
    ) -> brain.Explanation:
        """Explains a match from Python; see :func:`fiftyone_faiss.explain_match`."""
        return brain.explain_match(samples, query, id, brain_key, **options)


def _query(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    has_text = bool(str(ctx.params.get("query") or "").strip())
    needed = 1 if has_text else 2
    inputs.str(
        "query",
        label="Query",
        description="A text; empty to explain the other selected samples by the first one",
    )
    if len(_ids(ctx)) < needed:
        what = "a sample in the grid" if has_text else "two samples in the grid, or type a query"
        notice = types.Warning(label=f"Select {what} first")
        inputs.view("too_few", notice).invalid = True


def _ids(ctx: foo.ExecutionContext) -> tuple[str, ...]:
    return read_ids("ids", ctx.params.get("ids") or ctx.selected)


def _requests(ctx: foo.ExecutionContext) -> list[brain.ExplanationRequest]:
    """A request for each selected sample, or for each but the first, which is the query then."""
    ids, params = _ids(ctx), dict(ctx.params)
    if not str(params.get("query") or "").strip():
        params |= {"query_type": "samples", "sample_ids": list(ids[:1])}
        ids = ids[1:]
    if not ids:
        raise ValueError("Select a sample and type a query, or select two samples.")
    return [brain.ExplanationRequest.from_params({**params, "id": id}, ctx.dataset) for id in ids]
