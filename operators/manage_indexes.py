"""Shows the FAISS indexes of a dataset, and deletes them."""

from __future__ import annotations

from typing import Any

import fiftyone.core.collections as foc
import fiftyone.operators as foo
from fiftyone.operators import types

from fiftyone_faiss import brain
from fiftyone_faiss.brain.core.params import MAX_NAME, read_text
from fiftyone_faiss.operators import forms

# The number of deleted datasets that the form names.
NAMED = 5


class ManageIndexes(foo.Operator):
    """``@fiftyone-faiss/similarity/manage_indexes``"""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="manage_indexes",
            label="FAISS: manage indexes",
            description="Show the dataset's FAISS indexes, and delete them",
            icon="storage",
            dynamic=True,
            view_target=False,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        info = forms.index(ctx, inputs)
        if info is not None:
            inputs.md(_details(brain.index_info(ctx.dataset, info.brain_key)), name="details")
            inputs.bool(
                "delete",
                default=False,
                label=f"Delete the index '{info.brain_key}'",
                description="Deletes its vectors from the disk; the samples do not change",
            )
        _orphans(inputs)
        deleting = bool(ctx.params.get("delete") or ctx.params.get("delete_orphaned"))
        view = types.PromptView(
            label="FAISS indexes", submit_button_label="Delete" if deleting else "Close"
        )
        return types.Property(inputs, view=view)

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        if ctx.params.get("delete"):
            deleted = brain.delete_index(
                ctx.dataset, read_text("brain_key", ctx.params.get("brain_key"), MAX_NAME)
            )
            ctx.ops.notify(f"Deleted the index '{deleted.brain_key}'.", variant="success")
            ctx.ops.reload_dataset()
        if ctx.params.get("delete_orphaned"):
            orphans = brain.list_orphaned_indexes()
            for orphan in orphans:
                brain.delete_orphaned_index(orphan.run_id)
            ctx.ops.notify(
                f"Deleted {len(orphans)} indexes of deleted datasets.", variant="success"
            )
        return {
            "indexes": [info.to_dict() for info in brain.list_indexes(ctx.dataset)],
            "orphaned": [orphan.to_dict() for orphan in brain.list_orphaned_indexes()],
        }

    def __call__(
        self, samples: foc.SampleCollection, delete: str | None = None
    ) -> list[brain.IndexInfo]:
        """Lists the indexes from Python, after deleting one of them if requested.

        Args:
            samples: the dataset, or a view of it
            delete (None): the brain key of an index to delete first

        Raises:
            ValueError: if there is no such index
        """
        if delete is not None:
            brain.delete_index(samples, delete)
        return brain.list_indexes(samples)


def _orphans(inputs: types.Object) -> None:
    """Adds a switch that deletes the indexes of deleted datasets, if there are any."""
    orphans = brain.list_orphaned_indexes()
    if not orphans:
        return
    size = sum(orphan.disk_bytes for orphan in orphans) / 2**20
    by_size = sorted(orphans, key=lambda orphan: -orphan.disk_bytes)
    datasets = list(dict.fromkeys(orphan.dataset for orphan in by_size))
    names = ", ".join(datasets[:NAMED])
    if len(datasets) > NAMED:
        names += f" and {len(datasets) - NAMED:,} more"
    inputs.bool(
        "delete_orphaned",
        default=False,
        label=f"Delete the indexes of deleted datasets: {size:,.1f} MB",
        description=f"The files of {len(orphans)} indexes, of {forms.as_text(names)}",
    )


def _details(info: brain.IndexInfo) -> str:
    recall = "exact" if info.recall is None else f"{info.recall:.1%} of the 10 nearest"
    if info.latency_ms is not None:
        recall += f", in {info.latency_ms:.1f} ms"
    rows = {
        "Contents": forms.as_text(f"{info.size:,} {forms.describe(info)}"),
        "Dimensions": info.dim,
        "Index type": info.index_type + (f" ({info.factory})" if info.factory else ""),
        "Recall": recall,
        "Searchable by text": "yes" if info.supports_text else "no",
        "Failed": f"{info.failures:,} images",
        "On disk": f"{info.disk_bytes / 2**20:,.1f} MB",
        "Folder": f"`{info.path}`" if info.path else "none",
        "Created": info.created,
    }
    if info.problem:
        rows["Problem"] = forms.as_text(info.problem)
    return forms.table(rows)
