"""What is computed once of each image that is judged: its pixels, a hash and local features."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import cachetools
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from fiftyone_faiss.embedders.pixels import as_rgb, resized

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Key = TypeVar("Key", bound=Hashable)

WORK_SIDE = 240
"""The pixels of the longer side at which local features are computed."""

COMPARED_SIDE = 128
"""The pixels of the longer side at which pixels are compared."""

# A thinner image is stretched, because local features need some pixels around them.
_MIN_SIDE = 24
_MAX_POINTS = 400
_HASH_SIDE = 8
# An image is flat if its channels deviate by less than this many levels.
_FLAT = 2.5
_TINY = 16
# Local features are looked for in images of at least this deviation, in levels.
_DEVIATION, _MAX_STRETCH = 32.0, 5.0


@dataclass(frozen=True)
class Points:
    """Local features of an image.

    Attributes:
        places: ``(n, 2)`` x and y at ``WORK_SIDE``
        descriptors: ``(n, 128)`` unit vectors: the square roots of normalized SIFT descriptors,
            see Arandjelović and Zisserman, "Three things everyone should know to improve object
            retrieval", 2012
    """

    places: Floats
    descriptors: Floats


class ImageFeatures:
    """The pixels of an image at two sizes, its hash, and its local features.

    Args:
        image: an image of any size and mode

    Attributes:
        original_size: the width and height of the image
        work: ``(height, width)`` gray pixels, the longer side ``WORK_SIDE``
        compared: ``(height, width, 3)`` pixels, the longer side ``COMPARED_SIDE``
        is_flat: whether the image is of one color
        is_tiny: whether it has too few pixels to show anything
    """

    def __init__(self, image: Image.Image) -> None:
        self.original_size = image.size
        rgb = _scaled(as_rgb(image), WORK_SIDE)
        self.work: Pixels = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        height, width = rgb.shape[:2]
        factor = COMPARED_SIDE / WORK_SIDE
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        self.compared: Floats = small.astype(np.float32)
        self.is_flat = bool(self.compared.reshape(-1, 3).std(axis=0).max() < _FLAT)
        self.is_tiny = max(image.size) < _TINY

    @property
    def nbytes(self) -> int:
        """About how much memory it needs once everything is computed."""
        return self.work.nbytes + self.compared.nbytes + 2 * _MAX_POINTS * (128 + 2) * 4 + 1_000

    @cached_property
    def _spectrum(self) -> Floats:
        """The lowest frequencies of the image, without the mean."""
        small = cv2.resize(self.work, (32, 32), interpolation=cv2.INTER_AREA)
        spectrum = np.asarray(cv2.dct(small.astype(np.float32)), np.float32)
        return spectrum[:_HASH_SIDE, :_HASH_SIDE]

    def hash_bits(self, mirrored: bool = False) -> npt.NDArray[np.bool_]:
        """Returns the bits of the perceptual hash: the signs of the lowest frequencies.

        See Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010.
        Mirroring an image changes the sign of every second column.
        """
        values = self._spectrum.copy()
        if mirrored:
            values[:, 1::2] *= -1
        flat = values.ravel()[1:]
        bits: npt.NDArray[np.bool_] = flat > np.median(flat)
        return bits

    @cached_property
    def points(self) -> Points:
        """The local features."""
        # Each thread has a detector of its own, because a detector is not safe to share.
        places, descriptors = _detector().detectAndCompute(_with_contrast(self.work), None)
        if descriptors is None:
            return Points(np.empty((0, 2), np.float32), np.empty((0, 128), np.float32))
        return Points(
            np.array([place.pt for place in places], np.float32), _rooted(np.asarray(descriptors))
        )

    @cached_property
    def mirrored_points(self) -> Points:
        """The local features of the mirrored image, derived without detecting them again.

        In the frame of a feature, mirroring turns the rows of its 4 x 4 histograms around, and the
        8 directions of each.
        """
        width = self.work.shape[1]
        grid = self.points.descriptors.reshape(-1, 4, 4, 8)[:, ::-1]
        turned = grid[..., (-np.arange(8)) % 8].reshape(-1, 128)
        places = self.points.places * (-1, 1) + (width - 1, 0)
        return Points(places.astype(np.float32), np.ascontiguousarray(turned))


class FeatureCache(Generic[Key]):
    """The features of the images that were used last.

    Args:
        read_image: opens the image of a key
        max_bytes: the memory limit
    """

    def __init__(self, read_image: Callable[[Key], Image.Image], max_bytes: int) -> None:
        self._read_image = read_image
        self._cache: cachetools.LRUCache[Key, ImageFeatures] = cachetools.LRUCache(
            max_bytes, getsizeof=lambda features: features.nbytes
        )
        self._lock = threading.Lock()

    def of(self, key: Key) -> ImageFeatures:
        """Returns the features of an image; raises what ``read_image`` raises."""
        with self._lock:
            features = self._cache.get(key)
        if features is None:
            features = ImageFeatures(self._read_image(key))
            with self._lock:
                # Larger than the limit, it is not kept.
                if features.nbytes <= self._cache.maxsize:
                    self._cache[key] = features
        return features


_local = threading.local()


def _detector() -> cv2.SIFT:
    if not hasattr(_local, "sift"):
        # Drawings and blurred images have weak edges.
        _local.sift = cv2.SIFT.create(nfeatures=_MAX_POINTS, contrastThreshold=0.02)
    detector: cv2.SIFT = _local.sift
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


def _scaled(image: Image.Image, side: int) -> Pixels:
    """Returns the pixels of an image with a longer side of ``side``."""
    factor = side / max(image.size)
    width, height = (max(_MIN_SIDE, round(length * factor)) for length in image.size)
    # Averages of pixels are enough, and a reduced image is much faster to resize.
    reduction = math.floor(min(image.width / width, image.height / height) / 2)
    if reduction > 1:
        image = image.reduce(reduction)
    return np.asarray(resized(image, (width, height), Image.Resampling.BICUBIC))
