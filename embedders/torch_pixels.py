"""Turns images into the input of a network, most of it for a whole batch on the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import Normalize, ToTensor

from fiftyone_faiss.embedders.boxes import Box
from fiftyone_faiss.embedders.torch_resizing import bounded_steps, seen_box


class PixelInput:
    """The input of a network, as its transform defines it.

    A transform that ends in ``ToTensor`` and ``Normalize`` is split: the steps before these two
    run for each image and return bytes; the bytes of a batch are converted at once, on the device.
    ``(byte - mean) * scale`` equals ``(byte / 255 - mean') / std'`` of the last two steps. Any
    other transform is called as it is.

    Args:
        transform: turns a PIL image into a ``(3, height, width)`` tensor
        device: where the network runs
    """

    def __init__(self, transform: Any, device: torch.device) -> None:
        self._device = device
        steps = list(getattr(transform, "transforms", ()))
        self._is_split = (
            len(steps) > 1 and isinstance(steps[-2], ToTensor) and isinstance(steps[-1], Normalize)
        )
        self._own_steps = steps[:-2] if self._is_split else steps or [transform]
        self._steps = bounded_steps(self._own_steps)
        if self._is_split:
            mean, std = (
                torch.as_tensor(values, dtype=torch.float32).view(1, 3, 1, 1)
                for values in (steps[-1].mean, steps[-1].std)
            )
            self._mean, self._scale = (255 * mean).to(device), (1 / (255 * std)).to(device)
        self.shorter_side = _shorter_side(steps)
        self._shape = tuple(self.prepare(Image.new("RGB", (64, 64))).shape)

    @property
    def values_per_image(self) -> int:
        """The number of values of one image."""
        return int(np.prod(self._shape))

    def prepare(self, image: Image.Image) -> Any:
        """Runs the steps for one RGB image.

        Returns:
            a ``(height, width, 3)`` uint8 array, or a tensor if the transform is not split

        Raises:
            ValueError: if one side of the image is more than 200 times the other, and the transform
                is not a known one
        """
        result: Any = image
        for step in self._steps:
            result = step(result)
        return np.asarray(result) if self._is_split else result

    def seen_box(self, image: Image.Image) -> Box | None:
        """Returns the part of an image that the input shows; None if that is not known."""
        return seen_box(self._own_steps, image)

    def batch(self, images: Sequence[Any]) -> torch.Tensor:
        """Returns ``(n, 3, height, width)`` float32 pixels on the device, of prepared images."""
        if not self._is_split:
            return torch.stack(list(images)).to(self._device)
        # A GPU can read pinned memory while it computes.
        pinned = self._device.type == "cuda"
        batch = torch.empty((len(images), *self._shape), dtype=torch.uint8, pin_memory=pinned)
        np.stack(images, out=batch.numpy())
        batch = batch.to(self._device, non_blocking=True).permute(0, 3, 1, 2)
        return batch.to(torch.float32).sub_(self._mean).mul_(self._scale)


def _shorter_side(steps: Sequence[Any]) -> int | None:
    """The shorter side that the first step of a transform scales images to."""
    size = getattr(steps[0], "size", None) if steps else None
    if isinstance(size, (tuple, list)) and size:
        # A transform that squashes scales each side by its own factor; the longer one must not
        # lack pixels.
        return int(max(size))
    return int(size) if size else None
