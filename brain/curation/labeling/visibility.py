"""Whether an index sees what labels name; if not, its neighbors cannot judge them.

Labels of what an index does not see, such as colors in an index of shapes, are as unlike those of
the neighbors as labels that are mostly wrong, and a model of label noise cannot tell one from the
other. So two things are asked before it is believed: whether neighbors have the same label more
often than by chance, and whether the votes say which class a sample has. Where classes overlap in
the index, right labels differ from those of their neighbors, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.intervals import Z95
from fiftyone_faiss.brain.curation.labeling.noise_model import NoiseModel
from fiftyone_faiss.brain.curation.labeling.votes import Voters

Vector = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
# So many labels at most are compared with those of their neighbors, and of these only the nearest.
MAX_ROWS, MAX_VOTES = 10_000, 15
PERMUTATIONS = 200
# The agreement is above chance if it is so many standard deviations of permuted labels above it.
CLEAR_DEVIATIONS = 4.0
# A class is seen if so many of its labels are its own. Fewer are what two classes have that the
# index takes for one.
OWN_LABELS = 0.5
# Smaller classes are not judged by that: a wrongly spelled label is no class.
MIN_CLASS = 5
# An audit is not conclusive if a larger share of the labels is of classes that are not judged, or
# the product of two shares is larger: of the samples whose class the votes leave open, and of the
# labels that would be wrong. Most of these only look wrong then.
MAX_UNSEEN, MAX_OPEN_NOISE = 0.3, 0.035
SEED = 51


@dataclass(frozen=True)
class Agreement:
    """How often neighbors have the same label, near duplicates counted once.

    Attributes:
        share: the share of the votes for the own label
        low: the lower end of its 95 % interval
        high: the upper end
        chance: the share for labels that have nothing to do with the vectors
        is_clear: whether the share is above chance, by a permutation test
    """

    share: float
    low: float
    high: float
    chance: float
    is_clear: bool

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return dict(vars(self))

    def __str__(self) -> str:
        return (
            f"{self.share:.1%} of the votes of neighbors are for the own label ({self.low:.1%} to "
            f"{self.high:.1%}), and {self.chance:.1%} would be by chance"
        )


def agreement_of(voters: Voters, k: int, labels: Positions, groups: Positions) -> Agreement:
    """Compares labels with those of the ``k`` nearest voters.

    Labels are permuted for the test, between groups of near duplicates, so that it holds for any
    number of classes and for voters that many labels share.

    Args:
        voters: the neighbors that vote
        k: how many of them vote
        labels: ``(n,)`` the labels
        groups: ``(n,)`` groups of near duplicates, each of which counts once
    """
    rng = np.random.default_rng(SEED)
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    own, rows = labels[first], np.arange(len(first))
    if len(rows) > MAX_ROWS:
        rows = np.sort(rng.choice(rows, MAX_ROWS, replace=False))
    ranks = voters.ranks[first[rows]]
    row, column = np.nonzero((ranks > 0) & (ranks <= min(k, MAX_VOTES)))
    counts = np.bincount(row, minlength=len(rows))
    other = group.ravel()[voters.neighbors[first[rows[row]], column]]

    def shares(of_groups: Positions) -> Vector:
        same = of_groups[rows[row]] == of_groups[other]
        agreed = np.bincount(row, same, minlength=len(rows))[counts > 0]
        return np.asarray(agreed / counts[counts > 0], np.float64)

    sizes = np.bincount(own)
    chance = float((sizes * (sizes - 1)).sum() / max(len(own) * (len(own) - 1), 1))
    seen = shares(own)
    if not len(seen):
        return Agreement(0.0, 0.0, 1.0, chance, False)
    permuted = np.array([shares(rng.permutation(own)).mean() for _ in range(PERMUTATIONS)])
    share, width = float(seen.mean()), Z95 * float(seen.std()) / math.sqrt(len(seen))
    deviation = float(np.sqrt(((permuted - chance) ** 2).mean()))
    is_clear = share - chance > CLEAR_DEVIATIONS * deviation
    return Agreement(share, max(0.0, share - width), min(1.0, share + width), chance, is_clear)


def judged_classes(model: NoiseModel, labels: Positions, importance: Vector) -> Mask:
    """The ``(c,)`` classes that the index sees, and those that are too small to tell.

    Args:
        model: the fitted model
        labels: ``(n,)`` the labels
        importance: ``(n,)`` how much each counts
    """
    sizes = np.bincount(labels, importance, minlength=len(model.prior))
    judged: Mask = (np.diag(model.given) > OWN_LABELS) | (sizes < MIN_CLASS)
    return judged


def doubt_of(
    agreement: Agreement, model: NoiseModel, judged: Mask, open_classes: float, about: str
) -> str | None:
    """Why an audit is not conclusive, in a sentence; None if it is.

    Args:
        agreement: how often neighbors have the same label
        model: the fitted model
        judged: the classes that are judged
        open_classes: the share of the samples whose class the votes leave open
        about: the index and the labels, as the object of "in"
    """
    start = f"The neighbors in {about} apart"
    if not agreement.is_clear:
        return f"{start}: they have the same label no more often than by chance; use another index."
    noise = 1 - float(model.prior @ np.diag(model.given))
    if noise > OWN_LABELS:
        return (
            f"{start} well enough: more than half of the labels would be wrong, which looks the "
            "same as an index that does not see them; use another index."
        )
    unseen = float(model.prior[~judged].sum())
    if unseen > MAX_UNSEEN or open_classes * noise > MAX_OPEN_NOISE:
        return (
            f"{start} well enough: classes overlap so much that many right labels would look "
            "wrong; use another index."
        )
    return None


def unseen_note(names: Sequence[str], judged: Mask) -> str | None:
    """Which classes are not judged, in a sentence; None if all are."""
    unseen = [name for name, is_judged in zip(names, judged, strict=True) if not is_judged]
    if not unseen:
        return None
    shown = ", ".join(f"'{name}'" for name in unseen[:5])
    more = f" and {len(unseen) - 5:,} others" if len(unseen) > 5 else ""
    return (
        f"The neighbors do not tell {shown}{more} apart from other classes; the labels of these "
        "classes are not judged."
    )
