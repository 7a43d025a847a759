"""Samples, frames and labels by their ids, wherever in a dataset they are.

A dataset alone shows one slice of a group, and no frames of its videos.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.media as fomm
from bson import ObjectId

# Ids looked up at once: 50,000 stay well under MongoDB's 16 MB a message.
LOOKUP = 50_000


def by_ids(
    samples: foc.SampleCollection, ids: Iterable[str], ordered: bool = False
) -> fo.DatasetView:
    """The samples, or the frames, of these ids.

    Args:
        samples: a dataset, or a view of it, whose dataset is looked in; a view of frames is looked
            in itself
        ids: ids of samples or of frames
        ordered (False): whether they are to come in this order
    """
    ids = list(dict.fromkeys(ids))
    if not samples._is_frames:
        dataset = samples._root_dataset
        samples = _frames(dataset, ids) if are_frames(dataset, ids) else all_slices(dataset)
    return samples.select(ids, ordered=ordered)


def labels_by_ids(samples: foc.SampleCollection, ids: Iterable[str], field: str) -> fo.DatasetView:
    """The samples, or frames, that hold these labels, and of the field's labels no others.

    Args:
        samples: as for :func:`by_ids`
        ids: ids of labels
        field: their field, of samples or of frames
    """
    ids = list(dict.fromkeys(ids))
    if not samples._is_frames:
        dataset = samples._root_dataset
        samples = all_slices(dataset)
        if is_of_frames(dataset, field):
            frames = dataset._frame_collection
            path = label_path(dataset, field, of_frames=True)
            query = {path: {"$in": [ObjectId(one) for one in ids]}}
            samples = by_ids(dataset, map(str, frames.distinct("_id", query)))
    return samples.select_labels(ids=ids, fields=field)


def all_slices(dataset: fo.Dataset) -> foc.SampleCollection:
    """A dataset with the samples of all its slices, if it is grouped."""
    if dataset.media_type != fomm.GROUP:
        return dataset
    return dataset.select_group_slices(_allow_mixed=True)


def videos(dataset: fo.Dataset) -> foc.SampleCollection:
    """The videos of a dataset of such, or of a grouped one."""
    if dataset.media_type != fomm.GROUP:
        return dataset
    return dataset.select_group_slices(media_type=fomm.VIDEO)


def existing_ids(dataset: fo.Dataset, ids: Iterable[str], field: str | None) -> set[str]:
    """Those of some ids of samples or frames, or of labels in a field, that are in a dataset."""
    if field is None:
        return set(by_ids(dataset, ids).values("id"))
    found = labels_by_ids(dataset, ids, field)
    return set(found.values(found._get_label_field_path(field, "id")[1], unwind=True))


def are_frames(dataset: fo.Dataset, ids: Sequence[str], **having: Any) -> bool:
    """Whether there is a frame with one of these ids, and with these values of other fields."""
    frames = dataset._frame_collection
    if frames is None:
        return False
    for at in range(0, len(ids), LOOKUP):
        some = {"$in": [ObjectId(one) for one in ids[at : at + LOOKUP]]}
        if frames.find_one({"_id": some, **having}, {"_id": 1}) is not None:
            return True
    return False


def is_of_frames(dataset: fo.Dataset, field: str) -> bool:
    """Whether a field is none of a dataset's samples, but one of its frames."""
    return not dataset.has_sample_field(field) and bool(dataset.has_frame_field(field))


def label_path(dataset: fo.Dataset, field: str, of_frames: bool) -> str:
    """Where the database has the ids of the labels in a field of samples, or of frames."""
    prefix = dataset._FRAMES_PREFIX if of_frames else ""
    path: str = dataset._get_label_field_path(prefix + field, "_id")[1]
    return path.removeprefix(prefix)


def _frames(dataset: fo.Dataset, ids: list[str]) -> fo.DatasetView:
    """A view of frames by their ids."""
    wanted = {"_id": {"$in": [ObjectId(one) for one in ids]}}
    owners = dataset._frame_collection.distinct("_sample_id", wanted)
    # First the videos: of those, FiftyOne reads all frames.
    found = videos(dataset).select(map(str, owners)).select_frames(ids)
    if are_frames(dataset, ids, filepath=None):
        # Those without an image of their own are shown from their videos.
        return found.to_frames(sample_frames="dynamic", sparse=True)
    return found.to_frames()
