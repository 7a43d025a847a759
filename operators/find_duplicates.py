"""Finds exact or near duplicates, and tags or saves them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_flag, read_text
from fiftyone_faiss.operators import duplicates_forms, forms

KINDS = ("near", "exact")


class FindDuplicates(foo.Operator):
    """``@fiftyone-faiss/similarity/find_duplicates``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="find_duplicates",
            label="FAISS: find duplicates",
            description="Find exact or near duplicates, and tag those that can be removed",
            icon="content_copy",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Find duplicates in")
        kinds = types.TabsView()
        kinds.add_choice("near", label="Near duplicates")
        kinds.add_choice("exact", label="Equal files")
        inputs.enum("kind", kinds.values(), view=kinds, default="near")
        if ctx.params.get("kind", "near") == "exact":
            inputs.bool(
                "pixels",
                default=False,
                label="Compare pixels",
                description="The same image in another lossless format is a duplicate, too",
            )
            _rest(ctx, inputs)
        elif forms.index(ctx, inputs) is not None:
            duplicates_forms.distance(ctx, inputs)
            _rest(ctx, inputs)
        return types.Property(inputs, view=types.View(label="Find duplicates"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        samples = ctx.target_view()
        split_field = read_text("split_field", ctx.params.get("split_field")) or None
        if _kind_of(ctx.params) == "exact":
            pixels = read_flag("pixels", ctx.params.get("pixels"))
            steps = brain.exact_duplicates_steps(samples, pixels, split_field=split_field)
        else:
            request = brain.DuplicatesRequest.from_params(
                {**ctx.params, "split_field": split_field}
            )
            steps = brain.near_duplicates_steps(samples, request)
        duplicates = yield from forms.run_steps(ctx, steps, "duplicates")
        if duplicates is None or not duplicates.members:
            return
        tag = read_text("tag", ctx.params.get("tag")).strip()
        if tag:
            duplicates.tag(tag)
        field = read_text("field", ctx.params.get("field")).strip()
        if field:
            duplicates.save(field)
        yield ctx.ops.set_view(duplicates.view())
        yield ctx.ops.reload_dataset()

    def __call__(
        self,
        samples: foc.SampleCollection,
        kind: str = "near",
        pixels: bool = False,
        brain_key: str | None = None,
        thresh: float | None = None,
        **options: Any,
    ) -> brain.Duplicates:
        """Finds duplicates from Python.

        Args:
            samples: a dataset or a view
            kind ("near"): ``"near"`` or ``"exact"``
            pixels (False): see :func:`fiftyone_faiss.find_exact_duplicates`
            brain_key (None): the index for near duplicates; optional if there is only one
            thresh (None): the largest distance of near duplicates
            **options: see :func:`fiftyone_faiss.find_near_duplicates`
        """
        if _kind_of({"kind": kind}) == "exact":
            return brain.find_exact_duplicates(samples, pixels, **options)
        return brain.find_near_duplicates(samples, brain_key, thresh, **options)


def _kind_of(params: dict[str, Any]) -> str:
    kind = read_text("kind", params.get("kind")) or "near"
    if kind not in KINDS:
        raise ValueError(f"kind is '{kind[:80]}'; choose 'near' or 'exact'.")
    return kind


def _rest(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    duplicates_forms.split_field(ctx, inputs, required=False)
    duplicates_forms.actions(inputs, "duplicate")
    inputs.str(
        "field",
        label="Save groups in",
        description="The beginning of the names of fields, such as 'duplicates'; empty for none",
    )
