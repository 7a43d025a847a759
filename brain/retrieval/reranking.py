"""What is shown of a ranking: where it ends, variety in it, near-copies as one. No FiftyOne."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Places
from fiftyone_faiss.embedders import unit

COLLAPSE_DISTANCE = 0.01
"""The cosine distance up to which two results are near-copies; benchmarks/bench_retrieval.py counts
right and false ones."""

# A cut-off is looked for among the best so many of all that was searched, and needs so many. With
# more, the larger of two groups would be what is not meant, with fewer all would be.
CUT_SHARE, CUT_MOST, CUT_LEAST = 0.15, 400, 8
# Variety is weighed against the scores of so many of the best.
SPREAD_RESULTS = 200

# How many results are compared with all after them in one product.
FOLDED_AT_ONCE = 64
# By so much the cosine of two equal vectors may be off, in float32.
ROUNDING = 1e-6


def cut_off(scores: Distances) -> int:
    """Where a ranking should be cut off: how many results come before the scores drop.

    The scores fall into two groups, of which the variance between their means is the largest
    (Otsu, "A threshold selection method from gray-level histograms", 1979); the first counts.

    Args:
        scores: ``(n,)`` float64, descending
    """
    count = len(scores)
    if count < CUT_LEAST or scores[0] == scores[-1]:
        return count
    first = np.arange(1, count)
    sums = np.cumsum(scores)
    means = sums[:-1] / first, (sums[-1] - sums[:-1]) / (count - first)
    between = first * (count - first) * (means[0] - means[1]) ** 2
    return int(first[between.argmax()])


def cut_among(size: int) -> int:
    """Among how many of the best a cut-off is looked for, of so many that were searched."""
    return int(min(CUT_MOST, max(CUT_LEAST, CUT_SHARE * size)))


def diverse(vectors: Matrix, scores: Distances, k: int, diversity: float) -> Places:
    """Chooses results that are good and unlike one another.

    Maximal marginal relevance: each next one has the largest ``(1 - d) s - d c`` of those left,
    with its score ``s``, scaled so that the best ``SPREAD_RESULTS`` have 1 to 0, and its largest
    cosine ``c`` to those chosen already (Carbonell and Goldstein, "The use of MMR", 1998).

    Args:
        vectors: ``(n, dim)`` float32
        scores: ``(n,)`` float64, higher is better
        k: how many to choose
        diversity: ``d``, 0 to 1

    Returns:
        ``(min(k, n),)`` places, in the order chosen
    """
    directions = unit(vectors)
    # Not over all: how many those are must not change what is relevant.
    best = np.sort(scores)[::-1][:SPREAD_RESULTS]
    relevance = (scores - best[-1]) / (float(best[0] - best[-1]) or 1.0)
    likeness = np.full(len(scores), -1.0)
    chosen: list[int] = []
    for _ in range(min(k, len(scores))):
        gain = (1.0 - diversity) * relevance - diversity * likeness
        gain[chosen] = -np.inf
        # Before the first is chosen, none is like it.
        place = int(relevance.argmax() if not chosen else gain.argmax())
        chosen.append(place)
        np.maximum(likeness, directions @ directions[place], out=likeness)
    return np.array(chosen, np.int64)


def fold(vectors: Matrix, count: int, within: float = COLLAPSE_DISTANCE) -> list[Places]:
    """Puts each result that is a near-copy of an earlier one under that.

    Args:
        vectors: ``(n, dim)`` float32, the best result first
        count: how many results to keep at most
        within: the largest cosine distance of near-copies

    Returns:
        for each result that is kept, in order, its place and then those under it
    """
    directions = unit(vectors)
    free = np.ones(len(vectors), bool)
    groups: list[Places] = []
    for start in range(0, len(vectors), FOLDED_AT_ONCE):
        places = start + np.flatnonzero(free[start : start + FOLDED_AT_ONCE])
        # One product for many of them, which is far faster than one for each.
        near = 1.0 - directions[places] @ directions[start:].T <= within + ROUNDING
        for place, copies in zip(places, near, strict=True):
            if len(groups) == count:
                return groups
            # An earlier one of these may have taken it.
            if free[place]:
                under = place + 1 + np.flatnonzero(copies[place - start + 1 :] & free[place + 1 :])
                free[under] = False
                groups.append(np.concatenate([[place], under]))
    return groups


def hubness(vectors: Matrix, others: Matrix, nearest: int = 10) -> Distances:
    """How near vectors are to everything: their mean cosine to the nearest of some others.

    What is near to all is found for every query; cross-domain similarity local scaling takes that
    off (Conneau et al., "Word translation without parallel data", 2018).

    Args:
        vectors: ``(n, dim)`` float32
        others: ``(m, dim)`` float32, at least 2; a vector that is one of them does not count for
            itself
        nearest (10): how many of the others count

    Returns:
        ``(n,)`` float64, -1 to 1
    """
    cosines = unit(vectors) @ unit(others).T
    few = min(nearest + 1, cosines.shape[1])
    best = -np.sort(-np.partition(cosines, -few, axis=1)[:, -few:], axis=1)
    # One of the others does not count for itself.
    is_own = best[:, 0] > 1.0 - 1e-6
    means = np.where(is_own, best[:, 1:].mean(axis=1), best[:, :nearest].mean(axis=1))
    return np.asarray(means, np.float64)
