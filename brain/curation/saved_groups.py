"""Saves groups of duplicates in a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.data.lookup import all_slices, are_frames, is_of_frames, labels_by_ids
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX, label_field_path, root_dataset

if TYPE_CHECKING:
    from fiftyone_faiss.brain.curation.duplicates import Member

# The field and its ending. A field without this ``info`` is never cleared.
MADE_BY = {"made_by": "fiftyone-faiss duplicates"}
PARTS: dict[str, type[fo.Field]] = {
    "group": fo.IntField,
    "rank": fo.IntField,
    "keeper": fo.StringField,
    "distance": fo.FloatField,
    "verdict": fo.StringField,
}


@dataclass(frozen=True)
class SavedGroups:
    """Groups that were saved in fields.

    Attributes:
        dataset: the dataset
        count: the number of members
        before: the ids and the former values of each field by its path; None for a new field
    """

    dataset: fo.Dataset
    count: int
    before: dict[str, tuple[list[str], list[Any]] | None]

    def undo(self) -> None:
        """Restores what the fields held, and deletes those that were new."""
        for path, held in self.before.items():
            if self.dataset.get_field(path) is None:
                continue
            if held is not None:
                existing = set(all_slices(self.dataset).values("id"))
                values = {id: v for id, v in zip(*held, strict=True) if id in existing}
                all_slices(self.dataset).set_values(path, values, key_field="id")
            elif path.startswith(FRAMES_PREFIX):
                self.dataset.delete_frame_field(path.removeprefix(FRAMES_PREFIX))
            else:
                self.dataset.delete_sample_field(path)


def save_groups(
    samples: foc.SampleCollection,
    groups: Sequence[Sequence[Member]],
    name: str,
    patches_field: str | None,
) -> SavedGroups:
    """Saves the group, rank, keeper, distance and verdict of each member.

    The fields of samples are ``<name>_group`` and so on; those of labels are their attributes.

    Returns:
        how many members were saved, which can be undone

    Raises:
        ValueError: if the name is not valid, or a field holds other values
    """
    name = name.strip()
    if not name.isidentifier():
        raise ValueError(f"'{name}' is no field name; give a name such as 'duplicates'.")
    dataset = root_dataset(samples)
    values: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    for number, group in enumerate(groups):
        for rank, member in enumerate(group):
            values["group"][member.id] = number
            values["rank"][member.id] = rank
            values["keeper"][member.id] = member.keeper
            values["distance"][member.id] = member.distance
            values["verdict"][member.id] = member.verdict
    ids = list(values["group"])
    if patches_field is None and are_frames(dataset, ids):
        raise ValueError("Groups of frames cannot be saved in a field; save them as a view.")
    before = dict(
        _save_part(dataset, f"{name}_{part}", kind, values[part], patches_field)
        for part, kind in PARTS.items()
    )
    return SavedGroups(dataset, len(ids), before)


def _save_part(
    dataset: fo.Dataset,
    name: str,
    kind: type[fo.Field],
    values: dict[str, Any],
    patches_field: str | None,
) -> tuple[str, tuple[list[str], list[Any]] | None]:
    """Saves a field; returns its path, and its values before."""
    of_frames = patches_field is not None and is_of_frames(dataset, patches_field)
    path = name
    if patches_field is not None:
        prefix = FRAMES_PREFIX if of_frames else ""
        path = label_field_path(dataset, prefix + patches_field, name)
    field = dataset.get_field(path)
    held = None if field is None else all_slices(dataset).values(["id", path])
    own_path = path.removeprefix(FRAMES_PREFIX) if of_frames else path
    if field is None:
        add = dataset.add_frame_field if of_frames else dataset.add_sample_field
        add(own_path, kind, info=MADE_BY)
    elif not isinstance(field, kind) or (field.info or {}) != MADE_BY:
        raise ValueError(f"The field '{path}' holds other values; choose another name.")
    else:
        (dataset.clear_frame_field if of_frames else dataset.clear_sample_field)(own_path)
    if patches_field is None:
        all_slices(dataset).set_values(name, values, key_field="id")
        return path, held
    labels = labels_by_ids(dataset, list(values), patches_field)
    owner = "frame_id" if of_frames else "sample_id"
    rows = []
    for owner_id, ids in zip(
        *labels.values(["id", label_field_path(labels, patches_field, "id")]), strict=True
    ):
        rows += [
            {owner: owner_id, "label_id": id, "value": values[id]}
            for id in (ids if isinstance(ids, list) else [ids])
        ]
    dataset.set_label_values(path, rows, dynamic=True)
    return path, held
