"""Any OpenCLIP model: architectures with published weights, checkpoints, local directories."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from PIL import Image

from fiftyone_faiss.embedders.base import Embedder, EmbedderError, Vectors, unit

LOCAL_PREFIX = "local-dir:"
HUB_PREFIX = "hf-hub:"


@dataclass(frozen=True)
class OpenClipSpec:
    """Where a model comes from, in OpenCLIP's terms.

    Attributes:
        clip_model: an architecture, ``"local-dir:<absolute folder>"`` or ``"hf-hub:<repository>"``
        pretrained: a tag of published weights or a checkpoint file, for an architecture
    """

    clip_model: str
    pretrained: str | None = None

    @classmethod
    def parse(cls, name: str) -> OpenClipSpec:
        """Reads a model name.

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
            raise EmbedderError(f"{folder} holds no open_clip_config.json; check the folder.")
        architecture, _, pretrained = name.partition("/")
        if architecture not in open_clip.list_models():
            raise EmbedderError(
                f"There is no model '{name}'. Give '<architecture>/<weights>', such as "
                "'ViT-B-32/laion2b_s34b_b79k', a folder with an open_clip_config.json, or "
                "'hf-hub:<repository>'."
            )
        return cls(architecture, _weights(architecture, pretrained))


def _weights(architecture: str, pretrained: str) -> str:
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if pretrained in tags:
        return pretrained
    checkpoint = Path(pretrained).expanduser()
    if pretrained and checkpoint.is_file():
        return str(checkpoint.resolve())
    published = ", ".join(tags) or "none published"
    raise EmbedderError(
        f"'{architecture}' has no weights '{pretrained}': add one of its tags ({published}) or "
        f"the path of a checkpoint, as in '{architecture}/<tag or path>'."
    )


class OpenClipEmbedder(Embedder):
    """An OpenCLIP model as an embedder of images and texts.

    Args:
        name: what to call it
        spec: where it comes from
        text_prompt (""): words put before every text
        device (None): a torch device; by default a GPU when there is one

    Raises:
        EmbedderError: if its weights cannot be loaded
    """

    supports_text = True

    def __init__(
        self, name: str, spec: OpenClipSpec, text_prompt: str = "", device: str | None = None
    ) -> None:
        self.name = name
        self.spec = spec
        self._text_prompt = text_prompt
        self._device = torch.device(device or _default_device())
        try:
            model, _, self._transform = open_clip.create_model_and_transforms(
                spec.clip_model,
                pretrained=spec.pretrained,
                device=self._device,
                require_pretrained=True,
            )
            self._tokenizer = open_clip.get_tokenizer(spec.clip_model)
        except (OSError, RuntimeError, ValueError) as error:
            raise EmbedderError(
                f"The weights of '{name}' could not be loaded ({error}). Check the connection, or "
                "download a checkpoint elsewhere and give '<architecture>/<its path>'."
            ) from error
        self._model = model.eval()
        self.dim = self._measure_dim()

    def _measure_dim(self) -> int:
        # Not every architecture states its dimension; an empty text always has it.
        with torch.inference_mode():
            return int(self._model.encode_text(self._tokens([""])).shape[-1])

    @cached_property
    def fingerprint(self) -> str:
        digest = hashlib.sha256(f"{self._transform}|{self._text_prompt}".encode())
        for key, tensor in self._model.state_dict().items():
            data = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
            digest.update(f"{key}{tuple(tensor.shape)}{zlib.crc32(data)}".encode())
        return digest.hexdigest()[:16]

    def preprocess(self, image: Image.Image) -> torch.Tensor:
        tensor: torch.Tensor = self._transform(image)
        return tensor

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        with torch.inference_mode():
            features = self._model.encode_image(torch.stack(list(images)).to(self._device))
        return _unit_rows(features)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        with torch.inference_mode():
            features = self._model.encode_text(self._tokens(texts))
        return _unit_rows(features)

    def text_warning(self, text: str) -> str | None:
        if not isinstance(self._tokenizer, open_clip.SimpleTokenizer):
            return None
        # Two places of the context are taken by the start and end marks.
        readable = self._tokenizer.context_length - 2
        if len(self._tokenizer.encode(text)) > readable:
            return f"Only the first {readable} word pieces of the query were read; shorten it."
        if not any(character.isascii() and character.isalpha() for character in text):
            return f"'{self.name}' reads English; put the query into English words."
        return None

    def _tokens(self, texts: Sequence[str]) -> torch.Tensor:
        prompts = [f"{self._text_prompt} {text}" for text in texts]
        tokens: torch.Tensor = self._tokenizer(prompts).to(self._device)
        return tokens


def _default_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _unit_rows(features: torch.Tensor) -> Vectors:
    return unit(features.float().cpu().numpy().astype(np.float32, copy=False))
