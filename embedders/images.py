"""Opens images: files, label boxes in files, video frames and uploaded bytes."""

from __future__ import annotations

import base64
import importlib.util
import io
import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from PIL import ExifTags, Image, UnidentifiedImageError

from fiftyone_faiss.embedders.boxes import box_corners
from fiftyone_faiss.embedders.decoding_memory import decoding_budget
from fiftyone_faiss.embedders.pixels import (
    LARGE,
    MAX_PIXELS,
    as_query_rgb,
    as_rgb,
    check_image,
    decoded_bytes,
    problem_of,
)
from fiftyone_faiss.embedders.video import read_frame

Result = TypeVar("Result")

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
# The most characters of a name or a path in a message.
MAX_SHOWN = 120

# A JPEG is decoded at a half, a quarter or an eighth of its size as long as its shorter side stays
# this many times what the model needs. The cosine of its vector to that of the full image is then
# 0.999 or more; benchmarks/bench_embed.py measures it.
DRAFT_MARGIN = 2

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
"""The errors of opening files that are damaged, missing or not images."""

if importlib.util.find_spec("pillow_heif") is not None:
    import pillow_heif

    pillow_heif.register_heif_opener()

# Pillow supports a format only once its plugin is loaded.
Image.init()
IMAGE_FORMATS = tuple(
    name
    for name in (
        *("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "HEIF", "JPEG2000"),
        *("ICO", "DDS", "TGA"),
    )
    if name in Image.OPEN
)
"""The supported formats. JPEG includes MPO; HEIF needs the package pillow-heif.

Pillow's other formats are excluded since some execute code: it runs EPS files, also those within
IPTC files, in Ghostscript, and draws WMF files through Windows.
"""


def open_local(path: str) -> BinaryIO:
    """Opens a local file for reading."""
    return open(path, "rb")


@dataclass(frozen=True)
class ImageSource:
    """An image to embed: an image file, a frame of a video, or a box in either.

    Attributes:
        path: the file
        box (None): ``(left, top, width, height)`` relative to the size of the image, by default
            all of it
        alpha (0.0): how much to grow the box, as a fraction of its width and height; a negative
            value shrinks it
        force_square (False): whether to make the box square as FiftyOne does: its shorter side
            grows, and at the border of the image its longer side shrinks
        frame (None): the number of the frame, starting at 1, if the file is a video
        opener (open_local): opens the file for reading
    """

    path: str
    box: tuple[float, float, float, float] | None = None
    alpha: float = 0.0
    force_square: bool = False
    frame: int | None = None
    opener: Callable[[str], BinaryIO] = open_local

    def open(self, min_side: int | None = None) -> Image.Image:
        """Decodes the image.

        Args:
            min_side (None): the pixels that the shorter side must have; a larger JPEG may be
                decoded at a fraction of its size. By default it is decoded in full

        Returns:
            an RGB image, turned upright, cropped to the box

        Raises:
            OSError: if the file is missing or damaged, and the other ``DECODE_ERRORS``
            ValueError: if the file is not a supported image, if the image is too large, or if the
                box is empty
        """
        return self.apply(lambda image: image, min_side)

    def apply(self, work: Callable[[Image.Image], Result], min_side: int | None = None) -> Result:
        """Decodes the image as :meth:`open` does, and returns the result of ``work`` on it.

        Meanwhile, it holds the memory of the image in the budget of all threads.
        """
        with ExitStack() as memory:
            return work(self._read(min_side, memory))

    def _read(self, min_side: int | None, memory: ExitStack) -> Image.Image:
        if self.frame is None:
            decode = partial(self._decoded, min_side=min_side, memory=memory)
            image = converted(self.path, decode, self.opener)
        else:
            _check_regular(self.path, self.opener)
            with _decoding():
                image = Image.fromarray(read_frame(self.path, self.frame))
        return image if self.box is None else image.crop(self._corners(*image.size))

    def _decoded(self, file: Image.Image, min_side: int | None, memory: ExitStack) -> Image.Image:
        """Converts the image to RGB; a JPEG and a large image are made smaller if they may be."""
        if min_side is not None and file.format in ("JPEG", "MPO"):
            # Decoded at a fraction of its size; other decoders have one size.
            factor = self._factor(file, min_side)
            if factor > 1:
                file.draft(None, (file.width // factor, file.height // factor))
        # Before anything that decodes it, such as reading the EXIF of a PNG.
        check_image(file)
        memory.enter_context(decoding_budget.reserve(decoded_bytes(file)))
        if min_side is None or file.width * file.height <= LARGE:
            return as_rgb(file)
        return as_rgb(file, self._factor(file, min_side))

    def _factor(self, file: Image.Image, min_side: int) -> int:
        """How many times smaller the image may be."""
        width, height = file.size
        # The box is relative to the upright image.
        is_sideways = file.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        x0, y0, x1, y1 = self._corners(*((height, width) if is_sideways else (width, height)))
        return max(1, min(x1 - x0, y1 - y0) // (DRAFT_MARGIN * min_side))

    def _corners(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the box in pixels of the upright image."""
        if self.box is None:
            return 0, 0, width, height
        return box_corners(self.box, width, height, self.alpha, self.force_square)


def converted(
    path: str,
    convert: Callable[[Image.Image], Image.Image],
    opener: Callable[[str], BinaryIO] = open_local,
) -> Image.Image:
    """Opens an image file and converts it; raises as :meth:`ImageSource.open` does."""
    _check_regular(path, opener)
    with opener(path) as stream, _decoding(), _opened(stream, path) as file:
        return convert(file)


def _check_regular(path: str, opener: Callable[[str], BinaryIO]) -> None:
    # Reading from a pipe or a device might block forever.
    if opener is open_local and not stat.S_ISREG(os.stat(path).st_mode):
        kind = "a folder" if os.path.isdir(path) else "not a regular file"
        raise ValueError(f"the path is {kind}")


@contextmanager
def _decoding() -> Iterator[None]:
    """Turns any error of a decoder into a ``ValueError`` about the file.

    Decoders raise more than they document on damaged files: those of Pillow raised ``TypeError``
    and ``NotImplementedError``, those in C raise ``RuntimeError``. A single image must not end a
    run over a million.
    """
    try:
        yield
    except DECODE_ERRORS:
        raise
    except Exception as error:
        raise ValueError(f"the file is damaged ({type(error).__name__}: {error})") from error


def _opened(stream: BinaryIO, path: str) -> Image.Image:
    try:
        return Image.open(stream, formats=IMAGE_FORMATS)
    except UnidentifiedImageError as error:
        if not stream.seek(0, os.SEEK_END):
            raise ValueError("the file is empty") from error
        if Path(path).suffix.lower() in (".heic", ".heif"):
            raise ValueError("HEIC images need a decoder: pip install pillow-heif") from error
        raise ValueError("the file is not an image of a supported format") from error


def decode_image(content: bytes, name: str = "the upload") -> Image.Image:
    """Decodes an uploaded image.

    Args:
        content: the bytes of the file
        name ("the upload"): the name of the image in errors

    Returns:
        an RGB image

    Raises:
        ValueError: if it is too large, not an image, or damaged
    """
    _check_size(len(content), name)
    try:
        with _decoding():
            file = Image.open(io.BytesIO(content), formats=IMAGE_FORMATS)
    except DECODE_ERRORS as error:
        if isinstance(error, Image.DecompressionBombError):
            raise ValueError(f"{name} has too many pixels; upload a smaller image.") from error
        raise ValueError(f"{name} is not an image; upload a JPEG, PNG or WebP file.") from error
    return to_query_image(file, name)


def to_query_image(image: Image.Image, name: str = "the image") -> Image.Image:
    """Converts an image that a caller opened, in the same way as a file.

    Args:
        image: an image of any mode; it stays as it is
        name ("the image"): the name of the image in errors

    Returns:
        an RGB image

    Raises:
        ValueError: if it is too large, has pixels of floats or of 32-bit integers, or is damaged
    """
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(
            f"{name} has {image.width} x {image.height} pixels; upload an image of at most "
            f"{MAX_PIXELS // 10**6} megapixels."
        )
    problem = problem_of(image)
    if problem is not None:
        raise ValueError(f"{name} has {problem}.")
    try:
        with _decoding():
            return as_query_rgb(image)
    except DECODE_ERRORS as error:
        raise ValueError(f"{name} is damaged or cut short; upload the whole file.") from error


def _check_size(count: int, name: str) -> None:
    if count > MAX_UPLOAD_BYTES:
        raise ValueError(
            f"{name} has {count / 2**20:.0f} MB; upload an image of at most "
            f"{MAX_UPLOAD_BYTES // 2**20} MB."
        )


def decode_base64_image(content: str, name: str = "the upload") -> Image.Image:
    """Decodes an image that a browser sent as bare base64; see :func:`decode_image`."""
    # Base64 encodes 3 bytes in 4 characters, so the size is known before decoding.
    _check_size(len(content) * 3 // 4 - 2, name)
    try:
        data = base64.b64decode(content, validate=True)
    # binascii.Error is one; characters that are not ASCII raise a plain one.
    except ValueError as error:
        raise ValueError(f"{name} arrived damaged; upload it again.") from error
    return decode_image(data, name)


def read_image(path: str | Path) -> Image.Image:
    """Opens an image file as a query.

    Raises:
        ValueError: if the file is missing, too large, not an image, or damaged
    """
    path = Path(os.path.expanduser(path))
    name = path.name[:MAX_SHOWN]
    try:
        if path.is_file():
            # Checked before reading: it may be larger than memory.
            _check_size(path.stat().st_size, name)
            return decode_image(path.read_bytes(), name)
    except OSError as error:
        raise ValueError(
            f"{name} cannot be read ({error.strerror}); check the path and its permissions."
        ) from error
    raise ValueError(f"There is no image file at {str(path)[-MAX_SHOWN:]}; check the path.")
