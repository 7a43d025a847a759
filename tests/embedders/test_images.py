"""Images are opened upright in 8-bit RGB, whatever the format; bad files have a reason."""

from __future__ import annotations

import base64
import io
import os
import struct
import subprocess
import threading
from pathlib import Path
from random import Random

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import EpsImagePlugin, Image, features
from support.broken import BROKEN, noise

from fiftyone_faiss.embedders import ImageSource, decode_base64_image, decode_image, read_image
from fiftyone_faiss.embedders import images as module
from fiftyone_faiss.embedders.images import DECODE_ERRORS
from fiftyone_faiss.embedders.loop import reason_of

ORIENTATION = 0x0112
WHITE, BLACK, RED, GREEN, BLUE = (
    (255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255),
)  # fmt: skip


def opened(path: Path) -> npt.NDArray[np.uint8]:
    """The pixels of a file, ``(height, width, 3)``."""
    image = ImageSource(str(path)).open()
    assert image.mode == "RGB"
    return np.asarray(image)


def jpeg(size: tuple[int, int] = (40, 20)) -> bytes:
    buffer = io.BytesIO()
    noise(*size).save(buffer, "JPEG")
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be large."""
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG", compress_level=9)
    return buffer.getvalue()


# -- orientation -------------------------------------------------------------------------------


# By the EXIF standard: where the first row and column of the stored image belong.
UPRIGHT = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels, 1),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tif"])
def test_an_image_is_turned_upright(tmp_path: Path, name: str, orientation: int) -> None:
    stored = noise(5, 3)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"quality": 100, "subsampling": 0} if name == "a.jpg" else {}
    if name == "a.webp":
        options = {"lossless": True}
    stored.save(tmp_path / name, exif=exif, **options)
    expected = UPRIGHT[orientation](np.asarray(stored)).astype(int)
    pixels = opened(tmp_path / name)
    np.testing.assert_allclose(pixels, expected, atol=4 if name == "a.jpg" else 0)


# -- kinds of pixels ---------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    Image.new("RGB", (8, 8), "white").convert(mode).save(tmp_path / "a.tif")
    assert opened(tmp_path / "a.tif").min() >= 250


def test_grayscale_has_three_equal_channels(tmp_path: Path) -> None:
    gray = np.asarray(noise(6, 4))[:, :, 0]
    Image.fromarray(gray).save(tmp_path / "a.png")
    np.testing.assert_array_equal(opened(tmp_path / "a.png"), np.stack([gray] * 3, axis=2))


def test_a_cmyk_jpeg_has_its_colors(tmp_path: Path) -> None:
    inks = [((0, 255, 255, 0), RED), ((255, 0, 255, 0), GREEN), ((255, 255, 0, 0), BLUE),
            ((0, 0, 0, 255), BLACK), ((0, 0, 0, 0), WHITE)]  # fmt: skip
    for ink, color in inks:
        Image.new("CMYK", (16, 16), ink).save(tmp_path / "a.jpg", quality=100)
        expected = np.broadcast_to(color, (16, 16, 3))
        np.testing.assert_allclose(opened(tmp_path / "a.jpg"), expected, atol=3)


def deep(channels: int) -> npt.NDArray[np.uint16]:
    """Pixels of 16 bits, dark and bright ones."""
    shape = (6, 9, channels) if channels > 1 else (6, 9)
    pixels = np.random.default_rng(3).integers(0, 2**16, shape, np.uint16)
    pixels[0, :4] = np.array([0, 255, 256, 65_535]).reshape(-1, *[1] * (channels > 1))
    return pixels


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bit_grayscale_keeps_its_upper_bits(tmp_path: Path, name: str) -> None:
    pixels = deep(1)
    assert cv2.imwrite(str(tmp_path / name), pixels)
    expected = np.stack([pixels >> 8] * 3, axis=2)
    np.testing.assert_array_equal(opened(tmp_path / name), expected)


def test_16_bit_grayscale_may_be_big_endian(tmp_path: Path) -> None:
    pixels = deep(1)
    image = Image.frombytes("I;16B", (9, 6), pixels.astype(">u2").tobytes())
    image.save(tmp_path / "a.tif")
    assert (tmp_path / "a.tif").read_bytes()[:2] == b"MM"
    expected = np.stack([pixels >> 8] * 3, axis=2)
    np.testing.assert_array_equal(opened(tmp_path / "a.tif"), expected)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bit_color_keeps_its_upper_bits(tmp_path: Path, name: str) -> None:
    pixels = deep(3)
    # OpenCV's order of channels is BGR.
    assert cv2.imwrite(str(tmp_path / name), pixels[:, :, ::-1])
    np.testing.assert_array_equal(opened(tmp_path / name), pixels >> 8)


def on_white(
    colors: npt.NDArray[np.uint8], alpha: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float64]:
    part = alpha[..., None] / 255
    return colors * part + 255 * (1 - part)


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_transparent_pixels_are_blended_with_white(tmp_path: Path, name: str) -> None:
    colors = np.asarray(noise(8, 4))
    alpha = np.tile(np.array([0, 1, 64, 128, 200, 254, 255, 255], np.uint8), (4, 1))
    image = Image.fromarray(np.dstack([colors, alpha]))
    image.save(tmp_path / name, **({"lossless": True, "exact": True} if name == "a.webp" else {}))
    np.testing.assert_allclose(opened(tmp_path / name), on_white(colors, alpha), atol=1)


def test_transparent_grayscale_is_blended_with_white(tmp_path: Path) -> None:
    gray = np.asarray(noise(4, 4))[:, :, 0]
    alpha = np.tile(np.array([0, 100, 200, 255], np.uint8), (4, 1))
    image = Image.merge("LA", [Image.fromarray(gray), Image.fromarray(alpha)])
    image.save(tmp_path / "a.png")
    expected = on_white(np.stack([gray] * 3, axis=2), alpha)
    np.testing.assert_allclose(opened(tmp_path / "a.png"), expected, atol=1)


def test_colors_of_a_palette_may_be_transparent(tmp_path: Path) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([*RED, *GREEN, *BLUE])
    image.putdata([0, 1, 2])
    image.save(tmp_path / "a.png", transparency=bytes([255, 0, 51]))
    np.testing.assert_allclose(opened(tmp_path / "a.png"), [[RED, WHITE, (204, 204, 255)]], atol=1)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tif"])
def test_the_first_frame_of_an_animation_is_read(tmp_path: Path, name: str) -> None:
    first, *others = [Image.new("RGB", (8, 6), color) for color in (RED, GREEN, BLUE)]
    options = {"lossless": True} if name == "a.webp" else {}
    first.save(tmp_path / name, save_all=True, append_images=others, **options)
    np.testing.assert_array_equal(opened(tmp_path / name), np.broadcast_to(RED, (6, 8, 3)))


def test_avif_is_read(tmp_path: Path) -> None:
    assert features.check("avif"), "this Pillow is built without AVIF; install one from 11.3 on"
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[:32, :48], pixels[:32, 48:], pixels[32:, :48] = RED, GREEN, BLUE
    Image.fromarray(pixels).save(tmp_path / "a.avif", quality=95)
    decoded = opened(tmp_path / "a.avif").astype(int)
    assert decoded.shape == pixels.shape
    # Away from the borders, where the colors blur.
    for y, x in ((16, 24), (16, 72), (48, 24), (48, 72)):
        np.testing.assert_allclose(decoded[y, x], pixels[y, x], atol=6)


# -- files that are not images ------------------------------------------------------------------


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_file_that_is_not_an_image_is_refused_with_a_reason(tmp_path: Path, name: str) -> None:
    make, reason = BROKEN[name]
    make(tmp_path / name)
    caught: list[BaseException] = []

    def attempt() -> None:
        try:
            ImageSource(str(tmp_path / name)).open(32)
        except DECODE_ERRORS as error:
            caught.append(error)

    # In a thread that may be abandoned: nothing is ever written to the pipe.
    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "opening the file blocks forever"
    assert reason in reason_of(caught[0])


def damaged_exif() -> bytes:
    """A JPEG whose orientation is text."""
    entries = struct.pack("<HHHI4sI", 1, ORIENTATION, 7, 2, b"up", 0)
    buffer = io.BytesIO()
    noise(80, 60).save(buffer, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + entries)
    return buffer.getvalue()


def damaged_dds() -> bytes:
    """A DDS of an unknown kind."""
    buffer = io.BytesIO()
    noise(8, 8).save(buffer, "DDS")
    data = bytearray(buffer.getvalue())
    data[80] = 147
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(damaged_exif(), "TypeError"), (damaged_dds(), "NotImplementedError")],
)
def test_any_error_of_a_decoder_is_reported_as_damage(content: bytes, kind: str) -> None:
    with pytest.raises(ValueError, match=rf"^the file is damaged \({kind}: .+\)$"):
        ImageSource("a", opener=lambda path: io.BytesIO(content)).open(16)


# TIFF also with a compression that has its own decoder.
FORMATS = [*module.IMAGE_FORMATS, "TIFF tiff_lzw"]


@pytest.mark.parametrize("format", [name for name in FORMATS if name.split()[0] in Image.SAVE])
@pytest.mark.filterwarnings("ignore")
def test_random_damage_raises_only_decode_errors(format: str) -> None:
    """Opens 150 files with a few wrong bytes, mostly near their start; they are always the same."""
    random = Random(51)
    name, *compression = format.split()
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    options = {"exif": exif} if name in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF") else {}
    if compression:
        options["compression"] = compression[0]
    buffer = io.BytesIO()
    noise(40, 40).save(buffer, name, **options)
    read = 0
    for _ in range(150):
        data = bytearray(buffer.getvalue())
        for _ in range(random.randint(1, 4)):
            near = min(len(data), random.choice([64, 200, len(data)]))
            data[random.randrange(near)] = random.choice([0, 255, random.randrange(256)])
        source = ImageSource("a", opener=lambda path, data=bytes(data): io.BytesIO(data))
        try:
            assert source.open(16).mode == "RGB"
            read += 1
        except DECODE_ERRORS as error:
            assert reason_of(error)
    assert read < 150


def test_an_error_of_the_opener_is_raised_as_it_is(tmp_path: Path) -> None:
    def refuse(path: str) -> io.BytesIO:
        raise RuntimeError("no credentials")

    with pytest.raises(RuntimeError, match="no credentials"):
        ImageSource("a", opener=refuse).open()


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    try:
        with pytest.raises(ValueError, match="the path is not a regular file"):
            ImageSource(f"/dev/fd/{reader}").open()
    finally:
        os.close(reader)
        os.close(writer)


def test_a_file_without_read_permission_has_a_reason(tmp_path: Path) -> None:
    def refuse(path: str) -> io.BytesIO:
        raise PermissionError(13, "Permission denied", path)

    with pytest.raises(PermissionError) as caught:
        ImageSource(str(tmp_path / "a.png"), opener=refuse).open()
    assert reason_of(caught.value) == "the file may not be read"


# -- files that would run a program ------------------------------------------------------------


def eps() -> bytes:
    buffer = io.BytesIO()
    noise(8, 8).save(buffer, "EPS")
    return buffer.getvalue()


def dos_eps() -> bytes:
    """An EPS with the header of Windows programs."""
    body = eps()
    return struct.pack("<6IHH", 0xC6D3D0C5, 32, len(body), 0, 0, 0, 0, 0xFFFF) + bytes(4) + body


def iptc(content: bytes) -> bytes:
    """An IPTC file of 8 x 8 pixels that claims to hold a JPEG and holds another file.

    http://www.iptc.org/std/IIM/4.2/specification/IIMV4.2.pdf
    """
    fields = {(3, 20): b"\0\x08", (3, 30): b"\0\x08", (3, 60): b"\1\0", (3, 120): b"\0\5"}
    fields[8, 10] = content
    return b"".join(struct.pack(">BBBH", 0x1C, *tag, len(data)) + data
                    for tag, data in fields.items())  # fmt: skip


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that a replacement of Ghostscript creates when it runs."""
    folder = tmp_path / "programs"
    folder.mkdir()
    program = folder / "gs"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path / 'mark'}'\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    # An earlier test may have looked for it.
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", "gs")
    return tmp_path / "mark"


POSTSCRIPT = {"eps": eps(), "dos eps": dos_eps(), "iptc": iptc(eps())}


@pytest.mark.parametrize("kind", POSTSCRIPT)
def test_postscript_is_refused_and_not_run(tmp_path: Path, mark: Path, kind: str) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(POSTSCRIPT[kind])
    sentence = "^picture.png is not an image; upload a JPEG, PNG or WebP file.$"
    with pytest.raises(ValueError, match=sentence):
        decode_image(POSTSCRIPT[kind], "picture.png")
    with pytest.raises(ValueError, match=sentence):
        read_image(path)
    with pytest.raises(ValueError, match="the file is not an image of a supported format"):
        ImageSource(str(path)).open()
    assert not mark.exists()
    # Pillow itself runs it.
    with pytest.raises(subprocess.CalledProcessError), Image.open(path) as file:
        file.load()
    assert mark.exists()


@pytest.mark.parametrize("format", ["BMP", "DDS", "ICO", "JPEG2000", "PPM", "TGA"])
def test_less_common_formats_are_read(format: str) -> None:
    buffer = io.BytesIO()
    image = noise(16, 16)
    image.save(buffer, format)
    decoded = decode_image(buffer.getvalue())
    np.testing.assert_array_equal(np.asarray(decoded), np.asarray(image))


def test_a_jpeg_with_several_images_is_read() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), RED).save(
        buffer, "MPO", save_all=True, append_images=[Image.new("RGB", (16, 16), BLUE)]
    )
    assert Image.open(buffer).format == "MPO"
    expected = np.broadcast_to(RED, (16, 16, 3))
    np.testing.assert_allclose(np.asarray(decode_image(buffer.getvalue())), expected, atol=3)


# -- uploads and queries -----------------------------------------------------------------------


def test_an_upload_is_decoded() -> None:
    image = decode_base64_image(base64.b64encode(jpeg()).decode())
    assert (image.mode, image.size) == ("RGB", (40, 20))
    expected = np.asarray(Image.open(io.BytesIO(jpeg())))
    np.testing.assert_array_equal(np.asarray(image), expected)


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
def test_a_bad_upload_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        decode_image(content, "pool.jpg")


def test_a_large_upload_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.base64, "b64decode", lambda *a, **k: pytest.fail("decoded"))
    with pytest.raises(ValueError, match="has 60 MB"):
        decode_base64_image("A" * (80 * 2**20), "pool.jpg")


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    # It has no blocks on disk, but reading it would fill the memory.
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match=r"^large\.jpg has 1048576 MB; upload an image of at most"):
        read_image(path)


def test_invalid_base64_is_refused() -> None:
    with pytest.raises(ValueError, match="arrived damaged; upload it again"):
        decode_base64_image("!!!!")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no image file at .*gone\.jpg"):
        read_image(tmp_path / "gone.jpg")
