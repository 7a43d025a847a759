"""OpenCLIP models by name, checkpoint and folder, compared with OpenCLIP itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.embedders import EmbedderError, unit
from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

LOCAL = f"local-dir:{MODEL_DIR}"


def test_names_are_parsed(tmp_path: Path) -> None:
    tagged = OpenClipSpec.parse("ViT-B-32/laion2b_s34b_b79k")
    assert tagged == OpenClipSpec("ViT-B-32", "laion2b_s34b_b79k")
    checkpoint = tmp_path / "weights.pt"
    checkpoint.touch()
    assert OpenClipSpec.parse(f"ViT-B-32/{checkpoint}").pretrained == str(checkpoint)
    assert OpenClipSpec.parse(str(MODEL_DIR)) == OpenClipSpec(LOCAL)
    assert OpenClipSpec.parse(LOCAL) == OpenClipSpec(LOCAL)
    assert OpenClipSpec.parse("hf-hub:someone/model") == OpenClipSpec("hf-hub:someone/model")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("no-such-model", "There is no model 'no-such-model'. Use '<architecture>/<weights>'"),
        ("ViT-B-32", "'ViT-B-32' has no weights ''"),
        ("ViT-B-32/nope", "with one of its tags .*laion2b_s34b_b79k"),
        ("local-dir:/no/where", "/no/where has no open_clip_config.json"),
    ],
)
def test_an_unknown_name_is_an_error_with_a_remedy(name: str, match: str) -> None:
    with pytest.raises(EmbedderError, match=match):
        OpenClipSpec.parse(name)


def test_weights_that_cannot_be_downloaded_are_an_error_with_remedies() -> None:
    spec = OpenClipSpec.parse("ViT-B-32/laion2b_s34b_b79k")
    with pytest.raises(EmbedderError) as caught:
        OpenClipEmbedder("ViT-B-32/laion2b_s34b_b79k", spec)
    message = str(caught.value)
    assert message.startswith("The weights of 'ViT-B-32/laion2b_s34b_b79k' could not be loaded (")
    assert "use 'ViT-B-32/<path of the checkpoint>'" in message
    assert "an embedder that works offline: colorhist, hog, phash, sift" in message
    assert "\n" not in message


@pytest.fixture(scope="module")
def embedder() -> OpenClipEmbedder:
    spec = OpenClipSpec.parse(str(MODEL_DIR))
    return OpenClipEmbedder("demo", spec, device="cpu", precision="float32")


def test_vectors_are_openclips_own_at_unit_length(embedder) -> None:
    model, _, transform = open_clip.create_model_and_transforms(LOCAL)
    model.eval()
    rng = np.random.default_rng(1)
    images = [Image.fromarray(rng.integers(0, 255, (90, 120, 3), np.uint8)) for _ in range(3)]
    texts = ["a red car", "a dog with a ball"]
    with torch.inference_mode():
        image_features = model.encode_image(torch.stack([transform(image) for image in images]))
        captions = model.encode_text(open_clip.get_tokenizer(LOCAL)(texts))
    for ours, theirs in (
        (embedder.embed_images([embedder.preprocess(image) for image in images]), image_features),
        (embedder.embed_texts(texts), captions),
    ):
        expected = (theirs / theirs.norm(dim=1, keepdim=True)).numpy()
        np.testing.assert_allclose(ours, expected, atol=1e-6)
        assert ours.dtype == np.float32


def test_texts_and_queries_use_the_precision_of_the_images(embedder) -> None:
    half = OpenClipEmbedder("demo", embedder.spec, device="cpu", precision="bfloat16")
    model, _, _ = open_clip.create_model_and_transforms(LOCAL)
    model = model.eval().to(torch.bfloat16)
    texts = ["a red car", "a dog with a ball"]
    image = Image.radial_gradient("L").convert("RGB")
    with torch.inference_mode():
        captions = model.encode_text(open_clip.get_tokenizer(LOCAL)(texts)).float().numpy()
    np.testing.assert_array_equal(half.embed_texts(texts), unit(captions))
    for close, exact in (
        (half.embed_texts(texts), embedder.embed_texts(texts)),
        (half.embed_image(image)[None], embedder.embed_image(image)[None]),
    ):
        assert close.dtype == np.float32
        assert 1e-7 < (1 - (close * exact).sum(axis=1)).max() < 2e-3
    assert (embedder.precision, half.precision) == ("float32", "bfloat16")


def test_a_prompt_is_put_before_each_text(embedder) -> None:
    prompted = OpenClipEmbedder("demo", embedder.spec, "a photo of", "cpu", "float32")
    np.testing.assert_allclose(
        prompted.embed_texts(["a car"]), embedder.embed_texts(["a photo of a car"]), atol=1e-6
    )


def test_the_fingerprint_changes_with_the_weights(embedder, tmp_path: Path) -> None:
    copy = shutil.copytree(MODEL_DIR, tmp_path / "copy")
    again = OpenClipEmbedder("other name", OpenClipSpec.parse(str(copy)), device="cpu")
    assert again.fingerprint == embedder.fingerprint
    weights = torch.load(copy / "open_clip_pytorch_model.bin", weights_only=True)
    weights["text_projection"][0, 0] += 1
    torch.save(weights, copy / "open_clip_pytorch_model.bin")
    changed = OpenClipEmbedder("demo", OpenClipSpec.parse(str(copy)), device="cpu")
    assert changed.fingerprint != embedder.fingerprint


def test_there_is_a_warning_for_texts_that_the_model_cannot_read(embedder) -> None:
    assert embedder.text_warning("a red car") is None
    assert "reads English" in embedder.text_warning("红色的车")
    assert "first 18 tokens" in embedder.text_warning("a car " * 30)
