"""Chooses the score from which samples show what a text asks for.

The scores of a text have several modes: what shows it, what shows a part of it, and all others. The
first of three rules that applies decides:

1. the topmost gap that is wide beside the scores above it and beside those of the reference prompts
2. a mixture of normal distributions: the topmost two that are far apart
3. the most central boundary of the best results; see ``retrieval.relevance``.

The third rule always finds a boundary. If others are about as likely, the text cannot be separated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.retrieval.evidence import RESULTS_AFTER
from fiftyone_faiss.brain.retrieval.relevance import (
    CUT_SAMPLE,
    LIKELY,
    boundary_probabilities,
)

# A gap has so many scores above it, and this share of their range, and so many deviations of the
# reference prompts.
MIN_ABOVE, GAP_OF_RANGE, GAP_OF_DEVIATION = 3, 0.5, 0.6
# Two normal distributions are apart if their means differ by so many times both deviations.
APART = 2.5
# The mixture: bins, iterations, and the penalty of a parameter beside that of the BIC.
BINS, ITERATIONS, PENALTY, MAX_MODES = 400, 100, 3.0, 5
_QUANTILES = (
    (50,), (40, 97), (40, 90, 99.3), (25, 70, 95, 99.5), (20, 50, 80, 97, 99.6),
)  # fmt: skip
# A boundary is certain if it is within these multiples of its rank with this probability.
NEARBY, CERTAIN = (0.9, 1.12), 0.6


@dataclass(frozen=True)
class Threshold:
    """A threshold, and how the probability of a match rises around it.

    Attributes:
        score: scores from here on are matches
        slope: how much the log odds rise with the score
        certainty: the probability that the threshold is not somewhere else, 0 to 1
    """

    score: float
    slope: float
    certainty: float

    @property
    def is_separated(self) -> bool:
        """Whether the threshold is certain."""
        return self.certainty >= CERTAIN

    def probabilities(self, scores: Distances) -> Distances:
        """The estimated probability that scores are those of matches, 0.5 at the threshold."""
        odds = np.clip(self.slope * (np.asarray(scores, np.float64) - self.score), -30.0, 30.0)
        return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def threshold_of(scores: Distances, deviation: float, floor: float) -> Threshold:
    """Chooses a threshold.

    Args:
        scores: ``(n,)`` all scores of a text
        deviation: the standard deviation of the scores of the reference prompts
        floor: scores up to here are no matches: those of unrelated texts are as high
    """
    ordered = -np.sort(-scores.astype(np.float64))
    count, certainty = _wide_gap(ordered, deviation) or _apart(ordered), 1.0
    if count is None or ordered[count - 1] <= floor:
        count, certainty = _boundary(ordered, floor)
    return _around(ordered, count, certainty, deviation)


def _boundary(ordered: Distances, floor: float) -> tuple[int, float]:
    """The number of scores before the most central boundary, and how certain it is."""
    best = ordered[:CUT_SAMPLE]
    best = best[best > floor]
    if not len(best):
        return 1, 0.0
    following = float(ordered[len(best)]) if len(best) < len(ordered) else floor
    probabilities = np.append(boundary_probabilities(best, following), 0.0)
    count = max(1, int(np.count_nonzero(probabilities[:-1] >= LIKELY)))
    # An entry is the probability that the boundary is after this score, or later.
    first, last = (round(factor * count) for factor in NEARBY)
    last = max(last, count)
    before = probabilities[max(first - 1, 0)]
    return count, float(before - probabilities[min(last, len(probabilities) - 1)])


def _around(ordered: Distances, count: int, certainty: float, deviation: float) -> Threshold:
    """The threshold after so many scores."""
    above = ordered[:count]
    below = ordered[count : count + max(RESULTS_AFTER, count)]
    if not len(below):
        below = ordered[-1:]
    difference = float(above.mean() - below.mean())
    variance = (float(above.var()) + float(below.var())) / 2
    spread = max(np.sqrt(variance), 0.05 * deviation)
    last, following = ordered[count - 1], ordered[min(count, len(ordered) - 1)]
    return Threshold(float(last + following) / 2, max(difference, 1e-6) / spread**2, certainty)


def _wide_gap(ordered: Distances, deviation: float) -> int | None:
    best = ordered[: CUT_SAMPLE + 1]
    gaps, ranges = best[:-1] - best[1:], best[0] - best[:-1]
    is_wide = (gaps > GAP_OF_RANGE * ranges) & (gaps > GAP_OF_DEVIATION * deviation)
    is_wide[: MIN_ABOVE - 1] = False
    places = np.flatnonzero(is_wide)
    return int(places[0]) + 1 if len(places) else None


def _apart(ordered: Distances) -> int | None:
    """The number of scores in the topmost modes that are apart from the others."""
    means, deviations, shares = _mixture(ordered)
    for top in range(len(means) - 1, 0, -1):
        distance = (means[top] - means[top - 1]) / (deviations[top] + deviations[top - 1])
        if shares[top:].sum() * len(ordered) >= MIN_ABOVE and distance > APART:
            each = shares * np.exp(-0.5 * ((ordered[:, None] - means) / deviations) ** 2)
            each /= deviations
            upper = each[:, top:].sum(axis=1) >= each[:, :top].sum(axis=1)
            # A wide mode is likelier than a narrow one far from both.
            is_match = (upper & (ordered > means[top - 1])) | (ordered >= means[top])
            return max(1, int(np.count_nonzero(np.logical_and.accumulate(is_match))))
    return None


def _mixture(scores: Distances) -> tuple[Distances, Distances, Distances]:
    """Fits normal distributions, by the Bayesian information criterion: means, ascending,
    deviations, and shares."""
    counts, edges = np.histogram(scores, BINS)
    x, weights = (edges[1:] + edges[:-1]) / 2, counts.astype(np.float64)
    x, weights = x[weights > 0], weights[weights > 0]
    deviation = max(float(scores.std()), 1e-9)
    minimum = max(float(edges[-1] - edges[0]) / BINS, 0.03 * deviation)
    best, best_loss = None, np.inf
    for k in range(1, MAX_MODES + 1):
        starts = [np.percentile(scores, _QUANTILES[k - 1])]
        if k > 1:
            starts.append(np.linspace(np.percentile(scores, 10), scores.max(), k))
        for start in starts:
            fitted, likelihood = _fitted(x, weights, start, deviation / k, minimum)
            loss = -2 * likelihood + PENALTY * (3 * k - 1) * np.log(len(scores))
            if loss < best_loss:
                best, best_loss = fitted, loss
    assert best is not None
    order = np.argsort(best[0])
    return best[0][order], best[1][order], best[2][order]


def _fitted(
    x: Distances, weights: Distances, means: Distances, deviation: float, minimum: float
) -> tuple[tuple[Distances, Distances, Distances], float]:
    """Runs the EM algorithm on weighted numbers; also returns the log likelihood."""
    k = len(means)
    deviations, shares = np.full(k, max(deviation, minimum)), np.full(k, 1 / k)
    likelihood = -np.inf
    for _ in range(ITERATIONS):
        logs = np.log(shares) - 0.5 * ((x[:, None] - means) / deviations) ** 2 - np.log(deviations)
        peak = logs.max(axis=1, keepdims=True)
        each = np.exp(logs - peak)
        total = each.sum(axis=1, keepdims=True)
        before = likelihood
        likelihood = float((weights * (peak + np.log(total))[:, 0]).sum())
        part = each / total * weights[:, None]
        sums = part.sum(axis=0) + 1e-9
        means = (part * x[:, None]).sum(axis=0) / sums
        squares = (part * (x[:, None] - means) ** 2).sum(axis=0) / sums
        deviations, shares = np.maximum(np.sqrt(squares), minimum), sums / sums.sum()
        if likelihood - before < 1e-6 * abs(likelihood):
            break
    return (means, deviations, shares), likelihood
