"""Saves groups of duplicates in fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.value_fields import SavedFields, ValueField, write_own_values

if TYPE_CHECKING:
    from fiftyone_faiss.brain.curation.duplicates import Member

# The ending of each field and its type.
PARTS: dict[str, type[fo.Field]] = {
    "group": fo.IntField,
    "rank": fo.IntField,
    "keeper": fo.StringField,
    "distance": fo.FloatField,
    "verdict": fo.StringField,
}


def save_groups(
    samples: foc.SampleCollection,
    groups: Sequence[Sequence[Member]],
    name: str,
    patches_field: str | None,
) -> SavedFields:
    """Saves the group, rank, keeper, distance and verdict of each member.

    The fields of samples and frames are ``<name>_group`` and so on; those of labels are their
    attributes.

    Returns:
        how many members were saved, which can be undone

    Raises:
        ValueError: if the name is not valid, or a field holds other values
    """
    name = name.strip()
    if not name.isidentifier():
        raise ValueError(f"{quoted(name)} is no field name; give a name such as 'duplicates'.")
    values: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    for number, group in enumerate(groups):
        for rank, member in enumerate(group):
            values["group"][member.id] = number
            values["rank"][member.id] = rank
            values["keeper"][member.id] = member.keeper
            values["distance"][member.id] = member.distance
            values["verdict"][member.id] = member.verdict
    dataset, ids = root_dataset(samples), list(values["group"])
    written = [
        write_own_values(
            ValueField.named(dataset, f"{name}_{part}", ids, patches_field),
            kind, values[part], "duplicates",
        )
        for part, kind in PARTS.items()
    ]  # fmt: skip
    return SavedFields(len(ids), written)
