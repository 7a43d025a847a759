"""Finds samples, frames and labels by id, in all slices and videos of a dataset.

A dataset itself shows only one slice of a group, and no frames of its videos.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.media as fomm
from bson import ObjectId

from fiftyone_faiss.brain.data.private import (
    FRAMES_PREFIX,
    flatten_groups,
    frame_documents,
    holds_frames,
    holds_patches,
    label_field_path,
    root_dataset,
    sample_documents,
    select_all_slices,
)

# The number of ids of one query: 50,000 stay well below MongoDB's limit of 16 MB per message.
LOOKUP = 50_000


def by_ids(
    samples: foc.SampleCollection, ids: Iterable[str], ordered: bool = False
) -> fo.DatasetView:
    """Selects samples, or frames, by id.

    Args:
        samples: a dataset, or a view of it; the whole dataset is searched, unless this is a view
            of frames
        ids: ids of samples or of frames
        ordered (False): whether to return them in this order
    """
    ids = list(dict.fromkeys(ids))
    dataset = root_dataset(samples)
    of_frames = are_frames(dataset, ids)
    if not _shows_frames(samples) or (ids and not of_frames):
        samples = _frames(dataset, ids) if of_frames else all_slices(dataset)
    return samples.select(ids, ordered=ordered)


def labels_by_ids(samples: foc.SampleCollection, ids: Iterable[str], field: str) -> fo.DatasetView:
    """Selects labels by id: the samples, or frames, that hold them, with these labels only.

    Args:
        samples: as for :func:`by_ids`
        ids: ids of labels
        field: the field of the labels, of samples or of frames
    """
    ids = list(dict.fromkeys(ids))
    if not _shows_frames(samples):
        dataset = root_dataset(samples)
        samples = all_slices(dataset)
        if is_of_frames(dataset, field):
            path = label_path(dataset, field, of_frames=True)
            query = {path: {"$in": [ObjectId(label_id) for label_id in ids]}}
            frames = frame_documents(dataset)
            assert frames is not None
            samples = by_ids(dataset, map(str, frames.distinct("_id", query)))
    return samples.select_labels(ids=ids, fields=field)


def all_slices(samples: foc.SampleCollection) -> foc.SampleCollection:
    """Returns a collection with all samples of its groups; others as they are."""
    samples = flatten_groups(samples)
    return select_all_slices(samples) if samples.media_type == fomm.GROUP else samples


def videos(samples: foc.SampleCollection) -> foc.SampleCollection:
    """Returns a collection of videos, or the videos of groups."""
    samples = flatten_groups(samples)
    if samples.media_type != fomm.GROUP:
        return samples
    return samples.select_group_slices(media_type=fomm.VIDEO)


def slices_of(dataset: fo.Dataset, sample_ids: Sequence[str]) -> list[str]:
    """Returns the slices of a grouped dataset that contain some of these samples."""
    slices: set[str] = set()
    for start in range(0, len(sample_ids), LOOKUP):
        wanted = [ObjectId(sample_id) for sample_id in sample_ids[start : start + LOOKUP]]
        query = {"_id": {"$in": wanted}}
        slices |= set(sample_documents(dataset).distinct(f"{dataset.group_field}.name", query))
    return sorted(slices)


def existing_ids(dataset: fo.Dataset, ids: Iterable[str], field: str | None) -> set[str]:
    """Returns the ids that exist in a dataset.

    Args:
        dataset: the dataset
        ids: ids of samples or frames, or of labels if ``field`` is given
        field: the field of the labels
    """
    if field is None:
        return set(by_ids(dataset, ids).values("id"))
    labels = labels_by_ids(dataset, ids, field)
    return set(labels.values(label_field_path(labels, field, "id"), unwind=True))


def frames_of_labels(dataset: fo.Dataset, ids: Sequence[str], field: str) -> list[str]:
    """Returns the ids of the frames that hold labels, in the order of the labels.

    Raises:
        ValueError: if one of the labels does not exist
    """
    path = label_path(dataset, field, of_frames=True)
    frames = frame_documents(dataset)
    assert frames is not None
    frame_of: dict[str, str] = {}
    for start in range(0, len(ids), LOOKUP):
        wanted = {"$in": [ObjectId(label_id) for label_id in ids[start : start + LOOKUP]]}
        match, project = {"$match": {path: wanted}}, {"$project": {"ids": f"${path}"}}
        pipeline: list[dict[str, Any]] = [match, project]
        for document in frames.aggregate(pipeline):
            held = document["ids"]
            for label_id in held if isinstance(held, list) else [held]:
                frame_of[str(label_id)] = str(document["_id"])
    missing = [label_id for label_id in ids if label_id not in frame_of]
    if missing:
        raise ValueError(f"There is no label '{missing[0]}' in the frames' field '{field}'.")
    return [frame_of[label_id] for label_id in ids]


def are_frames(dataset: fo.Dataset, ids: Sequence[str], **having: Any) -> bool:
    """Returns whether a frame has one of these ids, and these values of other fields."""
    frames = frame_documents(dataset)
    if frames is None:
        return False
    for start in range(0, len(ids), LOOKUP):
        wanted = {"$in": [ObjectId(frame_id) for frame_id in ids[start : start + LOOKUP]]}
        if frames.find_one({"_id": wanted, **having}, {"_id": 1}) is not None:
            return True
    return False


def is_of_frames(dataset: fo.Dataset, field: str) -> bool:
    """Returns whether a field belongs to a dataset's frames, and not to its samples."""
    return not dataset.has_sample_field(field) and bool(dataset.has_frame_field(field))


def label_path(dataset: fo.Dataset, field: str, of_frames: bool) -> str:
    """Returns the database path of the ids of the labels in a field of samples, or of frames."""
    prefix = FRAMES_PREFIX if of_frames else ""
    return label_field_path(dataset, prefix + field, "_id").removeprefix(prefix)


def _shows_frames(samples: foc.SampleCollection) -> bool:
    """Returns whether a collection is a view of whole frames."""
    return holds_frames(samples) and not holds_patches(samples)


def _frames(dataset: fo.Dataset, ids: list[str]) -> fo.DatasetView:
    """Returns a view of frames by their ids."""
    frames = frame_documents(dataset)
    assert frames is not None
    wanted = {"_id": {"$in": [ObjectId(frame_id) for frame_id in ids]}}
    video_ids = frames.distinct("_sample_id", wanted)
    # Selects the videos first: FiftyOne reads all frames of the videos of the view.
    selected = videos(dataset).select(map(str, video_ids)).select_frames(ids)
    if are_frames(dataset, ids, filepath=None):
        # Frames without images are decoded from their videos.
        return selected.to_frames(sample_frames="dynamic", sparse=True)
    return selected.to_frames()
