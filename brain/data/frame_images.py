"""The images of frames that exist only inside their videos, for a page."""

from __future__ import annotations

import io
from collections.abc import Sequence

import fiftyone as fo
from bson import ObjectId
from PIL import Image

from fiftyone_faiss.brain.data.lookup import by_ids, frames_of_labels, is_of_frames
from fiftyone_faiss.brain.data.media import WHOLE, list_media
from fiftyone_faiss.brain.data.private import frame_documents
from fiftyone_faiss.embedders.images import DECODE_ERRORS

QUALITY = 80


def frame_numbers(
    dataset: fo.Dataset, ids: Sequence[str], patches_field: str | None = None
) -> dict[str, int]:
    """Finds the numbers of frames without an image file.

    Args:
        dataset: the dataset
        ids: ids of samples or frames, or of labels if ``patches_field`` is given
        patches_field (None): the field of the labels

    Returns:
        the frame numbers by id; without the ids of samples, and of frames with an image file
    """
    frames = frame_documents(dataset)
    if frames is None or not ids:
        return {}
    frame_of = _frames_of(dataset, ids, patches_field)
    wanted = {"$in": [ObjectId(frame_id) for frame_id in set(frame_of.values())]}
    documents = frames.find({"_id": wanted, "filepath": None}, {"frame_number": 1})
    numbers = {str(document["_id"]): int(document["frame_number"]) for document in documents}
    return {id: numbers[frame] for id, frame in frame_of.items() if frame in numbers}


def frame_images(
    dataset: fo.Dataset, ids: Sequence[str], patches_field: str | None, side: int
) -> dict[str, bytes]:
    """Decodes frames from their videos.

    Args:
        dataset: the dataset
        ids: as for :func:`frame_numbers`
        patches_field: as for :func:`frame_numbers`
        side: the longer side of the images, in pixels; smaller frames keep their size

    Returns:
        JPEG files by id; without frames that cannot be decoded
    """
    frame_of = _frames_of(dataset, ids, patches_field)
    if not frame_of:
        return {}
    media = list_media(by_ids(dataset, frame_of.values()), WHOLE)
    files: dict[str, bytes] = {}
    # In ascending order, videos are read without seeking.
    for frame_id, source in sorted(
        zip(media.ids, media.sources, strict=True), key=lambda pair: (pair[1].path, pair[1].frame)
    ):
        try:
            files[frame_id] = _as_jpeg(source.open(), side)
        except DECODE_ERRORS:
            continue
    return {id: files[frame] for id, frame in frame_of.items() if frame in files}


def _frames_of(
    dataset: fo.Dataset, ids: Sequence[str], patches_field: str | None
) -> dict[str, str]:
    """The ids of the frames, by the ids of the frames or of the labels in them."""
    if patches_field is None:
        return {id: id for id in ids}
    if not is_of_frames(dataset, patches_field):
        return {}
    return dict(zip(ids, frames_of_labels(dataset, ids, patches_field), strict=True))


def _as_jpeg(image: Image.Image, side: int) -> bytes:
    image.thumbnail((side, side))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()
