"""A small embedder without weights: the vector of an image is its mean color."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from fiftyone_faiss.embedders import Embedder, Vectors, unit


class MeanColor(Embedder):
    """Embeds images as their mean color, and records the sizes of its batches."""

    name = "mean-color"
    dim = 3
    fingerprint = "mean-color-1"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        self.batches.append(len(images))
        means = [np.asarray(image, np.float32).mean(axis=(0, 1)) for image in images]
        return unit(np.array(means, np.float32))


def color_vector(red: int, green: int, blue: int) -> Vectors:
    """The vector of an image of this color."""
    return unit(np.array([[red, green, blue]], np.float32))[0]
