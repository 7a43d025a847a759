"""Chooses the method that measures best for a model, on some samples of an index."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from typing import TypeAlias

import cachetools
import numpy as np

from fiftyone_faiss.brain.backend.searchable import IndexReader, SearchableIndex
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.insight.explaining.faithfulness import (
    SHARES,
    mean_scores,
    removal_masks,
)
from fiftyone_faiss.brain.insight.explaining.images import SeenImage
from fiftyone_faiss.brain.insight.explaining.methods import (
    EXPLANATION_METHODS,
    SIDE_COUNT,
    Method,
    map_of,
    side_steps,
)
from fiftyone_faiss.brain.insight.explaining.removing import embed_steps
from fiftyone_faiss.brain.insight.explaining.sides import open_match
from fiftyone_faiss.brain.retrieval.reference_set import prompt_vectors
from fiftyone_faiss.embedders import Embedder, unit

MEASURED_SAMPLES = 5
"""How many samples of the index the methods are measured on."""

Gains: TypeAlias = Mapping[Method, float]
"""The mean score when the map's part is kept, minus that when it is removed, by method."""

# Measuring takes as long as some explanations: it is done once for each state of an index.
_known: cachetools.LRUCache[object, Gains] = cachetools.LRUCache(64)
_lock = threading.Lock()


def known_gains(index: SearchableIndex, is_text: bool) -> Gains | None:
    """What :func:`gains_steps` measured before for this state of an index."""
    with _lock:
        return _known.get(_key(index, is_text))


def gains_steps(index: SearchableIndex, is_text: bool) -> Generator[int, None, Gains]:
    """Measures the methods that a model supports, on samples of an index and likely queries.

    The query of a sample is its nearest neighbor, or the reference prompt that it is most similar
    to. Samples whose files cannot be read are left out.

    Args:
        index: the index
        is_text: whether queries are texts

    Yields:
        how many images were embedded since the last step

    Returns:
        the gains; ``{"occlusion": 0.0}`` without measuring if nothing else is supported
    """
    embedder, reader = index.get_embedder(), index.reader()
    rows = reader.sample_rows(MEASURED_SAMPLES)
    gains: dict[Method, list[float]] = {}
    for row, id in zip(rows.tolist(), reader.ids_at(rows), strict=True):
        target = _likely_query(reader, embedder, row, is_text)
        try:
            seen_image = open_match(index, id).seen_by(index)
        except ValueError:
            continue
        if target is None or not _others(embedder, seen_image, target):
            continue
        side = yield from side_steps(embedder, seen_image, EXPLANATION_METHODS)
        for method in EXPLANATION_METHODS:
            image_map = map_of(method, embedder, side, target)
            if image_map is not None:
                vectors = yield from embed_steps(embedder, seen_image, removal_masks(image_map))
                deletion, insertion = mean_scores(vectors, target)
                gains.setdefault(method, []).append(float(insertion - deletion))
    means: Gains = {method: float(np.mean(values)) for method, values in gains.items()}
    result = means or {"occlusion": 0.0}
    with _lock:
        _known[_key(index, is_text)] = result
    return result


GAINS_COUNT = MEASURED_SAMPLES * (SIDE_COUNT + 2 * len(SHARES) * len(EXPLANATION_METHODS))
"""How many images :func:`gains_steps` embeds at most."""


def best_of(gains: Gains) -> Method:
    """The method with the largest gain."""
    return max(gains, key=lambda method: gains[method])


def _others(embedder: Embedder, seen_image: SeenImage, target: Matrix) -> bool:
    """Whether a model supports a method besides occlusion."""
    if embedder.patch_parts(seen_image.image) is not None:
        return True
    return embedder.gradient_map(seen_image.image, target) is not None


def _likely_query(
    reader: IndexReader, embedder: Embedder, row: int, is_text: bool
) -> Matrix | None:
    vector = reader.vectors_at(np.array([row]))
    if is_text:
        prompts = prompt_vectors(embedder, "off")
        likely: Matrix = prompts[int((prompts @ unit(vector)[0]).argmax())]
        return likely
    nearest = reader.nearest(vector[0], 2).rows
    others = nearest[nearest != row]
    return unit(reader.vectors_at(others[:1]))[0] if len(others) else None


def _key(index: SearchableIndex, is_text: bool) -> object:
    embedder = index.get_embedder()
    return index.reader().cache_key, embedder.fingerprint, embedder.precision, is_text
