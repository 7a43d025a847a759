"""The parts of an image's vector add up to it, for every way in which networks pool patches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import quality_data
import timm
import torch
from PIL import Image
from support.broken import noise
from support.random_models import RN50, VIT, open_clip_model
from torch.nn import functional as F

from fiftyone_faiss.brain import get_embedder
from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.embedders import Embedder
from fiftyone_faiss.embedders.timm import TimmEmbedder
from fiftyone_faiss.embedders.torch_parts import latent_pool


def lite0_model(folder: Path) -> TimmEmbedder:
    name = f"timm/{quality_data.NETWORK}/{quality_data.weights(folder)}"
    return TimmEmbedder(name, device="cpu", precision="float32")


def vector_of(embedder: Embedder, image: Image.Image) -> np.ndarray:
    return embedder.embed_images([embedder.preprocess(image)])[0]


@pytest.mark.parametrize("vision", [RN50, VIT], ids=["ResNet", "ViT"])
def test_the_parts_and_the_rest_are_the_vector(tmp_path: Path, vision: dict[str, Any]) -> None:
    embedder = open_clip_model(tmp_path / "model", vision, noise_level=0.02)
    image = noise(120, 90)
    parts = embedder.patch_parts(image)
    assert parts is not None
    side = 2 if vision is RN50 else 6
    assert parts.parts.shape == (side, side, 48) and parts.parts.dtype == np.float32
    np.testing.assert_allclose(parts.vector, vector_of(embedder, image), atol=1e-5)
    # CLIP's ResNets pool by attention, which leaves nothing; a class token has more than patches.
    assert (np.abs(parts.rest).max() < 1e-6) == (vision is RN50)


def test_the_demo_model_has_exact_parts_in_any_precision() -> None:
    embedder = get_embedder(str(MODEL_DIR), precision="bfloat16")
    exact = get_embedder(str(MODEL_DIR), precision="float32")
    image = noise(224, 224)
    parts = embedder.patch_parts(image)
    assert parts is not None and parts.parts.shape == (3, 3, 160)
    # The weights are rounded, the sum is not.
    np.testing.assert_allclose(parts.parts.sum(axis=(0, 1)), parts.vector, atol=1e-6)
    np.testing.assert_allclose(parts.vector, vector_of(exact, image), atol=0.02)


def test_average_pooling_has_exact_parts(tmp_path: Path) -> None:
    embedder, image = lite0_model(tmp_path), noise(300, 240)
    parts = embedder.patch_parts(image)
    assert parts is not None and parts.parts.shape == (7, 7, 1280)
    np.testing.assert_allclose(parts.parts.sum(axis=(0, 1)), vector_of(embedder, image), atol=1e-5)
    assert not parts.rest.any()


def test_a_patch_of_a_vit_is_blind_to_another_patch_s_values(tmp_path: Path) -> None:
    """With one layer, a part depends on another patch through the attention and the scale only."""
    embedder = open_clip_model(tmp_path / "model", {**VIT, "layers": 1}, noise_level=0.02)
    gray = np.full((96, 96, 3), 128, np.uint8)
    changed = gray.copy()
    changed[:16, :16] = (255, 0, 0)
    before, after = (embedder.patch_parts(Image.fromarray(pixels)) for pixels in (gray, changed))
    assert before is not None and after is not None
    moved = np.abs(after.parts - before.parts).sum(axis=-1)
    others = moved.copy()
    others[0, 0] = 0
    assert moved[0, 0] > 20 * others.max()


def test_siglip_s_pooling_leaves_what_its_last_block_adds() -> None:
    torch.manual_seed(5)
    net = timm.create_model("vit_tiny_patch16_224", num_classes=0, global_pool="map").eval()
    tokens = torch.randn(1, 196, 192)
    with torch.no_grad():
        parts = latent_pool(net.attn_pool, tokens, (14, 14))
        expected = net.attn_pool(tokens)[0]
        without = net.attn_pool.mlp
        net.attn_pool.mlp = None
        pooled = net.attn_pool(tokens)[0]
        net.attn_pool.mlp = without
    assert parts is not None
    torch.testing.assert_close(parts.total, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(parts.parts.sum(dim=(0, 1)), pooled, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("model", ["convnext_atto", "vit_tiny_patch16_224"])
def test_other_poolings_have_no_parts(tmp_path: Path, model: str) -> None:
    torch.manual_seed(1)
    torch.save(timm.create_model(model).state_dict(), tmp_path / "weights.pth")
    embedder = TimmEmbedder(f"timm/{model}/{tmp_path / 'weights.pth'}", "cpu", "float32")
    assert embedder.patch_parts(noise(64, 64)) is None


def test_gradients_point_to_what_raises_the_score() -> None:
    """The map of a layer is gradient times activation, as PyTorch itself computes it."""
    embedder = get_embedder(str(MODEL_DIR), precision="float32")
    image, target = noise(224, 224), embedder.embed_texts(["a red car"])[0]
    gradients = embedder.gradient_map(image, target)
    visual: Any = embedder._net.visual  # type: ignore[attr-defined]
    pixels = embedder._input.batch([embedder.preprocess(image)])  # type: ignore[attr-defined]
    values = visual.layer3(visual.layer2(visual.layer1(visual.stem(pixels)))).detach()
    values.requires_grad_()
    score = F.normalize(visual.attnpool(visual.layer4(values))[0], dim=0) @ torch.tensor(target)
    (gradient,) = torch.autograd.grad(score, values)
    expected = (gradient.clamp(min=0) * values)[0].sum(dim=0).detach().numpy()
    assert gradients is not None and gradients.shape == (6, 6)
    np.testing.assert_allclose(gradients, expected, rtol=1e-4, atol=1e-6)


def test_a_vision_transformer_has_no_gradient_map(tmp_path: Path) -> None:
    embedder = open_clip_model(tmp_path / "model", VIT)
    assert embedder.gradient_map(noise(96, 96), np.eye(48, dtype=np.float32)[0]) is None


@pytest.mark.parametrize(
    ("size", "expected"),
    [((200, 100), (0.25, 0.0, 0.5, 1.0)), ((90, 180), (0.0, 0.25, 1.0, 0.5))],
)
def test_the_seen_box_is_the_crop(
    size: tuple[int, int], expected: tuple[float, float, float, float]
) -> None:
    """CLIP scales the shorter side and crops the middle."""
    embedder = get_embedder(str(MODEL_DIR), precision="float32")
    box = embedder.seen_box(Image.new("RGB", size))
    assert box is not None
    np.testing.assert_allclose(box, expected, atol=0.01)
    # What is outside does not change the vector.
    image = noise(*size)
    left, top = round(box[0] * size[0]), round(box[1] * size[1])
    cleared = Image.new("RGB", size)
    inner = (left - 3, top - 3, size[0] - left + 3, size[1] - top + 3)
    inner = tuple(max(0, value) for value in inner)
    cleared.paste(image.crop(inner), inner[:2])
    np.testing.assert_allclose(vector_of(embedder, cleared), vector_of(embedder, image), atol=1e-3)


def test_classical_embedders_see_everything_and_have_no_parts() -> None:
    embedder, image = get_embedder("hog"), noise(80, 40)
    assert embedder.seen_box(image) == (0.0, 0.0, 1.0, 1.0)
    assert embedder.patch_parts(image) is None
    assert embedder.gradient_map(image, np.zeros(1764, np.float32)) is None
