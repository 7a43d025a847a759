"""Reranks results: diversity, near-duplicates, hubness. No FiftyOne."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Places
from fiftyone_faiss.embedders import unit

COLLAPSE_DISTANCE = 0.01
"""The largest cosine distance of near-duplicates; benchmarks/bench_retrieval.py counts right and
false ones."""

# Diversity is weighed against the scores of this many of the best results.
SPREAD_RESULTS = 200

# How many results are compared with all later results in one matrix product.
COLLAPSED_AT_ONCE = 64
# The error of the cosine of two equal vectors in float32.
ROUNDING = 1e-6


def mmr(vectors: Matrix, scores: Distances, k: int, diversity: float) -> Places:
    """Chooses results with high scores that are unlike each other.

    Maximal marginal relevance: the next result has the largest ``(1 - d) s - d c``, with its score
    ``s``, scaled to 1 to 0 over the best ``SPREAD_RESULTS``, and its largest cosine ``c`` to the
    results chosen before (Carbonell and Goldstein, "The use of MMR", 1998).

    Args:
        vectors: ``(n, dim)`` float32
        scores: ``(n,)`` float64, higher is better
        k: how many to choose
        diversity: ``d``, 0 to 1

    Returns:
        ``(min(k, n),)`` places, in the order chosen
    """
    directions = unit(vectors)
    # Not over all: the number of candidates must not change the relevance.
    best = np.sort(scores)[::-1][:SPREAD_RESULTS]
    relevance = (scores - best[-1]) / (float(best[0] - best[-1]) or 1.0)
    likeness = np.full(len(scores), -1.0)
    chosen: list[int] = []
    for _ in range(min(k, len(scores))):
        gain = (1.0 - diversity) * relevance - diversity * likeness
        gain[chosen] = -np.inf
        # The first result is the most relevant one.
        place = int(relevance.argmax() if not chosen else gain.argmax())
        chosen.append(place)
        np.maximum(likeness, directions @ directions[place], out=likeness)
    return np.array(chosen, np.int64)


def collapse(vectors: Matrix, count: int, thresh: float = COLLAPSE_DISTANCE) -> list[Places]:
    """Collapses each result into the first earlier result that it is a near-duplicate of.

    Args:
        vectors: ``(n, dim)`` float32, the best result first
        count: how many results to keep at most
        thresh: the largest cosine distance of near-duplicates

    Returns:
        for each result that is kept, in order, its place and then those of its near-duplicates
    """
    directions = unit(vectors)
    free = np.ones(len(vectors), bool)
    groups: list[Places] = []
    for start in range(0, len(vectors), COLLAPSED_AT_ONCE):
        places = start + np.flatnonzero(free[start : start + COLLAPSED_AT_ONCE])
        # One product for many results is much faster than one for each.
        near = 1.0 - directions[places] @ directions[start:].T <= thresh + ROUNDING
        for place, is_near in zip(places, near, strict=True):
            if len(groups) == count:
                return groups
            # It may be collapsed into an earlier result of this block.
            if free[place]:
                under = place + 1 + np.flatnonzero(is_near[place - start + 1 :] & free[place + 1 :])
                free[under] = False
                groups.append(np.concatenate([[place], under]))
    return groups


def hubness(vectors: Matrix, others: Matrix, nearest: int = 10) -> Distances:
    """The hubness of vectors: their mean cosine to the nearest of other vectors.

    Vectors near to everything are found by every query; cross-domain similarity local scaling
    corrects for it (Conneau et al., "Word translation without parallel data", 2018).

    Args:
        vectors: ``(n, dim)`` float32
        others: ``(m, dim)`` float32, at least 2; a vector among them is not compared
            with itself
        nearest (10): how many of the others count

    Returns:
        ``(n,)`` float64, -1 to 1
    """
    cosines = unit(vectors) @ unit(others).T
    count = min(nearest + 1, cosines.shape[1])
    best = -np.sort(-np.partition(cosines, -count, axis=1)[:, -count:], axis=1)
    # A vector is not compared with itself.
    is_own = best[:, 0] > 1.0 - 1e-6
    means = np.where(is_own, best[:, 1:].mean(axis=1), best[:, :nearest].mean(axis=1))
    return np.asarray(means, np.float64)
