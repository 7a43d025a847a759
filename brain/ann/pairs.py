"""Exact distances of pairs of vectors, each pair computed once."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.ann.cells import in_threads
from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors
from fiftyone_faiss.brain.core.arrays import Distances

# Pairs that one thread computes at a time.
PAIRS_PER_CALL = 65_536


def pair_distances(vectors: ScaledVectors, first: Positions, second: Positions) -> Distances:
    """Computes the ``(n,)`` exact distances of pairs of positions, in threads.

    A pair that occurs in both orders is computed once. It is fastest if pairs of the same
    positions follow each other.
    """
    low, high = np.minimum(first, second), np.maximum(first, second)
    keys = low.astype(np.int64) * len(vectors) + high
    keys, occurrence, places = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(occurrence)
    low, high = np.divmod(keys[order], len(vectors))
    starts = range(0, len(keys), PAIRS_PER_CALL)
    parts = [slice(start, start + PAIRS_PER_CALL) for start in starts]
    exact = np.empty(len(keys))
    computed = in_threads(lambda part: vectors.distances(low[part], high[part]), parts)
    exact[order] = np.concatenate([np.empty(0), *computed])
    return exact[places]
