"""A small SigLIP with its own tokenizer, compared with OpenCLIP itself."""

from __future__ import annotations

import json
import string
import sys
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from support.broken import noise
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from fiftyone_faiss.embedders import EmbedderError, Vectors, unit
from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

CONTEXT = 64
PAD, END, UNKNOWN = 0, 1, 2
TOKENS = ("a", "red", "car", "dog", "with", "ball", "photo", "of", *string.ascii_lowercase[1:])
# OpenCLIP's configuration of ViT-B-16-SigLIP with smaller sizes.
CONFIG = {
    "model_cfg": {
        "embed_dim": 192,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 224,
            "timm_model_name": "vit_tiny_patch16_224",
            "timm_model_pretrained": False,
            "timm_pool": "map",
            "timm_proj": "none",
        },
        "text_cfg": {
            "context_length": CONTEXT,
            "vocab_size": 50,
            "hf_tokenizer_name": "its own folder",
            "tokenizer_kwargs": {"clean": "canonicalize"},
            "width": 48,
            "heads": 4,
            "layers": 2,
            "no_causal_mask": True,
            "proj_bias": True,
            "pool_type": "last",
            "norm_kwargs": {"eps": 1e-6},
        },
    },
    "preprocess_cfg": {
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "interpolation": "bicubic",
        "resize_mode": "squash",
    },
}
LONG = " ".join(["red", "car"] * 50)


def save_tokenizer(folder: Path) -> None:
    """Writes a tokenizer that knows ``TOKENS`` and marks only the end of a text."""
    ids = {word: i for i, word in enumerate(("<pad>", "</s>", "<unk>", *TOKENS))}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", END)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a local OpenCLIP model directory."""
    folder = tmp_path_factory.mktemp("siglip")
    (folder / "open_clip_config.json").write_text(json.dumps(CONFIG))
    save_tokenizer(folder)
    torch.manual_seed(51)
    model = open_clip.create_model(f"local-dir:{folder}")
    for parameter in model.visual.parameters():
        # With timm's initial weights, all images have nearly the same vector.
        torch.nn.init.normal_(parameter, parameter.mean().item(), 0.1)
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    return f"local-dir:{folder}"


@pytest.fixture(scope="module")
def embedder(local: str) -> OpenClipEmbedder:
    return OpenClipEmbedder("siglip", OpenClipSpec.parse(local), device="cpu", precision="float32")


def token_ids(*tokens: str) -> list[int]:
    return [TOKENS.index(token) + 3 if token in TOKENS else UNKNOWN for token in tokens]


def check_apart(vectors: Vectors) -> None:
    """Asserts that no two vectors are so similar that a test could confuse them."""
    similar = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    assert similar.max() < 0.999


def test_tokens_are_those_of_openclip(embedder, local) -> None:
    texts = ["A red CAR!", "a dog, with a ball...", "a purple car", "", LONG]
    tokens = embedder._tokens(texts)
    assert torch.equal(tokens, open_clip.get_tokenizer(local)(texts))
    expected = [
        [*token_ids("a", "red", "car"), END],
        [*token_ids("a", "dog", "with", "a", "ball"), END],
        [*token_ids("a", "purple", "car"), END],
        [END],
        [*token_ids(*LONG.split()[: CONTEXT - 1]), END],
    ]
    padded = [row + [PAD] * (CONTEXT - len(row)) for row in expected]
    np.testing.assert_array_equal(tokens.numpy(), padded)


def test_vectors_are_openclips_own_at_unit_length(embedder, local) -> None:
    model, _, transform = open_clip.create_model_and_transforms(local)
    tokenizer = open_clip.get_tokenizer(local)
    images = [noise(300, 240), noise(180, 400), noise(50, 50).resize((300, 300))]
    images += [Image.linear_gradient("L").convert("RGB")]
    texts = ["a red car", "a dog with a ball", "of", LONG]
    with torch.inference_mode():
        image_features = model.eval().encode_image(
            torch.stack([transform(image) for image in images])
        )
        captions = model.encode_text(tokenizer(texts))
    for ours, theirs in (
        (embedder.embed_images([embedder.preprocess(image) for image in images]), image_features),
        (embedder.embed_texts(texts), captions),
    ):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, unit(theirs.numpy()), atol=1e-5)
        check_apart(ours)
    assert (embedder.dim, embedder.spec.dim, embedder.image_size) == (192, 192, 224)


def test_text_beyond_the_context_is_ignored(embedder) -> None:
    tokens = LONG.split()
    truncated = " ".join(tokens[: CONTEXT - 1])
    whole, first, shorter = embedder.embed_texts([LONG, truncated, " ".join(tokens[: CONTEXT - 2])])
    np.testing.assert_allclose(whole, first, atol=1e-6)
    assert whole @ shorter < 0.999


def test_there_is_a_warning_for_a_text_that_is_too_long(embedder) -> None:
    tokens = LONG.split()
    assert embedder.text_warning(" ".join(tokens[: CONTEXT - 1])) is None
    warning = "The model read only the first 63 tokens of the query; shorten it."
    assert embedder.text_warning(" ".join(tokens[:CONTEXT])) == warning
    assert embedder.text_warning("car. " * 64) == warning
    # The languages that it reads are not known.
    assert embedder.text_warning("红色的车") is None


def test_a_text_prompt_counts_towards_the_context(embedder) -> None:
    prompted = OpenClipEmbedder("siglip", embedder.spec, "a photo of", "cpu", "float32")
    text = " ".join(LONG.split()[:60])
    assert prompted.text_warning(text) is None
    assert "first 60 tokens" in prompted.text_warning(f"{text} car")
    np.testing.assert_allclose(
        prompted.embed_texts([f"{text} car"]),
        embedder.embed_texts([f"a photo of {text}"]),
        atol=1e-6,
    )


def test_the_error_says_what_to_install_without_transformers(
    local: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    for name in (local, "ViT-B-16-SigLIP/webli"):
        spec = OpenClipSpec.parse(name)
        assert spec.needs_transformers
        with pytest.raises(EmbedderError) as caught:
            OpenClipEmbedder(name, spec)
        assert str(caught.value) == (
            f"'{name}' needs the package transformers: pip install transformers"
        )
    assert not OpenClipSpec.parse("ViT-B-32/laion2b_s34b_b79k").needs_transformers
