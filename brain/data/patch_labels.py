"""The labels with boxes in a field of detections or polylines, of samples or of frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.fields as fof
import fiftyone.core.labels as fol

from fiftyone_faiss.brain.data.lookup import labels_by_ids
from fiftyone_faiss.brain.data.private import LABEL_LISTS, label_field_path, label_schema
from fiftyone_faiss.embedders.boxes import Box

PATCH_TYPES = (fol.Detection, fol.Detections, fol.Polyline, fol.Polylines)


@dataclass(frozen=True)
class PatchLabel:
    """A label and its box.

    Attributes:
        id: the id of the label
        values: its box or its points as they are stored; None or empty without any
        box: the box, around the points of a polyline; None if there are none, or they are no box
    """

    id: str
    values: Sequence[Any] | None
    box: Box | None

    @property
    def problem(self) -> str:
        """Why no region can be cut out, in a few words."""
        shown = str(self.values if self.box is None else list(self.box))
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        what = "is no box" if self.box is None else "has no area"
        return f"the box {shown} of the label '{self.id}' {what}"


def labels_of(samples: foc.SampleCollection, field: str) -> list[list[PatchLabel]]:
    """Returns the labels in a field, for each sample.

    Raises:
        ValueError: if there is no such field of detections or polylines
    """
    label_type = _patch_type(samples, field)
    is_polyline = issubclass(label_type, (fol.Polyline, fol.Polylines))
    id_path = label_field_path(samples, field, "id")
    box_path = label_field_path(samples, field, "points" if is_polyline else "bounding_box")
    is_list = issubclass(label_type, LABEL_LISTS)
    box_of = _box_around if is_polyline else _box
    rows = []
    for ids, values in zip(*samples.values([id_path, box_path]), strict=True):
        pairs = zip(ids or [], values or [], strict=True) if is_list else [(ids, values)]
        rows.append([PatchLabel(id, some, box_of(some)) for id, some in pairs if id is not None])
    return rows


def boxes_of(samples: foc.SampleCollection, field: str) -> list[list[tuple[str, Box | None]]]:
    """Returns the labels in a field, for each sample: their ids and boxes, None without a box."""
    return [[(label.id, label.box) for label in row] for row in labels_of(samples, field)]


def boxes_by_id(
    samples: foc.SampleCollection, ids: Sequence[str], field: str
) -> dict[str, list[float]]:
    """Returns the boxes of labels, by the labels' ids; those without a box are left out."""
    # A view of no frames lacks the field of their labels.
    rows = boxes_of(labels_by_ids(samples, ids, field), field) if ids else []
    return {id: list(box) for row in rows for id, box in row if box is not None}


def has_area(box: Box) -> bool:
    """Returns whether a box is larger than a point or a line."""
    return box[2] > 0 and box[3] > 0


def patch_fields(samples: foc.SampleCollection, of_frames: bool = False) -> list[str]:
    """Returns the fields of detections and polylines, those of embedded documents included.

    Args:
        samples: the samples
        of_frames (False): whether to return the fields of their frames
    """
    schema = label_schema(samples, of_frames)
    return [path for path, field in schema.items() if issubclass(field.document_type, PATCH_TYPES)]


def field_of_label(dataset: fo.Dataset, label_id: str) -> str | None:
    """Returns the field of samples, or of frames, that holds a label; None if there is none."""
    for name in (*patch_fields(dataset), *patch_fields(dataset, of_frames=True)):
        if labels_by_ids(dataset, [label_id], name).count():
            return name
    return None


def _patch_type(samples: foc.SampleCollection, field: str) -> type[fol.Label]:
    known = samples.get_field(field)
    if isinstance(known, fof.EmbeddedDocumentField):
        label_type: type[fol.Label] = known.document_type
        if issubclass(label_type, PATCH_TYPES):
            return label_type
    fields = patch_fields(samples)
    choices = f"choose one of {', '.join(fields)}" if fields else "there is none yet"
    raise ValueError(f"'{field}' is not a field of detections or polylines; {choices}.")


def _box(values: Sequence[Any] | None) -> Box | None:
    if not values or len(values) != 4:
        return None
    if not all(isinstance(value, (int, float)) and math.isfinite(value) for value in values):
        return None
    return (values[0], values[1], values[2], values[3])


def _box_around(shapes: Sequence[Any] | None) -> Box | None:
    """Returns the bounding box of the shapes of a polyline."""
    points = [point for shape in shapes or [] for point in shape]
    if not points:
        return None
    lefts, tops = [x for x, _ in points], [y for _, y in points]
    return _box((min(lefts), min(tops), max(lefts) - min(lefts), max(tops) - min(tops)))
