"""Any OpenCLIP model: architectures with published weights, checkpoints, local directories."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch

from fiftyone_faiss.embedders.base import EmbedderError, Vectors, weights_error
from fiftyone_faiss.embedders.torch_net import LOAD_ERRORS, TorchEmbedder, unit_rows

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
                "'hf-hub:<repository>'; for one of your own, call register_embedder() first."
            )
        return cls(architecture, _weights(architecture, pretrained))

    @property
    def architecture(self) -> str:
        """The architecture's name, for an error to show."""
        return "<architecture>" if ":" in self.clip_model else self.clip_model

    @property
    def dim(self) -> int | None:
        """The length of its vectors, without loading it; None if its configuration is not here."""
        return self._config.get("embed_dim")

    @property
    def repository(self) -> str | None:
        """The Hugging Face repository of its weights, None if they are files of this machine."""
        if self.clip_model.startswith(HUB_PREFIX):
            return self.clip_model.removeprefix(HUB_PREFIX)
        config = open_clip.get_pretrained_cfg(self.clip_model, self.pretrained or "")
        # A file's name may follow.
        return "/".join(config.get("hf_hub", "").split("/")[:2]) or None

    @property
    def needs_transformers(self) -> bool:
        """Whether its texts are read by the package transformers; False if that is not known."""
        text = self._config.get("text_cfg", {})
        return bool(text.get("hf_tokenizer_name") or text.get("hf_model_name"))

    @property
    def _config(self) -> dict[str, Any]:
        """What OpenCLIP makes it from, nothing if that cannot be read."""
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
        f"'{architecture}' has no weights '{pretrained}': add one of its tags ({published}) or "
        f"the path of a checkpoint, as in '{architecture}/<tag or path>'."
    )


class OpenClipEmbedder(TorchEmbedder):
    """An OpenCLIP model as an embedder of images and texts.

    Texts stay in float32, whatever the images' precision: they are few.

    Args:
        name: what to call it
        spec: where it comes from
        text_prompt (""): words put before every text
        device (None): a torch device; by default a GPU when there is one
        precision ("auto"): see :class:`fiftyone_faiss.embedders.torch_net.TorchEmbedder`

    Raises:
        EmbedderError: if its weights cannot be loaded, or a package that it needs is missing
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
        # Now, not after its weights were fetched.
        if spec.needs_transformers and importlib.util.find_spec("transformers") is None:
            raise EmbedderError(
                f"'{name}' reads texts with a package that is not here: pip install transformers."
            )
        try:
            model, _, transform = open_clip.create_model_and_transforms(
                spec.clip_model, pretrained=spec.pretrained, require_pretrained=True
            )
            self._tokenizer = open_clip.get_tokenizer(spec.clip_model)
        except LOAD_ERRORS as error:
            raise weights_error(
                name, error, f"give '{spec.architecture}/<path of the checkpoint>'"
            ) from error
        super().__init__(name, model, transform, device, precision, salt=text_prompt)

    def _features(self, net: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = net.encode_image(pixels)  # type: ignore[operator]
        return features

    def _in_precision(self, net: torch.nn.Module, dtype: torch.dtype) -> torch.nn.Module:
        # The same model but for its image side.
        other = copy.copy(net)
        visual = copy.deepcopy(net.get_submodule("visual")).to(dtype)
        other._modules = {**net._modules, "visual": visual}
        return other

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        with torch.inference_mode():
            features = self._net.encode_text(self._tokens(texts))  # type: ignore[operator]
        return unit_rows(features)

    def text_warning(self, text: str) -> str | None:
        readable = self._room() - self._count(self._text_prompt)
        if self._count(text) > readable:
            return f"Only the first {readable} word pieces of the query were read; shorten it."
        # Others were trained on words of other languages too, for all that is known.
        is_english = isinstance(self._tokenizer, open_clip.SimpleTokenizer)
        if is_english and not any(one.isascii() and one.isalpha() for one in text):
            return f"'{self.name}' reads English; put the query into English words."
        return None

    def _count(self, text: str) -> int:
        """How many word pieces a text has."""
        if isinstance(self._tokenizer, open_clip.SimpleTokenizer):
            return len(self._tokenizer.encode(text))
        cleaned = self._tokenizer.clean_fn(text)
        # Not verbose: that a text is too long is said by text_warning().
        pieces = self._tokenizer.tokenizer(cleaned, add_special_tokens=False, verbose=False)
        return len(pieces.input_ids)

    def _room(self) -> int:
        """For how many word pieces there is room beside the marks of a text's start and end."""
        marks = 2
        if not isinstance(self._tokenizer, open_clip.SimpleTokenizer):
            marks = self._tokenizer.tokenizer.num_special_tokens_to_add()
        return int(self._tokenizer.context_length) - marks

    def _tokens(self, texts: Sequence[str]) -> torch.Tensor:
        prompts = [f"{self._text_prompt} {text}" for text in texts]
        tokens: torch.Tensor = self._tokenizer(prompts).to(self._device)
        return tokens
