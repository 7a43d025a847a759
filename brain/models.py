"""Finds embedders by name and makes them known to FiftyOne.

An embedder that reads text is also a model of FiftyOne's zoo, under the same name: then the App's
own prompt box and upload query embed with the very same weights, in any process.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import fiftyone.core.models as fom
import fiftyone.zoo as foz
import numpy as np
from PIL import Image

from fiftyone_faiss.embedders import Embedder, EmbedderError, Vectors

if TYPE_CHECKING:
    from fiftyone_faiss.embedders.open_clip import OpenClipSpec

OPEN_CLIP_MODEL = "fiftyone.utils.open_clip.TorchOpenClipModel"

# Loaded once a process: the App's server lives long, and every query needs one.
_loaded: dict[str, Embedder] = {}
_loading = threading.Lock()


def get_embedder(model: str | Embedder) -> Embedder:
    """Finds an embedder, and loads it when it is first asked for.

    Args:
        model: an embedder; or a name: a model of FiftyOne's zoo that runs OpenCLIP,
            ``"<architecture>/<weights>"`` as OpenCLIP calls them, a checkpoint in the place of
            the weights, or the folder of a local OpenCLIP model

    Raises:
        EmbedderError: if there is no such model, or its weights cannot be loaded
    """
    if isinstance(model, Embedder):
        return model
    with _loading:
        if model not in _loaded:
            _loaded[model] = _load(model)
        return _loaded[model]


def _load(name: str) -> Embedder:
    # Torch takes seconds to import, so nothing imports it before a model is needed.
    from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

    entry = _zoo_entry(name)
    if entry is None:
        spec = OpenClipSpec.parse(name)
        register_zoo_model(name, spec)
        return OpenClipEmbedder(name, spec)
    if entry.get("type") != OPEN_CLIP_MODEL:
        raise EmbedderError(
            f"The zoo model '{name}' is no OpenCLIP model; compute an embeddings field with "
            "FiftyOne's compute_embeddings() and index that field with embeddings='<field>'."
        )
    config = entry["config"]
    spec = OpenClipSpec(config["clip_model"], config.get("pretrained"))
    return OpenClipEmbedder(name, spec, text_prompt=config.get("text_prompt") or "")


SUGGESTED_MODELS = (
    "ViT-B-32/laion2b_s34b_b79k",
    "ViT-B-16/datacomp_xl_s13b_b90k",
    "ViT-L-14/datacomp_xl_s13b_b90k",
    "ViT-B-16-SigLIP/webli",
)
"""Downloadable models for a form to offer, from fast to accurate."""


def list_models() -> list[str]:
    """Names to offer: the models registered here first, then downloadable ones."""
    registered = [entry["base_name"] for entry in _registered()]
    return list(dict.fromkeys((*registered, *SUGGESTED_MODELS)))


def _manifest_dir() -> Path:
    return Path(fo.config.model_zoo_dir) / "fiftyone-faiss"


def _registered() -> list[dict[str, Any]]:
    manifests = sorted(_manifest_dir().glob("*/manifest.json"))
    return [entry for path in manifests for entry in json.loads(path.read_text())["models"]]


def _zoo_entry(name: str) -> dict[str, Any] | None:
    try:
        model = foz.get_zoo_model(name)
    except ValueError:
        return None
    entry: dict[str, Any] = model.default_deployment_config_dict or {}
    return entry


def register_zoo_model(name: str, spec: OpenClipSpec) -> None:
    """Enters an OpenCLIP model into FiftyOne's zoo, for this and for later processes.

    Args:
        name: the zoo name
        spec: where the model comes from
    """
    # A folder for each model: FiftyOne wants a file of its own for each, and two processes may
    # register models at the same time.
    path = _manifest_dir() / hashlib.sha1(name.encode()).hexdigest()[:16] / "manifest.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {
        "base_name": name,
        # FiftyOne takes a model as downloaded where this file exists; OpenCLIP finds the weights.
        "base_filename": str(path.relative_to(fo.config.model_zoo_dir)),
        "version": None,
        "description": f"OpenCLIP model {spec.clip_model}, for images and texts",
        "tags": ["embeddings", "clip", "torch", "open-clip"],
        "default_deployment_config_dict": {
            "type": OPEN_CLIP_MODEL,
            "config": {
                "text_prompt": "",
                # FiftyOne's loader embeds by way of a prediction, which needs some classes.
                "embeddings_layer": "visual",
                "labels_path": "{{eta-resources}}/voc-labels.txt",
                "output_processor_cls": "fiftyone.utils.torch.ClassifierOutputProcessor",
                "clip_model": spec.clip_model,
                "pretrained": spec.pretrained,
            },
        },
        "requirements": {"packages": ["torch", "torchvision", "open_clip_torch"]},
    }
    # In one step: other processes may be reading the folder.
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    temporary.write_text(json.dumps({"models": [entry]}, indent=1))
    os.replace(temporary, path)


def find_model(name: str, model_kwargs: dict[str, Any] | None) -> fom.Model | None:
    """The FiftyOne model of one of our embedders, or None for another zoo model."""
    if model_kwargs:
        return None
    entry = _zoo_entry(name)
    if entry is not None and entry.get("type") != OPEN_CLIP_MODEL:
        return None
    return EmbedderModel(get_embedder(name))


class EmbedderModel(fom.Model, fom.EmbeddingsMixin, fom.PromptMixin):
    """An embedder as FiftyOne knows models, so that its own code can embed with it.

    Args:
        embedder: the embedder
    """

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._embeddings: Vectors | None = None

    @property
    def media_type(self) -> str:
        return "image"

    @property
    def ragged_batches(self) -> bool:
        return False

    @property
    def transforms(self) -> None:
        return None

    @property
    def preprocess(self) -> bool:
        return False

    @property
    def has_embeddings(self) -> bool:
        return True

    @property
    def can_embed_prompts(self) -> bool:
        return self.embedder.supports_text

    def predict(self, arg: np.ndarray) -> None:
        """Embeds an image; there is no other prediction."""
        self._embeddings = self.embed_all([arg])

    def get_embeddings(self) -> Vectors | None:
        return self._embeddings

    def embed(self, arg: np.ndarray) -> Vectors:
        vector: Vectors = self.embed_all([arg])[0]
        return vector

    def embed_all(self, args: Iterable[np.ndarray]) -> Vectors:
        images = [Image.fromarray(arg).convert("RGB") for arg in args]
        self._embeddings = self.embedder.embed_images(
            [self.embedder.preprocess(image) for image in images]
        )
        return self._embeddings

    def embed_prompt(self, arg: str) -> Vectors:
        vector: Vectors = self.embed_prompts([arg])[0]
        return vector

    def embed_prompts(self, args: Sequence[str]) -> Vectors:
        return self.embedder.embed_texts(list(args))
