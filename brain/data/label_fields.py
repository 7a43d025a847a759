"""Saves labels in fields of samples and frames, and their values as attributes of labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import fiftyone as fo
from bson import ObjectId

from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.lookup import (
    LOOKUP,
    all_slices,
    are_frames,
    is_of_frames,
    labels_by_ids,
    videos,
)
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX, frame_documents, label_field_path

MADE_BY = {"made_by": "fiftyone-faiss labels"}
"""The ``info`` of a field of labels; a field without it is never overwritten."""

Label: TypeAlias = "fo.Classification | fo.Classifications"
# The labels before, by the path of the field: ids and values; None for a new field.
Before = dict[str, tuple[list[str], list[Any]] | None]


@dataclass(frozen=True)
class SavedLabels:
    """Labels that were saved in a field.

    Attributes:
        dataset: the dataset
        count: the number of samples, frames or labels that got a value
        before: the ids and the former values of each field by its path; None for a new field
    """

    dataset: fo.Dataset
    count: int
    before: Before

    def undo(self) -> None:
        """Restores what the fields held, and deletes those that were new."""
        for path, held in self.before.items():
            if self.dataset.get_field(path) is None:
                continue
            if held is not None:
                existing = set(all_slices(self.dataset).values("id"))
                values = {id: v for id, v in zip(*held, strict=True) if id in existing}
                all_slices(self.dataset).set_values(path, values, key_field="id", dynamic=True)
            elif path.startswith(FRAMES_PREFIX):
                self.dataset.delete_frame_field(path.removeprefix(FRAMES_PREFIX))
            else:
                self.dataset.delete_sample_field(path)


def save_labels(
    dataset: fo.Dataset,
    labels: Mapping[str, Label],
    name: str,
    kind: type[Label],
    patches_field: str | None = None,
) -> SavedLabels:
    """Saves a label for each id; earlier ones in the field are cleared.

    Labels of a field get the attributes ``<name>``, with the name or a list of the names, and
    ``<name>_confidence``, since a label holds no others.

    Args:
        dataset: the dataset
        labels: the labels by the ids of samples or frames, or of labels for ``patches_field``
        name: the field, or the attribute
        kind: the type of the labels
        patches_field (None): the field of the labels that get attributes

    Returns:
        how many there are, which can be undone

    Raises:
        ValueError: if the name is not valid, or the field holds other values
    """
    name = name.strip()
    if not name.isidentifier():
        raise ValueError(f"{quoted(name)} is no field name; give a name such as 'clusters'.")
    if patches_field is not None:
        return _save_attributes(dataset, labels, name, kind, patches_field)
    if are_frames(dataset, list(labels)):
        before = _ready(dataset, FRAMES_PREFIX + name, True, _field_of(kind))
        by_video = _by_frame_number(dataset, labels)
        videos(dataset).set_values(FRAMES_PREFIX + name, by_video, key_field="id", dynamic=True)
        return SavedLabels(dataset, sum(map(len, by_video.values())), before)
    before = _ready(dataset, name, False, _field_of(kind))
    samples = all_slices(dataset)
    existing = set(samples.values("id"))
    values = {id: label for id, label in labels.items() if id in existing}
    samples.set_values(name, values, key_field="id", dynamic=True)
    return SavedLabels(dataset, len(values), before)


def _field_of(kind: type[Label]) -> dict[str, Any]:
    return {"ftype": fo.EmbeddedDocumentField, "embedded_doc_type": kind}


def _by_frame_number(
    dataset: fo.Dataset, labels: Mapping[str, Label]
) -> dict[str, dict[int, Label]]:
    """The labels of frames by the ids of their videos and by their numbers."""
    frames = frame_documents(dataset)
    assert frames is not None
    ids = list(labels)
    values: dict[str, dict[int, Label]] = {}
    for at in range(0, len(ids), LOOKUP):
        query = {"_id": {"$in": [ObjectId(id) for id in ids[at : at + LOOKUP]]}}
        for frame in frames.find(query, {"_sample_id": 1, "frame_number": 1}):
            of_video = values.setdefault(str(frame["_sample_id"]), {})
            of_video[frame["frame_number"]] = labels[str(frame["_id"])]
    return values


def _save_attributes(
    dataset: fo.Dataset,
    labels: Mapping[str, Label],
    name: str,
    kind: type[Label],
    patches_field: str,
) -> SavedLabels:
    of_frames = is_of_frames(dataset, patches_field)
    prefix = FRAMES_PREFIX if of_frames else ""
    owner = "frame_id" if of_frames else "sample_id"
    held = labels_by_ids(dataset, list(labels), patches_field)
    id_path = label_field_path(held, patches_field, "id")
    owners = [
        (owner_id, id)
        for owner_id, ids in zip(*held.values(["id", id_path]), strict=True)
        for id in (ids if isinstance(ids, list) else [ids])
    ]
    is_list = kind is fo.Classifications
    before: Before = {}
    for attribute, part, field in (
        (name, "label", fo.StringField),
        (f"{name}_confidence", "confidence", fo.FloatField),
    ):
        path = label_field_path(dataset, prefix + patches_field, attribute)
        ftype = {"ftype": fo.ListField, "subfield": field} if is_list else {"ftype": field}
        before |= _ready(dataset, path, of_frames, ftype)
        rows = [
            {owner: owner_id, "label_id": id, "value": _part(labels[id], part)}
            for owner_id, id in owners
        ]
        dataset.set_label_values(path, rows, dynamic=True)
    return SavedLabels(dataset, len(owners), before)


def _part(label: Label, part: str) -> Any:
    if isinstance(label, fo.Classifications):
        return [each[part] for each in label.classifications]
    return label[part]


def _ready(dataset: fo.Dataset, path: str, of_frames: bool, ftype: dict[str, Any]) -> Before:
    """Adds a field, or clears it if it holds earlier labels; returns what it held."""
    field = dataset.get_field(path)
    own_path = path.removeprefix(FRAMES_PREFIX) if of_frames else path
    if field is None:
        add = dataset.add_frame_field if of_frames else dataset.add_sample_field
        add(own_path, info=MADE_BY, **ftype)
        return {path: None}
    is_same_kind = isinstance(field, ftype["ftype"]) and getattr(
        field, "document_type", None
    ) == ftype.get("embedded_doc_type")
    if not is_same_kind or (field.info or {}) != MADE_BY:
        raise ValueError(f"The field {quoted(path)} holds other values; choose another name.")
    held = all_slices(dataset).values(["id", path])
    (dataset.clear_frame_field if of_frames else dataset.clear_sample_field)(own_path)
    return {path: held}
