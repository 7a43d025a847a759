"""Local features of images: SIFT keypoints with RootSIFT descriptors."""

from __future__ import annotations

import math
import threading
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from fiftyone_faiss.embedders.pixels import resized

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

DESCRIPTOR_DIM = 128
# A thinner image is stretched, because local features need some pixels around them.
MIN_SIDE = 24
# Drawings and blurred images have weak edges.
CONTRAST_THRESHOLD = 0.02
# Local features are looked for in images of at least this deviation, in levels.
_DEVIATION, _MAX_STRETCH = 32.0, 5.0

_local = threading.local()


class Points(NamedTuple):
    """Local features of an image.

    Attributes:
        places: ``(n, 2)`` float32 x and y in pixels
        descriptors: ``(n, 128)`` float32 unit vectors: the square roots of normalized SIFT
            descriptors (Arandjelović and Zisserman, "Three things everyone should know to improve
            object retrieval", CVPR 2012)
    """

    places: Floats
    descriptors: Floats


def find_points(gray: Pixels, max_points: int) -> Points:
    """Finds the strongest local features of ``(height, width)`` gray pixels, maybe none."""
    keypoints, descriptors = _detector(max_points).detectAndCompute(_with_contrast(gray), None)
    if descriptors is None:
        return Points(np.empty((0, 2), np.float32), np.empty((0, DESCRIPTOR_DIM), np.float32))
    places = np.array([keypoint.pt for keypoint in keypoints], np.float32)
    return Points(places, _rooted(np.asarray(descriptors)))


def scaled(image: Image.Image, side: int) -> Pixels:
    """Returns the pixels of an image with a longer side of ``side``."""
    factor = side / max(image.size)
    width, height = (max(MIN_SIDE, round(length * factor)) for length in image.size)
    # Averages of pixels are enough, and a reduced image is much faster to resize.
    reduction = math.floor(min(image.width / width, image.height / height) / 2)
    if reduction > 1:
        image = image.reduce(reduction)
    return np.asarray(resized(image, (width, height), Image.Resampling.BICUBIC))


def _detector(max_points: int) -> cv2.SIFT:
    """A detector of this thread, because a detector is not safe to share."""
    detectors: dict[int, Any] = _local.__dict__.setdefault("detectors", {})
    if max_points not in detectors:
        detectors[max_points] = cv2.SIFT.create(
            nfeatures=max_points, contrastThreshold=CONTRAST_THRESHOLD
        )
    detector: cv2.SIFT = detectors[max_points]
    return detector


def _with_contrast(gray: Pixels) -> Pixels:
    """Stretches an image of little contrast, in which SIFT would find nothing."""
    deviation = max(float(gray.std()), _DEVIATION / _MAX_STRETCH)
    if deviation >= _DEVIATION:
        return gray
    stretched = (gray - gray.mean()) * (_DEVIATION / deviation) + 128
    return np.clip(stretched, 0, 255).astype(np.uint8)


def _rooted(descriptors: Floats) -> Floats:
    sums = descriptors.sum(axis=1, keepdims=True)
    rooted: Floats = np.sqrt(descriptors / np.maximum(sums, 1e-6), dtype=np.float32)
    return rooted
