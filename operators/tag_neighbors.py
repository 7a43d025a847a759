"""Tags the neighbors of a query, or removes these tags."""

from __future__ import annotations

from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import read_flag
from fiftyone_faiss.operators import forms, query_forms


class TagNeighbors(foo.Operator):
    """``@fiftyone-faiss/similarity/tag_neighbors``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="tag_neighbors",
            label="FAISS: tag neighbors",
            description="Tag the nearest neighbors of a query, or remove the tags",
            icon="sell",
            dynamic=True,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        actions = types.TabsView()
        actions.add_choice("tag", label="Tag")
        actions.add_choice("untag", label="Untag")
        inputs.enum("action", actions.values(), view=actions, default="tag")
        if ctx.params.get("action") == "untag":
            forms.tag(ctx, inputs)
            return types.Property(inputs, view=types.View(label="Remove a tag"))
        inputs.view_target(
            ctx,
            action_description="Search",
            allow_selected_samples=False,
            default_target="DATASET",
        )
        info = forms.searchable_index(ctx, inputs)
        if info is not None:
            query_forms.query(ctx, inputs, info)
            query_forms.k(ctx, inputs)
            forms.tag(ctx, inputs)
            inputs.bool(
                "replace",
                default=False,
                label="Replace previous tags",
                description="First removes this tag from the samples that an earlier run tagged",
            )
        return types.Property(inputs, view=types.View(label="Tag the nearest neighbors"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        tag = ctx.params.get("tag", brain.DEFAULT_TAG)
        if ctx.params.get("action") == "untag":
            count = brain.untag_neighbors(ctx.dataset, tag)
            ctx.ops.reload_dataset()
            return {"tag": tag, "untagged": count}
        request = brain.SearchRequest.from_params(query_forms.query_params(ctx))
        replace = read_flag("replace", ctx.params.get("replace"))
        tagging = brain.tag_search(ctx.target_view(), request, tag, replace)
        ctx.ops.set_view(tagging.neighbors.view())
        ctx.ops.reload_dataset()
        return {"tag": tag, "tagged": len(tagging.ids), **tagging.neighbors.to_dict()}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        outputs = types.Object()
        outputs.str("tag", label="Tag")
        done = "untagged" if "untagged" in (ctx.results or {}) else "tagged"
        outputs.int(done, label=f"Newly {done}")
        return types.Property(outputs, view=types.View(label="Tag neighbors"))

    def __call__(
        self,
        samples: foc.SampleCollection,
        query: Any,
        tag: str = brain.DEFAULT_TAG,
        k: int | None = brain.DEFAULT_K,
        brain_key: str | None = None,
        replace: bool = False,
        **options: Any,
    ) -> brain.Tagging:
        """Tags from Python; see :func:`fiftyone_faiss.tag_neighbors`."""
        return brain.tag_neighbors(samples, query, tag, k, brain_key, replace, **options)
