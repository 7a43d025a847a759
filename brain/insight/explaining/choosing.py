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
    RANDOM_MAPS,
    SHARES,
    random_masks,
    resized_values,
)
from fiftyone_faiss.brain.insight.explaining.images import ImageMap, SeenImage
from fiftyone_faiss.brain.insight.explaining.methods import (
    EXPLANATION_METHODS,
    SIDE_COUNT,
    Method,
    map_of,
    side_steps,
)
from fiftyone_faiss.brain.insight.explaining.removing import SIDE, Masks, embed_steps
from fiftyone_faiss.brain.insight.explaining.sides import open_match
from fiftyone_faiss.brain.retrieval.reference_set import prompt_vectors
from fiftyone_faiss.embedders import Embedder, unit

MEASURED_SAMPLES = 5
"""How many samples of the index the methods are measured on."""

# The places among SHARES of the sizes of the random parts that are removed.
_PLACES = (1, 2)

Fits: TypeAlias = Mapping[Method, float]
"""How well the maps of each method predict the score when random parts are removed: the mean
correlation of what is removed of the map with how much the score drops, -1 to 1."""

# Measuring takes as long as some explanations: it is done once for each state of an index.
_known: cachetools.LRUCache[object, Fits] = cachetools.LRUCache(64)
_lock = threading.Lock()


def known_fits(index: SearchableIndex, is_text: bool) -> Fits | None:
    """What :func:`fit_steps` measured before for this state of an index."""
    with _lock:
        return _known.get(_key(index, is_text))


def fit_steps(index: SearchableIndex, is_text: bool) -> Generator[int, None, Fits]:
    """Measures the methods that a model supports, on samples of an index and likely queries.

    The query of a sample is its nearest neighbor, or the reference prompt that it is most similar
    to. Samples whose files cannot be read are left out.

    Args:
        index: the index
        is_text: whether queries are texts

    Yields:
        how many images were embedded since the last step

    Returns:
        the fits; ``{"occlusion": 0.0}`` without measuring if nothing else is supported
    """
    embedder, reader = index.get_embedder(), index.reader()
    rows, masks = reader.sample_rows(MEASURED_SAMPLES), _random_parts()
    fits: dict[Method, list[float]] = {}
    for row, id in zip(rows.tolist(), reader.ids_at(rows), strict=True):
        target = _likely_query(reader, embedder, row, is_text)
        try:
            seen_image = open_match(index, id).seen_by(index)
        except ValueError:
            continue
        if target is None or not _others(embedder, seen_image, target):
            continue
        side = yield from side_steps(embedder, seen_image, EXPLANATION_METHODS)
        vectors = yield from embed_steps(embedder, seen_image, masks)
        drops = np.asarray((side.vector - vectors) @ target, np.float32)
        for method in EXPLANATION_METHODS:
            image_map = map_of(method, embedder, side, target)
            if image_map is not None:
                fits.setdefault(method, []).append(_correlation(image_map, masks, drops))
    means: Fits = {method: float(np.mean(values)) for method, values in fits.items()}
    result = means or {"occlusion": 0.0}
    with _lock:
        _known[_key(index, is_text)] = result
    return result


FIT_COUNT = MEASURED_SAMPLES * (SIDE_COUNT + 2 * RANDOM_MAPS)
"""How many images :func:`fit_steps` embeds at most."""


def best_of(fits: Fits) -> Method:
    """The method with the best fit."""
    return max(fits, key=lambda method: fits[method])


def _random_parts() -> Masks:
    """``(2 * RANDOM_MAPS, SIDE, SIDE)``: random parts, first of one size, then of another."""
    masks = random_masks(np.random.default_rng(52)).reshape(RANDOM_MAPS, len(SHARES), SIDE, SIDE)
    return np.concatenate([masks[:, place] for place in _PLACES])


def _correlation(image_map: ImageMap, masks: Masks, drops: Matrix) -> float:
    """The correlation of what parts have of a map with how much the score drops without them.

    Parts of each size are compared with each other: larger ones have more of any map. See Ancona
    et al., "Towards better understanding of gradient-based attribution methods", ICLR 2018.
    """
    values = np.maximum(resized_values(image_map), 0)
    removed = (masks * values).sum(axis=(1, 2))
    groups = [
        (part - part.mean(axis=1, keepdims=True)).ravel()
        for part in (removed.reshape(len(_PLACES), -1), drops.reshape(len(_PLACES), -1))
    ]
    norms = float(np.linalg.norm(groups[0]) * np.linalg.norm(groups[1]))
    return float(groups[0] @ groups[1]) / norms if norms > 0 else 0.0


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
