"""Defines what an embedder is: a name and a class that turns images and texts into unit vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fiftyone_faiss.embedders.boxes import Box
from fiftyone_faiss.embedders.parts import PatchParts

Vectors = npt.NDArray[np.float32]
DEFAULT_BATCH_SIZE = 32


class EmbedderError(ValueError):
    """Raised when a model cannot be found, loaded or used as requested."""


class Embedder(ABC):
    """Turns images, and texts if the model supports them, into vectors of one shared space.

    A subclass implements :meth:`embed_images`. Work that does not need the model, such as
    resizing, belongs in :meth:`preprocess`, which the embedding loop calls in its decoding
    threads.
    """

    name: str
    """The name of the embedder in ``model=``, in forms and in stored indexes."""

    dim: int
    """The length of every vector."""

    precision: str = "float32"
    """The number format that images and texts are computed in. Vectors are float32 in any case."""

    supports_text: bool = False
    """Whether :meth:`embed_texts` works, in the same space as the images."""

    templates: tuple[str, ...] = (
        "a photo of {}",
        "a picture of {}",
        "a close-up photo of {}",
        "a photo of {} from far away",
        "a dark photo of {}",
        "a bright photo of {}",
        "a blurry photo of {}",
    )
    """Prompt templates for text queries, the best first. They are used only on request."""

    image_size: int | None = None
    """The shorter side, in pixels, that :meth:`preprocess` scales images to. Larger JPEGs may be
    decoded at a fraction of their size. None if the embedder needs them in full."""

    pads_batches: bool = False
    """Whether the embedding loop fills up smaller batches to the batch size. Set this if rounding
    differs between batch sizes: a vector then does not depend on the rest of its batch."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A short hash of weights and preprocessing.

        Equal fingerprints mean equal vectors, except for rounding, which depends on
        :attr:`precision` and on the device.
        """

    def preprocess(self, image: Image.Image) -> Any:
        """Prepares one RGB image for :meth:`embed_images`; several threads call this."""
        return image

    def batch_size(self) -> int:
        """Returns how many images to embed at once on this machine."""
        return DEFAULT_BATCH_SIZE

    def max_workers(self) -> int:
        """Returns how many threads may call :meth:`embed_images` at the same time."""
        return 1

    def start_worker(self) -> None:  # noqa: B027
        """Prepares the calling thread, one of ``max_workers()``, to call :meth:`embed_images`."""

    @abstractmethod
    def embed_images(self, images: Sequence[Any]) -> Vectors:
        """Embeds a batch of images.

        Args:
            images: what :meth:`preprocess` returned for each image

        Returns:
            ``(len(images), dim)`` float32 vectors of length 1; one with a value that is not finite
            makes its image a failure

        Raises:
            MemoryError: if the batch does not fit in memory; it is then embedded in parts
        """

    def embed_image(self, image: Image.Image) -> Vectors:
        """Embeds one RGB image as a query.

        Returns:
            a ``(dim,)`` float32 vector of length 1

        Raises:
            EmbedderError: if its vector has values that are not finite
        """
        vectors = self.embed_images([self.preprocess(image)])
        if not are_finite(vectors).all():
            raise EmbedderError(f"The image cannot be embedded: {not_finite_reason(self)}.")
        vector: Vectors = vectors[0]
        return vector

    def seen_box(self, image: Image.Image) -> Box | None:
        """Returns the part of an image that the model looks at.

        Returns:
            ``(left, top, width, height)`` relative to the image, beyond it where the image is
            padded; None if that is not known
        """
        return 0.0, 0.0, 1.0, 1.0

    def patch_parts(self, image: Image.Image) -> PatchParts | None:
        """Divides the vector of one RGB image into what each of its patches adds.

        Returns:
            the parts, in float32 whatever :attr:`precision` is, on a grid over :meth:`seen_box`;
            None if the model has no such parts
        """
        return None

    def gradient_map(self, image: Image.Image, vector: Vectors) -> Vectors | None:
        """Returns where one RGB image raises the similarity to a vector, by gradients.

        Args:
            image: the image
            vector: ``(dim,)`` float32

        Returns:
            ``(rows, columns)`` float32, at least 0, on a grid over :meth:`seen_box`; None if the
            model is no convolutional network
        """
        return None

    def scrambled(self) -> Embedder | None:
        """Returns the same network with shuffled weights, which knows nothing about images.

        Returns:
            another embedder; None if this one has no weights
        """
        return None

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embeds a batch of texts.

        Args:
            texts: the texts

        Returns:
            ``(len(texts), dim)`` float32 vectors of length 1

        Raises:
            EmbedderError: if the model does not embed texts
        """
        raise EmbedderError(
            f"'{self.name}' embeds images only; search with an image or with selected samples, "
            "or build an index with a CLIP model to search by text."
        )

    def text_warning(self, text: str) -> str | None:
        """Returns a sentence for the user if the model cannot read all of ``text``, else None."""
        return None


OFFLINE = ("colorhist", "hog", "phash", "sift")
"""The embedders that need no weights."""


def weights_error(name: str, error: Exception, alternative: str) -> EmbedderError:
    """Returns the error for weights that cannot be loaded.

    Args:
        name: the model
        error: why loading failed
        alternative: how to name weights that were downloaded on another machine
    """
    reason = " ".join(str(error).split())[:300].rstrip(".")
    return EmbedderError(
        f"The weights of '{name}' could not be loaded ({reason}). Check the connection; or "
        f"download them on another machine and {alternative}; or use an embedder that works "
        f"offline: {', '.join(OFFLINE)}, or one that list_models() shows as cached."
    )


def unit(vectors: Vectors) -> Vectors:
    """Scales every row to length 1; a row of zeros stays as it is.

    Args:
        vectors: ``(n, dim)`` float32

    Returns:
        ``(n, dim)`` float32; rows with values that are not finite have NaN
    """
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
        # Squares of very large values do not fit into float32.
        huge = np.isinf(norms[..., 0])
        norms[huge] = np.linalg.norm(vectors[huge].astype(np.float64), axis=-1, keepdims=True)
        scaled = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms != 0)
    scaled[~np.isfinite(norms[..., 0])] = np.nan
    return scaled


def are_finite(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """Returns ``(n,)``: whether all values of a row are finite."""
    return np.asarray(np.isfinite(vectors).all(axis=-1))


def not_finite_reason(embedder: Embedder) -> str:
    """Returns why an image, or a text, without a finite vector has none."""
    remedy = "; load it with precision='float32'" if embedder.precision == "float16" else ""
    return f"the model '{embedder.name}' returned numbers that are not finite{remedy}"
