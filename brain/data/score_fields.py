"""Acting on results: saved views, fields of scores, exports."""

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

SCORES = {"made_by": "fiftyone-faiss scores"}
"""What is noted at a field of scores, so that no other field is ever emptied."""

# MongoDB takes 16 MB in one command.
LABELS_AT_ONCE = 100_000


def save_scores(
    dataset: fo.Dataset,
    scores: Mapping[str, float],
    score_field: str,
    patches_field: str | None = None,
) -> int:
    """Stores scores in a field of samples, or of labels; values that were in it are cleared.

    Args:
        dataset: the dataset
        scores: a score for each id, of samples, or of labels if ``patches_field`` is given
        score_field: the field, of samples or of labels
        patches_field (None): the field of the labels

    Returns:
        how many have a score now

    Raises:
        ValueError: if the name is none, or the field holds something else
    """
    name = score_field.strip()
    if not name.isidentifier():
        raise ValueError(f"'{name}' is no name for a field; give one such as 'dog_score'.")
    if patches_field is None:
        return _save_of_samples(dataset, scores, name)
    # Looked up before the field is emptied.
    values = _label_values(dataset, scores, patches_field)
    prefix = dataset._FRAMES_PREFIX if is_of_frames(dataset, patches_field) else ""
    _, path = dataset._get_label_field_path(prefix + patches_field, name)
    _make_ready(dataset, path)
    dataset.set_label_values(path, values, dynamic=True)
    return len(values)


def _save_of_samples(dataset: fo.Dataset, scores: Mapping[str, float], name: str) -> int:
    ids = list(scores)
    if not are_frames(dataset, ids):
        _make_ready(dataset, name)
        samples = all_slices(dataset)
        samples.set_values(name, dict(scores), key_field="id")
        return int(samples.exists(name).count())
    path = dataset._FRAMES_PREFIX + name
    values: dict[str, dict[int, float]] = {}
    for at in range(0, len(ids), LOOKUP):
        query = {"_id": {"$in": [ObjectId(one) for one in ids[at : at + LOOKUP]]}}
        for frame in dataset._frame_collection.find(query, {"_sample_id": 1, "frame_number": 1}):
            of_video = values.setdefault(str(frame["_sample_id"]), {})
            of_video[frame["frame_number"]] = float(scores[str(frame["_id"])])
    _make_ready(dataset, path)
    videos(dataset).set_values(path, values, key_field="id")
    return sum(map(len, values.values()))


def _label_values(
    dataset: fo.Dataset, scores: Mapping[str, float], patches_field: str
) -> list[dict[str, Any]]:
    """What ``set_label_values`` takes, for the labels that are there."""
    owner = "frame_id" if is_of_frames(dataset, patches_field) else "sample_id"
    wanted = list(scores)
    values = []
    for at in range(0, len(wanted), LABELS_AT_ONCE):
        labels = labels_by_ids(dataset, wanted[at : at + LABELS_AT_ONCE], patches_field)
        _, id_path = labels._get_label_field_path(patches_field, "id")
        for one, ids in zip(*labels.values(["id", id_path]), strict=True):
            values += [
                {owner: one, "label_id": label, "value": float(scores[label])}
                for label in (ids if isinstance(ids, list) else [ids])
            ]
    return values


def _make_ready(dataset: fo.Dataset, path: str) -> None:
    """Makes the field, or empties it if it holds scores of an earlier search, and nothing else."""
    field = dataset.get_field(path)
    of_frames = dataset._is_frame_field(path)
    own_path = path.removeprefix(dataset._FRAMES_PREFIX) if of_frames else path
    if field is None:
        add = dataset.add_frame_field if of_frames else dataset.add_sample_field
        add(own_path, fo.FloatField, info=SCORES)
        return
    if not isinstance(field, fo.FloatField) or (field.info or {}) != SCORES:
        raise ValueError(f"The field '{path}' holds other values; choose another name.")
    clear = dataset.clear_frame_field if of_frames else dataset.clear_sample_field
    clear(own_path)
