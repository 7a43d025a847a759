"""Converts pixels of any kind to 8-bit RGB, and resizes thin images in little memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from fiftyone_faiss.embedders.decoding_memory import decoding_budget

MAX_PIXELS = 100_000_000
"""Images with more pixels are rejected: decoded, they would need 400 MB of memory each."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns an image upright, by its orientation in EXIF."""

BAND = 64
"""The rows of a reduced image that are computed at once."""

LARGE = 8_000_000
"""Images with more pixels are made smaller while they are converted, if they may be."""

QUERY_SIDE = 2_048
"""The pixels of a side that a query needs at most; models look at some hundred pixels a side."""

THIN = 8.0
"""An image is thin if its longer side is more than this many times its shorter side."""

# If its shorter side is scaled to 224 pixels, an image with this ratio has 10 million pixels.
MAX_RATIO = 200
"""The largest ratio of the sides of an image for models whose resizing is not known."""

MAX_INTERMEDIATE = 8_000_000
"""The largest number of pixels between the two steps of resizing, in :func:`resized`."""


def as_rgb(image: Image.Image, factor: int = 1) -> Image.Image:
    """Returns the first frame of an image, upright, in 8-bit RGB.

    Transparent pixels are blended with white. 16-bit grayscale keeps its upper 8 bits; Pillow's own
    conversion would turn all but the 255 darkest values white.

    Args:
        image: an image of any mode; it stays as it is
        factor (1): how many times smaller each side of the result is; the mean of the pixels

    Raises:
        ValueError: if it has too many pixels, or pixels of floats or of 32-bit integers
        OSError: if its file is damaged, and the other errors of decoders
    """
    check_image(image)
    image.load()
    # Pillow has turned some images already.
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    image = _converted(image) if factor == 1 else _reduced(image, factor)
    if orientation not in TURNS:
        return image
    turned = image.transpose(TURNS[orientation])
    # Pillow copies the EXIF, which would turn the image again.
    turned.info = {}
    return turned


def as_query_rgb(image: Image.Image) -> Image.Image:
    """Converts an image of a query like :func:`as_rgb`; a large one is made smaller."""
    width, height = image.size
    factor = max(1, min(image.size) // QUERY_SIDE) if width * height > LARGE else 1
    with decoding_budget.reserve(decoded_bytes(image)):
        return as_rgb(image, factor)


def decoded_bytes(image: Image.Image) -> int:
    """Returns the bytes that an image needs until :func:`as_rgb` is done, without decoding it."""
    # As it is, in RGB, and before that with its transparency; of 4 bytes a pixel each.
    steps = 1 if image.mode == "RGB" else 3 if image.has_transparency_data else 2
    return 4 * steps * image.width * image.height


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """Converts and reduces an image part by part, so that only the small one is in memory."""
    width, height = image.size
    result = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, BAND * factor):
        band = image.crop((0, top, width, min(height, top + BAND * factor)))
        # A crop lacks a transparent color of the image.
        band.info = image.info
        result.paste(_converted(band).reduce(factor), (0, top // factor))
    return result


def _converted(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return _from_16_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image)
        return white
    return image if image.mode == "RGB" else image.convert("RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.uint16, copy=False)
    gray = (values >> 8).astype(np.uint8)
    if "transparency" in image.info:
        gray[values == image.info["transparency"]] = 255
    return Image.fromarray(gray).convert("RGB")


def check_image(image: Image.Image) -> None:
    """Raises a ``ValueError`` if an image cannot be converted, without decoding it."""
    problem = problem_of(image)
    if problem is not None:
        raise ValueError(f"the image has {problem}")


def problem_of(image: Image.Image) -> str | None:
    """Returns why an image cannot be converted, as what it "has", without decoding it."""
    width, height = image.size
    if not (width and height):
        return "no pixels"
    if width * height > MAX_PIXELS:
        return f"{width} x {height} pixels, more than the {MAX_PIXELS:,} allowed"
    if image.mode in ("I", "F"):
        return (
            f"pixels of {'32-bit integers' if image.mode == 'I' else 'floats'}, "
            "which have no defined black and white; convert it to 8 or 16 bits"
        )
    return None


def image_of_array(array: npt.NDArray[np.generic]) -> Image.Image:
    """Returns the image of an array.

    Args:
        array: ``(height, width)`` or ``(height, width, channels)`` pixels of uint8 or uint16, or
            of bool for black and white. 1 channel is gray, 2 are gray and alpha, 3 are RGB, and 4
            are RGB and alpha

    Raises:
        ValueError: if it has another shape or type; the message says what to give
    """
    is_image = array.ndim == 2 or (array.ndim == 3 and 1 <= array.shape[2] <= 4)
    if not is_image or array.dtype not in (np.uint8, np.uint16, np.bool_) or not array.size:
        raise ValueError(
            f"An array of shape {array.shape} and type {array.dtype} is no image; give (height, "
            "width, 3) pixels of uint8, from 0 to 255."
        )
    if array.dtype == np.uint16:
        pixels = (array.astype(np.uint16) >> 8).astype(np.uint8)
    else:
        pixels = array.astype(np.uint8) * (255 if array.dtype == np.bool_ else 1)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(pixels))


def is_thin(image: Image.Image) -> bool:
    """Returns whether one side of an image is more than ``THIN`` times the other."""
    return max(image.size) > THIN * min(image.size)


def check_ratio(image: Image.Image) -> None:
    """Raises a ``ValueError`` if scaling the shorter side of an image may take too much memory."""
    width, height = image.size
    if max(width, height) > MAX_RATIO * min(width, height):
        raise ValueError(
            f"the image has {width} x {height} pixels, and one side may be at most {MAX_RATIO} "
            "times the other for this model; crop it"
        )


def resized(
    image: Image.Image,
    size: tuple[int, int],
    resample: Image.Resampling,
    window: tuple[int, int, int, int] | None = None,
) -> Image.Image:
    """Resizes an image, or the part of it that a window of the result shows, in little memory.

    Pillow resizes the width first: an image of one column and a million rows would become a million
    rows of the new width. Where that needs more pixels than ``MAX_INTERMEDIATE``, the height is
    resized first.

    Args:
        image: the image
        size: the width and the height to resize to
        resample: the filter
        window (None): left, top, right and bottom of the part of the result to return

    Returns:
        the part; if the height is resized first, it differs from Pillow's result by the rounding
        between the two
    """
    left, top, right, bottom = window or (0, 0, *size)
    across, down = image.width / size[0], image.height / size[1]
    x0, y0, x1, y1 = left * across, top * down, right * across, bottom * down
    if (right - left) * (y1 - y0) > MAX_INTERMEDIATE:
        image = image.resize((image.width, bottom - top), resample, (0, y0, image.width, y1))
        y0, y1 = 0, bottom - top
    return image.resize((right - left, bottom - top), resample, (x0, y0, x1, y1))
