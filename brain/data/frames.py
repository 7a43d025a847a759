"""Frames of videos at regular intervals, without images of them on disk."""

from __future__ import annotations

import cv2
import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.media as fomm
import fiftyone.core.video as fov
import fiftyone.utils.video as fouv

from fiftyone_faiss.brain.data.database import check_exists
from fiftyone_faiss.brain.data.private import root_dataset


def video_frames(samples: foc.SampleCollection, every: float = 1.0) -> fov.FramesView:
    """Returns a view of the frames of videos, one every ``every`` seconds, to embed or index.

    No images are written: frames are decoded from their videos when they are embedded. A frame
    without a :class:`fiftyone.core.frame.Frame` gets one, so that it keeps its id.

    Args:
        samples: a dataset or view of videos
        every (1.0): the interval between frames in seconds, above 0

    Returns:
        a frames view

    Raises:
        ValueError: if the samples are not videos, the interval is not positive, or a video cannot
            be read
    """
    check_exists(samples)
    if samples.media_type != fomm.VIDEO:
        raise ValueError(
            f"'{root_dataset(samples).name}' does not hold videos, so it has no frames; pass the "
            "dataset itself."
        )
    if not every > 0:
        raise ValueError(f"every must be above 0 seconds, got {every}; use 1.0, for example.")
    for sample in samples.iter_samples(autosave=True):
        if sample.metadata is None or not sample.metadata.total_frame_count:
            sample.metadata = _metadata_of(sample.filepath)
        frame_numbers = fouv.sample_frames_uniform(
            sample.metadata.frame_rate, sample.metadata.total_frame_count, fps=1 / every
        )
        known = set(sample.frames)
        for frame_number in frame_numbers or range(1, sample.metadata.total_frame_count + 1):
            if frame_number not in known:
                sample.frames[frame_number] = fo.Frame()
    return samples.to_frames(sample_frames="dynamic", fps=1 / every)


def _metadata_of(path: str) -> fo.VideoMetadata:
    """Reads the metadata of a video. FiftyOne's own reader needs ffprobe."""
    capture = cv2.VideoCapture(path)
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    capture.release()
    if count < 1 or rate <= 0:
        raise ValueError(f"The video {path} cannot be read; check or remove its sample.")
    return fo.VideoMetadata(
        frame_rate=rate,
        total_frame_count=count,
        duration=count / rate,
        frame_width=width,
        frame_height=height,
    )
