"""Random pairs of an index, with which a distance is compared.

A cosine distance of 0.1 is a near-duplicate for one model and any two pictures for another. The
share of random pairs that are nearer says the same for all models.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import cachetools
import numpy as np

from fiftyone_faiss.brain.backend.searchable import IndexReader
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.core.metrics import cosine_distances, squared_norms
from fiftyone_faiss.brain.retrieval.reference_set import reference_set_of

# Distances by a matrix product and those of single pairs differ by rounding, relative to the
# largest distance.
ROUNDING = 1e-7
# Sampling errors are largest somewhere in the middle.
CHECKED = np.arange(5, 100, 5)
# The two-sided 95 % quantile of the normal distribution.
QUANTILE = 1.96
# Random pairs of indexes that a process keeps, 4 MB each.
KEPT = 8


@dataclass(frozen=True)
class RandomPairs:
    """The distances of all pairs of the reference set of an index.

    Attributes:
        distances: ``(p,)`` float64, ascending
        margin: how far percentiles may be from those of all pairs of the index, in percentage
            points, with a confidence of 95 %; 0 if these are all pairs
    """

    distances: Distances
    margin: float

    def __len__(self) -> int:
        return len(self.distances)

    @property
    def resolution(self) -> float:
        """The smallest difference of two percentiles, in percentage points."""
        return 100.0 / len(self)

    def percentiles(self, distances: Distances) -> Distances:
        """The percentage of random pairs that are nearer, 0 to 100, for each distance."""
        largest = float(np.abs(self.distances[[0, -1]]).max())
        nearer = np.searchsorted(self.distances, distances - ROUNDING * largest, side="left")
        return np.asarray(100.0 * nearer / len(self))


@cachetools.cached(
    cachetools.LRUCache(KEPT),
    key=lambda reader, metric: (reader.cache_key, metric),
    lock=threading.Lock(),
)
def random_pairs_of(reader: IndexReader, metric: str) -> RandomPairs | None:
    """The random pairs of a state of an index, always the same; computed once.

    Returns:
        the pairs; None if the index is too small to compare with
    """
    reference = reference_set_of(reader, metric)
    if not reference.can_calibrate:
        return None
    distances = _all_distances(reference.vectors.astype(np.float64), metric)
    is_whole = len(reference) >= reader.size
    pairs = np.sort(distances[np.triu_indices(len(distances), 1)])
    return RandomPairs(pairs, 0.0 if is_whole else _margin(distances, pairs))


def _all_distances(vectors: Distances, metric: str) -> Distances:
    """``(n, n)`` float64 distances by one matrix product."""
    products = vectors @ vectors.T
    if metric == "dotproduct":
        return np.asarray(-products)
    squares = squared_norms(vectors)
    if metric == "cosine":
        return cosine_distances(products, np.outer(squares, squares))
    return np.asarray(np.sqrt(np.maximum(squares[:, None] + squares - 2 * products, 0)))


def _margin(distances: Distances, pairs: Distances) -> float:
    """The largest margin of error of a percentile, in percentage points.

    Pairs of one sample are not independent. A share of pairs is a U-statistic, whose variance is
    ``4 v / n`` for ``n`` samples, with the variance ``v`` of the share among the pairs of one
    sample (Hoeffding, "A class of statistics with asymptotically normal distribution", 1948).
    """
    count = len(distances)
    others = distances.copy()
    np.fill_diagonal(others, np.inf)
    limits = np.percentile(pairs, CHECKED)
    shares = np.stack([(others <= limit).sum(axis=1) for limit in limits], axis=1) / (count - 1)
    deviation = np.sqrt(4.0 * shares.var(axis=0, ddof=1) / count)
    return float(100.0 * QUANTILE * deviation.max())
