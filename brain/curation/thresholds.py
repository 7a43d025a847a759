"""Proposes the distance below which pairs are near duplicates."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.curation.accidental_pairs import NearestPairs

# At the proposed threshold, at least this share of the pairs are no accident.
MIN_PRECISION = 0.9
# Fewer pairs than these stand out by chance.
MIN_STANDING_OUT = 3
# Near duplicates are followed by a gap: at GAP times the threshold, there are at most GROWTH times
# as many pairs. Of different images, there would be several times as many.
GAP, GROWTH = 1.5, 1.35
# With more pairs per vector, it is whole classes that stand out from each other.
MAX_PAIRS = 3
CANDIDATES = 60


def propose(nearest: NearestPairs, fraction: float | None = None) -> float | None:
    """Proposes a threshold.

    Args:
        nearest: the nearest pairs
        fraction (None): the fraction of the vectors that shall have a near duplicate; by default,
            the largest threshold before a gap at which at most a tenth of the pairs is accidental

    Returns:
        a distance, None if no pairs stand out
    """
    if not len(nearest.distances):
        return None
    if fraction is not None:
        return nearest.thresh_for(fraction)
    return next((t for t in reversed(_candidates(nearest)) if _stands_out(nearest, t)), None)


def _candidates(nearest: NearestPairs) -> list[float]:
    """Distances below which there are neither too few pairs nor too many, ascending."""
    most = int(2 * MAX_PAIRS * len(nearest.sample))
    distances = nearest.distances[:most]
    positive = distances[distances > 0]
    if not len(positive):
        return []
    return [float(t) for t in np.geomspace(positive[0], positive[-1], CANDIDATES)]


def _stands_out(nearest: NearestPairs, thresh: float) -> bool:
    count = nearest.pairs_within(thresh)
    if count < MIN_STANDING_OUT or nearest.pairs_within(GAP * thresh) > GROWTH * count:
        return False
    expected = nearest.expected(thresh)
    if expected is None:
        return False
    is_certain = count - expected.high >= MIN_STANDING_OUT
    return is_certain and expected.value <= (1 - MIN_PRECISION) * count
