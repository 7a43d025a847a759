"""The methods that find which parts of a picture make it similar to a vector."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.insight.explaining.images import ImageMap, SeenImage
from fiftyone_faiss.brain.insight.explaining.removing import SIDE, Masks, embed_steps
from fiftyone_faiss.embedders import Embedder
from fiftyone_faiss.embedders.parts import PatchParts

Method = Literal["occlusion", "patches", "gradient"]
EXPLANATION_METHODS: tuple[Method, ...] = get_args(Method)
"""How a map is made: by removing parts of the picture, from what each patch adds to its vector, or
by the gradients of a convolutional network."""

# A window that is removed has this many squares a side; windows overlap by half.
WINDOW, STRIDE = 4, 2
WINDOWS = (SIDE - WINDOW) // STRIDE + 1
"""How many windows there are along a side."""


@dataclass(frozen=True)
class Occluded:
    """The vectors of a picture, whole and with each window removed.

    Attributes:
        whole: ``(dim,)`` float32
        vectors: ``(WINDOWS * WINDOWS, dim)`` float32, row by row
    """

    whole: Matrix
    vectors: Matrix

    def drops(self, target: Matrix) -> Matrix:
        """``(WINDOWS, WINDOWS)``: how much the similarity to a vector drops without a window."""
        drops = (self.whole - self.vectors) @ target
        return np.asarray(drops, np.float32).reshape(WINDOWS, WINDOWS)


@dataclass(frozen=True)
class Side:
    """A picture, and what the methods need of it.

    Attributes:
        seen_image: the picture
        vector: ``(dim,)`` float32 unit vector; computed in float32 if there are parts
        occluded: its vectors with windows removed; None if no method needs them
        parts: what each patch adds to its vector; None if the model has no such parts
    """

    seen_image: SeenImage
    vector: Matrix
    occluded: Occluded | None
    parts: PatchParts | None


def side_steps(
    embedder: Embedder, seen_image: SeenImage, methods: Sequence[Method]
) -> Generator[int, None, Side]:
    """Computes what the methods need of a picture.

    Yields:
        how many images were embedded since the last step
    """
    parts = embedder.patch_parts(seen_image.image)
    occluded = None
    if parts is None or "occlusion" in methods:
        vectors = yield from embed_steps(embedder, seen_image, _windows())
        occluded = Occluded(vectors[0], vectors[1:])
    vector = embedder.embed_image(seen_image.image) if parts is None else parts.vector
    return Side(seen_image, vector, occluded, parts)


SIDE_COUNT = 1 + WINDOWS * WINDOWS
"""How many images :func:`side_steps` embeds at most."""


def map_of(method: Method, embedder: Embedder, side: Side, target: Matrix) -> ImageMap | None:
    """The map of a picture by a method.

    Args:
        method: the method
        embedder: the embedder
        side: the picture
        target: ``(dim,)`` float32 unit vector

    Returns:
        the map; None if the model does not support the method
    """
    values: Matrix | None = None
    if method == "occlusion" and side.occluded is not None:
        values = _mean_of_windows(side.occluded.drops(target))
    elif method == "patches" and side.parts is not None:
        values = _above_mean(side.parts.parts @ target)
    elif method == "gradient":
        gradients = embedder.gradient_map(side.seen_image.image, target)
        values = None if gradients is None else _above_mean(gradients)
    if values is None:
        return None
    return ImageMap(values, side.seen_image.box, side.seen_image.size)


def _above_mean(values: Matrix) -> Matrix:
    """All patches share what every picture has; those above the mean make the difference."""
    above: Matrix = values - values.mean()
    return above


def _windows() -> Masks:
    """The windows that are removed, after none."""
    masks = np.zeros((1 + WINDOWS * WINDOWS, SIDE, SIDE), bool)
    for mask, (rows, columns) in zip(masks[1:], _places(), strict=True):
        mask[rows, columns] = True
    return masks


def _mean_of_windows(drops: Matrix) -> Matrix:
    """``(SIDE, SIDE)``: the mean over the windows that hold a square."""
    total, count = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    for drop, (rows, columns) in zip(drops.ravel(), _places(), strict=True):
        total[rows, columns] += drop
        count[rows, columns] += 1
    return (total / count).astype(np.float32)


def _places() -> Iterator[tuple[slice, slice]]:
    starts = range(0, STRIDE * WINDOWS, STRIDE)
    for row, column in product(starts, starts):
        yield slice(row, row + WINDOW), slice(column, column + WINDOW)
