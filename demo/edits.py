"""Edits of pictures, of six kinds and several strengths: the copies that people make of images."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from fiftyone_faiss.demo.world import Thing

STRENGTHS: dict[str, tuple[float, ...]] = {
    "crop": (0.95, 0.85, 0.7),
    "color": (0.6, 0.8, 1.25, 1.5),
    "jpeg": (60, 30, 15),
    "flip": (1.0,),
    "resize": (0.25, 0.5, 2.0),
    "overlay": (0.03, 0.08, 0.15),
}
"""The strengths of each kind of edit: the share of each side that a crop keeps; the factor of the
brightness or the saturation; the quality of the JPEG; nothing for a mirrored picture; the factor of
both sides; the share of the area that a caption, a logo or a border covers."""

EDIT_KINDS = tuple(STRENGTHS)
QUALITY = 92
# A larger logo would hide the things of a picture.
MAX_LOGO = 0.1
# A thing is in a cropped picture if at least this share of its box is.
MIN_VISIBLE = 0.3

_INKS = ((20, 20, 24), (246, 246, 246), (200, 30, 60), (24, 70, 160))
_LOGO_TEXT = "PB"


@dataclass(frozen=True)
class EditedPicture:
    """An edited picture.

    Attributes:
        image: its pixels
        things: the things that are still visible, where they are now
        quality: the quality of the JPEG to save
    """

    image: Image.Image
    things: tuple[Thing, ...]
    quality: int = QUALITY


def edit_picture(
    image: Image.Image,
    things: tuple[Thing, ...],
    kind: str,
    strength: float,
    rng: np.random.Generator,
) -> EditedPicture:
    """Edits a picture.

    Args:
        image: an RGB image
        things: the things in it
        kind: one of ``EDIT_KINDS``
        strength: as ``STRENGTHS`` says
        rng: where to crop, and how an overlay looks
    """
    if kind == "jpeg":
        return EditedPicture(image, things, round(strength))
    if kind == "crop":
        return _cropped(image, things, strength, rng)
    if kind == "flip":
        mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return EditedPicture(mirrored, tuple(_mirrored(thing) for thing in things))
    if kind == "resize":
        size = (round(image.width * strength), round(image.height * strength))
        return EditedPicture(image.resize(size, Image.Resampling.LANCZOS), things)
    if kind == "color":
        enhancer = (ImageEnhance.Brightness, ImageEnhance.Color)[rng.integers(2)]
        return EditedPicture(enhancer(image).enhance(strength), things)
    forms = _FORMS if strength <= MAX_LOGO else _LARGE_FORMS
    edited = image.copy()
    forms[rng.integers(len(forms))](edited, strength, rng)
    return EditedPicture(edited, things)


def _cropped(
    image: Image.Image, things: tuple[Thing, ...], kept: float, rng: np.random.Generator
) -> EditedPicture:
    width, height = round(image.width * kept), round(image.height * kept)
    left = int(rng.integers(image.width - width + 1))
    top = int(rng.integers(image.height - height + 1))
    window = (left / image.width, top / image.height, width / image.width, height / image.height)
    moved = (_in_window(thing, window) for thing in things)
    return EditedPicture(
        image.crop((left, top, left + width, top + height)),
        tuple(thing for thing in moved if thing is not None),
    )


def _in_window(thing: Thing, window: tuple[float, float, float, float]) -> Thing | None:
    """Returns a thing with its box in a window of the picture, None if little of it is visible."""
    left, top, width, height = window
    x, y, w, h = thing.box
    x0, x1 = np.clip((np.array([x, x + w]) - left) / width, 0, 1)
    y0, y1 = np.clip((np.array([y, y + h]) - top) / height, 0, 1)
    if (x1 - x0) * width * (y1 - y0) * height < MIN_VISIBLE * w * h:
        return None
    x0, y0, w, h = (round(float(v), 4) for v in (x0, y0, x1 - x0, y1 - y0))
    return Thing(thing.kind, thing.color, (x0, y0, w, h))


def _mirrored(thing: Thing) -> Thing:
    left, top, width, height = thing.box
    return Thing(thing.kind, thing.color, (round(1 - left - width, 4), top, width, height))


def _caption(image: Image.Image, share: float, rng: np.random.Generator) -> None:
    """Draws a bar with a line of text along the top or the bottom."""
    height = max(4, round(share * image.height))
    top = 0 if rng.random() < 0.3 else image.height - height
    fill, ink = _two_inks(rng)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, top, image.width, top + height - 1), fill=fill)
    text = f"picture book no. {rng.integers(1000):03}"
    font = ImageFont.load_default(max(6, 0.7 * height))
    draw.text((image.width / 2, top + height / 2), text, ink, font, anchor="mm")


def _logo(image: Image.Image, share: float, rng: np.random.Generator) -> None:
    """Draws a badge with letters in a corner."""
    side = math.sqrt(share * image.width * image.height)
    margin = 0.02 * image.width
    left = margin if rng.random() < 0.5 else image.width - side - margin
    top = margin if rng.random() < 0.5 else image.height - side - margin
    box = (left, top, left + side, top + side)
    fill, ink = _two_inks(rng)
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.5:
        draw.ellipse(box, fill=fill, outline=ink, width=2)
    else:
        draw.rounded_rectangle(box, side / 6, fill=fill, outline=ink, width=2)
    font = ImageFont.load_default(max(6, 0.45 * side))
    draw.text((left + side / 2, top + side / 2), _LOGO_TEXT, ink, font, anchor="mm")


def _border(image: Image.Image, share: float, rng: np.random.Generator) -> None:
    """Draws a frame over the edges."""
    width = max(1, round((1 - math.sqrt(1 - share)) / 2 * image.width))
    fill, _ = _two_inks(rng)
    ImageDraw.Draw(image).rectangle(
        (0, 0, image.width - 1, image.height - 1), outline=fill, width=width
    )


def _two_inks(rng: np.random.Generator) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Returns the color of an area and that of the text on it, one of which is light."""
    fill = _INKS[rng.integers(len(_INKS))]
    return fill, _INKS[0] if fill == _INKS[1] else _INKS[1]


_LARGE_FORMS: tuple[Callable[[Image.Image, float, np.random.Generator], None], ...] = (
    _caption,
    _border,
)
_FORMS = (*_LARGE_FORMS, _logo)
