"""FiftyOne's models with arguments, or with vectors of any length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone.core.models as fom
import fiftyone.zoo as foz
import numpy as np
from PIL import Image

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.models.zoo import ZooEmbedder
from fiftyone_faiss.embedders import Embedder


class RawModel(ZooEmbedder):
    """A model of FiftyOne whose vectors keep their lengths, as they are in an index.

    Args:
        model: the model
        name: its name
    """

    def embed_images(self, images: Sequence[Image.Image]) -> Matrix:
        arrays = [np.asarray(image) for image in images]
        return _stacked([self._model.embed(array) for array in arrays])

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        return _stacked(self._model.embed_prompts(list(texts)))


def _stacked(vectors: Any) -> Matrix:
    return np.stack([np.asarray(vector, np.float32).ravel() for vector in vectors])


def load_zoo_model(name: str, kwargs: dict[str, Any], is_raw: bool) -> Embedder:
    """Loads a model of FiftyOne's zoo as an embedder.

    Args:
        name: its name
        kwargs: arguments of ``foz.load_zoo_model``
        is_raw: whether its vectors keep their lengths
    """
    model: fom.Model = foz.load_zoo_model(name, **kwargs)
    return RawModel(model, name) if is_raw else ZooEmbedder(model, name)
