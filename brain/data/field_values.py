"""Reads the values of a field for samples, frames or labels: labels, texts, tags or numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.fields as fof

from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.lookup import all_slices, are_frames, is_of_frames, videos
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX, label_field_path
from fiftyone_faiss.brain.data.sample_filters import LABELED

Values = list[tuple[Any, ...]]
"""The values of each id: none, one, or several different ones."""
_OWN_FIELDS = ("id", "filepath", "sample_id", "frame_id")
PLAIN = (fof.StringField, fof.BooleanField, fof.IntField, fof.FloatField)


def values_of(
    dataset: fo.Dataset,
    field: str,
    ids: Sequence[str],
    sample_ids: Sequence[str],
    patches_field: str | None,
) -> Values:
    """Reads the values of a field.

    Args:
        dataset: the dataset
        field: a field of labels, texts, tags or numbers, of what the ids name: samples, frames, or
            labels. The field of the labels itself stands for what each is called, and
            ``"objects.color"`` for an attribute of labels in ``objects``. Labels also have the
            fields of their samples
        ids: ids of samples or frames, or of labels if ``patches_field`` is given
        sample_ids: the ids of the samples or frames that they belong to
        patches_field: the field of the labels

    Returns:
        the values of each id, none for ids that do not exist

    Raises:
        ValueError: if there is no such field, or it holds other values
    """
    own = patches_field
    if own is not None and (field == own or field.startswith(f"{own}.")):
        of_frames = is_of_frames(dataset, own)
        owners = videos(dataset) if of_frames else all_slices(dataset)
        prefix = FRAMES_PREFIX if of_frames else ""
        paths = [
            label_field_path(owners, prefix + own, name)
            for name in ("id", field.removeprefix(own).removeprefix(".") or "label")
        ]
        _check(owners, paths[1], field)
    elif are_frames(dataset, sample_ids[:1]):
        owners, prefix = videos(dataset), FRAMES_PREFIX
        ids = sample_ids
        paths = [f"{prefix}id", _value_path(owners, prefix + field, field)]
    else:
        owners = all_slices(dataset)
        ids = sample_ids
        paths = ["id", _value_path(owners, field, field)]
    of_owners, values = owners.values(paths)
    values_of_id = {
        id: tuple(dict.fromkeys(_flat(value))) for id, value in _pairs(of_owners, values)
    }
    return [values_of_id.get(id, ()) for id in ids]


def _value_path(samples: foc.SampleCollection, path: str, field: str) -> str:
    """The path of the values of a field."""
    schema = samples.get_field(path)
    if isinstance(schema, fof.ListField):
        schema = schema.field
    if isinstance(schema, fof.EmbeddedDocumentField) and issubclass(schema.document_type, fo.Label):
        path = label_field_path(samples, path, "label")
    _check(samples, path, field)
    return path


def _check(samples: foc.SampleCollection, path: str, field: str) -> None:
    schema = samples.get_field(path)
    if isinstance(schema, fof.ListField):
        schema = schema.field
    if not isinstance(schema, PLAIN):
        raise ValueError(
            f"There is no field {quoted(field)} of labels, texts, tags or numbers; choose another."
        )


def _pairs(ids: Any, values: Any) -> Iterator[tuple[str, Any]]:
    """Pairs ids with values; those of frames and labels are in lists of one nesting."""
    for id, value in zip(ids, values, strict=True):
        if isinstance(id, list):
            yield from _pairs(id, value or [None] * len(id))
        elif id is not None:
            yield id, value


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for part in value:
            yield from _flat(part)
    elif value is not None:
        yield value


def value_fields(samples: foc.SampleCollection, patches_field: str | None = None) -> list[str]:
    """Names the fields that :func:`values_of` reads of samples, or of labels.

    Args:
        samples: the samples
        patches_field (None): the field of the labels that an index holds, which comes first

    Returns:
        the fields of labels, then those of texts, numbers and tags
    """
    schema = samples.get_field_schema()
    labels = [name for name, field in schema.items() if _is_label(field)]
    plain = [
        name
        for name, field in schema.items()
        if isinstance(field, PLAIN) and name not in _OWN_FIELDS and not name.startswith("_")
    ]
    first = [] if patches_field is None else [patches_field]
    return list(dict.fromkeys([*first, *labels, *plain, "tags"]))


def _is_label(field: fo.Field) -> bool:
    return isinstance(field, fof.EmbeddedDocumentField) and issubclass(field.document_type, LABELED)
