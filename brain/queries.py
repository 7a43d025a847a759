"""What can be searched for: words, an image, samples, a vector.

Each query knows how to describe itself, which vector it is in an index's space, and what the
person should know about that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from bson import ObjectId
from PIL import Image

from fiftyone_faiss.brain.models import get_embedder
from fiftyone_faiss.brain.segments import Matrix
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.vectors import checked_vectors
from fiftyone_faiss.embedders import Embedder, decode_base64_image, read_image

MAX_QUERY_LENGTH = 1_000


class Query(ABC):
    """Something to search for."""

    @abstractmethod
    def describe(self) -> str:
        """A few words for a status line."""

    @abstractmethod
    def vector(self, index: FaissSimilarityIndex) -> Matrix:
        """The ``(dim,)`` float32 vector of this query in an index's space."""

    def notes(self, index: FaissSimilarityIndex) -> tuple[str, ...]:
        """Sentences about how well the index's model can read this query."""
        return ()


@dataclass(frozen=True)
class TextQuery(Query):
    """Words."""

    text: str

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("The query is empty; type what to look for, such as 'a red car'.")
        if len(self.text) > MAX_QUERY_LENGTH:
            raise ValueError(
                f"The query has {len(self.text):,} characters; shorten it to "
                f"{MAX_QUERY_LENGTH:,} or fewer."
            )

    def describe(self) -> str:
        return f'"{self.text}"'

    def vector(self, index: FaissSimilarityIndex) -> Matrix:
        if not index.supports_prompts:
            raise ValueError(
                f"The index '{index.key}' cannot be searched by words: its vectors come from "
                f"{index.config.model or 'a field, not from a named model'}. Search it with an "
                "image or with selected samples, or build an index with a CLIP model."
            )
        vector: Matrix = self._embedder(index).embed_texts([self.text.strip()])[0]
        return vector

    def notes(self, index: FaissSimilarityIndex) -> tuple[str, ...]:
        warning = self._embedder(index).text_warning(self.text)
        return (warning,) if warning else ()

    def _embedder(self, index: FaissSimilarityIndex) -> Embedder:
        return _embedder_of(index)


@dataclass(frozen=True)
class ImageQuery(Query):
    """An image that need not be in the dataset."""

    image: Image.Image
    name: str = "an image"

    def describe(self) -> str:
        return self.name

    def vector(self, index: FaissSimilarityIndex) -> Matrix:
        return _embedder_of(index).embed_image(self.image.convert("RGB"))


@dataclass(frozen=True)
class SamplesQuery(Query):
    """Samples of the dataset, or labels for an index of patches; several are averaged."""

    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.ids:
            raise ValueError("No samples are selected; select one or more and search again.")

    def describe(self) -> str:
        return "1 sample" if len(self.ids) == 1 else f"{len(self.ids)} samples"

    def vector(self, index: FaissSimilarityIndex) -> Matrix:
        mean: Matrix = index.vectors_of(self.ids).mean(axis=0)
        return mean


@dataclass(frozen=True, eq=False)
class VectorQuery(Query):
    """A vector of the index's space."""

    values: Matrix

    def __post_init__(self) -> None:
        checked_vectors(self.values[None])

    def describe(self) -> str:
        return "a vector"

    def vector(self, index: FaissSimilarityIndex) -> Matrix:
        return checked_vectors(self.values[None])[0]


def _embedder_of(index: FaissSimilarityIndex) -> Embedder:
    model = index.config.model
    if model is None:
        raise ValueError(
            f"The index '{index.key}' does not name the model of its vectors, so it can only be "
            "searched with samples of the dataset or with a vector."
        )
    return get_embedder(model)


def parse_query(value: Any) -> Query:
    """Makes a query of what a caller gave.

    Args:
        value: a :class:`Query`; words; a sample id or a list of them; a ``pathlib.Path`` of an
            image; a PIL image; an RGB ``(height, width, 3)`` uint8 array; or a vector

    Raises:
        ValueError: if it is none of these, or empty
    """
    if isinstance(value, Query):
        return value
    if isinstance(value, Path):
        return ImageQuery(read_image(value), value.name)
    if isinstance(value, Image.Image):
        return ImageQuery(value)
    if isinstance(value, np.ndarray):
        return _array_query(value)
    if isinstance(value, str):
        return SamplesQuery((value,)) if ObjectId.is_valid(value) else TextQuery(value)
    if isinstance(value, (list, tuple)) and all(ObjectId.is_valid(one) for one in value):
        return SamplesQuery(tuple(str(one) for one in value))
    raise ValueError(
        f"A query of type {type(value).__name__} is not understood; give words, sample ids, a "
        "pathlib.Path, an image or a vector."
    )


def _array_query(array: np.ndarray) -> Query:
    if array.ndim == 3 and array.dtype == np.uint8:
        return ImageQuery(Image.fromarray(array))
    if array.ndim == 1 and np.issubdtype(array.dtype, np.number):
        return VectorQuery(array)
    raise ValueError(
        f"An array of shape {array.shape} is no query; give a vector, or an RGB image of uint8."
    )


def query_from_params(params: Mapping[str, Any]) -> Query:
    """Reads a query from a form.

    Args:
        params: ``query_type`` (``"text"``, ``"image"`` or ``"samples"``) and its value: ``query``,
            ``image`` (an upload: ``{"content": <base64>, "name": ...}``) or ``sample_ids``

    Raises:
        ValueError: if the value is missing or bad, saying what to do
    """
    kind = params.get("query_type", "text")
    if kind == "text":
        return TextQuery(str(params.get("query") or ""))
    if kind == "samples":
        return parse_query(list(params.get("sample_ids") or ()))
    if kind == "image":
        upload = params.get("image") or {}
        name = str(upload.get("name") or "the upload")
        if not upload.get("content"):
            raise ValueError("No image was uploaded; choose a JPEG, PNG or WebP file.")
        return ImageQuery(decode_base64_image(upload["content"], name), name)
    raise ValueError(f"'{kind}' is no query_type; choose 'text', 'image' or 'samples'.")
