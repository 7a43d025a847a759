"""The values of fields and tags as short texts, for the lines under a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.lookup import by_ids, labels_by_ids
from fiftyone_faiss.brain.data.private import label_field_path, owner_id_field

# A line under a tile has room for few values.
MAX_VALUES, MAX_TEXT = 6, 60
HIDDEN = frozenset({"id", "filepath", "metadata", "created_at", "last_modified_at"})
_PRIMITIVES = (fo.StringField, fo.BooleanField, fo.IntField, fo.FloatField)
_VALUES = {"Regression": "value"}
_LISTS = {
    "Classifications": "classifications",
    "Detections": "detections",
    "Polylines": "polylines",
    "Keypoints": "keypoints",
    "TemporalDetections": "detections",
}
_SINGLE = ("Classification", "Detection", "Polyline", "Keypoint", "TemporalDetection", "Regression")


class TileField(TypedDict):
    """A field that a line can show; ``path`` is what the App colors its values by."""

    name: str
    path: str


def tile_fields(samples: foc.SampleCollection) -> list[TileField]:
    """Lists the fields of samples, or of frames, whose values are short texts."""
    paths = {name: _path(name, field) for name, field in samples.get_field_schema().items()}
    return [
        {"name": name, "path": path}
        for name, path in paths.items()
        if path is not None and name not in HIDDEN
    ]


def tile_values(
    dataset: fo.Dataset, ids: Sequence[str], patches_field: str | None, names: Sequence[str]
) -> tuple[list[TileField], dict[str, dict[str, list[str]]]]:
    """Reads the values of fields.

    Args:
        dataset: the dataset
        ids: ids of samples or frames, or of labels if ``patches_field`` is given
        patches_field: the field of the labels; its values are those of the label itself
        names: the names of fields

    Returns:
        the fields that there are, and by id the texts of the values by the names of the fields

    Raises:
        ValueError: if there is no such field
    """
    labels = None if patches_field is None else labels_by_ids(dataset, ids, patches_field)
    owners = ids if labels is None else labels.values(owner_id_field(labels))
    samples = by_ids(dataset, owners)
    fields = tile_fields(samples)
    path_of = {field["name"]: field["path"] for field in fields}
    for name in names:
        if name not in path_of:
            raise ValueError(f"There is no field {quoted(name)} to show; choose another one.")
    columns = [samples.values(path_of[name]) for name in names]
    values = {
        id: {name: _texts(value) for name, value in zip(names, row, strict=True)}
        for id, *row in zip(samples.values("id"), *columns, strict=True)
    }
    if labels is None or patches_field is None:
        return fields, values
    own = _own_texts(labels, patches_field, path_of) if patches_field in names else {}
    held = labels.values(label_field_path(labels, patches_field, "id"))
    return fields, {
        label_id: {**values[owner], **own.get(label_id, {})}
        for owner, label_ids in zip(owners, held, strict=True)
        for label_id in _listed(label_ids)
    }


def _own_texts(
    labels: foc.SampleCollection, field: str, path_of: dict[str, str]
) -> dict[str, dict[str, list[str]]]:
    """The texts of labels themselves, by their ids."""
    columns = labels.values([label_field_path(labels, field, "id"), path_of[field]])
    return {
        label_id: {field: _texts(value)}
        for label_ids, values in zip(*columns, strict=True)
        for label_id, value in zip(_listed(label_ids), _listed(values), strict=True)
    }


def _path(name: str, field: Any) -> str | None:
    """The path of the texts of a field; None if it has none."""
    if isinstance(field, _PRIMITIVES):
        return name
    if isinstance(field, fo.ListField):
        return name if isinstance(field.field, (fo.StringField, fo.IntField)) else None
    if not isinstance(field, fo.EmbeddedDocumentField):
        return None
    kind = field.document_type.__name__
    if kind in _LISTS:
        return f"{name}.{_LISTS[kind]}.label"
    return f"{name}.{_VALUES.get(kind, 'label')}" if kind in _SINGLE else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> list[str]:
    """The different values as texts, in their order."""
    texts = [_text(item) for item in _listed(value) if item is not None]
    return list(dict.fromkeys(texts))[:MAX_VALUES]


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)[:MAX_TEXT]
