"""Saves scores in fields of samples, frames and labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone as fo
from bson import ObjectId

from fiftyone_faiss.brain.data.lookup import (
    LOOKUP,
    all_slices,
    are_frames,
    is_of_frames,
    labels_by_ids,
    videos,
)
from fiftyone_faiss.brain.data.private import FRAMES_PREFIX, frame_documents, label_field_path

SCORES = {"made_by": "fiftyone-faiss scores"}
"""The ``info`` of a field of scores; a field without it is never cleared."""

# MongoDB takes 16 MB in one command.
LABELS_AT_ONCE = 100_000


def save_scores(
    dataset: fo.Dataset,
    scores: Mapping[str, float],
    score_field: str,
    patches_field: str | None = None,
) -> int:
    """Saves scores in a field of samples, or of labels; earlier scores in it are cleared.

    Args:
        dataset: the dataset
        scores: a score for each id, of samples, or of labels if ``patches_field`` is given
        score_field: the field, of samples or of labels
        patches_field (None): the field of the labels

    Returns:
        the number of saved scores

    Raises:
        ValueError: if the name is not valid, or the field holds other values
    """
    name = score_field.strip()
    if not name.isidentifier():
        raise ValueError(f"'{name}' is no field name; give a name such as 'dog_score'.")
    if patches_field is None:
        return _save_of_samples(dataset, scores, name)
    # Before the field is cleared.
    values = _label_values(dataset, scores, patches_field)
    of_frames = is_of_frames(dataset, patches_field)
    prefix = FRAMES_PREFIX if of_frames else ""
    path = label_field_path(dataset, prefix + patches_field, name)
    _make_ready(dataset, path, of_frames)
    dataset.set_label_values(path, values, dynamic=True)
    return len(values)


def _save_of_samples(dataset: fo.Dataset, scores: Mapping[str, float], name: str) -> int:
    ids = list(scores)
    if not are_frames(dataset, ids):
        _make_ready(dataset, name, of_frames=False)
        samples = all_slices(dataset)
        samples.set_values(name, dict(scores), key_field="id")
        return int(samples.exists(name).count())
    path = FRAMES_PREFIX + name
    frames = frame_documents(dataset)
    assert frames is not None
    values: dict[str, dict[int, float]] = {}
    for at in range(0, len(ids), LOOKUP):
        query = {"_id": {"$in": [ObjectId(id) for id in ids[at : at + LOOKUP]]}}
        for frame in frames.find(query, {"_sample_id": 1, "frame_number": 1}):
            of_video = values.setdefault(str(frame["_sample_id"]), {})
            of_video[frame["frame_number"]] = float(scores[str(frame["_id"])])
    _make_ready(dataset, path, of_frames=True)
    videos(dataset).set_values(path, values, key_field="id")
    return sum(map(len, values.values()))


def _label_values(
    dataset: fo.Dataset, scores: Mapping[str, float], patches_field: str
) -> list[dict[str, Any]]:
    """The scores of the labels that exist, in the format of ``set_label_values``."""
    owner = "frame_id" if is_of_frames(dataset, patches_field) else "sample_id"
    label_ids = list(scores)
    values = []
    for at in range(0, len(label_ids), LABELS_AT_ONCE):
        labels = labels_by_ids(dataset, label_ids[at : at + LABELS_AT_ONCE], patches_field)
        id_path = label_field_path(labels, patches_field, "id")
        for owner_id, ids in zip(*labels.values(["id", id_path]), strict=True):
            values += [
                {owner: owner_id, "label_id": label, "value": float(scores[label])}
                for label in (ids if isinstance(ids, list) else [ids])
            ]
    return values


def _make_ready(dataset: fo.Dataset, path: str, of_frames: bool) -> None:
    """Adds the field, or clears it if it holds the scores of an earlier search."""
    field = dataset.get_field(path)
    own_path = path.removeprefix(FRAMES_PREFIX) if of_frames else path
    if field is None:
        add = dataset.add_frame_field if of_frames else dataset.add_sample_field
        add(own_path, fo.FloatField, info=SCORES)
        return
    if not isinstance(field, fo.FloatField) or (field.info or {}) != SCORES:
        raise ValueError(f"The field '{path}' holds other values; choose another name.")
    clear = dataset.clear_frame_field if of_frames else dataset.clear_sample_field
    clear(own_path)
