"""Draws the pairs that a projection is fitted to, among some of the examples."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.curation.teaching.examples import Aspect, Examples, Flags, Pairs

# Pairs of each kind that are drawn of an aspect.
DRAWN = 2000
# More are drawn than wanted, because some are near duplicates.
EXTRA = 1.5


def drawn_pairs(
    examples: Examples, groups: Positions, is_inside: Flags, seed: int
) -> list[Pairs] | None:
    """The pairs of the given kind, and of each aspect, among some examples.

    Args:
        examples: the examples
        groups: ``(m,)`` their groups of near duplicates
        is_inside: ``(m,)`` which of them to draw from
        seed: of the draws

    Returns:
        the pairs of each; None if one has no alike or no unlike pairs there
    """
    rng = np.random.default_rng(seed)
    taught = []
    if examples.pairs is not None:
        taught.append(with_unlike(examples.pairs, groups, is_inside, rng))
    taught += [_of_aspect(aspect, groups, is_inside, rng) for aspect in examples.aspects]
    has_both = all(own.is_alike.any() and not own.is_alike.all() for own in taught)
    return taught if has_both else None


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
    first = rng.choice(anchors, int(EXTRA * DRAWN))
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
    valid = [np.flatnonzero(is_valid & (is_alike == kind))[:DRAWN] for kind in (True, False)]
    return pairs.at(np.concatenate(valid))
