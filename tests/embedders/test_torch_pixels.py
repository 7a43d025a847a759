"""A network receives exactly what its whole transform makes of an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import timm.data
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from support.broken import noise
from torchvision import transforms as T

from fiftyone_faiss.embedders import unit
from fiftyone_faiss.embedders.torch_net import TorchEmbedder

TO_PIXELS = (T.ToTensor(), T.Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.4)))


class Pixels(TorchEmbedder):
    """Records the input of its network."""

    def __init__(self, transform: Any) -> None:
        super().__init__("pixels", torch.nn.Flatten(), transform, "cpu", "float32")

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        self.pixels = pixels
        return net(pixels)


def check_pixels(embedder: Pixels, transform: Callable[[Image.Image], torch.Tensor]) -> None:
    """Asserts that the network receives what the transform makes of each image."""
    images = [noise(70, 40), noise(33, 90), noise(10, 12), Image.linear_gradient("L")]
    images = [image.convert("RGB") for image in images]
    expected = torch.stack([transform(image) for image in images]).numpy()
    vectors = embedder.embed_images([embedder.preprocess(image) for image in images])
    np.testing.assert_allclose(embedder.pixels.numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(vectors, unit(expected.reshape(4, -1)), atol=1e-6)


def open_clip_transform(**changes: Any) -> Any:
    return image_transform_v2(PreprocessCfg(size=32, **changes), is_train=False)


def timm_transform(**changes: Any) -> Any:
    return timm.data.create_transform((3, 32, 32), **changes)


@pytest.mark.parametrize(
    ("transform", "size"),
    [
        (open_clip_transform(), 32),
        (open_clip_transform(interpolation="bilinear", mean=(0.5,) * 3, std=(0.5,) * 3), 32),
        (open_clip_transform(resize_mode="squash"), 32),
        (open_clip_transform(resize_mode="longest", fill_color=9), 32),
        (timm_transform(), 36),
        (timm_transform(crop_pct=1.0, interpolation="bicubic"), 32),
        (timm_transform(crop_mode="squash"), 36),
        (timm_transform(crop_mode="border"), 36),
    ],
)
def test_a_batch_of_bytes_is_converted_like_the_whole_transform(transform, size) -> None:
    embedder = Pixels(transform)
    assert embedder.preprocess(noise(50, 40)).dtype == np.uint8
    assert embedder.image_size == size
    check_pixels(embedder, transform)


def to_tensor(image: Image.Image) -> torch.Tensor:
    return T.functional.pil_to_tensor(image.resize((16, 16))).float()


@pytest.mark.parametrize(
    "transform",
    [
        T.Compose([T.Resize((16, 16)), T.ToTensor()]),
        T.Compose([T.Resize((16, 16)), *TO_PIXELS, T.Grayscale(3)]),
        T.Compose([to_tensor, T.Normalize((120.0,), (60.0,))]),
        T.Compose([to_tensor]),
        to_tensor,
    ],
    ids=["no Normalize", "a step after it", "no ToTensor", "one step", "a function"],
)
def test_a_transform_with_another_end_is_called_as_it_is(transform) -> None:
    embedder = Pixels(transform)
    assert isinstance(embedder.preprocess(noise(50, 40)), torch.Tensor)
    check_pixels(embedder, transform)
