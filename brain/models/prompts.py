"""The embeddings of text prompts, with prompt templates."""

from __future__ import annotations

from typing import Literal

import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.embedders import Embedder

Templates = Literal["off", "single", "ensemble"]
TEMPLATES: tuple[Templates, ...] = ("off", "single", "ensemble")
"""The prompt templates that texts are put into: none, the embedder's first, or all, with the mean
of their vectors."""


def embed_prompts(embedder: Embedder, texts: list[str], templates: Templates) -> Matrix:
    """``(len(texts), dim)`` float32 unit vectors of texts in prompt templates."""
    if templates == "off":
        return embedder.embed_texts(texts)
    formats = embedder.templates[: 1 if templates == "single" else None]
    prompts = [format.format(text) for text in texts for format in formats]
    vectors = embedder.embed_texts(prompts).reshape(len(texts), len(formats), -1)
    means: Matrix = vectors.mean(axis=1)
    return means / np.linalg.norm(means, axis=1, keepdims=True)
