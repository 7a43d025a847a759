"""The samples or frames that an index should hold, for a collection of a different kind."""

from __future__ import annotations

import fiftyone.core.collections as foc
import fiftyone.core.media as fomm

from fiftyone_faiss.brain.backend.missing_fields import labels_problem
from fiftyone_faiss.brain.core.ids import unpack_ids
from fiftyone_faiss.brain.data.frames import video_frames
from fiftyone_faiss.brain.data.lookup import LOOKUP, are_frames, slices_of
from fiftyone_faiss.brain.data.media import check_images
from fiftyone_faiss.brain.data.private import (
    flatten_groups,
    frames_options,
    holds_frames,
    root_dataset,
)
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex


def expected_contents(
    index: FaissSimilarityIndex, samples: foc.SampleCollection
) -> foc.SampleCollection:
    """Returns the samples or frames of a collection that an index should hold.

    For videos, these are frames selected like the indexed frames; for a grouped dataset, the
    slices that the index holds.

    Raises:
        ValueError: if they cannot be determined
    """
    problem = labels_problem(samples, index.key, index.config)
    if problem is not None:
        raise ValueError(problem)
    is_of_frames = index.view_filter.is_of_frames
    samples = flatten_groups(samples)
    if samples.media_type == fomm.GROUP:
        ids = unpack_ids(index.snapshot.sample_ids[index.snapshot.live_rows])
        slices = None if is_of_frames else slices_of(root_dataset(samples), ids)
        if slices == []:
            check_images(samples)
        media_type = fomm.VIDEO if is_of_frames else None
        samples = samples.select_group_slices(slices, media_type=media_type)
    if is_of_frames and not holds_frames(samples):
        return _frames_of(samples, index)
    held = index.snapshot.sample_ids[:LOOKUP]
    if samples.media_type == fomm.VIDEO and are_frames(root_dataset(samples), unpack_ids(held)):
        # The index holds frames, but how they were selected from the videos is unknown.
        check_images(samples)
    return samples


def _frames_of(videos: foc.SampleCollection, index: FaissSimilarityIndex) -> foc.SampleCollection:
    """Returns the frames of videos, selected like the frames of an index."""
    options = index.config.frames
    if options is None:
        options = frames_options(index.samples)
    if options.keys() == {"sample_frames", "fps"} and options["sample_frames"] == "dynamic":
        # Creates the frames of new videos, so that they keep their ids.
        return video_frames(videos, 1 / options["fps"])
    return videos.to_frames(**options)
