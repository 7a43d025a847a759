"""Reads and writes values of samples, frames and labels by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import fiftyone as fo
from bson import ObjectId

from fiftyone_faiss.brain.data.lookup import (
    LOOKUP,
    all_slices,
    are_frames,
    by_ids,
    is_of_frames,
    labels_by_ids,
    videos,
)
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX, frame_documents, label_field_path


@dataclass(frozen=True)
class ValueField:
    """A field of samples or frames, or an attribute of labels.

    Attributes:
        dataset: the dataset
        path: its path from the samples, or from the frames
        of_frames: whether it belongs to frames, or to labels of frames
        patches_field: the field of the labels, None for samples and frames
    """

    dataset: fo.Dataset
    path: str
    of_frames: bool
    patches_field: str | None

    @classmethod
    def named(
        cls, dataset: fo.Dataset, name: str, ids: Sequence[str], patches_field: str | None
    ) -> ValueField:
        """The field of this name of samples or frames with some ids, or of labels."""
        if patches_field is None:
            return cls(dataset, name, are_frames(dataset, ids[:LOOKUP]), None)
        of_frames = is_of_frames(dataset, patches_field)
        prefix = FRAMES_PREFIX if of_frames else ""
        path = label_field_path(dataset, prefix + patches_field, name).removeprefix(prefix)
        return cls(dataset, path, of_frames, patches_field)

    @property
    def full_path(self) -> str:
        """The path from the dataset."""
        return f"{FRAMES_PREFIX if self.of_frames else ''}{self.path}"

    @property
    def field(self) -> fo.Field | None:
        """The field in the schema; None if there is none yet."""
        return self.dataset.get_field(self.full_path)

    def read(self, ids: Sequence[str]) -> dict[str, Any]:
        """Reads the values of some ids; those that do not exist any more are left out."""
        if self.patches_field is not None:
            return {id: value for _, id, value in self._labels(ids)}
        if self.of_frames:
            return {str(doc["_id"]): _at(doc, self.path) for doc in self._frames(ids)}
        values: dict[str, Any] = {}
        for part in _parts(ids):
            samples = by_ids(self.dataset, part)
            values |= dict(zip(*samples.values(["id", self.path]), strict=True))
        return values

    def write(self, values: Mapping[str, Any]) -> None:
        """Writes values by id; those that do not exist any more are left out."""
        if not values:
            return
        existing = self.read(list(values)) if self.field is not None else dict(values)
        wanted = {id: value for id, value in values.items() if id in existing}
        if self.patches_field is not None:
            rows = [
                {self._owner: owner, "label_id": id, "value": wanted[id]}
                for owner, id, _ in self._labels(list(wanted))
            ]
            self.dataset.set_label_values(self.full_path, rows, dynamic=True)
        elif self.of_frames:
            of_video: dict[str, dict[int, Any]] = {}
            for frame in self._frames(list(wanted)):
                numbers = of_video.setdefault(str(frame["_sample_id"]), {})
                numbers[frame["frame_number"]] = wanted[str(frame["_id"])]
            videos(self.dataset).set_values(self.full_path, of_video, key_field="id", dynamic=True)
        else:
            all_slices(self.dataset).set_values(self.path, wanted, key_field="id", dynamic=True)

    def add(self, kind: type[fo.Field], info: Mapping[str, str], **options: Any) -> None:
        """Adds the field; see ``fiftyone.core.dataset.Dataset.add_sample_field``."""
        add = self.dataset.add_frame_field if self.of_frames else self.dataset.add_sample_field
        add(self.path, kind, info=dict(info), **options)

    def remove(self) -> None:
        """Deletes the field and its values."""
        dataset = self.dataset
        (dataset.delete_frame_field if self.of_frames else dataset.delete_sample_field)(self.path)

    @property
    def _owner(self) -> str:
        return "frame_id" if self.of_frames else "sample_id"

    def _labels(self, ids: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
        """The owner, the id and the value of labels."""
        field, has_values = self.patches_field, self.field is not None
        assert field is not None
        for part in _parts(ids):
            labels = labels_by_ids(self.dataset, part, field)
            paths = ["id", label_field_path(labels, field, "id")]
            if has_values:
                paths.append(self.path)
            for owner, held, *rest in zip(*labels.values(paths), strict=True):
                is_list = isinstance(held, list)
                values = rest[0] if rest else None
                many = held if is_list else [held]
                own = (values or [None] * len(many)) if is_list else [values]
                yield from ((owner, id, value) for id, value in zip(many, own, strict=True))

    def _frames(self, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        frames = frame_documents(self.dataset)
        assert frames is not None
        root = self.path.split(".")[0]
        shown = {"_sample_id": 1, "frame_number": 1, root: 1}
        for part in _parts(ids):
            wanted = [ObjectId(id) for id in part]
            yield from frames.find({"_id": {"$in": wanted}}, shown)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Divides ids, because the size of a request to the database is limited."""
    for start in range(0, len(ids), LOOKUP):
        yield ids[start : start + LOOKUP]


def _at(document: Mapping[str, Any], path: str) -> Any:
    """A value of a document of the database; labels as FiftyOne has them."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping) and "_cls" in value:
        return getattr(fo, value["_cls"]).from_dict(dict(value))
    return value


@dataclass(frozen=True)
class WrittenValues:
    """Values that were written into a field.

    Attributes:
        field: the field
        is_new: whether it did not exist before
        before: the former values by id
        after: the written values by id
    """

    field: ValueField
    is_new: bool
    before: dict[str, Any]
    after: dict[str, Any]

    def undo(self) -> int:
        """Restores the former values, except where somebody has changed them since.

        Returns:
            how many values were restored
        """
        if self.field.field is None:
            return 0
        now = self.field.read(list(self.after))
        same = [id for id, value in now.items() if value == self.after[id]]
        if self.is_new and len(same) == len(now):
            self.field.remove()
        else:
            self.field.write({id: self.before.get(id) for id in same})
        return len(same)


@dataclass(frozen=True)
class SavedFields:
    """Values that were saved in several fields.

    Attributes:
        count: the number of samples, frames or labels
        written: what was written into each field
    """

    count: int
    written: Sequence[WrittenValues]

    def undo(self) -> None:
        """Restores what the fields held; see :meth:`WrittenValues.undo`."""
        for written in self.written:
            written.undo()


def write_values(field: ValueField, values: Mapping[str, Any]) -> WrittenValues:
    """Writes values into a field that exists, which can be undone."""
    before = field.read(list(values))
    after = {id: value for id, value in values.items() if id in before}
    field.write(after)
    return WrittenValues(field, False, before, after)


def write_own_values(
    field: ValueField,
    kind: type[fo.Field],
    values: Mapping[str, Any],
    made_by: str,
    keep: bool = False,
    **options: Any,
) -> WrittenValues:
    """Writes values into a field of this package, which is added if it does not exist.

    Args:
        field: the field
        kind: its type
        values: the values by id
        made_by: who writes it; a field of others is never changed
        keep (False): whether to keep the values of other ids
        **options: more about the type; see :meth:`ValueField.add`

    Raises:
        ValueError: if the field holds values of others
    """
    info = _info(made_by)
    known = field.field
    if known is None:
        field.add(kind, info, **options)
        return replace(write_values(field, values), is_new=True, before={})
    document = getattr(known, "document_type", None)
    is_same = isinstance(known, kind) and document == options.get("embedded_doc_type")
    if not is_same or not is_made_by(field, made_by):
        raise ValueError(f"The field '{field.full_path}' holds other values; choose another name.")
    cleared = {} if keep else {id: None for id in ids_with_values(field)}
    return write_values(field, {**cleared, **values})


def is_made_by(field: ValueField, made_by: str) -> bool:
    """Whether a field exists and was added by :func:`write_own_values` for the same ``made_by``."""
    known = field.field
    return known is not None and (known.info or {}) == _info(made_by)


def _info(made_by: str) -> dict[str, str]:
    return {"made_by": f"fiftyone-faiss {made_by}"}


def ids_with_values(field: ValueField) -> list[str]:
    """The ids of the samples, frames or labels that have a value in a field."""
    dataset, path = field.dataset, field.full_path
    if field.patches_field is None and not field.of_frames:
        ids: list[str] = all_slices(dataset).exists(path).values("id")
        return ids
    if field.patches_field is None:
        frames = frame_documents(dataset)
        assert frames is not None
        held = frames.find({field.path: {"$ne": None}}, {"_id": 1})
        return [str(document["_id"]) for document in held]
    id_path = f"{path.rpartition('.')[0]}.id"
    holders = videos(dataset) if field.of_frames else all_slices(dataset)
    return [id for id, value in _pairs(*holders.values([id_path, path])) if value is not None]


def _pairs(ids: Sequence[Any], values: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Pairs the ids of labels, which are in lists of one nesting, with their values."""
    for id, value in zip(ids, values, strict=True):
        if isinstance(id, list):
            yield from _pairs(id, value or [None] * len(id))
        elif id is not None:
            yield id, value
