"""Proposes the distance below which pairs are near duplicates."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.curation.accidental_pairs import AccidentalPairs

# At the proposed threshold, at least this share of the pairs are no accident.
MIN_PRECISION = 0.9
# Fewer pairs than these stand out by chance.
MIN_STANDING_OUT = 3


def propose(
    accidental: AccidentalPairs | None, count: int, fraction: float | None = None
) -> float | None:
    """Proposes a threshold.

    Args:
        accidental: the tail of the distances, None if it is unknown
        count: the number of vectors
        fraction (None): the fraction of the vectors that shall have a near duplicate; by default,
            the largest threshold where at most a tenth of the pairs is accidental

    Returns:
        a distance, None if no pairs stand out
    """
    if accidental is None or not len(accidental.distances):
        return None
    if fraction is not None:
        return accidental.thresh_for(fraction)
    best = None
    candidates = np.unique(accidental.distances[accidental.distances <= accidental.start])
    for thresh in candidates[:: max(1, len(candidates) // 200)].tolist():
        found, expected = accidental.found(thresh), accidental.expected(thresh)
        stands_out = found - expected.high >= MIN_STANDING_OUT
        if stands_out and expected.value <= (1 - MIN_PRECISION) * found:
            best = thresh
    return best
