"""Opening images: from files, from label boxes in files, and from uploaded bytes."""

from __future__ import annotations

import base64
import binascii
import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 100_000_000
"""A query or a sample with more pixels is refused: decoded, it would fill 300 MB of memory."""

DECODE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow's decoders raise on files that are damaged, missing or not images."""


@dataclass(frozen=True)
class ImageSource:
    """One thing to embed: an image file, or a box in it.

    Attributes:
        path: the image file
        box: ``(left, top, width, height)`` relative to the image's size, or None for all of it
    """

    path: str
    box: tuple[float, float, float, float] | None = None

    def open(self) -> Image.Image:
        """Decodes the image.

        Returns:
            an RGB image, turned upright, cropped to the box

        Raises:
            OSError: if the file is missing or damaged, and the other ``DECODE_ERRORS``
            ValueError: if the image is too large or the box is empty
        """
        with Image.open(self.path) as file:
            image = _rgb(file)
        return image if self.box is None else _crop(image, self.box)


def _rgb(file: Image.Image) -> Image.Image:
    width, height = file.size
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"the image has {width} x {height} pixels, more than the {MAX_PIXELS:,} allowed"
        )
    return ImageOps.exif_transpose(file).convert("RGB")


def _crop(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    left, top, width, height = box
    pixels = (
        max(0, round(left * image.width)),
        max(0, round(top * image.height)),
        min(image.width, round((left + width) * image.width)),
        min(image.height, round((top + height) * image.height)),
    )
    if pixels[2] <= pixels[0] or pixels[3] <= pixels[1]:
        raise ValueError(f"the box {box} covers no pixel of the image")
    return image.crop(pixels)


def decode_image(content: bytes, name: str = "the upload") -> Image.Image:
    """Decodes an image that a person uploaded.

    Args:
        content: the bytes of the file
        name: what to call it in an error

    Returns:
        an RGB image

    Raises:
        ValueError: if it is too large, not an image, or damaged, saying which
    """
    if len(content) > MAX_UPLOAD_BYTES:
        raise ValueError(
            f"{name} has {len(content) / 2**20:.0f} MB; upload an image of at most "
            f"{MAX_UPLOAD_BYTES // 2**20} MB."
        )
    try:
        file = Image.open(io.BytesIO(content))
    except (Image.DecompressionBombError, *DECODE_ERRORS) as error:
        if isinstance(error, Image.DecompressionBombError):
            raise ValueError(f"{name} has too many pixels; upload a smaller image.") from error
        raise ValueError(f"{name} is not an image; upload a JPEG, PNG or WebP file.") from error
    if file.width * file.height > MAX_PIXELS:
        raise ValueError(
            f"{name} has {file.width} x {file.height} pixels; upload an image of at most "
            f"{MAX_PIXELS // 10**6} megapixels."
        )
    try:
        return _rgb(file)
    except DECODE_ERRORS as error:
        raise ValueError(f"{name} is damaged or cut short; upload the whole file.") from error


def decode_base64_image(content: str, name: str = "the upload") -> Image.Image:
    """Decodes an image sent by a browser as bare base64; see :func:`decode_image`."""
    # Base64 holds 3 bytes in 4 characters, so the size is known before anything is decoded.
    if len(content) * 3 // 4 > MAX_UPLOAD_BYTES + 2:
        raise ValueError(
            f"{name} has {len(content) * 3 / 4 / 2**20:.0f} MB; upload an image of at most "
            f"{MAX_UPLOAD_BYTES // 2**20} MB."
        )
    try:
        data = base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{name} arrived damaged; upload it again.") from error
    return decode_image(data, name)


def read_image(path: str | Path) -> Image.Image:
    """Opens an image file as a query.

    Raises:
        ValueError: if the file is missing, is not an image, or is damaged, saying which
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no image file at {path}; check the path.")
    return decode_image(path.read_bytes(), path.name)
