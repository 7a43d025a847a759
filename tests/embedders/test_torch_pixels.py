"""Images reach a network as bytes, and are to it what the whole transform makes of them."""

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
    """Keeps what its network is given."""

    def __init__(self, transform: Any) -> None:
        super().__init__("pixels", torch.nn.Flatten(), transform, "cpu", "float32")

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        self.pixels = pixels
        return net(pixels)


def check_pixels(embedder: Pixels, transform: Callable[[Image.Image], torch.Tensor]) -> None:
    """Asserts that images reach the network as the transform makes them."""
    images = [noise(70, 40), noise(33, 90), noise(10, 12), Image.linear_gradient("L")]
    images = [image.convert("RGB") for image in images]
    expected = torch.stack([transform(image) for image in images]).numpy()
    vectors = embedder.embed_images([embedder.preprocess(image) for image in images])
    np.testing.assert_allclose(embedder.pixels.numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(vectors, unit(expected.reshape(4, -1)), atol=1e-6)


def open_clips(**changes: Any) -> Any:
    return image_transform_v2(PreprocessCfg(size=32, **changes), is_train=False)


def timms(**changes: Any) -> Any:
    return timm.data.create_transform((3, 32, 32), **changes)


@pytest.mark.parametrize(
    ("transform", "size"),
    [
        (open_clips(), 32),
        (open_clips(interpolation="bilinear", mean=(0.5,) * 3, std=(0.5,) * 3), 32),
        (open_clips(resize_mode="squash"), 32),
        (open_clips(resize_mode="longest", fill_color=9), 32),
        (timms(), 36),
        (timms(crop_pct=1.0, interpolation="bicubic"), 32),
        (timms(crop_mode="squash"), 36),
        (timms(crop_mode="border"), 36),
    ],
)
def test_a_batch_of_bytes_becomes_what_the_whole_transform_makes(transform, size) -> None:
    embedder = Pixels(transform)
    assert embedder.preprocess(noise(50, 40)).dtype == np.uint8
    assert embedder.image_size == size
    check_pixels(embedder, transform)


def _tensor_of(image: Image.Image) -> torch.Tensor:
    return T.functional.pil_to_tensor(image.resize((16, 16))).float()


@pytest.mark.parametrize(
    "transform",
    [
        T.Compose([T.Resize((16, 16)), T.ToTensor()]),
        T.Compose([T.Resize((16, 16)), *TO_PIXELS, T.Grayscale(3)]),
        T.Compose([_tensor_of, T.Normalize((120.0,), (60.0,))]),
        T.Compose([_tensor_of]),
        _tensor_of,
    ],
    ids=["no Normalize", "a step after it", "no ToTensor", "one step", "a function"],
)
def test_a_transform_that_ends_otherwise_is_called_as_it_is(transform) -> None:
    embedder = Pixels(transform)
    assert isinstance(embedder.preprocess(noise(50, 40)), torch.Tensor)
    check_pixels(embedder, transform)
