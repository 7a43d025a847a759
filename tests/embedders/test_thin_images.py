"""Thin images have the vectors of the plain pipeline, and need little memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import timm.data
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from support.broken import noise
from torchvision import transforms as T
from torchvision.transforms import v2

from fiftyone_faiss.embedders import pixels
from fiftyone_faiss.embedders.classical import CLASSICAL
from fiftyone_faiss.embedders.pixels import check_ratio, resized
from fiftyone_faiss.embedders.torch_pixels import PixelInput

CPU = torch.device("cpu")
SIZES = [(90, 10), (300, 20), (1_800, 30), (10, 90), (21, 301), (30, 1_807), (700, 3), (3, 701)]
NORMALIZE = [T.ToTensor(), T.Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))]


def _open_clip(mode: str, size: Any = 48) -> Any:
    config = PreprocessCfg(size=size, resize_mode=mode, interpolation="bicubic")
    return image_transform_v2(config, is_train=False)


def _timm(mode: str, size: tuple[int, int] = (48, 48), crop_pct: float = 0.9) -> Any:
    return timm.data.create_transform(
        (3, *size), is_training=False, crop_pct=crop_pct, crop_mode=mode, interpolation="bicubic"
    )


TRANSFORMS: dict[str, Any] = {
    "open_clip shortest": _open_clip("shortest"),
    "open_clip shortest, not square": _open_clip("shortest", (40, 56)),
    "open_clip squash": _open_clip("squash"),
    "open_clip longest": _open_clip("longest"),
    "timm center": _timm("center"),
    "timm center, not square": _timm("center", (40, 56)),
    "timm squash": _timm("squash"),
    "timm border": _timm("border"),
    "torchvision": T.Compose([T.Resize(40), T.CenterCrop(32), *NORMALIZE]),
    "torchvision, bilinear, a wider crop": T.Compose(
        [T.Resize(32, T.InterpolationMode.BILINEAR), T.CenterCrop((32, 64)), *NORMALIZE]
    ),
    "torchvision v2": v2.Compose([v2.Resize(40), v2.CenterCrop(32), v2.PILToTensor()]),
}


def smooth(width: int, height: int) -> Image.Image:
    """Colors that change along both sides."""
    side = max(width, height)
    return noise(12, 12).resize((side, side), Image.Resampling.BICUBIC).crop((0, 0, width, height))


def pixels_of(result: Any) -> np.ndarray:
    return result.numpy().astype(np.float64) if isinstance(result, torch.Tensor) else result


@pytest.mark.parametrize("make", [noise, smooth])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_thin_image_has_the_pixels_of_the_plain_pipeline(
    name: str, make: Callable[[int, int], Image.Image]
) -> None:
    transform = TRANSFORMS[name]
    ours = PixelInput(transform, CPU)
    for size in SIZES:
        image = make(*size)
        try:
            plain = transform(image)
        except ValueError:
            # Fitted into a square, its shorter side would have no pixel.
            assert name in ("open_clip longest", "timm border") and min(size) == 3
            ours.prepare(image)
            continue
        prepared = ours.prepare(image)
        if not isinstance(prepared, torch.Tensor):
            (prepared,) = ours.batch([prepared])
        # In levels of 0 to 255; the transforms divide by standard deviations from 0.2 on.
        unit = 1 if plain.dtype == torch.uint8 else 255 * 0.2
        difference = unit * np.abs(prepared.float() - plain.float()).numpy()
        # Pillow resizes one side first, depending on the sizes, and cuts off what overshoots.
        assert difference.mean() < 1, size
        assert difference.max() < (3 if make is smooth else 20), size


@pytest.mark.parametrize("size", [(400_000, 1), (1, 400_000), (60_000, 40), (40, 60_000)])
@pytest.mark.parametrize("name", [name for name in TRANSFORMS if name != "torchvision v2"])
def test_very_thin_images_have_pixels(name: str, size: tuple[int, int]) -> None:
    color = (250, 120, 10)
    transform = TRANSFORMS[name]
    ours = PixelInput(transform, CPU)
    prepared = ours.prepare(Image.new("RGB", size, color))
    # The other colors are those of padding.
    levels, counts = np.unique(prepared.reshape(-1, 3), axis=0, return_counts=True)
    assert counts[levels.tolist().index(list(color))] >= 48
    assert prepared.shape == ours.prepare(noise(64, 64)).shape


@pytest.mark.parametrize(
    "transform",
    [
        T.Compose([T.Resize(8), *NORMALIZE]),
        T.Compose([T.Grayscale(3), T.Resize(8), T.CenterCrop(8), *NORMALIZE]),
        lambda image: T.functional.to_tensor(image.resize((8, 8))),
    ],
    ids=["no crop", "other first step", "function"],
)
def test_an_unknown_transform_refuses_very_thin_images_in_a_sentence(transform: Any) -> None:
    ours = PixelInput(transform, CPU)
    assert pixels_of(ours.prepare(noise(200, 1))).size
    for size in ((201, 1), (2, 402 + 1)):
        with pytest.raises(ValueError) as caught:
            ours.prepare(noise(*size))
        assert str(caught.value) == (
            f"the image has {size[0]} x {size[1]} pixels, and one side may be at most 200 times "
            "the other for this model; crop it"
        )


@pytest.mark.parametrize("resample", [Image.Resampling.BOX, Image.Resampling.LANCZOS])
@pytest.mark.parametrize(("intermediate", "atol"), [(8_000_000, 1), (0, 3)])
@pytest.mark.parametrize("size", SIZES)
def test_the_order_of_both_sides_changes_only_the_rounding(
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    intermediate: int,
    atol: int,
    resample: Image.Resampling,
) -> None:
    monkeypatch.setattr(pixels, "MAX_INTERMEDIATE", intermediate)
    image = smooth(*size)
    expected = np.asarray(image.resize((32, 24), resample)).astype(int)
    np.testing.assert_allclose(resized(image, (32, 24), resample), expected, atol=atol)
    part = resized(image, (32, 24), resample, (5, 6, 20, 17))
    np.testing.assert_allclose(part, expected[6:17, 5:20], atol=atol)


@pytest.mark.parametrize("name", ["colorhist", "hog", "phash"])
def test_ordinary_images_have_the_same_bytes_as_ever(name: str) -> None:
    embedder = CLASSICAL[name]()
    for size in ((40, 300), (300, 40), (100, 100)):
        image = smooth(*size)
        side = (embedder.image_size,) * 2
        resample = Image.Resampling.LANCZOS if name == "phash" else Image.Resampling.BOX
        small = image.resize(side, resample) if name == "colorhist" else (
            image.convert("L").resize(side, resample)
        )  # fmt: skip
        # An image of the final size is not resized again.
        expected = embedder.embed_image(small if name == "colorhist" else small.convert("RGB"))
        np.testing.assert_array_equal(embedder.embed_image(image), expected)


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("size", [(400_000, 1), (1, 400_000)])
def test_embedders_without_weights_take_very_thin_images(name: str, size: Sequence[int]) -> None:
    embedder = CLASSICAL[name]()
    color = (250, 120, 10)
    vector = embedder.embed_image(Image.new("RGB", (size[0], size[1]), color))
    expected = embedder.embed_image(Image.new("RGB", (64, 64), color))
    np.testing.assert_allclose(vector, expected, atol=1e-6)


def test_the_ratio_of_an_image_is_limited_at_its_longer_side() -> None:
    for size in ((200, 1), (1, 200), (1_000, 5)):
        check_ratio(Image.new("L", size))
    with pytest.raises(ValueError, match="the image has 1 x 201 pixels"):
        check_ratio(Image.new("L", (1, 201)))
