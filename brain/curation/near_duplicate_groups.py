"""Groups of near duplicates among compared vectors."""

from __future__ import annotations

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.curation.accidental_pairs import NearestPairs
from fiftyone_faiss.brain.curation.near_duplicates import joined
from fiftyone_faiss.brain.curation.thresholds import propose

# Vectors of two copies of one file differ by rounding.
EQUAL_DISTANCE = 1e-6


def groups_steps(compared: Compared, thresh: float | None = None) -> Steps[Positions]:
    """Finds the groups of near duplicates, which are counted once by scores.

    Args:
        compared: the vectors
        thresh (None): the largest distance of near duplicates; by default the proposed one, or
            that of equal vectors where none is proposed

    Returns:
        ``(n,)`` int32, equal for positions of one group
    """
    if thresh is None:
        thresh = propose(NearestPairs.of(compared.vectors)) or EQUAL_DISTANCE
    pairs = yield from joined(compared, thresh)
    return pairs.groups
