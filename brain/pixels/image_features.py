"""What is computed once of each image that is judged: its pixels, a hash and local features."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Generic, TypeVar

import cachetools
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from fiftyone_faiss.embedders.local_features import Points, find_points, scaled
from fiftyone_faiss.embedders.pixels import as_rgb

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Key = TypeVar("Key", bound=Hashable)

WORK_SIDE = 240
"""The pixels of the longer side at which local features are computed."""

COMPARED_SIDE = 128
"""The pixels of the longer side at which pixels are compared."""

_MAX_POINTS = 400
_HASH_SIDE = 8
# An image is flat if its channels deviate by less than this many levels.
_FLAT = 2.5
_TINY = 16


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
        rgb = scaled(as_rgb(image), WORK_SIDE)
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
        return find_points(self.work, _MAX_POINTS)

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
