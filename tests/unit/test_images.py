"""Opening images: upright, in colour, cropped to boxes; bad ones are refused in a sentence."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fiftyone_faiss.embedders import ImageSource, decode_base64_image, decode_image, read_image
from fiftyone_faiss.embedders import images as module


def jpeg(size: tuple[int, int] = (40, 20)) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be large."""
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG", compress_level=9)
    return buffer.getvalue()


def test_a_box_is_cropped_to_its_pixels(tmp_path: Path) -> None:
    image = Image.new("RGB", (100, 50), "blue")
    image.paste("red", (20, 10, 60, 40))
    image.save(tmp_path / "a.png")
    patch = ImageSource(str(tmp_path / "a.png"), (0.2, 0.2, 0.4, 0.6)).open()
    assert patch.size == (40, 30)
    assert patch.getcolors() == [(1200, (255, 0, 0))]


def test_an_image_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=exif)
    assert ImageSource(str(tmp_path / "a.jpg")).open().size == (20, 40)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    Image.new("RGB", (8, 8), "white").convert(mode).save(tmp_path / "a.tif")
    image = ImageSource(str(tmp_path / "a.tif")).open()
    assert image.mode == "RGB"
    assert np.asarray(image).min() >= 250


def test_an_upload_is_decoded() -> None:
    image = decode_base64_image(base64.b64encode(jpeg()).decode())
    assert (image.mode, image.size) == ("RGB", (40, 20))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"hello, I am a text", "pool.jpg is not an image; upload a JPEG"),
        (b"", "pool.jpg is not an image"),
        (jpeg((300, 300))[:2000], "pool.jpg is damaged or cut short"),
        (b"\0" * (60 * 2**20), "pool.jpg has 60 MB; upload an image of at most 20 MB"),
        (png_claiming(12_000, 12_000), "pool.jpg has 12000 x 12000 pixels"),
        (png_claiming(20_000, 20_000), "pool.jpg has too many pixels"),
    ],
    ids=["text", "empty", "truncated", "60 MB", "large", "bomb"],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bad_upload_is_refused_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        decode_image(content, "pool.jpg")


def test_a_large_upload_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.base64, "b64decode", lambda *a, **k: pytest.fail("decoded"))
    with pytest.raises(ValueError, match="has 60 MB"):
        decode_base64_image("A" * (80 * 2**20), "pool.jpg")


def test_base64_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="arrived damaged; upload it again"):
        decode_base64_image("!!!!")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no image file at .*gone\.jpg"):
        read_image(tmp_path / "gone.jpg")
