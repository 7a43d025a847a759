"""See the FAISS indexes of a dataset, and delete them."""

from __future__ import annotations

from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import forms


class ManageIndexes(foo.Operator):
    """``@fiftyone-faiss/similarity/manage_indexes``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="manage_indexes",
            label="FAISS: manage indexes",
            description="See the dataset's FAISS indexes, and delete them",
            icon="storage",
            dynamic=True,
            view_target=False,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        info = forms.index(ctx, inputs)
        if info is not None:
            inputs.md(_details(info), name="details")
            inputs.bool(
                "delete",
                default=False,
                label=f"Delete the index '{info.brain_key}'",
                description="Removes its vectors from the disk; the samples stay as they are",
            )
        deleting = bool(ctx.params.get("delete"))
        view = types.PromptView(
            label="FAISS indexes", submit_button_label="Delete" if deleting else "Close"
        )
        return types.Property(inputs, view=view)

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        if ctx.params.get("delete"):
            deleted = brain.delete_index(ctx.dataset, ctx.params["brain_key"])
            ctx.ops.notify(f"The index '{deleted.brain_key}' is deleted.", variant="success")
            ctx.ops.reload_dataset()
        return {"indexes": [info.to_dict() for info in brain.list_indexes(ctx.dataset)]}

    def __call__(
        self, samples: foc.SampleCollection, delete: str | None = None
    ) -> list[brain.IndexInfo]:
        """Lists the indexes from Python, after deleting one of them if asked.

        Args:
            samples: the dataset, or a view of it
            delete (None): the brain key of an index to delete first

        Raises:
            ValueError: if there is no such index
        """
        if delete is not None:
            brain.delete_index(samples, delete)
        return brain.list_indexes(samples)


def _details(info: brain.IndexInfo) -> str:
    rows = {
        "Holds": forms.describe(info),
        "Dimensions": info.dim,
        "Index type": info.index_type,
        "Searchable by words": "yes" if info.supports_text else "no",
        "Could not be read": f"{info.failures:,} images",
        "On disk": f"{info.disk_bytes / 2**20:,.1f} MB in `{info.path}`",
        "Built": info.created,
    }
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join(["| | |", "|---|---|", *lines])
