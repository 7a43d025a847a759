"""Draws the pairs that a projection is fitted to, among some of the examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.curation.teaching.examples import Aspect, Examples, Flags, Pairs

# Pairs of each kind that are drawn of an aspect.
MAX_DRAWS = 2000
# More are drawn than wanted, because some are near duplicates.
EXTRA = 1.5


@dataclass(frozen=True)
class TaughtPairs:
    """Pairs to fit a projection to.

    Attributes:
        first: ``(p,)`` places
        second: ``(p,)`` places
        alike: ``(p,)`` float32 how alike they are, 0 to 1: the share of the aspects in which they
            have the same class
    """

    first: Positions
    second: Positions
    alike: npt.NDArray[np.float32]

    @property
    def has_both(self) -> bool:
        """Whether some are alike, and some are not."""
        return len(self.alike) > 0 and bool(0 < self.alike.mean() < 1)


def taught_pairs(
    examples: Examples, groups: Positions, is_inside: Flags, seed: int
) -> list[TaughtPairs] | None:
    """The given pairs, and pairs of the classes of all aspects, among some examples.

    Args:
        examples: the examples
        groups: ``(m,)`` their groups of near duplicates
        is_inside: ``(m,)`` which of them to draw from
        seed: of the draws

    Returns:
        both kinds, as far as they are taught; None if all pairs of one are alike, or all unlike
    """
    rng = np.random.default_rng(seed)
    taught = []
    if examples.pairs is not None:
        given = with_unlike(examples.pairs, groups, is_inside, rng)
        alike = given.is_alike.astype(np.float32)
        taught.append(TaughtPairs(given.first, given.second, alike))
    if examples.aspects:
        parts = [_of_aspect(aspect, groups, is_inside, rng) for aspect in examples.aspects]
        first, second = (
            np.concatenate(ends)
            for ends in ([part.first for part in parts], [part.second for part in parts])
        )
        # With a loss for each aspect, one that is easy to see would win, and the others be lost.
        taught.append(TaughtPairs(first, second, _agreement(examples.aspects, first, second)))
    return taught if all(own.has_both for own in taught) else None


def _agreement(
    aspects: Sequence[Aspect], first: Positions, second: Positions
) -> npt.NDArray[np.float32]:
    """``(p,)`` the share of the aspects in which both have the same class, of those known."""
    same, known = np.zeros(len(first)), np.zeros(len(first))
    for aspect in aspects:
        a, b = aspect.labels[first], aspect.labels[second]
        # Nothing is said about two examples of the rest.
        is_known = (a >= 0) & (b >= 0) & (aspect.is_query[first] | aspect.is_query[second])
        same += is_known & (a == b)
        known += is_known
    return (same / np.maximum(known, 1)).astype(np.float32)


def with_unlike(
    pairs: Pairs, groups: Positions, is_inside: Flags, rng: np.random.Generator
) -> Pairs:
    """The pairs among some examples, with random unlike ones if no unlike ones were given.

    Two random examples of pairs are unlike in most cases.
    """
    inside = pairs.among(is_inside)
    if not pairs.is_alike.all() or not len(inside):
        return inside
    ends = np.unique(np.concatenate([inside.first, inside.second]))
    first, second = rng.choice(ends, (2, int(EXTRA * len(inside))))
    known = {*zip(inside.first.tolist(), inside.second.tolist(), strict=True)}
    is_new = groups[first] != groups[second]
    for n, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        is_new[n] &= (a, b) not in known and (b, a) not in known
    chosen = np.flatnonzero(is_new)[: len(inside)]
    return inside.joined(Pairs(first[chosen], second[chosen], np.zeros(len(chosen), bool)))


def _of_aspect(
    aspect: Aspect, groups: Positions, is_inside: Flags, rng: np.random.Generator
) -> Pairs:
    """Random pairs of one class, and random pairs of two."""
    labels = aspect.labels
    inside = np.flatnonzero(is_inside & (labels >= 0))
    by_class = inside[np.argsort(labels[inside], kind="stable")]
    sorted_labels = labels[by_class]
    anchors = inside[aspect.is_query[inside]]
    if not len(anchors):
        return Pairs(anchors, anchors, np.zeros(0, bool))
    first = rng.choice(anchors, int(EXTRA * MAX_DRAWS))
    start = np.searchsorted(sorted_labels, labels[first])
    size = np.searchsorted(sorted_labels, labels[first], "right") - start
    alike = by_class[start + (rng.random(len(first)) * size).astype(np.int64)]
    # A place among the others, counted without the members of the class.
    place = (rng.random(len(first)) * (len(inside) - size)).astype(np.int64)
    place += np.where(place >= start, size, 0)
    unlike = by_class[place.clip(max=len(inside) - 1)]
    is_alike = np.repeat([True, False], len(first))
    pairs = Pairs(np.tile(first, 2), np.concatenate([alike, unlike]), is_alike)
    is_valid = (groups[pairs.first] != groups[pairs.second]) & (
        is_alike == (labels[pairs.first] == labels[pairs.second])
    )
    valid = [np.flatnonzero(is_valid & (is_alike == kind))[:MAX_DRAWS] for kind in (True, False)]
    return pairs.at(np.concatenate(valid))
