"""Tags samples by text, with a threshold for each prompt."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_flag, read_text
from fiftyone_faiss.operators import forms, grouping_forms


class TagByText(foo.Operator):
    """``@fiftyone-faiss/similarity/tag_by_text``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="tag_by_text",
            label="FAISS: tag by text",
            description="Tag samples with the texts that they show, and say which are absent",
            icon="label",
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Tag")
        if forms.index(ctx, inputs) is not None:
            grouping_forms.prompts(ctx, inputs)
            inputs.bool(
                "add_tags",
                default=True,
                label="Add tags",
                description="Tags each sample with the texts; removing the tags undoes it",
            )
            grouping_forms.field(
                inputs, "", "A field of Classifications with confidences; empty for none"
            )
            inputs.bool(
                "single",
                default=False,
                label="Only the surest text",
                description="Saves one Classification, for FiftyOne's Model Evaluation",
            )
        return types.Property(inputs, view=types.View(label="Tag by text"))

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, None]:
        request = brain.TagsRequest.from_params(ctx.params)
        add_tags = read_flag("add_tags", ctx.params.get("add_tags", True))
        single = read_flag("single", ctx.params.get("single"))
        field = read_text("field", ctx.params.get("field")).strip()
        steps = brain.text_tags_steps(ctx.target_view(), request)
        tags = yield from forms.run_steps(ctx, steps, "text tags")
        if tags is None:
            return
        if add_tags:
            tags.tag()
        if field:
            tags.save(field, single=single)
        yield ctx.ops.reload_dataset()

    def __call__(
        self,
        samples: foc.SampleCollection,
        prompts: Mapping[str, str] | Sequence[str],
        brain_key: str | None = None,
        field: str | None = None,
        **options: Any,
    ) -> brain.TextTags:
        """Finds samples by texts from Python; call ``tag()`` on the result to tag them.

        Args:
            samples: a dataset or a view
            prompts: the texts, or a dict from tags to texts
            brain_key (None): the index; optional if there is only one
            field (None): the field to save them in
            **options: see :func:`fiftyone_faiss.tag_by_text`
        """
        return brain.tag_by_text(samples, prompts, brain_key, field=field, **options)
