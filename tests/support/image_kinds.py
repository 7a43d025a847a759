"""Image files of every kind of pixels, and the RGB pixels that each stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from support.broken import noise

ORIENTATION = 0x0112
Pixels = np.ndarray

# By the EXIF standard: where the first row and column of the stored image belong.
UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels, 1),
}
SHAPE = (9, 12)
_COLORS = np.asarray(noise(SHAPE[1], SHAPE[0]))
_ALPHA = np.tile(np.linspace(0, 255, SHAPE[1]).astype(np.uint8), (SHAPE[0], 1))
_DEEP = np.random.default_rng(3).integers(0, 2**16, (*SHAPE, 3), np.uint16)


def on_white(colors: Pixels, alpha: Pixels) -> Pixels:
    """Colors blended with white."""
    part = alpha[..., None] / 255
    return colors * part + 255 * (1 - part)


def gray(values: Pixels) -> Pixels:
    """Gray values as RGB."""
    return np.stack([values] * 3, axis=2)


def _rgba(path: Path) -> tuple[Pixels, Pixels]:
    pixels = np.dstack([_COLORS, _ALPHA])
    Image.fromarray(pixels).save(path)
    return on_white(_COLORS, _ALPHA), pixels


def _la(path: Path) -> tuple[Pixels, Pixels]:
    pixels = np.dstack([_COLORS[:, :, 0], _ALPHA])
    Image.fromarray(pixels).save(path)
    return on_white(gray(_COLORS[:, :, 0]), _ALPHA), pixels


def _palette(path: Path) -> tuple[Pixels, Pixels]:
    colors = _COLORS.reshape(-1, 3)[:4]
    alpha = np.array([255, 0, 51, 128], np.uint8)
    indexes = np.arange(SHAPE[0] * SHAPE[1], dtype=np.uint8).reshape(SHAPE) % 4
    image = Image.fromarray(indexes).convert("L")
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette(colors.tobytes())
    image.save(path, transparency=alpha.tobytes())
    expected = on_white(colors[indexes], alpha[indexes])
    return expected, expected.round().astype(np.uint8)


def _cmyk(path: Path) -> tuple[Pixels, Pixels]:
    inks = np.dstack([_COLORS, _ALPHA // 2])
    Image.frombytes("CMYK", SHAPE[::-1], inks.tobytes()).save(path)
    light = 255 - inks.astype(float)
    expected = light[..., :3] * light[..., 3:] / 255
    return expected, expected.round().astype(np.uint8)


def _lab(path: Path) -> tuple[Pixels, Pixels]:
    lightness = np.tile(np.linspace(0, 255, SHAPE[1]).astype(np.uint8), (SHAPE[0], 1))
    # The signed values of both colors, which are 0 for gray.
    neutral = np.zeros(SHAPE, np.uint8)
    pixels = np.dstack([lightness, neutral, neutral])
    Image.frombytes("LAB", SHAPE[::-1], pixels.tobytes()).save(path)
    star = lightness.astype(float) * 100 / 255
    linear = np.where(star > 8, ((star + 16) / 116) ** 3, star / 903.3)
    srgb = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    expected = gray(255 * srgb)
    return expected, expected.round().astype(np.uint8)


def _gray_16(path: Path) -> tuple[Pixels, Pixels]:
    assert cv2.imwrite(str(path), _DEEP[:, :, 0])
    return gray(_DEEP[:, :, 0] >> 8), _DEEP[:, :, 0]


def _color_16(path: Path) -> tuple[Pixels, Pixels]:
    # OpenCV's order of channels is BGR.
    assert cv2.imwrite(str(path), _DEEP[:, :, ::-1])
    return _DEEP >> 8, _DEEP


def _gray(path: Path) -> tuple[Pixels, Pixels]:
    Image.fromarray(_COLORS[:, :, 0]).save(path)
    return gray(_COLORS[:, :, 0]), _COLORS[:, :, :1]


def _bilevel(path: Path) -> tuple[Pixels, Pixels]:
    bits = _COLORS[:, :, 0] > 128
    Image.fromarray(bits).save(path)
    return gray(bits * 255), bits


def _turned(orientation: int) -> Callable[[Path], tuple[Pixels, Pixels]]:
    def write(path: Path) -> tuple[Pixels, Pixels]:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        Image.fromarray(_COLORS).save(path, exif=exif)
        upright = UPRIGHT[orientation](_COLORS)
        return upright, upright

    return write


IMAGE_KINDS: dict[str, Callable[[Path], tuple[Pixels, Pixels]]] = {
    "rgba.png": _rgba,
    "la.png": _la,
    "palette.png": _palette,
    "cmyk.tif": _cmyk,
    "lab.tif": _lab,
    "gray16.png": _gray_16,
    "gray16.tif": _gray_16,
    "color16.png": _color_16,
    "gray.png": _gray,
    "bilevel.png": _bilevel,
    **{f"exif{n}.png": _turned(n) for n in UPRIGHT},
}
"""For each file name, a function that writes the file. It returns the ``(height, width, 3)`` RGB
pixels, and the image as an array."""
