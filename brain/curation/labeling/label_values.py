"""The labels of compared samples, frames or patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import fiftyone as fo
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.lookup import is_of_frames
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX, root_dataset
from fiftyone_faiss.brain.data.value_fields import ValueField

LIST_TYPES = (fo.Classifications, fo.Detections, fo.Polylines, fo.Keypoints)


@dataclass(frozen=True)
class Labeled:
    """The compared vectors that have a label.

    Attributes:
        compared: their vectors
        field: where the labels are
        ids: the ids of samples, frames or patches
        names: the classes, sorted
        labels: ``(n,)`` int64 numbers of classes
        unlabeled: how many compared vectors have no label
    """

    compared: Compared
    field: ValueField
    ids: list[str]
    names: list[str]
    labels: Positions
    unlabeled: int

    @classmethod
    def of(cls, compared: Compared, label_field: str) -> Labeled:
        """Reads the labels of compared vectors.

        Raises:
            ValueError: if there is no such field of labels, or fewer than two classes in it
        """
        ids = compared.ids_at(np.arange(len(compared.vectors)))
        field = field_of_labels(compared, label_field, ids)
        values = field.read(ids)
        known = np.array([isinstance(values.get(id), str) for id in ids], bool)
        own = [values[id] for id, is_known in zip(ids, known, strict=True) if is_known]
        names, labels = np.unique(np.array(own, object).astype(str), return_inverse=True)
        if len(names) < 2:
            raise ValueError(
                f"'{label_field}' has {len(names)} class in these samples, and two are needed; "
                "choose another field or view."
            )
        kept = [id for id, is_known in zip(ids, known, strict=True) if is_known]
        labeled = with_positions(compared, np.flatnonzero(known))
        numbers = labels.astype(np.int64)
        return cls(labeled, field, kept, names.tolist(), numbers, int((~known).sum()))


def with_positions(compared: Compared, positions: npt.NDArray[np.integer[Any]]) -> Compared:
    """Some of the compared vectors."""
    whole = compared.vectors
    if np.array_equal(positions, np.arange(len(whole))):
        return compared
    rows = whole.rows[positions]
    return replace(compared, vectors=ScaledVectors(whole.snapshot, whole.metric, rows))


def field_of_labels(compared: Compared, label_field: str, ids: Sequence[str]) -> ValueField:
    """Finds where the labels of an index are.

    Args:
        compared: the vectors of the index
        label_field: a field of ``Classification``, the field of the patches, or a field or an
            attribute of texts, such as ``"objects.color"``
        ids: the compared ids

    Raises:
        ValueError: if there is no such field, or it does not fit the index
    """
    dataset = root_dataset(compared.samples)
    if compared.patches_field is not None:
        return _attribute(dataset, compared, label_field.removeprefix(FRAMES_PREFIX))
    field = ValueField.named(dataset, label_field.removeprefix(FRAMES_PREFIX), ids, None)
    known = field.field
    if known is None:
        kind = "frames have" if field.of_frames else "samples have"
        raise ValueError(f"The {kind} no field {quoted(label_field)}; check its name.")
    kind_of_label = getattr(known, "document_type", None)
    if kind_of_label is not None and issubclass(kind_of_label, LIST_TYPES):
        raise ValueError(
            f"{quoted(label_field)} holds several labels for each sample; choose an index of its "
            f"patches: build_index(..., patches_field={quoted(label_field)})."
        )
    if kind_of_label is not None and "label" in known.get_field_schema():
        return replace(field, path=f"{field.path}.label")
    if isinstance(known, fo.StringField):
        return field
    raise ValueError(f"{quoted(label_field)} holds no labels; choose a field of labels or texts.")


def _attribute(dataset: fo.Dataset, compared: Compared, label_field: str) -> ValueField:
    patches_field = str(compared.patches_field)
    own = f"{patches_field}."
    if label_field != patches_field and not label_field.startswith(own):
        raise ValueError(
            f"The index '{compared.brain_key}' holds the patches of '{patches_field}'; give "
            f"label_field='{patches_field}', or an index of samples."
        )
    name = label_field.rpartition(".")[2] if label_field.startswith(own) else "label"
    field = ValueField.named(dataset, name, [], patches_field)
    if is_of_frames(dataset, patches_field):
        field = replace(field, of_frames=True)
    if not isinstance(field.field, fo.StringField):
        raise ValueError(f"The labels of '{patches_field}' have no texts in {quoted(name)}.")
    return field
