"""OpenCLIP models by name, checkpoint and folder, against OpenCLIP itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from fiftyone_faiss.demo import MODEL_DIR
from fiftyone_faiss.embedders import EmbedderError
from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

LOCAL = f"local-dir:{MODEL_DIR}"


def test_names_are_read_as_openclip_reads_them(tmp_path: Path) -> None:
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
        ("no-such-model", "There is no model 'no-such-model'. Give '<architecture>/<weights>'"),
        ("ViT-B-32", "'ViT-B-32' has no weights ''"),
        ("ViT-B-32/nope", "add one of its tags .*laion2b_s34b_b79k"),
        ("local-dir:/no/where", "/no/where holds no open_clip_config.json"),
    ],
)
def test_a_name_that_is_none_is_one_sentence(name: str, match: str) -> None:
    with pytest.raises(EmbedderError, match=match):
        OpenClipSpec.parse(name)


def test_weights_that_cannot_be_fetched_say_what_to_do() -> None:
    spec = OpenClipSpec.parse("ViT-B-32/laion2b_s34b_b79k")
    with pytest.raises(EmbedderError) as caught:
        OpenClipEmbedder("ViT-B-32/laion2b_s34b_b79k", spec)
    message = str(caught.value)
    assert message.startswith("The weights of 'ViT-B-32/laion2b_s34b_b79k' could not be loaded (")
    assert "give 'ViT-B-32/<path of the checkpoint>'" in message
    assert "an embedder that works offline: colorhist, hog, phash" in message
    assert "\n" not in message


@pytest.fixture(scope="module")
def embedder() -> OpenClipEmbedder:
    return OpenClipEmbedder("demo", OpenClipSpec.parse(str(MODEL_DIR)), device="cpu")


def test_vectors_are_openclips_own_at_unit_length(embedder) -> None:
    model, _, transform = open_clip.create_model_and_transforms(LOCAL)
    model.eval()
    rng = np.random.default_rng(1)
    images = [Image.fromarray(rng.integers(0, 255, (90, 120, 3), np.uint8)) for _ in range(3)]
    texts = ["a red car", "a dog with a ball"]
    with torch.inference_mode():
        pictures = model.encode_image(torch.stack([transform(image) for image in images]))
        words = model.encode_text(open_clip.get_tokenizer(LOCAL)(texts))
    for ours, theirs in (
        (embedder.embed_images([embedder.preprocess(image) for image in images]), pictures),
        (embedder.embed_texts(texts), words),
    ):
        expected = (theirs / theirs.norm(dim=1, keepdim=True)).numpy()
        np.testing.assert_allclose(ours, expected, atol=1e-6)
        assert ours.dtype == np.float32


def test_a_prompt_is_put_before_each_text(embedder) -> None:
    prompted = OpenClipEmbedder("demo", embedder.spec, text_prompt="a photo of", device="cpu")
    np.testing.assert_allclose(
        prompted.embed_texts(["a car"]), embedder.embed_texts(["a photo of a car"]), atol=1e-6
    )


def test_the_fingerprint_is_of_the_weights(embedder, tmp_path: Path) -> None:
    copy = shutil.copytree(MODEL_DIR, tmp_path / "copy")
    again = OpenClipEmbedder("other name", OpenClipSpec.parse(str(copy)), device="cpu")
    assert again.fingerprint == embedder.fingerprint
    weights = torch.load(copy / "open_clip_pytorch_model.bin", weights_only=True)
    weights["text_projection"][0, 0] += 1
    torch.save(weights, copy / "open_clip_pytorch_model.bin")
    changed = OpenClipEmbedder("demo", OpenClipSpec.parse(str(copy)), device="cpu")
    assert changed.fingerprint != embedder.fingerprint


def test_texts_that_cannot_be_read_well_are_told(embedder) -> None:
    assert embedder.text_warning("a red car") is None
    assert "reads English" in embedder.text_warning("红色的车")
    assert "first 18 word pieces" in embedder.text_warning("a car " * 30)
