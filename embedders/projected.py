"""Learned projections of embeddings, and embedders that apply one to the vectors of another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image

from fiftyone_faiss.embedders.base import Embedder, EmbedderError, Vectors, unit


@dataclass(frozen=True)
class Projection:
    """A linear map near the identity: ``x + left @ (right.T @ x)``, of low rank beside it.

    Attributes:
        left: ``(dim, rank)`` float32
        right: ``(dim, rank)`` float32
        scales_to_unit: whether projected vectors are scaled to length 1
    """

    left: Vectors
    right: Vectors
    scales_to_unit: bool = True

    @property
    def dim(self) -> int:
        """The length of the vectors."""
        return len(self.left)

    @property
    def matrix(self) -> Vectors:
        """The ``(dim, dim)`` float32 matrix ``W`` that maps a row vector ``x`` to ``x @ W.T``."""
        identity = np.eye(self.dim, dtype=np.float32)
        return identity + self.left @ self.right.T

    def apply(self, vectors: Vectors) -> Vectors:
        """Projects vectors.

        Args:
            vectors: ``(n, dim)`` float32

        Returns:
            ``(n, dim)`` float32
        """
        projected = np.asarray(vectors + (vectors @ self.right) @ self.left.T, np.float32)
        return unit(projected) if self.scales_to_unit else projected

    def scaled(self, amount: float) -> Projection:
        """The projection with its distance from the identity scaled: 0 is the identity."""
        left = (self.left * np.float32(amount)).astype(np.float32)
        return Projection(left, self.right, self.scales_to_unit)

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of the weights."""
        digest = hashlib.sha256(f"{self.left.shape}|{self.scales_to_unit}".encode())
        for weights in (self.left, self.right):
            digest.update(np.ascontiguousarray(weights, "<f4").tobytes())
        return digest.hexdigest()[:16]


class ProjectedEmbedder(Embedder):
    """An embedder that projects what another one embeds, images and texts alike.

    Args:
        name: the name of the embedder
        base: the other embedder
        projection: the projection

    Raises:
        EmbedderError: if the vectors of the other embedder have another length
    """

    def __init__(self, name: str, base: Embedder, projection: Projection) -> None:
        if base.dim != projection.dim:
            raise EmbedderError(
                f"The projection of '{name}' takes vectors of {projection.dim} dimensions, and "
                f"those of '{base.name}' have {base.dim}; learn it again."
            )
        self.name, self.base, self.projection = name, base, projection
        self.dim, self.precision = base.dim, base.precision
        self.supports_text, self.templates = base.supports_text, base.templates
        self.image_size, self.pads_batches = base.image_size, base.pads_batches

    @property
    def fingerprint(self) -> str:
        return projected_fingerprint(self.base.fingerprint, self.projection)

    def preprocess(self, image: Image.Image) -> Any:
        return self.base.preprocess(image)

    def batch_size(self) -> int:
        return self.base.batch_size()

    def max_workers(self) -> int:
        return self.base.max_workers()

    def start_worker(self) -> None:
        self.base.start_worker()

    def embed_images(self, images: Sequence[Any]) -> Vectors:
        return self.projection.apply(self.base.embed_images(images))

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        if not self.supports_text:
            return super().embed_texts(texts)
        return self.projection.apply(self.base.embed_texts(texts))

    def text_warning(self, text: str) -> str | None:
        return self.base.text_warning(text)


def projected_fingerprint(base: str, projection: Projection) -> str:
    """The fingerprint of a projected embedder, from that of the other embedder."""
    text = f"projected|{base}|{projection.fingerprint}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
