"""Pairs to teach with, and the vectors of an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import fiftyone as fo
import numpy as np

from fiftyone_faiss.brain import load_faiss_index

IdPairs = list[tuple[str, str]]


def class_pairs(classes: Mapping[str, str], count: int, seed: int) -> tuple[IdPairs, IdPairs]:
    """Random pairs of ids of one class, and of two classes."""
    pairs = random_pairs(list(classes), 60 * count, seed)
    alike = [pair for pair in pairs if classes[pair[0]] == classes[pair[1]]]
    unlike = [pair for pair in pairs if classes[pair[0]] != classes[pair[1]]]
    return alike[:count], unlike[:count]


def random_pairs(ids: Sequence[str], count: int, seed: int) -> IdPairs:
    """Different random pairs of ids, each once, at most as many as there are."""
    rng = np.random.default_rng(seed)
    pairs: dict[tuple[str, str], None] = {}
    most = len(ids) * (len(ids) - 1) // 2
    while len(pairs) < min(count, most // 2):
        first, second = sorted(ids[n] for n in rng.integers(0, len(ids), 2))
        if first != second:
            pairs[first, second] = None
    return list(pairs)


def vectors_of(samples: fo.Dataset, brain_key: str) -> dict[str, np.ndarray]:
    """The vectors of an index by id."""
    vectors, sample_ids, label_ids = load_faiss_index(samples, brain_key).get_embeddings()
    ids = sample_ids if label_ids is None else label_ids
    return dict(zip(ids.tolist(), vectors, strict=True))
