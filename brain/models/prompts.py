"""Text prompts: templates, and their vectors."""

from __future__ import annotations

from typing import Literal

import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.embedders import Embedder

Templates = Literal["off", "one", "ensemble"]
TEMPLATES: tuple[Templates, ...] = ("off", "one", "ensemble")
"""Into which sentences words are put: none, the embedder's first, or the mean of all it has."""


def embed_prompts(embedder: Embedder, texts: list[str], templates: Templates) -> Matrix:
    """``(len(texts), dim)`` float32 unit vectors of words in the sentences of some templates."""
    if templates == "off":
        return embedder.embed_texts(texts)
    sentences = embedder.templates[: 1 if templates == "one" else None]
    filled = [sentence.format(text) for text in texts for sentence in sentences]
    vectors = embedder.embed_texts(filled).reshape(len(texts), len(sentences), -1)
    means: Matrix = vectors.mean(axis=1)
    return means / np.linalg.norm(means, axis=1, keepdims=True)
