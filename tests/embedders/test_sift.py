"""The embedder of local features, against its definition, and on changed that were changed."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from fiftyone_faiss.embedders import Vectors
from fiftyone_faiss.embedders.classical import OrientedGradients
from fiftyone_faiss.embedders.sift import LocalFeatures, dead_leaves, vocabulary


def draw_leaves(count: int, seed: int = 3) -> list[Image.Image]:
    """Images of disks and boxes, other ones than those of the vocabulary."""
    rng = np.random.default_rng(seed)
    return [Image.fromarray(dead_leaves(rng)).convert("RGB") for _ in range(count)]


def embedded(images: list[Image.Image]) -> Vectors:
    embedder = LocalFeatures()
    return embedder.embed_images([embedder.preprocess(image) for image in images])


def test_a_vector_sums_up_the_differences_to_the_nearest_words() -> None:
    # An image of this size and contrast is not changed.
    image = draw_leaves(1)[0].resize((320, 320))
    gray = np.asarray(image.convert("L"))
    assert gray.std() > 32
    detector = cv2.SIFT.create(nfeatures=500, contrastThreshold=0.02)
    _, descriptors = detector.detectAndCompute(cv2.cvtColor(np.asarray(image), 7), None)
    centroids = vocabulary().astype(np.float64)
    sums = np.zeros((32, 128))
    for descriptor in descriptors.astype(np.float64):
        rooted = np.sqrt(descriptor / descriptor.sum())
        n = (centroids @ rooted).argmax()
        sums[n] += rooted - centroids[n]
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    expected = np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0).ravel()
    vector = LocalFeatures().embed_image(image)
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-5)


def test_changed_copies_are_nearest_to_their_originals() -> None:
    images = draw_leaves(25)
    originals = embedded(images)
    turned = [image.transpose(Image.Transpose.ROTATE_90) for image in images]
    cropped = [image.crop((40, 30, 220, 210)) for image in images]
    tilted = [image.rotate(25, Image.Resampling.BICUBIC) for image in images]
    darker = [ImageEnhance.Brightness(image).enhance(0.6) for image in images]
    for changed in (turned, cropped, tilted, darker):
        nearest = (embedded(changed) @ originals.T).argmax(axis=1)
        assert np.mean(nearest == np.arange(25)) == 1
    gradients = OrientedGradients()
    by_gradients = np.array([gradients.embed_image(image) for image in images])
    of_turned = np.array([gradients.embed_image(image) for image in turned])
    nearest = (of_turned @ by_gradients.T).argmax(axis=1)
    assert np.mean(nearest == np.arange(25)) < 0.3


@pytest.mark.parametrize("size", [(64, 64), (1, 1), (5_000, 3)])
def test_a_plain_image_has_the_vector_zero(size: tuple[int, int]) -> None:
    vector = LocalFeatures().embed_image(Image.new("RGB", size, (200, 30, 40)))
    np.testing.assert_array_equal(vector, np.zeros(4096, np.float32))


def test_another_process_has_the_same_vocabulary() -> None:
    code = (
        "import cv2; cv2.setNumThreads(1)\n"
        "from fiftyone_faiss.embedders.sift import LocalFeatures\n"
        "print(LocalFeatures().fingerprint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == LocalFeatures().fingerprint
    centroids = vocabulary()
    assert (centroids.shape, centroids.dtype) == ((32, 128), np.float32)
    np.testing.assert_allclose(np.linalg.norm(centroids, axis=1), 1, atol=2e-3)
    # The centroids divide the descriptors evenly enough: no two are alike.
    assert (centroids @ centroids.T)[np.triu_indices(32, 1)].max() < 0.97
