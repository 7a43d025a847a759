"""Measures of how well vectors retrieve samples of the same class, for each query."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.arrays import Matrix

Vector = npt.NDArray[np.float64]
# Queries of a block times vectors; bounds the memory of their distances.
BLOCK_PRODUCTS = 20_000_000
MEASURES = ("knn_accuracy", "precision", "map_at_r")
"""The names of the measures, as attributes of :class:`QueryMeasures`."""


class MeasuredVectors(Protocol):
    """Vectors of an index, or others with the methods of :class:`ScaledVectors`."""

    def __len__(self) -> int: ...
    def at(self, positions: Positions) -> Matrix: ...
    def closeness(self, first: Positions, a: Matrix, second: Positions, b: Matrix) -> Matrix: ...


@dataclass(frozen=True)
class QueryMeasures:
    """The measures of each query.

    Attributes:
        knn_accuracy: ``(q,)`` 1 if most of the ``k`` nearest neighbors have its class, else 0
        precision: ``(q,)`` the share of the ``k`` nearest neighbors with its class
        map_at_r: ``(q,)`` mAP@R (Musgrave et al., A Metric Learning Reality Check, 2020)
        hubness: the skewness of how often a vector is a neighbor; 0 if all are equally often
    """

    knn_accuracy: Vector
    precision: Vector
    map_at_r: Vector
    hubness: float


def measure_steps(
    vectors: MeasuredVectors, labels: Positions, groups: Positions, queries: Positions, k: int
) -> Generator[tuple[int, int], None, QueryMeasures]:
    """Measures the retrieval of queries among all vectors, by exact search.

    Near duplicates of a query are no neighbors of it.

    Args:
        vectors: the vectors
        labels: ``(n,)`` their classes
        groups: ``(n,)`` their groups of near duplicates
        queries: ``(q,)`` positions of queries
        k: the number of neighbors

    Yields:
        how many queries are done, and how many there are
    """
    n, q = len(vectors), len(queries)
    everything = np.arange(n)
    matrix = vectors.at(everything)
    results = {name: np.empty(q) for name in MEASURES}
    occurrences = np.zeros(n, np.int64)
    size = max(1, BLOCK_PRODUCTS // n)
    for start in range(0, q, size):
        part = queries[start : start + size]
        closeness = vectors.closeness(part, matrix[part], everything, matrix)
        is_copy = groups[part][:, None] == groups
        closeness[is_copy] = -np.inf
        relevant = ((labels[part][:, None] == labels) & ~is_copy).sum(axis=1)
        most = min(n - 1, max(k, int(relevant.max(initial=0))))
        order = _nearest(closeness, most)
        # Those at the end of a short row are near duplicates of the query.
        is_there = ~np.take_along_axis(is_copy, order, axis=1)
        is_right = (labels[order] == labels[part][:, None]) & is_there
        here = slice(start, start + len(part))
        results["precision"][here] = is_right[:, :k].mean(axis=1)
        results["knn_accuracy"][here] = (
            _majority(labels, order[:, :k], is_there[:, :k]) == (labels[part])
        )
        results["map_at_r"][here] = _map_at_r(is_right, relevant)
        np.add.at(occurrences, order[:, :k][is_there[:, :k]], 1)
        yield min(start + size, q), q
    return QueryMeasures(**results, hubness=hubness_of(occurrences, q / n))


def limits(
    labels: Positions, groups: Positions, queries: Positions, k: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Computes the measures of a random order, and of a perfect one.

    Args:
        labels: ``(n,)`` the classes of all vectors
        groups: ``(n,)`` their groups of near duplicates
        queries: ``(q,)`` positions of queries
        k: the number of neighbors

    Returns:
        both, by the names of the measures
    """
    n, of_class = len(labels), np.bincount(labels)
    class_and_group = np.unique(np.stack([labels, groups]), axis=1, return_inverse=True)[1].ravel()
    in_group = np.bincount(class_and_group)[class_and_group]
    others = np.maximum(of_class[labels[queries]] - 1, 1)
    share = others / (n - 1)
    harmonic = np.cumsum(1 / np.arange(1, n + 1))[others - 1]
    chance = {
        "knn_accuracy": float((labels[queries] == of_class.argmax()).mean()),
        "precision": float(share.mean()),
        "map_at_r": float((share**2 + share * (1 - share) * harmonic / others).mean()),
    }
    most = np.minimum(k, of_class[labels[queries]] - in_group[queries]) / k
    return chance, {"knn_accuracy": 1.0, "precision": float(most.mean()), "map_at_r": 1.0}


def _nearest(closeness: npt.NDArray[np.float32], most: int) -> Positions:
    """The ``most`` nearest, nearest first; of equal ones, the first."""
    if most < closeness.shape[1] // 2:
        some = np.sort(np.argpartition(-closeness, most - 1, axis=1)[:, :most], axis=1)
        order = np.argsort(-np.take_along_axis(closeness, some, axis=1), axis=1, kind="stable")
        return np.take_along_axis(some, order, axis=1)
    return np.argsort(-closeness, axis=1, kind="stable")[:, :most]


def _majority(
    labels: Positions, neighbors: Positions, is_there: npt.NDArray[np.bool_]
) -> Positions:
    """The most frequent class of neighbors; of equally frequent ones, that of the nearest."""
    of_neighbors = np.where(is_there, labels[neighbors], -1)
    same = of_neighbors[:, :, None] == of_neighbors[:, None, :]
    counts = np.where(is_there, same.sum(axis=2), -1)
    first = counts.argmax(axis=1)
    return np.take_along_axis(of_neighbors, first[:, None], axis=1)[:, 0]


def _map_at_r(is_right: npt.NDArray[np.bool_], relevant: Positions) -> Vector:
    """mAP@R: the mean over the first R ranks of the precision at each right one, 0 if R is 0."""
    ranks = np.arange(1, is_right.shape[1] + 1)
    counts = is_right & (ranks <= relevant[:, None])
    precision = np.cumsum(counts, axis=1) / ranks
    total: Vector = (precision * counts).sum(axis=1) / np.maximum(relevant, 1)
    return total


def hubness_of(occurrences: Positions, share: float) -> float:
    """The skewness of the numbers of times that vectors are neighbors.

    Args:
        occurrences: how often each vector is a neighbor of a query
        share: the share of the vectors that were queries; the skewness is that for all, estimated
            from the factorial moments, which a random choice of queries scales by its powers
    """
    counts = occurrences.astype(np.float64)
    first = counts.mean() / share
    second = (counts * (counts - 1)).mean() / share**2
    third = (counts * (counts - 1) * (counts - 2)).mean() / share**3
    variance = second + first - first**2
    raw_second, raw_third = second + first, third + 3 * second + first
    if variance <= 0:
        return 0.0
    return float((raw_third - 3 * first * raw_second + 2 * first**3) / variance**1.5)
