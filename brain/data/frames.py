"""The frames of videos that lie so many seconds apart, without images of them on disk."""

from __future__ import annotations

import cv2
import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.media as fomm
import fiftyone.core.video as fov
import fiftyone.utils.video as fouv

from fiftyone_faiss.brain.data.database import check_exists


def video_frames(samples: foc.SampleCollection, every: float = 1.0) -> fov.FramesView:
    """The frames of videos that lie ``every`` seconds apart, as a view to embed or index.

    No image is written: when they are embedded, frames are decoded from their videos. A frame gets
    a :class:`fiftyone.core.frame.Frame` if it has none, so that it keeps its id.

    Args:
        samples: a dataset or view of videos
        every (1.0): seconds from one frame to the next, above 0

    Returns:
        a frames view

    Raises:
        ValueError: if these are no videos, or one cannot be read, naming it
    """
    check_exists(samples)
    if samples.media_type != fomm.VIDEO:
        raise ValueError(
            f"'{samples._root_dataset.name}' holds no videos, so it has no frames; pass it as it "
            "is."
        )
    if not every > 0:
        raise ValueError(f"every is {every}; give seconds above 0, such as 1.0.")
    for sample in samples.iter_samples(autosave=True):
        if sample.metadata is None or not sample.metadata.total_frame_count:
            sample.metadata = _metadata_of(sample.filepath)
        numbers = fouv.sample_frames_uniform(
            sample.metadata.frame_rate, sample.metadata.total_frame_count, fps=1 / every
        )
        known = set(sample.frames)
        for number in numbers or range(1, sample.metadata.total_frame_count + 1):
            if number not in known:
                sample.frames[number] = fo.Frame()
    return samples.to_frames(sample_frames="dynamic", fps=1 / every)


def _metadata_of(path: str) -> fo.VideoMetadata:
    """What FiftyOne wants to know of a video; its own way needs a program that may not be there."""
    capture = cv2.VideoCapture(path)
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    capture.release()
    if count < 1 or rate <= 0:
        raise ValueError(f"{path} is no video that can be read; check or remove its sample.")
    return fo.VideoMetadata(
        frame_rate=rate,
        total_frame_count=count,
        duration=count / rate,
        frame_width=width,
        frame_height=height,
    )
