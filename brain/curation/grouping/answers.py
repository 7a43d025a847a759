"""Learns a threshold from the answers of a person, and estimates the precision of a tag.

The position and slope of the threshold are uncertain; each answer makes some of them less likely
(Bayes). The probability of a sample is the mean over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.curation.grouping.tag_thresholds import Threshold
from fiftyone_faiss.brain.curation.grouping.text_scores import Order, descending

# Of ten questions, so many are about tagged samples; the others about those just below.
TAGGED_SHARE = 0.6
# An answer may be wrong.
WRONG = 0.02
# The prior of the threshold: so far from the proposed one, in units of 1 / slope, and in standard
# deviations of all scores.
PRIOR_LOGITS, PRIOR_DEVIATIONS = 4.0, 0.5
SLOPES = (2.0, 1.0, 0.5, 0.25)
GRID, RESOLUTION = 201, 2_000
Z = 1.96


@dataclass(frozen=True)
class Precision:
    """The share of tagged samples that show what the text asks for.

    Attributes:
        value: the estimate
        low: the lower end of the 95 % interval
        high: the upper end
        answers: the number of tagged samples that a person answered about
    """

    value: float
    low: float
    high: float
    answers: int

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return dict(vars(self))


def precision_of(right: int, answers: int) -> Precision | None:
    """The precision with Wilson's interval; None without answers."""
    if not answers:
        return None
    share = right / answers
    center = (share + Z * Z / (2 * answers)) / (1 + Z * Z / answers)
    half = Z * np.sqrt(share * (1 - share) / answers + Z * Z / (4 * answers**2))
    half /= 1 + Z * Z / answers
    return Precision(share, float(max(center - half, 0)), float(min(center + half, 1)), answers)


def places_to_ask(
    scores: Distances, count: int, tagged: int, known: Sequence[int], seed: int
) -> Order:
    """Chooses samples to ask about: evenly over the ranks of tagged ones, and of those just below.

    Args:
        scores: ``(n,)`` the scores
        count: how many questions
        tagged: how many of the best are tagged
        known: the places with an answer
        seed: chooses among the ranks
    """
    order = descending(scores)
    order = order[~np.isin(order, np.asarray(known, np.int64))]
    tagged = min(tagged - len(set(known) & set(descending(scores)[:tagged].tolist())), len(order))
    rng = np.random.default_rng(seed)
    below = min(max(tagged // 2, count), len(order) - tagged)
    from_tagged = min(tagged, max(round(TAGGED_SHARE * count), count - below))
    parts = (
        _evenly(rng, order[:tagged], from_tagged),
        _evenly(rng, order[tagged : tagged + below], min(count - from_tagged, below)),
    )
    return np.concatenate(parts)


def _evenly(rng: np.random.Generator, order: Order, count: int) -> Order:
    if not count:
        return order[:0]
    steps = (np.arange(count) + rng.random()) * len(order) / count
    return order[steps.astype(np.int64)]


def learned(
    scores: Distances, threshold: Threshold, answers: Mapping[int, bool]
) -> tuple[Threshold, Distances]:
    """Learns from answers.

    Args:
        scores: ``(n,)`` the scores
        threshold: the proposed threshold
        answers: whether the sample at a place shows what the text asks for

    Returns:
        the new threshold, and ``(n,)`` probabilities
    """
    places = np.array(list(answers), np.int64)
    is_match = np.array([answers[place] for place in places.tolist()], bool)
    deviation = PRIOR_LOGITS / threshold.slope + PRIOR_DEVIATIONS * float(scores.std())
    shifts = np.linspace(-3, 3, GRID) * deviation
    # Between these scores, probabilities are interpolated.
    grid = np.linspace(float(scores.min()), float(scores.max()), RESOLUTION)
    total, weight_sum = np.zeros(RESOLUTION), 0.0
    means = np.zeros(2)
    for factor in SLOPES:
        slope = threshold.slope * factor
        odds = slope * (scores[places] - threshold.score - shifts[:, None])
        matches = WRONG + (1 - 2 * WRONG) / (1 + np.exp(-np.clip(odds, -30, 30)))
        likelihood = np.where(is_match, matches, 1 - matches).prod(axis=1)
        weights = likelihood * np.exp(-0.5 * (shifts / deviation) ** 2)
        # A few shifts have almost all of the weight.
        for shift, weight in zip(shifts, weights, strict=True):
            if weight > 1e-4 * weights.max():
                part = Threshold(threshold.score + shift, slope, threshold.certainty)
                total += weight * part.probabilities(grid)
                weight_sum += weight
                means += weight * np.array([part.score, slope])
    probabilities = np.interp(scores, grid, total / weight_sum)
    score = _halfway(scores, probabilities, float(means[0] / weight_sum))
    new = Threshold(score, float(means[1] / weight_sum), threshold.certainty)
    return new, probabilities


def _halfway(scores: Distances, probabilities: Distances, fallback: float) -> float:
    """The score at which the probability is one half."""
    is_tagged = probabilities >= 0.5
    if not is_tagged.any() or is_tagged.all():
        return fallback
    return float(scores[is_tagged].min() + scores[~is_tagged].max()) / 2
