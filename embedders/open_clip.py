"""Loads any OpenCLIP model: published weights, checkpoints and local folders."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from torch.nn import functional as F

from fiftyone_faiss.embedders.base import EmbedderError, Vectors, weights_error
from fiftyone_faiss.embedders.timm import timm_parts
from fiftyone_faiss.embedders.torch_net import LOAD_ERRORS, TorchEmbedder
from fiftyone_faiss.embedders.torch_parts import FeatureParts, attention_pool, class_token

LOCAL_PREFIX = "local-dir:"
HUB_PREFIX = "hf-hub:"


@dataclass(frozen=True)
class OpenClipSpec:
    """The source of a model, in OpenCLIP's terms.

    Attributes:
        clip_model: an architecture, ``"local-dir:<absolute folder>"`` or ``"hf-hub:<repository>"``
        pretrained: a tag of published weights or a checkpoint file, for an architecture
    """

    clip_model: str
    pretrained: str | None = None

    @classmethod
    def parse(cls, name: str) -> OpenClipSpec:
        """Parses a model name.

        Args:
            name: ``"<architecture>/<tag>"`` (``"ViT-B-32/laion2b_s34b_b79k"``),
                ``"<architecture>/<checkpoint file>"``, a folder with an
                ``open_clip_config.json``, or ``"hf-hub:<repository>"``

        Raises:
            EmbedderError: if it is none of these
        """
        if name.startswith(HUB_PREFIX):
            return cls(name)
        folder = Path(name.removeprefix(LOCAL_PREFIX)).expanduser()
        if (folder / "open_clip_config.json").is_file():
            return cls(f"{LOCAL_PREFIX}{folder.resolve()}")
        if name.startswith(LOCAL_PREFIX):
            raise EmbedderError(f"{folder} has no open_clip_config.json; check the folder.")
        architecture, _, pretrained = name.partition("/")
        if architecture not in open_clip.list_models():
            raise EmbedderError(
                f"There is no model '{name}'. Use '<architecture>/<weights>', for example "
                "'ViT-B-32/laion2b_s34b_b79k', a folder with an open_clip_config.json, or "
                "'hf-hub:<repository>'; for your own model, call register_embedder() first."
            )
        return cls(architecture, _weights(architecture, pretrained))

    @property
    def architecture(self) -> str:
        """The architecture's name, for error messages."""
        return "<architecture>" if ":" in self.clip_model else self.clip_model

    @property
    def dim(self) -> int | None:
        """The length of its vectors, read without loading it; None if that is not known."""
        return self._config.get("embed_dim")

    @property
    def repository(self) -> str | None:
        """The Hugging Face repository of its weights; None if they are local files."""
        if self.clip_model.startswith(HUB_PREFIX):
            return self.clip_model.removeprefix(HUB_PREFIX)
        config = open_clip.get_pretrained_cfg(self.clip_model, self.pretrained or "")
        # A file name may follow.
        return "/".join(config.get("hf_hub", "").split("/")[:2]) or None

    @property
    def needs_transformers(self) -> bool:
        """Whether its tokenizer needs the package transformers; False if that is not known."""
        text = self._config.get("text_cfg", {})
        return bool(text.get("hf_tokenizer_name") or text.get("hf_model_name"))

    @property
    def _config(self) -> dict[str, Any]:
        """OpenCLIP's configuration of the model; empty if it cannot be read."""
        try:
            return open_clip.get_model_config(self.clip_model) or {}
        except (OSError, ValueError):
            return {}


def _weights(architecture: str, pretrained: str) -> str:
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if pretrained in tags:
        return pretrained
    checkpoint = Path(pretrained).expanduser()
    if pretrained and checkpoint.is_file():
        return str(checkpoint.resolve())
    published = ", ".join(tags) or "none published"
    raise EmbedderError(
        f"'{architecture}' has no weights '{pretrained}'; use '{architecture}/<tag or path>' with "
        f"one of its tags ({published}) or the path of a checkpoint."
    )


class OpenClipEmbedder(TorchEmbedder):
    """An embedder that runs an OpenCLIP model on images and texts.

    Args:
        name: the name of the embedder
        spec: the source of the model
        text_prompt (""): text to put before every text
        device (None): a torch device, by default a GPU if there is one
        precision ("auto"): see :class:`fiftyone_faiss.embedders.torch_net.TorchEmbedder`

    Raises:
        EmbedderError: if its weights cannot be loaded, if a package that it needs is missing, or
            if it cannot run in this precision
    """

    supports_text = True

    def __init__(
        self,
        name: str,
        spec: OpenClipSpec,
        text_prompt: str = "",
        device: str | None = None,
        precision: str = "auto",
    ) -> None:
        self.spec = spec
        self._text_prompt = text_prompt
        # Checked before its weights are downloaded.
        if spec.needs_transformers and importlib.util.find_spec("transformers") is None:
            raise EmbedderError(
                f"'{name}' needs the package transformers: pip install transformers"
            )
        try:
            model, _, transform = open_clip.create_model_and_transforms(
                spec.clip_model, pretrained=spec.pretrained, require_pretrained=True
            )
            self._tokenizer = open_clip.get_tokenizer(spec.clip_model)
        except LOAD_ERRORS as error:
            raise weights_error(
                name, error, f"use '{spec.architecture}/<path of the checkpoint>'"
            ) from error
        super().__init__(name, model, transform, device, precision, salt=text_prompt)

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = net.encode_image(pixels)  # type: ignore[operator]
        return features

    def _feature_parts(self, net: torch.nn.Module, pixels: torch.Tensor) -> FeatureParts | None:
        visual: Any = net.visual
        if isinstance(visual, ModifiedResNet):
            features = visual.stem(pixels)
            for layer in (visual.layer1, visual.layer2, visual.layer3, visual.layer4):
                features = layer(features)
            return attention_pool(visual.attnpool, features)
        if isinstance(visual, VisionTransformer):
            return class_token(visual, pixels)
        if isinstance(visual, TimmModel):
            # Its own head is empty, or one linear layer.
            layers = dict(visual.head.named_children())
            projection = layers.pop("proj", None)
            layers.pop("drop", None)
            parts = None if layers else timm_parts(visual.trunk, pixels)
            if parts is None or projection is None:
                return parts
            mapped = parts.mapped(lambda values: F.linear(values, projection.weight))
            # The bias, if there is one, belongs to no patch.
            bias = 0.0 if projection.bias is None else projection.bias
            return FeatureParts(mapped.parts, mapped.rest + bias)
        return None

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        with torch.inference_mode():
            features = self._net.encode_text(self._tokens(texts))  # type: ignore[operator]
            return self._vectors(features)

    def text_warning(self, text: str) -> str | None:
        max_tokens = self._max_tokens() - self._count_tokens(self._text_prompt)
        if self._count_tokens(text) > max_tokens:
            return f"The model read only the first {max_tokens} tokens of the query; shorten it."
        # Models with other tokenizers may know other languages.
        is_english = isinstance(self._tokenizer, open_clip.SimpleTokenizer)
        if is_english and not any(char.isascii() and char.isalpha() for char in text):
            return f"'{self.name}' reads English; write the query in English."
        return None

    def _count_tokens(self, text: str) -> int:
        """The number of tokens of a text, without start and end."""
        if isinstance(self._tokenizer, open_clip.SimpleTokenizer):
            return len(self._tokenizer.encode(text))
        cleaned = self._tokenizer.clean_fn(text)
        # Not verbose, since text_warning() reports long texts.
        tokens = self._tokenizer.tokenizer(cleaned, add_special_tokens=False, verbose=False)
        return len(tokens.input_ids)

    def _max_tokens(self) -> int:
        """The number of tokens that a text may have, without start and end."""
        special = 2
        if not isinstance(self._tokenizer, open_clip.SimpleTokenizer):
            special = self._tokenizer.tokenizer.num_special_tokens_to_add()
        return int(self._tokenizer.context_length) - special

    def _tokens(self, texts: Sequence[str]) -> torch.Tensor:
        prompts = [f"{self._text_prompt} {text}" for text in texts]
        tokens: torch.Tensor = self._tokenizer(prompts).to(self._device)
        return tokens
