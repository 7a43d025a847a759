"""Texts that clusters are named by, and their vectors."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from typing import Literal

import cachetools
import numpy as np

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.models.prompts import Templates, embed_prompts
from fiftyone_faiss.embedders import Embedder

Vocabulary = Literal["general", "wordnet", "none"]
VOCABULARIES: tuple[Vocabulary, ...] = ("general", "wordnet", "none")

# Texts of which a process keeps the vectors.
KEPT = 8
# Models embed so many texts at once.
BATCH = 256


def vocabulary_of(value: str | Sequence[str]) -> tuple[str, ...]:
    """The texts of a vocabulary: given ones, or those of a name in ``VOCABULARIES``."""
    if not isinstance(value, str):
        return tuple(value)
    if value == "none":
        return ()
    return _wordnet() if value == "wordnet" else _general()


@cache
def _general() -> tuple[str, ...]:
    """The 1,000 names of ImageNet's classes that OpenCLIP uses: animals, plants, things, places."""
    # OpenCLIP takes seconds to import.
    from open_clip import IMAGENET_CLASSNAMES

    return tuple(dict.fromkeys(IMAGENET_CLASSNAMES))


@cache
def _wordnet() -> tuple[str, ...]:
    """The nouns of WordNet that timm's list of 11,821 ImageNet classes has: the first of each."""
    from timm.data.imagenet_info import ImageNetInfo

    info = ImageNetInfo("imagenet12k")
    names = (info.index_to_description(index) for index in range(info.num_classes()))
    return tuple(dict.fromkeys(name.split(",")[0].strip() for name in names))


@cachetools.cached(
    cachetools.LRUCache(KEPT),
    key=lambda embedder, texts, templates: (embedder.fingerprint, texts, templates),
    lock=threading.Lock(),
)
def text_vectors(embedder: Embedder, texts: tuple[str, ...], templates: Templates) -> Matrix:
    """``(len(texts), dim)`` float32 unit vectors of texts; computed once."""
    parts = [
        embed_prompts(embedder, list(texts[at : at + BATCH]), templates)
        for at in range(0, len(texts), BATCH)
    ]
    return np.concatenate(parts)
