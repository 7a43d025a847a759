"""Tells captions, borders and logos from other changes of an image, by their shape and place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Frame = tuple[int, int, int, int]

LOGO = "a logo"
SIDES = ("top", "bottom", "left", "right")
# The largest thickness of a caption and of a border, as a share of the side of the image.
_CAPTION, _BORDER = 0.19, 0.08
# A caption is at least this long, as a share of the side; its letters alone may be shorter.
_CAPTION_LENGTH = 0.55
# A border is seen at least this long at two sides; elsewhere the image may have its color.
_BORDER_LENGTH = 0.5
# A logo is in a square of this side in a corner, and its box has at most this share of the area.
_LOGO_SIDE, _MAX_LOGO = 0.42, 0.13
_MAX_OVERLAYS = 2
# If other regions have this share of the area, a logo is not all that changed.
_MIN_OTHER = 0.004
# The share of a region that must be where an overlay would be.
_WITHIN = 0.95


@dataclass(frozen=True)
class Overlay:
    """Something that was drawn over an image.

    Attributes:
        what: for example ``"a caption at the bottom"``
        share: the share of the compared area that it covers
    """

    what: str
    share: float


@dataclass(frozen=True)
class _Region:
    """A changed region: its pixels, and its box as shares of the compared area."""

    pixels: Mask
    area: int
    left: float
    top: float
    right: float
    bottom: float

    def is_within(self, zone: Mask) -> bool:
        """Returns whether nearly all of it is in a zone of the image."""
        return bool((self.pixels & zone).sum() >= _WITHIN * self.area)


def find_overlays(
    changed: Mask, inside: Mask, min_share: float
) -> tuple[list[float], tuple[Overlay, ...], Mask]:
    """Splits the changed regions into overlays and others.

    Args:
        changed: the pixels that changed
        inside: the pixels that were compared
        min_share: the share of the compared area below which a region is noise

    Returns:
        the shares of the regions that are no overlay, the overlays, and the pixels of both
    """
    total = float(inside.sum())
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    frame = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    regions = _regions(changed, frame, min_share * total)
    pixels = np.zeros_like(changed)
    for region in regions:
        pixels |= region.pixels
    overlays: list[Overlay] = []
    logos: list[_Region] = []
    while regions and len(overlays) < _MAX_OVERLAYS:
        options = _explanations(regions, frame, can_be_logo=not logos)
        explained, what = max(options, key=lambda option: sum(r.area for r in option[0]))
        if not explained:
            break
        if what == LOGO:
            logos = explained
        overlays.append(Overlay(what, sum(region.area for region in explained) / total))
        kept = {id(region) for region in explained}
        regions = [region for region in regions if id(region) not in kept]
    if logos and sum(region.area for region in regions) >= _MIN_OTHER * total:
        # Where something moved, both its old and its new place differ, and one is in a corner.
        regions += logos
        overlays = [overlay for overlay in overlays if overlay.what != LOGO]
    return [region.area / total for region in regions], tuple(overlays), pixels


def _regions(changed: Mask, frame: Frame, min_area: float) -> list[_Region]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(changed.astype(np.uint8))
    width, height = frame[2] - frame[0], frame[3] - frame[1]
    regions = []
    for label in range(1, count):
        x, y, w, h, area = (int(value) for value in stats[label])
        if area < min_area:
            continue
        left, top = (x - frame[0]) / width, (y - frame[1]) / height
        right, bottom = left + w / width, top + h / height
        regions.append(_Region(labels == label, area, left, top, right, bottom))
    return regions


def _explanations(
    regions: list[_Region], frame: Frame, can_be_logo: bool
) -> list[tuple[list[_Region], str]]:
    """Returns the regions that each kind of overlay would explain."""
    options: list[tuple[list[_Region], str]] = [([], "")]
    shape, width, height = regions[0].pixels.shape, frame[2] - frame[0], frame[3] - frame[1]
    for side in SIDES:
        zone = _zone(shape, frame, (side,), _CAPTION * width, _CAPTION * height)
        near = [region for region in regions if region.is_within(zone)]
        if near and _length(near, side) >= _CAPTION_LENGTH:
            options.append((near, f"a caption at the {side}"))
    # A border is equally thick at all sides, also of a thin image.
    thickness = min(_BORDER * max(width, height), 2 * _BORDER * min(width, height))
    ring = _zone(shape, frame, SIDES, thickness, thickness)
    near = [region for region in regions if region.is_within(ring)]
    if near and all(_length(near, side) >= _BORDER_LENGTH for side in ("top", "left")):
        options.append((near, "a border"))
    for corner in product(SIDES[:2], SIDES[2:]) if can_be_logo else ():
        zone = _zone(shape, frame, (corner[0],), 0, _LOGO_SIDE * height)
        zone &= _zone(shape, frame, (corner[1],), _LOGO_SIDE * width, 0)
        near = [region for region in regions if region.is_within(zone)]
        if near and _length(near, "top") * _length(near, "left") <= _MAX_LOGO:
            options.append((near, LOGO))
    return options


def _zone(
    shape: tuple[int, ...], frame: Frame, sides: tuple[str, ...], width: float, height: float
) -> Mask:
    """Returns the pixels along some sides of the compared area."""
    x0, y0, x1, y1 = frame
    across, down = round(width) + 1, round(height) + 1
    zone = np.zeros(shape, bool)
    if "top" in sides:
        zone[: y0 + down] = True
    if "bottom" in sides:
        zone[y1 - down :] = True
    if "left" in sides:
        zone[:, : x0 + across] = True
    if "right" in sides:
        zone[:, x1 - across :] = True
    return zone


def _length(regions: list[_Region], side: str) -> float:
    """Returns how long regions are together along a side, as a share of it."""
    if side in ("top", "bottom"):
        return max(r.right for r in regions) - min(r.left for r in regions)
    return max(r.bottom for r in regions) - min(r.top for r in regions)
