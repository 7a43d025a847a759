"""Boxes are cropped as FiftyOne crops them; large JPEGs are decoded at a fraction of their size."""

from __future__ import annotations

import itertools
from pathlib import Path

import fiftyone as fo
import fiftyone.utils.patches as foup
import numpy as np
import pytest
from PIL import Image
from support.broken import noise

from fiftyone_faiss.brain.queries.served_images import read_served_image
from fiftyone_faiss.embedders import ImageSource, images, pixels, read_image, to_query_image

ORIENTATION = 0x0112
Box = tuple[float, float, float, float]


def test_a_box_is_cropped_to_its_pixels(tmp_path: Path) -> None:
    image = Image.new("RGB", (100, 50), "blue")
    image.paste("red", (20, 10, 60, 40))
    image.save(tmp_path / "a.png")
    patch = ImageSource(str(tmp_path / "a.png"), (0.2, 0.2, 0.4, 0.6)).open()
    assert patch.size == (40, 30)
    assert patch.getcolors() == [(1200, (255, 0, 0))]


def corners(pixels: np.ndarray) -> np.ndarray:
    """The position of the first and the last pixel of a crop of :func:`coordinates`."""
    return np.concatenate([pixels[0, 0, :2], pixels[-1, -1, :2]]).astype(int)


@pytest.fixture
def coordinates(tmp_path: Path) -> Path:
    """An image of 200 x 120 pixels with x in its red channel and y in its green channel."""
    pixels = np.zeros((120, 200, 3), np.uint8)
    pixels[..., 0] = np.arange(200)
    pixels[..., 1] = np.arange(120)[:, None]
    Image.fromarray(pixels).save(tmp_path / "coordinates.png")
    return tmp_path / "coordinates.png"


BOXES: list[Box] = [
    (0.0, 0.0, 1.0, 1.0),
    (0.3, 0.3, 0.4, 0.1),
    (0.3, 0.3, 0.1, 0.4),
    (0.0, 0.0, 0.1, 0.4),
    (0.9, 0.6, 0.1, 0.4),
    # Longer than the image is high: no square of the longer side fits.
    (0.1, 0.4, 0.8, 0.1),
    (0.0, 0.85, 1.0, 0.15),
    (0.45, 0.0, 0.1, 1.0),
]


@pytest.mark.parametrize("force_square", [False, True])
@pytest.mark.parametrize("alpha", [0.0, 0.1, 1.0, -0.3])
def test_a_box_is_widened_and_squared_as_fiftyone_does(
    coordinates: Path, rng: np.random.Generator, alpha: float, force_square: bool
) -> None:
    whole = np.asarray(Image.open(coordinates))
    random = [(*place, *size) for place, size in zip(rng.uniform(0, 0.7, (200, 2)),
              rng.uniform(0.05, 0.3, (200, 2)), strict=True)]  # fmt: skip
    for box in [*BOXES, *random]:
        label = fo.Detection(bounding_box=list(box))
        theirs = corners(foup.extract_patch(whole, label, force_square, alpha or None))
        patch = ImageSource(str(coordinates), box, alpha, force_square).open()
        ours = corners(np.asarray(patch))
        # FiftyOne rounds down, which may make one side of a box, and so its square, longer.
        np.testing.assert_allclose(ours, theirs, atol=1 + force_square, err_msg=str(box))
        if force_square:
            assert patch.width == patch.height


def test_a_box_grows_by_the_given_fraction(coordinates: Path) -> None:
    def cropped(alpha: float, force_square: bool = False) -> list[int]:
        source = ImageSource(str(coordinates), (0.4, 0.5, 0.2, 0.1), alpha, force_square)
        return corners(np.asarray(source.open())).tolist()

    assert cropped(0.0) == [80, 60, 119, 71]
    assert cropped(0.5) == [70, 57, 129, 74]
    assert cropped(-0.5) == [90, 63, 109, 68]
    assert cropped(0.0, force_square=True) == [80, 46, 119, 85]


@pytest.mark.parametrize("box", [(1.2, 0.1, 0.1, 0.1), (0.5, 0.5, 0.0, 0.3), (0.5, 0.5, 1e-9, 1.0)])
def test_a_box_without_pixels_is_refused(coordinates: Path, box: Box) -> None:
    with pytest.raises(ValueError, match=r"the box .* covers no pixel of the image"):
        ImageSource(str(coordinates), box).open()


# -- decoding at a fraction of the size --------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "min_side", "expected"),
    [
        ((1024, 768), 24, (128, 96)),
        ((1024, 768), 96, (256, 192)),
        ((1024, 768), 97, (512, 384)),
        ((768, 1024), 192, (384, 512)),
        ((1024, 768), 193, (1024, 768)),
        ((1000, 701), 64, (250, 176)),
        ((60, 40), 64, (60, 40)),
    ],
)
def test_a_jpeg_is_decoded_at_a_fraction_that_keeps_twice_the_minimum_side(
    tmp_path: Path, size: tuple[int, int], min_side: int, expected: tuple[int, int]
) -> None:
    noise(*size).save(tmp_path / "a.jpg")
    assert ImageSource(str(tmp_path / "a.jpg")).open().size == size
    decoded = ImageSource(str(tmp_path / "a.jpg")).open(min_side).size
    assert decoded == expected
    assert min(decoded) >= min(2 * min_side, *size)


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.bmp", "a.tif"])
def test_other_formats_are_decoded_in_full(tmp_path: Path, name: str) -> None:
    noise(300, 200).save(tmp_path / name)
    assert ImageSource(str(tmp_path / name)).open(8).size == (300, 200)


def quadrants(width: int, height: int) -> Image.Image:
    """Quarters in red, green, blue and gray, from the top left to the bottom right."""
    image = Image.new("RGB", (width, height), (255, 0, 0))
    image.paste((0, 255, 0), (width // 2, 0, width, height // 2))
    image.paste((0, 0, 255), (0, height // 2, width // 2, height))
    image.paste((128, 128, 128), (width // 2, height // 2, width, height))
    return image


def test_a_smaller_image_has_the_same_content(tmp_path: Path) -> None:
    quadrants(1600, 800).save(tmp_path / "a.jpg", quality=95)
    small = np.asarray(ImageSource(str(tmp_path / "a.jpg")).open(50))
    assert small.shape == (100, 200, 3)
    expected = [[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (128, 128, 128)]]
    np.testing.assert_allclose(small[[[25], [75]], [[50, 150]]], expected, atol=3)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.5])
@pytest.mark.parametrize("box", [(0.5, 0.0, 0.5, 0.5), (0.6, 0.1, 0.1, 0.3), (0.8, 0.1, 0.6, 0.3)])
def test_a_box_keeps_twice_the_minimum_side(tmp_path: Path, box: Box, alpha: float) -> None:
    quadrants(1600, 1600).save(tmp_path / "a.jpg", quality=95)
    source = ImageSource(str(tmp_path / "a.jpg"), box, alpha)
    whole, part = source.open(), source.open(20)
    scale = whole.width / part.width
    assert part.width < whole.width
    assert min(part.size) >= min(2 * 20, *whole.size)
    # Half of this size would be too small, or is not supported by the decoder.
    assert min(part.size) < 4 * 20 or scale > 7
    # Both centers are at the same relative distance from the borders of the colors.
    np.testing.assert_allclose(part.getpixel((part.width // 2, 1)), whole.getpixel(
        (whole.width // 2, round(scale))), atol=12)  # fmt: skip


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_box_of_a_turned_image_keeps_twice_the_minimum_side(
    tmp_path: Path, orientation: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    noise(1600, 400).save(tmp_path / "a.jpg", exif=exif)
    for box, min_side in itertools.product([(0.2, 0.1, 0.1, 0.8), (0.1, 0.2, 0.8, 0.1)], (10, 20)):
        source = ImageSource(str(tmp_path / "a.jpg"), box)
        assert min(source.open(min_side).size) >= min(2 * min_side, *source.open().size)


# -- large images ------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "1", "I;16"])
def test_a_large_image_is_made_smaller_while_it_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    image = quadrants(910, 602).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) << 8)
    if mode == "RGBA":
        image.putalpha(128)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image.save(tmp_path / "a.png", exif=exif)
    whole = ImageSource(str(tmp_path / "a.png")).open(40)
    monkeypatch.setattr(images, "LARGE", 910 * 602 - 1)
    small = ImageSource(str(tmp_path / "a.png")).open(40)
    assert (whole.size, small.size) == ((602, 910), (86, 130))
    np.testing.assert_allclose(small, whole.reduce(7), atol=1)
    # The box has 201 x 303 pixels, of which 40 x 40 are needed.
    part = ImageSource(str(tmp_path / "a.png"), (1 / 3, 0.0, 1 / 3, 1 / 3)).open(40)
    assert part.size in ((100, 152), (101, 152))


def test_a_large_image_of_a_query_is_made_smaller_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "LARGE", 899 * 600)
    monkeypatch.setattr(pixels, "QUERY_SIDE", 200)
    image = quadrants(900, 600)
    image.save(tmp_path / "a.png")
    expected = np.asarray(image.reduce(3))
    for opened in (read_image(tmp_path / "a.png"), read_served_image(tmp_path / "a.png"),
                   to_query_image(image)):  # fmt: skip
        np.testing.assert_allclose(opened, expected, atol=1)
