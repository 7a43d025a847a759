"""See the FAISS indexes of a dataset, and delete them."""

from __future__ import annotations

from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.operators import forms

# Deleted datasets that the form names.
NAMED = 5


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
        orphans = brain.list_orphaned_indexes()
        if orphans:
            size = sum(one.disk_bytes for one in orphans) / 2**20
            # The largest first: of many, these and the number tell enough.
            by_size = sorted(orphans, key=lambda one: -one.disk_bytes)
            datasets = list(dict.fromkeys(one.dataset for one in by_size))
            names = ", ".join(datasets[:NAMED])
            if len(datasets) > NAMED:
                names += f" and {len(datasets) - NAMED:,} more"
            inputs.bool(
                "delete_orphaned",
                default=False,
                label=f"Delete what deleted datasets left behind: {size:,.1f} MB",
                description=f"The files of {len(orphans)} indexes, of {names}",
            )
        deleting = bool(ctx.params.get("delete") or ctx.params.get("delete_orphaned"))
        view = types.PromptView(
            label="FAISS indexes", submit_button_label="Delete" if deleting else "Close"
        )
        return types.Property(inputs, view=view)

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        if ctx.params.get("delete"):
            deleted = brain.delete_index(ctx.dataset, ctx.params["brain_key"])
            ctx.ops.notify(f"The index '{deleted.brain_key}' is deleted.", variant="success")
            ctx.ops.reload_dataset()
        if ctx.params.get("delete_orphaned"):
            gone = [brain.delete_orphaned_index(o.run_id) for o in brain.list_orphaned_indexes()]
            ctx.ops.notify(f"{len(gone)} indexes of deleted datasets removed.", variant="success")
        return {
            "indexes": [info.to_dict() for info in brain.list_indexes(ctx.dataset)],
            "orphaned": [one.to_dict() for one in brain.list_orphaned_indexes()],
        }

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
    recall = "exact" if info.recall is None else f"{info.recall:.1%} of the 10 nearest"
    if info.latency_ms is not None:
        recall += f", in {info.latency_ms:.1f} ms"
    rows = {
        "Holds": forms.describe(info),
        "Dimensions": info.dim,
        "Index type": info.index_type + (f" ({info.factory})" if info.factory else ""),
        "Recall": recall,
        "Searchable by words": "yes" if info.supports_text else "no",
        "Could not be read": f"{info.failures:,} images",
        "On disk": f"{info.disk_bytes / 2**20:,.1f} MB",
        "Folder": f"`{info.path}`" if info.path else "none",
        "Built": info.created,
    }
    return forms.table(rows)
