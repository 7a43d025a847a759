"""Resizes thin images for networks: only what the crop that follows keeps.

Networks scale the shorter side of an image to some hundred pixels and crop the middle. Scaled in
full, an image of 30,000 x 1 pixels would need gigabytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import open_clip.transform
import timm.data.transforms
from PIL import Image
from torchvision.transforms import CenterCrop, InterpolationMode, Resize, v2
from torchvision.transforms import functional as F

from fiftyone_faiss.embedders.boxes import Box
from fiftyone_faiss.embedders.pixels import check_ratio, is_thin, resized

Step = Callable[[Any], Any]
Size = tuple[int, int]
"""A height and a width."""

_RATIO_RESIZES = (open_clip.transform.ResizeKeepRatio, timm.data.transforms.ResizeKeepRatio)
_CROPS = (
    CenterCrop,
    v2.CenterCrop,
    open_clip.transform.CenterCropOrPad,
    timm.data.transforms.CenterCropOrPad,
)


def bounded_steps(steps: Sequence[Step]) -> list[Step]:
    """Replaces the first step of a transform by one that takes little memory for thin images.

    Args:
        steps: the steps of the transform, the first of which gets a PIL image

    Returns:
        steps with the same results, except for rounding; where the first step is not a known one,
        they raise a ``ValueError`` for images with a side more than 200 times the other
    """
    if not steps:
        return []
    crop = _pair(steps[1].size) if len(steps) > 1 and isinstance(steps[1], _CROPS) else None
    size_of = _size_function(steps[0], crop)
    if size_of is None:
        return [_checked, *steps]
    return [_BoundedResize(steps[0], size_of, crop), *steps[1:]]


def seen_box(steps: Sequence[Step], image: Image.Image) -> Box | None:
    """Finds the part of an image that is left after resizing and cropping.

    Args:
        steps: the steps of the transform, the first of which gets a PIL image
        image: the image

    Returns:
        ``(left, top, width, height)`` relative to the image, beyond it where it is padded; None if
        one of the steps is not a known one
    """
    crop = _pair(steps[1].size) if len(steps) > 1 and isinstance(steps[1], _CROPS) else None
    size_of = _size_function(steps[0], crop) if steps else None
    others = steps[1:] if crop is None else steps[2:]
    # Steps with a size may resize or crop again.
    if size_of is None or any(hasattr(step, "size") for step in others):
        return None
    height, width = size_of(image)
    kept = crop or (height, width)
    top, left = round((height - kept[0]) / 2), round((width - kept[1]) / 2)
    return left / width, top / height, kept[1] / width, kept[0] / height


def _checked(image: Image.Image) -> Image.Image:
    check_ratio(image)
    return image


class _BoundedResize:
    """A step that resizes, of thin images only what is kept.

    Args:
        step: the step for all other images
        size_of: the size to which it resizes an image
        crop: the size of the center that is kept
    """

    def __init__(self, step: Any, size_of: Callable[[Image.Image], Size], crop: Size | None):
        self._step, self._size_of, self._crop = step, size_of, crop

    def __call__(self, image: Image.Image) -> Image.Image:
        if not is_thin(image):
            result: Image.Image = self._step(image)
            return result
        height, width = self._size_of(image)
        kept = self._crop or (height, width)
        (top, bottom), (left, right) = _center(height, kept[0]), _center(width, kept[1])
        resample = Image.Resampling(F.pil_modes_mapping[_mode(self._step)])
        return resized(image, (width, height), resample, (left, top, right, bottom))


def _center(length: int, kept: int) -> tuple[int, int]:
    """The interval that a crop of the center keeps; all if the crop is longer."""
    if length <= kept:
        return 0, length
    start = round((length - kept) / 2)
    return start, start + kept


def _size_function(step: Any, crop: Size | None) -> Callable[[Image.Image], Size] | None:
    """The function that gives the size to which a step resizes an image; None for other steps."""
    if _mode(step) is None:
        return None
    if isinstance(step, (Resize, v2.Resize)) and step.max_size is None and step.size is not None:
        sides = [step.size] if isinstance(step.size, int) else list(step.size)
        if len(sides) == 2:
            return partial(_given, size=(sides[0], sides[1]))
        return None if crop is None else partial(_shorter_side, side=sides[0])
    is_known = isinstance(step, _RATIO_RESIZES) and (crop is not None or step.longest == 1)
    if not is_known or step.random_scale_prob or step.random_aspect_prob:
        return None
    return partial(_in_ratio, step=step)


# Not local functions: embedders are sent to other processes.


def _given(image: Image.Image, size: Size) -> Size:
    return size


def _in_ratio(image: Image.Image, step: Any) -> Size:
    """The size of a step that keeps the ratio of the sides, with at least one pixel a side."""
    height, width = step.get_params(image, step.size, step.longest)
    return max(1, height), max(1, width)


def _shorter_side(image: Image.Image, side: int) -> Size:
    """The size that torchvision gives an image whose shorter side it scales."""
    short, long = sorted(image.size)
    scaled = int(side * long / short)
    return (side, scaled) if image.width > image.height else (scaled, side)


def _mode(step: Any) -> InterpolationMode | None:
    """The filter of a step that resizes; None for other steps, and for a random filter."""
    mode = getattr(step, "interpolation", None)
    return InterpolationMode(mode) if isinstance(mode, (str, InterpolationMode)) else None


def _pair(size: Any) -> Size:
    """A height and a width, from these or from one number for both."""
    sides = [size] if isinstance(size, int) else list(size)
    return int(sides[0]), int(sides[-1])
