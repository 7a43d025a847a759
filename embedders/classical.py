"""Embedders that need no weights: color histograms, oriented gradients and perceptual hashes.

Local features are in ``sift``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image
from scipy.fft import dctn
from skimage.feature import hog

from fiftyone_faiss.embedders.base import Embedder, Vectors, unit
from fiftyone_faiss.embedders.pixels import resized
from fiftyone_faiss.embedders.sift import LocalFeatures


class ColorHistogram(Embedder):
    """``colorhist``: the colors of an image, wherever they are.

    A vector holds the square roots of the joint histogram of hue, saturation and value. The cosine
    of two vectors is therefore the Bhattacharyya coefficient of the histograms, 0 to 1
    (Bhattacharyya, Sankhya 7, 1946).
    """

    name = "colorhist"
    bins = (12, 4, 4)
    dim = 192
    fingerprint = "colorhist-1"
    image_size = 64

    def preprocess(self, image: Image.Image) -> Any:
        size = (self.image_size, self.image_size)
        hsv = np.asarray(resized(image, size, Image.Resampling.BOX).convert("HSV")).reshape(-1, 3)
        bins = hsv.astype(np.int64) * self.bins // 256
        index = np.ravel_multi_index(tuple(bins.T), self.bins)
        return np.bincount(index, minlength=self.dim)

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        return unit(np.sqrt(np.array(images, np.float32)))


class OrientedGradients(Embedder):
    """``hog``: the directions of edges, and where they are.

    Histograms of oriented gradients (Dalal and Triggs, CVPR 2005) of the grayscale image at
    128 x 128 pixels: 9 directions, cells of 16 x 16 pixels, blocks of 2 x 2 cells.
    """

    name = "hog"
    dim = 1764
    fingerprint = "hog-1"
    image_size = 128

    def preprocess(self, image: Image.Image) -> Any:
        size = (self.image_size, self.image_size)
        gray = np.asarray(resized(image.convert("L"), size, Image.Resampling.BOX))
        return hog(gray, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2))

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        return unit(np.array(images, np.float32))


class PerceptualHash(Embedder):
    """``phash``: a 64-bit perceptual hash, for finding near-duplicates.

    Each bit tells whether one of the 8 x 8 lowest frequencies of the grayscale image at 32 x 32
    pixels is above their median (Zauner, "Implementation and benchmarking of perceptual image hash
    functions", 2010). Two vectors whose hashes differ in ``h`` bits have a cosine of
    ``1 - h / 32``.
    """

    name = "phash"
    dim = 64
    fingerprint = "phash-1"
    image_size = 32

    def preprocess(self, image: Image.Image) -> Any:
        size = (self.image_size, self.image_size)
        small = resized(image.convert("L"), size, Image.Resampling.LANCZOS)
        gray = np.asarray(small, np.float64)
        low = dctn(gray)[:8, :8].reshape(-1)
        return np.where(low > np.median(low), 1.0, -1.0)

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        return unit(np.array(images, np.float32))


CLASSICAL = {
    cls.name: cls for cls in (ColorHistogram, OrientedGradients, PerceptualHash, LocalFeatures)
}
