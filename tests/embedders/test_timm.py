"""timm's networks with random weights in a checkpoint, compared with timm itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import timm.data
import torch
from PIL import Image
from support.broken import noise

from fiftyone_faiss.embedders import EmbedderError
from fiftyone_faiss.embedders.timm import TimmEmbedder

SMALL = "resnet10t"
# One of each kind: they compute the features before the classifier in different ways.
MODELS = (SMALL, "vit_tiny_patch16_224", "convnext_atto", "mobilenetv3_small_050")


def saved(model: str, path: Path, **changes: Any) -> torch.nn.Module:
    """Saves a network with a classifier and random weights, and returns it."""
    torch.manual_seed(1)
    net = timm.create_model(model, pretrained=False, **changes).eval()
    for parameter in net.parameters():
        # Many initial weights are 0 or 1, which would hide weights that are not loaded.
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
        else:
            parameter.data += 0.1 * torch.randn_like(parameter)
    torch.save(net.state_dict(), path)
    return net


def embedded(name: str, images: list[Image.Image]) -> np.ndarray:
    embedder = TimmEmbedder(name, device="cpu", precision="float32")
    return embedder.embed_images([embedder.preprocess(image) for image in images])


def timms_own(net: torch.nn.Module, images: list[Image.Image]) -> np.ndarray:
    """The pooled features before the classifier, at unit length."""
    config = timm.data.resolve_model_data_config(net)
    transform = timm.data.create_transform(**config, is_training=False)
    with torch.inference_mode():
        pixels = torch.stack([transform(image) for image in images])
        features = net.forward_head(net.forward_features(pixels), pre_logits=True)
    return (features / features.norm(dim=1, keepdim=True)).numpy()


IMAGES = [
    noise(300, 240),
    Image.radial_gradient("L").convert("RGB"),
    Image.linear_gradient("L").resize((180, 400)).convert("RGB"),
]


@pytest.mark.parametrize("model", MODELS)
def test_vectors_are_timms_own_pooled_features(tmp_path: Path, model: str) -> None:
    net = saved(model, tmp_path / "weights.pt")
    expected = timms_own(net, IMAGES)
    # These weights distinguish the images by more than the tolerance.
    assert (expected @ expected.T)[np.triu_indices(3, 1)].max() < 0.999
    vectors = embedded(f"timm/{model}/{tmp_path}/weights.pt", IMAGES)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_an_embedder_has_a_name_sizes_and_no_texts(tmp_path: Path) -> None:
    saved(SMALL, tmp_path / "weights.pt")
    name = f"timm/{SMALL}/{tmp_path}/weights.pt"
    embedder = TimmEmbedder(name, device="cpu", precision="float32")
    assert (embedder.name, embedder.dim, embedder.precision) == (name, 512, "float32")
    assert not embedder.supports_text
    # timm scales to 176 / 0.875 pixels before it crops to 176.
    assert embedder.image_size == 201
    with pytest.raises(EmbedderError, match="embeds images only"):
        embedder.embed_texts(["a dog"])


def test_checkpoints_without_a_classifier_or_with_another_one_give_the_same(tmp_path: Path) -> None:
    net = saved(SMALL, tmp_path / "whole.pt")
    weights = net.state_dict()
    headless = {key: value for key, value in weights.items() if not key.startswith("fc.")}
    assert len(headless) < len(weights)
    torch.save(headless, tmp_path / "headless.pt")
    other = {**headless, "fc.weight": torch.zeros(7, 512), "fc.bias": torch.zeros(7)}
    # The format of timm's training script.
    torch.save({"state_dict": other, "epoch": 3}, tmp_path / "training.pt")
    expected = timms_own(net, IMAGES)
    for file in ("whole.pt", "headless.pt", "training.pt"):
        vectors = embedded(f"timm/{SMALL}/{tmp_path / file}", IMAGES)
        np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_the_fingerprint_changes_with_the_weights(tmp_path: Path) -> None:
    net = saved(SMALL, tmp_path / "a.pt")
    torch.save(net.state_dict(), tmp_path / "b.pt")
    weights = net.state_dict()
    weights["conv1.0.weight"][0, 0, 0, 0] += 1
    torch.save(weights, tmp_path / "c.pt")
    a, b, c = (TimmEmbedder(f"timm/{SMALL}/{tmp_path}/{n}.pt", "cpu").fingerprint for n in "abc")
    assert a == b != c


# -- what cannot be loaded ---------------------------------------------------------------------


def test_a_checkpoint_that_lacks_weights_is_refused(tmp_path: Path) -> None:
    net = saved(SMALL, tmp_path / "whole.pt")
    weights = net.state_dict()
    del weights["layer4.0.conv1.weight"]
    torch.save(weights, tmp_path / "part.pt")
    with pytest.raises(EmbedderError, match=r"could not be loaded .*layer4\.0\.conv1\.weight"):
        TimmEmbedder(f"timm/{SMALL}/{tmp_path}/part.pt", "cpu")


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    saved("resnet18", tmp_path / "other.pt")
    with pytest.raises(EmbedderError, match=f"weights of 'timm/{SMALL}/.* could not be loaded"):
        TimmEmbedder(f"timm/{SMALL}/{tmp_path}/other.pt", "cpu")


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights at all"])
def test_a_file_that_is_not_a_checkpoint_is_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EmbedderError, match=f"weights of 'timm/{SMALL}/.* could not be loaded"):
        TimmEmbedder(f"timm/{SMALL}/{tmp_path / name}", "cpu")


def test_an_unknown_model_is_an_error_with_a_remedy() -> None:
    with pytest.raises(EmbedderError, match=r"timm has no model 'resnet10'; use 'timm/<model>'"):
        TimmEmbedder("timm/resnet10")


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"There is no checkpoint at .*/gone\.pt; check the"):
        TimmEmbedder(f"timm/{SMALL}/{tmp_path}/gone.pt")


def test_weights_that_cannot_be_downloaded_are_an_error_with_remedies() -> None:
    with pytest.raises(EmbedderError) as caught:
        TimmEmbedder("timm/resnet18.a1_in1k")
    message = str(caught.value)
    assert message.startswith("The weights of 'timm/resnet18.a1_in1k' could not be loaded (")
    assert "use 'timm/resnet18.a1_in1k/<path of the file>'" in message
    assert "an embedder that works offline: colorhist, hog, phash, sift" in message
    assert "\n" not in message


def test_an_unknown_precision_is_refused(tmp_path: Path) -> None:
    saved(SMALL, tmp_path / "weights.pt")
    with pytest.raises(ValueError, match=r"precision must be one of .*bfloat16.* got 'int8'"):
        TimmEmbedder(f"timm/{SMALL}/{tmp_path}/weights.pt", "cpu", "int8")
