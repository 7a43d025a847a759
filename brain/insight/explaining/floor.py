"""Measures how faithful the maps of a network are that knows nothing.

A network with random weights depends on what it sees, too. How much, depends on its architecture:
so the weights of a network are shuffled, and its maps are measured like those of the network itself
(Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018).
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from itertools import pairwise

import cachetools
import numpy as np

from fiftyone_faiss.brain.backend.searchable import SearchableIndex
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.insight.explaining.faithfulness import (
    FAITHFULNESS_COUNT,
    faithfulness_steps,
)
from fiftyone_faiss.brain.insight.explaining.images import SeenImage
from fiftyone_faiss.brain.insight.explaining.methods import SIDE_COUNT, map_of, side_steps
from fiftyone_faiss.brain.insight.explaining.sides import open_match
from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.embedders import Embedder, EmbedderError

SAMPLES = 3
"""How many samples of the index are used."""

FLOOR_COUNT = SAMPLES * (SIDE_COUNT + FAITHFULNESS_COUNT)
"""How many images :func:`floor_steps` embeds at most."""

# Measured once for each state of an index.
_known: cachetools.LRUCache[object, float] = cachetools.LRUCache(64)
_lock = threading.Lock()


def known_floor(index: SearchableIndex, is_text: bool) -> float | None:
    """What :func:`floor_steps` measured before for this state of an index."""
    with _lock:
        return _known.get(_key(index, is_text))


def floor_steps(index: SearchableIndex, is_text: bool) -> Generator[int, None, float]:
    """Measures the largest gain by deletion of the model with shuffled weights.

    Random samples are compared with a reference prompt, or with the next sample. Samples whose
    files cannot be read are left out.

    Args:
        index: the index
        is_text: whether queries are texts

    Yields:
        how many images were embedded since the last step

    Returns:
        the gain, at least 0; 0 for embedders without weights
    """
    embedder, reader = index.get_embedder(), index.reader()
    scrambled, floor = embedder.scrambled(), 0.0
    if scrambled is not None:
        images = []
        for id in reader.ids_at(reader.sample_rows(SAMPLES + 1)):
            try:
                images.append(open_match(index, id).seen_by(index))
            except ValueError:
                continue
        for place, (seen_image, other) in enumerate(pairwise(images)):
            try:
                if is_text:
                    target = scrambled.embed_texts(list(REFERENCE_PROMPTS[place : place + 1]))[0]
                else:
                    target = scrambled.embed_image(other.image)
                gain = yield from scrambled_gain_steps(scrambled, seen_image, target)
            except EmbedderError:
                # Shuffled weights may give numbers that are not finite.
                continue
            floor = max(floor, gain)
    with _lock:
        _known[_key(index, is_text)] = floor
    return floor


def scrambled_gain_steps(
    scrambled: Embedder, seen_image: SeenImage, target: Matrix
) -> Generator[int, None, float]:
    """The gain by deletion of an occlusion map, for the similarity to a ``(dim,)`` vector."""
    side = yield from side_steps(scrambled, seen_image, ("occlusion",))
    image_map = map_of("occlusion", scrambled, side, target)
    assert image_map is not None
    faithfulness = yield from faithfulness_steps(scrambled, seen_image, image_map, target)
    gain = faithfulness.deletion_gain
    return gain if np.isfinite(gain) else 0.0


def _key(index: SearchableIndex, is_text: bool) -> object:
    embedder = index.get_embedder()
    return index.reader().cache_key, embedder.fingerprint, embedder.precision, is_text
