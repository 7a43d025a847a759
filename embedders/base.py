"""What an embedder is: a name and a small class that turns images and texts into unit vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Vectors = npt.NDArray[np.float32]
DEFAULT_BATCH_SIZE = 32


class EmbedderError(ValueError):
    """A model that cannot be found or loaded, or that cannot do what was asked of it."""


class Embedder(ABC):
    """Turns images, and texts when it can, into vectors of one shared space.

    A subclass implements :meth:`embed_images`. When part of the work on an image does not need
    the model (resizing, say), it belongs into :meth:`preprocess`, which the embedding loop calls
    in its decoding threads.
    """

    name: str
    """What the embedder is called in ``model=``, in forms and in stored indexes."""

    dim: int
    """The length of every vector."""

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
    """Sentences to put a query's words into, the best first; used only where that is asked for."""

    image_size: int | None = None
    """The shorter side, in pixels, that :meth:`preprocess` scales images to; larger JPEGs may be
    decoded at a fraction of their size. None if it needs them whole."""

    lanes: int = 1
    """How many threads may call :meth:`embed_images` at the same time."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A short hash of weights and preprocessing: equal means equal vectors."""

    def preprocess(self, image: Image.Image) -> Any:
        """Prepares one RGB image for :meth:`embed_images`; called from several threads."""
        return image

    def batch_size(self) -> int:
        """How many images to embed at once on this machine."""
        return DEFAULT_BATCH_SIZE

    def enter_lane(self) -> None:  # noqa: B027
        """Prepares the calling thread, one of ``lanes``, for calls of :meth:`embed_images`."""

    @abstractmethod
    def embed_images(self, images: Sequence[Any]) -> Vectors:
        """Embeds a batch of images.

        Args:
            images: what :meth:`preprocess` returned for each image

        Returns:
            ``(len(images), dim)`` float32 vectors of length 1

        Raises:
            MemoryError: if there is not enough for so many; they are then embedded in parts
        """

    def embed_image(self, image: Image.Image) -> Vectors:
        """Embeds one RGB image: a ``(dim,)`` float32 vector of length 1."""
        vector: Vectors = self.embed_images([self.preprocess(image)])[0]
        return vector

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embeds a batch of texts.

        Args:
            texts: the texts

        Returns:
            ``(len(texts), dim)`` float32 vectors of length 1

        Raises:
            EmbedderError: if the model has no text side
        """
        raise EmbedderError(
            f"'{self.name}' embeds images only; search with an image or with selected samples, "
            "or build an index with a CLIP model to search by words."
        )

    def text_warning(self, text: str) -> str | None:
        """A sentence for the person who typed ``text``, if the model cannot read all of it."""
        return None


OFFLINE = ("colorhist", "hog", "phash")
"""The embedders that need no weights."""


def weights_error(name: str, error: Exception, elsewhere: str) -> EmbedderError:
    """The error of weights that could not be had.

    Args:
        name: the model
        error: what came of trying
        elsewhere: how to give weights that were fetched on another machine
    """
    tried = " ".join(str(error).split())[:300].rstrip(".")
    return EmbedderError(
        f"The weights of '{name}' could not be loaded ({tried}). Check the connection; or download "
        f"them on another machine and {elsewhere}; or use an embedder that works offline: "
        f"{', '.join(OFFLINE)}, or one that list_models() shows as cached."
    )


def unit(vectors: Vectors) -> Vectors:
    """Scales every row to length 1; a row of zeros stays as it is.

    Args:
        vectors: ``(n, dim)`` float32

    Returns:
        ``(n, dim)`` float32
    """
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
