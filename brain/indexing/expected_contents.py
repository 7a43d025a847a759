"""What an index should hold of a collection that shows something else than the index has."""

from __future__ import annotations

import fiftyone.core.collections as foc
import fiftyone.core.media as fomm
from bson import ObjectId

from fiftyone_faiss.brain.core.ids import unpack_ids
from fiftyone_faiss.brain.data.frames import video_frames
from fiftyone_faiss.brain.data.lookup import LOOKUP, are_frames
from fiftyone_faiss.brain.data.media import check_images
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex


def contents(index: FaissSimilarityIndex, samples: foc.SampleCollection) -> foc.SampleCollection:
    """What an index should hold of a dataset or a view: of videos, frames like those it has; of a
    grouped dataset, the slices it has.

    Raises:
        ValueError: if that is not known, saying what to do
    """
    is_of_frames = index.view_filter.is_of_frames
    if samples.media_type == fomm.GROUP:
        slices = None if is_of_frames else _slices(index)
        if slices == []:
            check_images(samples)
        kind = fomm.VIDEO if is_of_frames else None
        samples = samples.select_group_slices(slices, media_type=kind)
    if is_of_frames and not samples._is_frames:
        return _frames_of(samples, index)
    held = index.snapshot.sample_ids[:LOOKUP]
    if samples.media_type == fomm.VIDEO and are_frames(samples._root_dataset, unpack_ids(held)):
        # Of which videos frames are known, but not which frames of a video.
        check_images(samples)
    return samples


def _slices(index: FaissSimilarityIndex) -> list[str]:
    """The slices of its grouped dataset that samples of an index are in."""
    dataset, snapshot = index.samples._root_dataset, index.snapshot
    ids = snapshot.sample_ids[snapshot.live_rows]
    found: set[str] = set()
    for at in range(0, len(ids), LOOKUP):
        wanted = [ObjectId(one) for one in unpack_ids(ids[at : at + LOOKUP])]
        query = {"_id": {"$in": wanted}}
        found |= set(dataset._sample_collection.distinct(f"{dataset.group_field}.name", query))
    return sorted(found)


def _frames_of(videos: foc.SampleCollection, index: FaissSimilarityIndex) -> foc.SampleCollection:
    """The frames of videos, chosen and shown as those that an index has."""
    how = index.config.frames
    if how is None:
        how = index.samples._frames_stage.config or {}
    if how.keys() == {"sample_frames", "fps"} and how["sample_frames"] == "dynamic":
        # It gives new videos the frames that keep their ids.
        return video_frames(videos, 1 / how["fps"])
    return videos.to_frames(**how)
