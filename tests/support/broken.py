"""Files that are not images, each with the reason of its failure."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image


def noise(width: int, height: int) -> Image.Image:
    """An RGB image of random pixels, the same every time."""
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def _halved(path: Path) -> None:
    noise(64, 64).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _flipped(path: Path) -> None:
    noise(64, 64).save(path)
    whole = bytearray(path.read_bytes())
    start = whole.index(b"IDAT") + 40
    whole[start : start + 400] = bytes(400)
    path.write_bytes(whole)


def _heic(path: Path) -> None:
    path.write_bytes(struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(200))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone.png": (lambda path: None, "the file is missing"),
    "dangling.png": (lambda path: path.symlink_to(path.parent / "nowhere"), "the file is missing"),
    "loop.png": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
    "empty.png": (lambda path: path.touch(), "the file is empty"),
    "text.png": (
        lambda path: path.write_text("no image"),
        "the file is not an image of a supported format",
    ),
    "folder.png": (lambda path: path.mkdir(), "the path is a folder"),
    "fifo.png": (lambda path: os.mkfifo(path), "the path is not a regular file"),
    "device.png": (lambda path: path.symlink_to("/dev/zero"), "the path is not a regular file"),
    "halved.png": (_halved, "the file is cut short"),
    "halved.jpg": (_halved, "the file is cut short"),
    "halved.webp": (_halved, "could not create decoder object"),
    "flipped.png": (_flipped, "broken data stream when reading image file"),
    "photo.heic": (_heic, "HEIC images need a decoder: pip install pillow-heif"),
    "integers.tif": (
        lambda path: Image.new("I", (8, 8), 70_000).save(path),
        "the image has pixels of 32-bit integers, which have no defined black and white; "
        "convert it to 8 or 16 bits",
    ),
    "floats.tif": (
        lambda path: Image.new("F", (8, 8), 0.5).save(path),
        "the image has pixels of floats, which have no defined black and white; "
        "convert it to 8 or 16 bits",
    ),
    "large.png": (
        lambda path: Image.new("1", (12_000, 12_000)).save(path),
        "the image has 12000 x 12000 pixels, more than the 100,000,000 allowed",
    ),
    "bomb.png": (
        lambda path: Image.new("1", (20_000, 20_000)).save(path),
        "Image size (400000000 pixels) exceeds limit",
    ),
}
"""For each file name, a function that writes the file, and a part of the reason."""
