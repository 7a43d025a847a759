"""How often alike pairs are closer than unlike ones, before and after, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.curation.labeling.paired import DRAWS
from fiftyone_faiss.brain.curation.teaching.examples import Pairs

Vector = npt.NDArray[np.float64]
# Two weights of this variance have a product of the variance 1, like the weights of a bootstrap.
_SINGLE = np.sqrt(2) - 1
DRAWS_AT_ONCE = 250


@dataclass(frozen=True)
class PairAuc:
    """The area under the ROC curve of pairs, for several spaces.

    Attributes:
        means: ``(s,)`` the AUC in each space: how often an alike pair is closer than an unlike one
        resampled: ``(DRAWS, s)`` the same of resampled groups
        alike: the number of alike pairs
        unlike: the number of unlike pairs
    """

    means: Vector
    resampled: npt.NDArray[np.float64]
    alike: int
    unlike: int


@dataclass(frozen=True)
class HeldOutPairs:
    """The pairs of a part.

    Attributes:
        pairs: the pairs
        closeness: ``(p, s)`` their closeness in each space
    """

    pairs: Pairs
    closeness: npt.NDArray[np.float64]


def pair_auc(parts: list[HeldOutPairs], groups: Positions, seed: int) -> PairAuc | None:
    """Compares each alike pair with the unlike ones of its part.

    Groups of near duplicates are resampled, and with them all of their pairs: the weight of a pair
    is the product of those of its ends (Owen, The Pigeonhole Bootstrap, 2007). Weights of groups
    with one pair have a smaller variance, so that pairs without common ends vary as if they were
    resampled themselves.

    Args:
        parts: the parts
        groups: ``(m,)`` the group of each example
        seed: of the draws

    Returns:
        the AUC; None if no part has both kinds of pairs
    """
    parts = [p for p in parts if p.pairs.is_alike.any() and not p.pairs.is_alike.all()]
    if not parts:
        return None
    ends = np.concatenate([groups[e] for p in parts for e in (p.pairs.first, p.pairs.second)])
    own, counts = np.unique(ends, return_counts=True)
    variances = np.where(counts > 1, 1.0, _SINGLE)
    wins = [_wins(part) for part in parts]
    rng = np.random.default_rng(seed)
    resampled = []
    for _ in range(0, DRAWS, DRAWS_AT_ONCE):
        weights = rng.gamma(1 / variances, variances, (DRAWS_AT_ONCE, len(own)))
        resampled.append(_weighted(parts, wins, groups, own, weights))
    means = _weighted(parts, wins, groups, own, np.ones((1, len(own))))[0]
    alike = sum(int(part.pairs.is_alike.sum()) for part in parts)
    total = sum(len(part.pairs) for part in parts)
    return PairAuc(means, np.concatenate(resampled), alike, total - alike)


def _wins(part: HeldOutPairs) -> npt.NDArray[np.float32]:
    """``(s, alike, unlike)``: 1 where the alike pair is closer, 0.5 for a tie."""
    alike = part.closeness[part.pairs.is_alike].T[:, :, None]
    unlike = part.closeness[~part.pairs.is_alike].T[:, None, :]
    wins: npt.NDArray[np.float32] = (alike > unlike).astype(np.float32)
    wins += np.float32(0.5) * (alike == unlike)
    return wins


def _weighted(
    parts: list[HeldOutPairs],
    wins: list[npt.NDArray[np.float32]],
    groups: Positions,
    own: Positions,
    weights: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """``(draws, s)`` AUC with weights of groups."""
    numerator = np.zeros((len(weights), len(wins[0])))
    denominator = np.zeros((len(weights), 1))
    for part, matrix in zip(parts, wins, strict=True):
        first, second = (
            np.searchsorted(own, groups[ends]) for ends in (part.pairs.first, part.pairs.second)
        )
        of_pairs = weights[:, first] * weights[:, second]
        alike, unlike = (of_pairs[:, part.pairs.is_alike == kind] for kind in (True, False))
        for space, won in enumerate(matrix):
            numerator[:, space] += ((alike @ won) * unlike).sum(axis=1)
        denominator[:, 0] += alike.sum(axis=1) * unlike.sum(axis=1)
    return numerator / np.maximum(denominator, 1e-12)
