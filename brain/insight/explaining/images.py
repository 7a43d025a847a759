"""Pictures as a model sees them, and maps over them in the frame of the whole picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image

from fiftyone_faiss.brain.core.arrays import Mask, Matrix
from fiftyone_faiss.embedders import Embedder, resized
from fiftyone_faiss.embedders.boxes import Box

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
# Each altered version of a picture is prepared for the model again: more pixels only take time.
_MARGIN, _DEFAULT_SIDE = 2, 512
# The rows and columns that maps are drawn in.
DRAWN_SIDE = 32


@dataclass(frozen=True)
class SeenImage:
    """A picture, or the region of a label in one, as an embedder sees it.

    Attributes:
        image: the RGB image that is embedded
        small: the same with fewer pixels, of which altered versions are embedded
        size: the width and height of the whole picture, in pixels
        region: where the image is in the whole picture, relative to it
        seen: which part of the image the model looks at, relative to the image
        is_seen_known: whether that is known; otherwise ``seen`` is all of it
    """

    image: Image.Image
    small: Image.Image
    size: tuple[int, int]
    region: Box
    seen: Box
    is_seen_known: bool

    @classmethod
    def of(
        cls, embedder: Embedder, image: Image.Image, size: tuple[int, int], region: Box = WHOLE
    ) -> SeenImage:
        """Finds what an embedder sees of an image."""
        seen, small = embedder.seen_box(image), _shrunk(image, embedder.image_size)
        return cls(image, small, size, region, seen or WHOLE, seen is not None)

    @property
    def box(self) -> Box:
        """What the model sees, relative to the whole picture; beyond it where it pads."""
        left, top, width, height = self.region
        return (
            left + self.seen[0] * width,
            top + self.seen[1] * height,
            self.seen[2] * width,
            self.seen[3] * height,
        )

    def cells(self, side: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The cell of each row and column of the small image, on a grid over what is seen.

        Returns:
            ``(height,)`` and ``(width,)`` numbers from 0 to ``side - 1``; -1 outside
        """
        width, height = self.small.size
        left, top, across, down = self.seen
        return _cells(height, top, down, side), _cells(width, left, across, side)

    @cached_property
    def pixels(self) -> npt.NDArray[np.uint8]:
        """``(height, width, 3)`` uint8 pixels of the small image."""
        return np.asarray(self.small)


@dataclass(frozen=True)
class ImageMap:
    """What each part of a picture adds to a similarity.

    Attributes:
        values: ``(rows, columns)`` float32, in units of the score; negative where a part lowers it
        box: what the model sees, relative to the whole picture; beyond it where it pads
        size: the width and height of the whole picture, in pixels
    """

    values: Matrix
    box: Box
    size: tuple[int, int]

    def heatmap(self) -> Matrix:
        """Draws the map in the frame of the whole picture.

        Returns:
            ``(height, width)`` float32, 0 to 1: 1 where the similarity comes from most, 0 where
            nothing raises it and where the model did not look
        """
        width, height = self.size
        down = _weights(height, self.box[1], self.box[3], self.values.shape[0])
        across = _weights(width, self.box[0], self.box[2], self.values.shape[1])
        on_grid = np.asarray(down @ self.values @ across.T, np.float32)
        on_grid[~_inside(height, self.box[1], self.box[3])] = 0
        on_grid[:, ~_inside(width, self.box[0], self.box[2])] = 0
        return _normalized(on_grid)

    def on_grid(self) -> Matrix:
        """``(DRAWN_SIDE, DRAWN_SIDE)`` float32, 0 to 1: the same over the box alone."""
        down, across = (_weights(DRAWN_SIDE, 0.0, 1.0, count) for count in self.values.shape)
        return _normalized(np.asarray(down @ self.values @ across.T, np.float32))


def _shrunk(image: Image.Image, side: int | None) -> Image.Image:
    limit = _DEFAULT_SIDE if side is None else _MARGIN * side
    factor = limit / min(image.size)
    if factor >= 1:
        return image
    width, height = (max(1, round(factor * length)) for length in image.size)
    return resized(image, (width, height), Image.Resampling.BICUBIC)


def _relative(length: int, start: float, extent: float) -> npt.NDArray[np.float64]:
    """Where the centers of pixels are in an interval, from 0 to 1 inside it."""
    relative: npt.NDArray[np.float64] = ((np.arange(length) + 0.5) / length - start) / extent
    return relative


def _cells(length: int, start: float, extent: float, side: int) -> npt.NDArray[np.int64]:
    numbers = np.floor(_relative(length, start, extent) * side).astype(np.int64)
    numbers[(numbers < 0) | (numbers >= side)] = -1
    return numbers


def _inside(length: int, start: float, extent: float) -> Mask:
    relative = _relative(length, start, extent)
    inside: Mask = (relative >= 0) & (relative <= 1)
    return inside


def _weights(length: int, start: float, extent: float, count: int) -> Matrix:
    """``(length, count)``: how much of each value a pixel gets, by linear interpolation.

    The centers of the values divide the interval evenly; beyond the outer ones, nothing changes.
    """
    positions = np.clip(_relative(length, start, extent) * count - 0.5, 0, count - 1)
    distances = np.abs(positions[:, None] - np.arange(count))
    return np.asarray(np.maximum(0, 1 - distances), np.float32)


def _normalized(on_grid: Matrix) -> Matrix:
    positive = np.maximum(on_grid, 0)
    largest = float(positive.max(initial=0.0))
    if not (largest > 0 and math.isfinite(largest)):
        return np.asarray(positive, np.float32)
    return np.asarray(positive / largest, np.float32)
