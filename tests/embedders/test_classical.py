"""Embedders without weights, compared with their definitions in NumPy."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from skimage.feature import hog
from support.broken import noise

from fiftyone_faiss.embedders import OFFLINE, Vectors
from fiftyone_faiss.embedders.classical import (
    CLASSICAL,
    ColorHistogram,
    OrientedGradients,
    PerceptualHash,
)

Pixels = npt.NDArray[np.uint8]


def smooth(seed: int, size: int = 256) -> Image.Image:
    """An image of large, soft patches, similar to a photo."""
    pixels = np.random.default_rng(seed).integers(0, 256, (7, 7, 3), np.uint8)
    return Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("name", OFFLINE)
def test_vectors_have_length_1_and_are_in_the_order_of_the_images(name: str) -> None:
    embedder = CLASSICAL[name]()
    assert embedder.name == name
    images = [smooth(0, 90), noise(70, 40), noise(100, 30), noise(5, 5)]
    vectors = embedder.embed_images([embedder.preprocess(image) for image in images])
    assert (vectors.shape, vectors.dtype) == ((4, embedder.dim), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    for image, vector in zip(images, vectors, strict=True):
        np.testing.assert_array_equal(embedder.embed_image(image), vector)


def test_fingerprints_differ() -> None:
    assert len({CLASSICAL[name]().fingerprint for name in OFFLINE}) == len(OFFLINE)


# -- colorhist ---------------------------------------------------------------------------------


def colors(image: Image.Image) -> Vectors:
    return ColorHistogram().embed_image(image)


def test_plain_colors_are_the_same_or_have_nothing_in_common() -> None:
    plain = {name: colors(Image.new("RGB", (50, 30), name)) for name in (
        "red", "lime", "blue", "yellow", "black", "white", "gray", "maroon",
    )}  # fmt: skip
    for name, vector in plain.items():
        for other, another in plain.items():
            assert vector @ another == pytest.approx(float(name == other), abs=1e-6), (name, other)
    # A similar shade of red is in the same bin.
    near = colors(Image.new("RGB", (9, 9), (250, 3, 3)))
    assert near @ plain["red"] == pytest.approx(1, abs=1e-6)


def test_the_cosine_is_the_bhattacharyya_coefficient() -> None:
    def striped(red: int) -> Image.Image:
        image = Image.new("RGB", (64, 64), "blue")
        image.paste("red", (0, 0, red, 64))
        return image

    half, quarter = colors(striped(32)), colors(striped(16))
    expected = np.sqrt(0.5 * 0.25) + np.sqrt(0.5 * 0.75)
    assert half @ quarter == pytest.approx(expected, abs=1e-6)
    assert half @ colors(striped(0)) == pytest.approx(np.sqrt(0.5), abs=1e-6)


def histogram(image: Image.Image) -> npt.NDArray[np.float64]:
    """The joint histogram of hue, saturation and value, which sums to 1."""
    hsv = np.asarray(image.convert("HSV")).reshape(-1, 3)
    edges = [np.linspace(0, 256, bins + 1) for bins in (12, 4, 4)]
    return np.histogramdd(hsv, edges)[0].reshape(-1) / len(hsv)


def test_the_bins_have_equal_widths_in_hue_saturation_and_value() -> None:
    # Images of this size are not scaled.
    first, second = noise(64, 64), smooth(3, 64)
    for image in (first, second):
        np.testing.assert_allclose(colors(image), np.sqrt(histogram(image)), atol=1e-6)
    coefficient = np.sqrt(histogram(first) * histogram(second)).sum()
    assert 0.1 < coefficient < 0.95
    assert colors(first) @ colors(second) == pytest.approx(coefficient, abs=1e-6)


# -- hog ---------------------------------------------------------------------------------------


def test_oriented_gradients_are_scikit_image_s_own() -> None:
    gray = smooth(5, 128).convert("L")
    expected = hog(
        np.asarray(gray), orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2)
    )
    assert expected.shape == (OrientedGradients.dim,)
    vector = OrientedGradients().embed_image(gray.convert("RGB"))
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)


def test_oriented_gradients_depend_on_the_direction_of_edges_not_on_their_sign() -> None:
    ramp = np.tile(np.arange(0, 256, 2, dtype=np.uint8), (128, 1))
    vectors = {}
    for name, pixels in {"across": ramp, "back": ramp[:, ::-1], "down": ramp.T}.items():
        vectors[name] = OrientedGradients().embed_image(Image.fromarray(pixels).convert("RGB"))
    assert vectors["across"] @ vectors["back"] == pytest.approx(1, abs=1e-4)
    assert vectors["across"] @ vectors["down"] == pytest.approx(0, abs=1e-4)


# -- phash -------------------------------------------------------------------------------------


def bits(image: Image.Image) -> npt.NDArray[np.bool_]:
    """The 64 bits of the hash, by the definition of the transform."""
    gray = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), float)
    n = np.arange(32)
    basis = np.cos(np.pi * (2 * n + 1) * np.arange(8)[:, None] / 64)
    low = basis @ gray @ basis.T
    return (low > np.median(low)).reshape(-1)


def phash(image: Image.Image) -> Vectors:
    return PerceptualHash().embed_image(image)


def test_the_cosine_counts_the_bits_that_differ() -> None:
    images = [smooth(0), smooth(1), smooth(2), noise(32, 32), noise(300, 200)]
    for first in images:
        np.testing.assert_allclose(phash(first), np.where(bits(first), 1, -1) / 8, atol=1e-7)
        for second in images:
            differing = int((bits(first) != bits(second)).sum())
            cosine = phash(first) @ phash(second)
            assert cosine == pytest.approx(1 - differing / 32, abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_a_copy_is_recognized_after_saving_scaling_and_brightening(seed: int) -> None:
    image = smooth(seed)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=20)
    variants = [
        Image.open(buffer),
        image.resize((97, 131)),
        Image.eval(image, lambda value: value * 9 // 10 + 20),
    ]
    for copy in variants:
        assert phash(image) @ phash(copy) >= 1 - 6 / 32
    for other in range(seed + 1, 8):
        assert phash(image) @ phash(smooth(other)) < 1 - 12 / 32


@pytest.mark.parametrize("gray", [0, 1, 77, 128, 255])
def test_plain_images_have_one_hash(gray: int) -> None:
    # All but one of their frequencies are 0, which rounding must not turn into bits.
    plain = phash(Image.new("RGB", (45, 80), (gray, gray, gray)))
    expected = np.full(64, -1 / 8)
    expected[0] = 1 / 8 if gray else -1 / 8
    np.testing.assert_allclose(plain, expected, atol=1e-7)
