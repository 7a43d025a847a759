"""Embeds versions of a picture in which parts are removed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from fiftyone_faiss.brain.core.arrays import Mask, Matrix
from fiftyone_faiss.brain.insight.explaining.images import SeenImage
from fiftyone_faiss.embedders import Embedder, EmbedderError, are_finite, not_finite_reason

SIDE = 16
"""Parts are removed in squares of a grid of this many rows and columns over what is seen."""

Masks: TypeAlias = npt.NDArray[np.bool_]
"""``(n, SIDE, SIDE)``: which squares are removed in each version."""


def embed_steps(
    embedder: Embedder, seen_image: SeenImage, masks: Masks
) -> Generator[int, None, Matrix]:
    """Embeds the versions of a picture with some squares removed.

    A removed square gets the mean color of what the model sees.

    Args:
        embedder: the embedder
        seen_image: the picture
        masks: which squares to remove in each version

    Yields:
        how many versions were embedded since the last step

    Returns:
        ``(n, dim)`` float32 unit vectors

    Raises:
        EmbedderError: if a vector has values that are not finite
    """
    size = embedder.batch_size()
    vectors = []
    for start in range(0, len(masks), size):
        images = _versions(seen_image, masks[start : start + size])
        batch = embedder.embed_images([embedder.preprocess(image) for image in images])
        if not are_finite(batch).all():
            raise EmbedderError(f"The match cannot be explained: {not_finite_reason(embedder)}.")
        vectors.append(batch)
        yield len(batch)
    return np.concatenate(vectors)


def _versions(seen_image: SeenImage, masks: Masks) -> Iterator[Image.Image]:
    rows, columns = seen_image.cells(SIDE)
    is_seen = np.outer(rows >= 0, columns >= 0)
    color = seen_image.pixels[is_seen].mean(axis=0).round().astype(np.uint8)
    for mask in masks:
        removed: Mask = mask[rows[:, None], columns] & is_seen
        pixels = seen_image.pixels.copy()
        pixels[removed] = color
        yield Image.fromarray(pixels)
