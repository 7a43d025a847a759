"""Embedders that need no model and no weights: colours, edges, and what is left of a thumbnail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image
from scipy.fft import dctn
from skimage.feature import hog

from fiftyone_faiss.embedders.base import Embedder, Vectors, unit


class ColorHistogram(Embedder):
    """``colorhist``: how much of an image has which hue, saturation and brightness.

    The joint histogram of HSV values, of whose parts the square roots are taken: the cosine of two
    vectors is then the Bhattacharyya coefficient of the histograms, 0 to 1
    (Bhattacharyya, Sankhya 7, 1946).
    """

    name = "colorhist"
    bins = (12, 4, 4)
    dim = 192
    fingerprint = "colorhist-1"
    image_size = 64

    def preprocess(self, image: Image.Image) -> Any:
        size = (self.image_size, self.image_size)
        hsv = np.asarray(image.resize(size, Image.Resampling.BOX).convert("HSV")).reshape(-1, 3)
        place = hsv.astype(np.int64) * self.bins // 256
        index = np.ravel_multi_index(tuple(place.T), self.bins)
        return np.bincount(index, minlength=self.dim)

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        return unit(np.sqrt(np.array(images, np.float32)))


class OrientedGradients(Embedder):
    """``hog``: which way the edges run, and where.

    Histograms of oriented gradients (Dalal and Triggs, CVPR 2005) of the image in grey at 128 x
    128 pixels: 9 directions, cells of 16 x 16 pixels, blocks of 2 x 2 cells.
    """

    name = "hog"
    dim = 1764
    fingerprint = "hog-1"
    image_size = 128

    def preprocess(self, image: Image.Image) -> Any:
        size = (self.image_size, self.image_size)
        grey = np.asarray(image.convert("L").resize(size, Image.Resampling.BOX))
        return hog(grey, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2))

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        return unit(np.array(images, np.float32))


class PerceptualHash(Embedder):
    """``phash``: the 64 signs of a perceptual hash, for finding near-copies.

    The discrete cosine transform of the image in grey at 32 x 32 pixels; of its 8 x 8 lowest
    frequencies, whether each is above their median (Zauner, "Implementation and benchmarking of
    perceptual image hash functions", 2010). Two vectors whose hashes differ in ``h`` bits have a
    cosine of ``1 - h / 32``.
    """

    name = "phash"
    dim = 64
    fingerprint = "phash-1"
    image_size = 32

    def preprocess(self, image: Image.Image) -> Any:
        size = (self.image_size, self.image_size)
        grey = np.asarray(image.convert("L").resize(size, Image.Resampling.LANCZOS), np.float64)
        low = dctn(grey)[:8, :8].reshape(-1)
        return np.where(low > np.median(low), 1.0, -1.0)

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        return unit(np.array(images, np.float32))


CLASSICAL = {cls.name: cls for cls in (ColorHistogram, OrientedGradients, PerceptualHash)}
