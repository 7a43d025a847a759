"""Embedders as FiftyOne models, and FiftyOne models as embedders.

An OpenCLIP embedder is also registered in FiftyOne's zoo under the same name, so that the App's own
text and image queries embed with the same weights, in any process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import fiftyone.core.models as fom
import fiftyone.zoo as foz
import numpy as np
from PIL import Image

from fiftyone_faiss.brain.core.files import atomic_write
from fiftyone_faiss.embedders import (
    Embedder,
    EmbedderError,
    Vectors,
    check_ratio,
    image_of_array,
    to_query_image,
    unit,
    weights_error,
)

if TYPE_CHECKING:
    from fiftyone_faiss.embedders.open_clip import OpenClipSpec

OPEN_CLIP_MODEL = "fiftyone.utils.open_clip.TorchOpenClipModel"
MANIFEST_FILE = "manifest.json"


def _manifest_dir() -> Path:
    return Path(fo.config.model_zoo_dir) / "fiftyone-faiss"


def registered_models() -> list[dict[str, Any]]:
    """Returns the manifest entries of the models that were registered on this machine."""
    manifests = sorted(_manifest_dir().glob(f"*/{MANIFEST_FILE}"))
    return [entry for path in manifests for entry in json.loads(path.read_text())["models"]]


def zoo_entry(name: str) -> dict[str, Any] | None:
    """Returns how FiftyOne loads a model of its zoo; None for an unknown name."""
    try:
        model = foz.get_zoo_model(name)
    except ValueError:
        return None
    entry: dict[str, Any] = model.default_deployment_config_dict or {}
    return entry


def register_zoo_model(name: str, spec: OpenClipSpec) -> None:
    """Registers an OpenCLIP model in FiftyOne's zoo, for this process and later ones.

    Args:
        name: the zoo name
        spec: the model and its weights
    """
    write_manifest(
        model_folder(name),
        name,
        # OpenCLIP finds the weights.
        filename=MANIFEST_FILE,
        dim=spec.dim,
        repository=spec.repository,
        description=f"OpenCLIP model {spec.clip_model}, for images and texts",
        tags=["embeddings", "clip", "torch", "open-clip"],
        default_deployment_config_dict={
            "type": OPEN_CLIP_MODEL,
            "config": {
                "text_prompt": "",
                # FiftyOne's loader embeds through a prediction, which needs some classes.
                "embeddings_layer": "visual",
                "labels_path": "{{eta-resources}}/voc-labels.txt",
                "output_processor_cls": "fiftyone.utils.torch.ClassifierOutputProcessor",
                "clip_model": spec.clip_model,
                "pretrained": spec.pretrained,
            },
        },
        requirements={"packages": ["torch", "torchvision", "open_clip_torch"]},
    )


def model_folder(name: str) -> Path:
    """Returns the folder of a registered model, which has a folder of its own.

    FiftyOne requires a separate file, and two processes may register models at the same time.
    """
    return _manifest_dir() / hashlib.sha1(name.encode()).hexdigest()[:16]


def write_manifest(folder: Path, name: str, filename: str, **entry: Any) -> None:
    """Registers a model in FiftyOne's zoo, for this process and later ones.

    Args:
        folder: the :func:`model_folder` of the name
        name: the zoo name
        filename: a file in the folder; FiftyOne considers the model downloaded if it exists
        **entry: the other values of its entry
    """
    folder.mkdir(parents=True, exist_ok=True)
    named = {
        "base_name": name,
        "base_filename": str((folder / filename).relative_to(fo.config.model_zoo_dir)),
        "version": None,
        **entry,
    }
    with atomic_write(folder / MANIFEST_FILE) as file:
        file.write(json.dumps({"models": [named]}, indent=1).encode())


class EmbedderModel(fom.Model, fom.EmbeddingsMixin, fom.PromptMixin):
    """Wraps an embedder as a FiftyOne model, so that FiftyOne's own code can embed with it.

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
        """Embeds an image; it makes no other prediction."""
        self._embeddings = self.embed_all([arg])

    def get_embeddings(self) -> Vectors | None:
        return self._embeddings

    def embed(self, arg: np.ndarray) -> Vectors:
        vector: Vectors = self.embed_all([arg])[0]
        return vector

    def embed_all(self, args: Iterable[np.ndarray]) -> Vectors:
        images = [to_query_image(image_of_array(arg)) for arg in args]
        self._embeddings = self.embedder.embed_images(
            [self.embedder.preprocess(image) for image in images]
        )
        return self._embeddings

    def embed_prompt(self, arg: str) -> Vectors:
        vector: Vectors = self.embed_prompts([arg])[0]
        return vector

    def embed_prompts(self, args: Sequence[str]) -> Vectors:
        return self.embedder.embed_texts(list(args))


class ZooEmbedder(Embedder):
    """Wraps a FiftyOne model as an embedder.

    Args:
        model: a FiftyOne model that provides embeddings
        name (None): the embedder's name, by default the name of the model's class

    Raises:
        EmbedderError: if the model provides no embeddings
    """

    def __init__(self, model: fom.Model, name: str | None = None) -> None:
        self.name = name or type(model).__name__
        if not (isinstance(model, fom.EmbeddingsMixin) and model.has_embeddings):
            raise EmbedderError(
                f"The model '{self.name}' provides no embeddings; choose one that does, or load it "
                "with an embeddings_layer."
            )
        self._model = model
        self.supports_text = isinstance(model, fom.PromptMixin) and model.can_embed_prompts
        blank = self.embed_images([Image.new("RGB", (224, 224))])
        self.dim = blank.shape[1]
        # Models have no fingerprint of their own, so this one hashes the vector of a fixed image.
        probe = Image.linear_gradient("L").convert("RGB")
        digest = hashlib.sha256(self.embed_images([probe]).round(3).tobytes())
        self.fingerprint = digest.hexdigest()[:16]

    fingerprint: str = ""

    def preprocess(self, image: Image.Image) -> Image.Image:
        # The model's own transforms may scale the shorter side.
        check_ratio(image)
        return image

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        arrays = [np.asarray(image) for image in images]
        if self._model.ragged_batches:
            vectors = [self._model.embed(array) for array in arrays]
        else:
            vectors = self._model.embed_all(arrays)
        return _unit_rows(vectors, len(images))

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        if not self.supports_text:
            return super().embed_texts(texts)
        return _unit_rows(self._model.embed_prompts(list(texts)), len(texts))


def load_zoo_embedder(name: str) -> ZooEmbedder:
    """Loads a model of FiftyOne's zoo, and downloads it if necessary.

    Raises:
        EmbedderError: if it cannot be loaded, or provides no embeddings
    """
    try:
        model = foz.load_zoo_model(name)
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        raise weights_error(
            name, error, f"put them where foz.find_zoo_model('{name}') looks"
        ) from error
    return ZooEmbedder(model, name)


def _unit_rows(vectors: Any, count: int) -> Vectors:
    arrays = [np.asarray(vector, np.float32) for vector in vectors]
    return unit(np.stack(arrays).reshape(count, -1))
