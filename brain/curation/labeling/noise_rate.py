"""How many labels are wrong: estimates with intervals, for all and for each pair of classes.

Samples may be far from their class in the space of the vectors, and look like wrong labels. They
are rare where the neighbors agree, so the estimate is made there; wrong labels are as frequent
there as elsewhere if they do not depend on the image. The interval reaches from the lower end among
those to the upper end among all samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.intervals import Z95, wilson_interval
from fiftyone_faiss.brain.curation.accidental_pairs import Estimate

Matrix = npt.NDArray[np.float64]
# The smallest number of wrong labels of a pair of classes that is listed.
LISTED_COUNT = 0.5
# So many samples of a pair may only look like the other class, and are no evidence of wrong labels.
LOOK_ALIKES = 2
# Neighbors agree on a class from this probability on.
AGREED = 0.95


@dataclass(frozen=True)
class PairRate:
    """How often samples of a class have the label of another one.

    Attributes:
        true: the class
        label: the label
        rate: the estimated share of the samples of the class
        low: the lower end of its 95 % interval
        high: the upper end
        count: the estimated number of them, near duplicates counted once
    """

    true: str
    label: str
    rate: float
    low: float
    high: float
    count: float

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return dict(vars(self))


@dataclass(frozen=True)
class NoiseRate:
    """How many labels are wrong, near duplicates counted once.

    Attributes:
        rate: the estimated share of the labels
        low: the lower end of its 95 % interval
        high: the upper end
        pairs: the pairs of classes, the most frequent first
    """

    rate: float
    low: float
    high: float
    pairs: list[PairRate]

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**vars(self), "pairs": [pair.to_dict() for pair in self.pairs]}

    def __str__(self) -> str:
        return f"{self.rate:.1%} ({self.low:.1%} to {self.high:.1%})"


def expected_count(probabilities: Sequence[float], look_alikes: float = 0) -> Estimate:
    """How many of some labels are wrong, with a 95 % interval of whole numbers.

    Args:
        probabilities: the probability of each; they are independent
        look_alikes (0): how many right labels are expected to look wrong at most, which lowers the
            lower end, by the upper end of their own interval
    """
    chances = np.asarray(probabilities, np.float64)
    value = float(chances.sum())
    width = Z95 * math.sqrt(float((chances * (1 - chances)).sum()))
    most = look_alikes + Z95 * math.sqrt(look_alikes)
    low, high = math.floor(value - width - most), math.ceil(value + width)
    return Estimate(value, float(max(low, 0)), float(min(high, len(chances))))


class NoiseCounts:
    """Counts samples by their class and their label, block by block."""

    def __init__(self, classes: int) -> None:
        self.all = np.zeros((classes, classes))
        self.agreed = np.zeros((classes, classes))

    def add(
        self,
        by_votes: Matrix,
        probability: Matrix,
        labels: Positions,
        importance: npt.NDArray[np.float64],
    ) -> None:
        """Adds samples.

        Args:
            by_votes: ``(n, c)`` the probabilities of the classes without the own label
            probability: ``(n, c)`` those with it
            labels: ``(n,)`` the own labels
            importance: ``(n,)`` how much each sample counts
        """
        np.add.at(self.all.T, labels, probability * importance[:, None])
        top = by_votes.argmax(axis=1)
        agreed = by_votes[np.arange(len(top)), top] >= AGREED
        np.add.at(self.agreed, (top[agreed], labels[agreed]), importance[agreed])

    def rate(self, names: Sequence[str], judged: npt.NDArray[np.bool_] | None = None) -> NoiseRate:
        """The rates of what was counted.

        Args:
            names: the classes
            judged (None): ``(c,)`` the classes that count; None for all
        """
        pairs = []
        kept = np.ones(len(names), bool) if judged is None else judged
        counted = np.outer(kept, kept)
        every_label, agreed = self.all * counted, self.agreed * counted
        of_class, of_agreed = every_label.sum(axis=1), agreed.sum(axis=1)
        for true, label in np.argwhere(every_label >= LISTED_COUNT).tolist():
            if true == label:
                continue
            some = (agreed[true, label], of_agreed[true])
            every = (every_label[true, label], of_class[true])
            rate, low, high = _between(*some, *every, LOOK_ALIKES)
            count = rate * of_class[true]
            pairs.append(PairRate(names[true], names[label], rate, low, high, float(count)))
        pairs.sort(key=lambda pair: -pair.count)
        wrong = [counts.sum() - np.trace(counts) for counts in (agreed, every_label)]
        rates = _between(wrong[0], agreed.sum(), wrong[1], every_label.sum())
        return NoiseRate(*rates, pairs)


def _between(
    some: float, of_some: float, every: float, of_every: float, look_alikes: int = 0
) -> tuple[float, float, float]:
    low, _ = wilson_interval(max(some - look_alikes, 0), of_some)
    _, high_of_some = wilson_interval(some, of_some)
    low_of_every, high = wilson_interval(every, of_every)
    rate = some / of_some if of_some else every / max(of_every, 1e-12)
    return float(rate), float(min(low, low_of_every)), float(max(high, high_of_some))
