"""Finds labels that are probably wrong, and tags or saves them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_number, read_text
from fiftyone_faiss.operators import duplicates_forms, forms, label_forms


class AuditLabels(foo.Operator):
    """``@fiftyone-faiss/similarity/audit_labels``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="audit_labels",
            label="FAISS: audit labels",
            description="Find labels that are probably wrong, by the labels of their neighbors",
            icon="fact_check",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Audit labels in")
        index = forms.index(ctx, inputs)
        if index is not None and label_forms.label_field(ctx, inputs, index.patches_field):
            _probability(ctx, inputs)
            label_forms.neighbors(
                inputs, None, "How many vote about each label; empty for the number that fits best"
            )
            duplicates_forms.actions(inputs, "label issue")
            inputs.str(
                "field",
                label="Save the audit in",
                description="The beginning of the names of fields, such as 'my_audit'; empty "
                "for none",
            )
        return types.Property(inputs, view=types.View(label="Audit labels"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        request = brain.AuditRequest.from_params(ctx.params)
        steps = brain.audit_steps(ctx.target_view(), request)
        audit = yield from forms.run_steps(ctx, steps, "label audit")
        if audit is None:
            return
        if audit.doubt is not None:
            yield ctx.ops.notify(audit.doubt, variant="warning")
            return
        field = read_text("field", ctx.params.get("field")).strip()
        if field:
            audit.save(field)
        tag = read_text("tag", ctx.params.get("tag")).strip()
        if audit.issues:
            if tag:
                audit.tag(tag)
            yield ctx.ops.set_view(audit.view())
        yield ctx.ops.reload_dataset()

    def __call__(
        self,
        samples: foc.SampleCollection,
        label_field: str,
        brain_key: str | None = None,
        **options: Any,
    ) -> brain.LabelAudit:
        """Audits labels from Python; see :func:`fiftyone_faiss.audit_labels`."""
        return brain.audit_labels(samples, label_field, brain_key, **options)


def _probability(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    problem = None
    try:
        value = read_number("min_probability", ctx.params.get("min_probability"))
        brain.AuditRequest("label", min_probability=0.5 if value is None else value)
    except ValueError as error:
        problem = str(error)
    inputs.float(
        "min_probability",
        default=0.5,
        label="Smallest probability",
        description="Lists labels that are wrong with at least this probability, 0 to 1",
        invalid=problem is not None,
        error_message=problem or "",
    )
