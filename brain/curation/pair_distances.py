"""The distances of near pairs, from which a person chooses a threshold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.curation.accidental_pairs import Estimate, NearestPairs
from fiftyone_faiss.brain.curation.near_duplicates import bounded
from fiftyone_faiss.brain.curation.splits import Splits, read_splits
from fiftyone_faiss.brain.curation.thresholds import propose

BINS = 48
# A threshold beyond this many pairs per vector tells whole classes from each other.
PAIRS_PER_VECTOR = 3
# The range is this many times the proposal, so that a person sees the gap after it.
BEYOND_PROPOSAL = 2.5


@dataclass(frozen=True)
class ThresholdCounts:
    """What a threshold finds.

    Attributes:
        thresh: the distance
        pairs: the number of pairs within it, estimated where some of the vectors were compared
        expected: how many of them are accidental; None if there are too few pairs to tell
    """

    thresh: float
    pairs: float
    expected: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        expected = None if self.expected is None else self.expected.to_dict()
        return {"thresh": self.thresh, "pairs": self.pairs, "expected": expected}


@dataclass(frozen=True)
class PairDistances:
    """The distances of the nearest pairs of a collection.

    Attributes:
        table: what each of some ascending thresholds finds; the bars of a histogram are the
            differences of the pairs of its rows
        proposal: the threshold that a search proposes, None if no distance stands out
        compared: the number of samples, frames or labels
    """

    table: list[ThresholdCounts]
    proposal: ThresholdCounts | None
    compared: int

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "table": [row.to_dict() for row in self.table],
            "proposal": None if self.proposal is None else self.proposal.to_dict(),
            "compared": self.compared,
        }


def duplicate_distances(
    samples: foc.SampleCollection, brain_key: str | None = None, splits: Splits | None = None
) -> PairDistances:
    """Counts the near pairs within each of some thresholds, and how many are accidental.

    Args:
        samples: a dataset or a view
        brain_key (None): the index; not needed when there is only one
        splits (None): see :func:`find_leaks`; if given, only pairs of different splits count

    Returns:
        a :class:`PairDistances`

    Raises:
        ValueError: as in :func:`find_near_duplicates` and :func:`find_leaks`
    """
    split_of = None if splits is None else read_splits(samples, splits).split_of
    compared = Compared.of(samples, brain_key)
    every = NearestPairs.of(compared.vectors)
    proposed = propose(every)
    counted, share = (every, 1.0) if split_of is None else _across(compared, every, split_of)
    if not len(counted.distances):
        return PairDistances([], None, len(compared.vectors))

    def counts(thresh: float) -> ThresholdCounts:
        pairs = counted.pairs_within(thresh)
        expected = bounded(every.expected(thresh), round(pairs), share)
        return ThresholdCounts(thresh, pairs, expected)

    high = _range(counted, proposed)
    table = [counts(float(thresh)) for thresh in np.linspace(0, high, BINS + 1)]
    return PairDistances(table, None if proposed is None else counts(proposed), every.total)


def _range(nearest: NearestPairs, proposed: float | None) -> float:
    """The largest distance of the histogram."""
    place = min(len(nearest.distances), 2 * PAIRS_PER_VECTOR * len(nearest.sample)) - 1
    if proposed is None:
        return float(nearest.distances[place])
    return float(min(BEYOND_PROPOSAL * proposed, nearest.distances[-1]))


def _across(
    compared: Compared, nearest: NearestPairs, split_of: dict[str, str]
) -> tuple[NearestPairs, float]:
    """The pairs of different splits, and the share of all pairs that these can be."""
    positions = np.arange(len(compared.vectors))
    codes: dict[str, int] = {}
    numbers = np.array(
        [
            codes.setdefault(split_of[id], len(codes)) if id in split_of else -1
            for id in compared.sample_ids_at(positions)
        ]
    )
    owner, other = numbers[nearest.sample[nearest.owners]], numbers[nearest.others]
    chosen = (owner != other) & (owner >= 0) & (other >= 0)
    sizes = np.bincount(numbers[numbers >= 0])
    total = len(numbers)
    crossing = (sizes.sum() ** 2 - (sizes**2).sum()) / 2
    return replace(
        nearest,
        owners=nearest.owners[chosen],
        others=nearest.others[chosen],
        distances=nearest.distances[chosen],
    ), float(crossing / (total * (total - 1) / 2))
