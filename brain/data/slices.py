"""The slices of grouped datasets: why a view of one slice holds nothing of an index of another."""

from __future__ import annotations

import fiftyone.core.collections as foc
import fiftyone.core.media as fomm

from fiftyone_faiss.brain.core.ids import PackedIds, unpack_ids
from fiftyone_faiss.brain.data.lookup import slices_of
from fiftyone_faiss.brain.data.private import owner_id_field, root_dataset


def slices_note(view: foc.SampleCollection, indexed: PackedIds) -> str | None:
    """Returns a sentence if a view holds none of the slices that an index holds; else None.

    Args:
        view: a view
        indexed: ``(n,)`` the ids of the indexed samples
    """
    dataset = root_dataset(view)
    if dataset.media_type != fomm.GROUP:
        return None
    held = slices_of(dataset, unpack_ids(indexed))
    shown = slices_of(dataset, view.values(owner_id_field(view)))
    if not held or not shown or set(held) & set(shown):
        return None
    example = f"'{held[0]}'" if len(held) == 1 else str(held)
    return (
        f"The view holds the slice {_listed(shown)} of the groups, but the index holds "
        f"{_listed(held)}; use dataset.select_group_slices({example})."
    )


def _listed(slices: list[str]) -> str:
    return " and ".join(f"'{name}'" for name in slices)
