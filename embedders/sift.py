"""An embedder of local features that needs no weights: VLAD over RootSIFT."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image

from fiftyone_faiss.embedders.base import Embedder, Vectors, unit
from fiftyone_faiss.embedders.local_features import (
    DESCRIPTOR_DIM,
    Floats,
    Pixels,
    find_points,
    scaled,
)

CENTROIDS = 32
# The images that the vocabulary is learned from.
LEAVES_IMAGES, LEAVES_SIDE, LEAVES = 8, 256, 400
ITERATIONS, SEED = 12, 51


class LocalFeatures(Embedder):
    """``sift``: the details of an image, wherever they are, whatever their size and angle.

    A vector of locally aggregated descriptors (Jégou et al., "Aggregating local descriptors into a
    compact image representation", CVPR 2010) over a vocabulary of 32 centroids of RootSIFT
    descriptors: the sum of the differences to each centroid of those descriptors of the image that
    it is nearest to, each sum scaled to length 1 (Arandjelović and Zisserman, "All about VLAD",
    CVPR 2013). An image without local features, such as a plain one, has the vector 0, which
    resembles nothing.
    """

    name = "sift"
    dim = CENTROIDS * DESCRIPTOR_DIM
    # The longer side, and so at most the shorter one.
    image_size = 320
    max_points = 500

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the vocabulary, which this machine has computed."""
        return f"sift-1-{hashlib.sha256(vocabulary().tobytes()).hexdigest()[:8]}"

    def preprocess(self, image: Image.Image) -> Any:
        gray = cv2.cvtColor(scaled(image, self.image_size), cv2.COLOR_RGB2GRAY)
        points = find_points(np.asarray(gray, np.uint8), self.max_points)
        return aggregated(points.descriptors, vocabulary())

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        return unit(np.array(images, np.float32))


def aggregated(descriptors: Floats, centroids: Floats) -> Floats:
    """Sums up the differences of ``(n, 128)`` descriptors to their nearest centroids.

    Returns:
        ``(len(centroids) * 128,)`` float32, of length 1 for each centroid
    """
    nearest = (descriptors @ centroids.T).argmax(axis=1)
    sums = np.zeros_like(centroids)
    np.add.at(sums, nearest, descriptors - centroids[nearest])
    return unit(sums).reshape(-1)


@functools.cache
def vocabulary() -> Floats:
    """Learns ``(32, 128)`` float32 unit centroids from drawn images; always the same.

    The images are dead leaves: disks and boxes that hide each other, of sizes as often as in
    photographs (Lee, Mumford and Huang, "Occlusion models for natural images", IJCV 2001). The
    centroids divide the space of descriptors; they need not be those of the images to embed.
    """
    rng = np.random.default_rng(SEED)
    descriptors = np.concatenate(
        [find_points(dead_leaves(rng), 500).descriptors for _ in range(LEAVES_IMAGES)]
    )
    return learn_centroids(descriptors)


def learn_centroids(descriptors: Floats) -> Floats:
    """Learns centroids by spherical k-means.

    Args:
        descriptors: ``(n, 128)`` float32, at least ``CENTROIDS``

    Returns:
        ``(CENTROIDS, 128)`` float32, of about unit length
    """
    exact = descriptors.astype(np.float64)
    centroids = exact[np.random.default_rng(SEED).choice(len(exact), CENTROIDS, replace=False)]
    for _ in range(ITERATIONS):
        nearest = (exact @ centroids.T).argmax(axis=1)
        # A centroid that is nearest to none stays.
        sums = np.stack([exact[nearest == n].sum(axis=0) for n in range(CENTROIDS)])
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        centroids = np.divide(sums, norms, out=centroids, where=norms > 0)
    # Rounded, so that machines that add in another order have the same centroids.
    return (np.round(centroids * 4_096) / 4_096).astype(np.float32)


def dead_leaves(rng: np.random.Generator) -> Pixels:
    """Draws ``(256, 256)`` gray pixels of disks and boxes that hide each other."""
    gray = np.full((LEAVES_SIDE, LEAVES_SIDE), 128, np.uint8)
    # Radii whose density falls with their third power.
    radii = 4 / np.sqrt(rng.uniform(0.002, 1, LEAVES))
    places = rng.integers(0, LEAVES_SIDE, (LEAVES, 2))
    levels, turns = rng.integers(0, 256, LEAVES), rng.uniform(0, 180, LEAVES)
    ratios, are_boxes = rng.uniform(0.4, 1, LEAVES), rng.random(LEAVES) < 0.5
    for radius, place, level, turn, ratio, is_box in zip(
        radii, places.tolist(), levels.tolist(), turns, ratios, are_boxes, strict=True
    ):
        box = (place, (2 * radius, 2 * radius * ratio), turn)
        if is_box:
            corners = np.round(cv2.boxPoints(box)).astype(np.int32)
            cv2.fillPoly(gray, [corners], level)
        else:
            cv2.ellipse(gray, box, level, -1)
    noise = rng.integers(-6, 7, gray.shape)
    return np.clip(gray + noise, 0, 255).astype(np.uint8)
