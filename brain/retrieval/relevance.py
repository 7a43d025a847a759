"""The relevance of results: the estimated probability that a result is what was asked for.

The bands, the score cutoff and the verdict all follow from this one estimate, which never rises
from a result to the next. It is the product of

- the *presence*: the probability that the index holds what was asked for; see the module
  ``evidence``
- for an image alone, the *match* of the result; see the module ``evidence``
- the probability that the boundary between matches and other results is after the result.

The boundary is uncertain. Each place among the best results may be it, with a weight of
``(gap * rank ** RANK_POWER) ** GAP_POWER``, where the gap is the difference of the scores before
and after the place, and the rank is the number of results before it. So a boundary after many
results needs a smaller gap. The estimate does not depend on the scale of the scores.
``benchmarks/bench_retrieval.py`` compares it with other cutoffs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances

Band = Literal["strong", "likely", "weak"]

# The estimates from which a result is likely, and strong. The score cutoff is at LIKELY.
LIKELY, STRONG = 0.5, 0.9
# The boundary is looked for among this many of the best results.
CUT_SAMPLE = 400
RANK_POWER, GAP_POWER = 0.35, 3.0


def boundary_probabilities(scores: Distances, floor: float | None = None) -> Distances:
    """Computes the probability that the matches end after each of the best results, or later.

    Args:
        scores: ``(n,)`` float64, descending
        floor (None): the score of what does not match, if there are no results after the last: then
            all may be matches

    Returns:
        ``(n,)`` float64, 0 to 1, not rising; 1 for the first, and equal for equal scores
    """
    following = np.append(scores[1:], scores[-1:] if floor is None else min(floor, scores[-1]))
    ranks = np.arange(1, len(scores) + 1)
    weights = ((scores - following) * ranks**RANK_POWER) ** GAP_POWER
    total = weights.sum()
    # Of equal scores, none is above the others.
    return np.cumsum(weights[::-1])[::-1] / total if total > 0 else np.ones(len(scores))


def boundary(scores: Distances, floor: float | None = None) -> int:
    """Returns the most central place of the boundary: how many of ``(n,)`` results match."""
    return int(np.count_nonzero(boundary_probabilities(scores, floor) >= LIKELY))


@dataclass(frozen=True)
class Relevance:
    """The estimates of the best results of a search, by their scores.

    Attributes:
        ranked: ``(n,)`` float64, what the results are ordered by, descending
        estimates: ``(n,)`` float64, 0 to 1, not rising
        missing: the terms that the index does not seem to hold, as text; empty if it holds all
    """

    ranked: Distances
    estimates: Distances
    missing: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        ranked: Distances,
        presence: float,
        matches: Distances | None = None,
        floor: float | None = None,
        missing: tuple[str, ...] = (),
    ) -> Relevance:
        """Estimates the relevance of the best results.

        Args:
            ranked: ``(n,)`` float64, descending, at most ``CUT_SAMPLE``
            presence: the probability that the index holds what was asked for
            matches (None): ``(n,)`` float64, 0 to 1, for an image alone
            floor (None): see :func:`boundary_probabilities`
            missing (()): see :class:`Relevance`
        """
        estimates = presence * boundary_probabilities(ranked, floor)
        if matches is not None:
            estimates = np.minimum.accumulate(estimates * matches)
        return cls(ranked, estimates, missing)

    def at(self, ranked: Distances) -> Distances:
        """``(m,)`` float64 estimates of results with these scores; 0 below the best results."""
        ascending = self.ranked[::-1]
        above = len(ascending) - np.searchsorted(ascending, ranked, side="left")
        # A score above the first, by rounding, counts as the first.
        padded = np.concatenate([self.estimates[:1], self.estimates])
        is_known = ranked >= ascending[0] if len(ascending) else np.zeros(len(ranked), bool)
        return np.where(is_known, padded[np.where(is_known, above, 0)] if len(padded) else 0.0, 0.0)

    @property
    def count(self) -> int:
        """The number of results above the cutoff."""
        return int(np.count_nonzero(self.estimates >= LIKELY))


def band_of(estimate: float) -> Band:
    """The band of an estimate."""
    if estimate >= STRONG:
        return "strong"
    return "likely" if estimate >= LIKELY else "weak"
