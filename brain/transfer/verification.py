"""Compares a copy of an index with its source: each vector, and the answers to queries."""

from __future__ import annotations

from collections.abc import Container, Generator, Sequence
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.core.metrics import cosine_distances, squared_norms
from fiftyone_faiss.brain.data.embeddings_fields import Embeddings
from fiftyone_faiss.brain.transfer.index_vectors import IndexVectors
from fiftyone_faiss.brain.transfer.report import Verification

QUERIES, K = 200, 10
# A copy that finds less of the exact nearest neighbors searches more of its index.
MIN_RECALL = 0.99
_SEED = 51
# float16 rounds by less than a thousandth; a vector that differs by more is another one.
MAX_RELATIVE_DIFFERENCE = 2e-3
# By how much more is asked for when too few neighbors were copied.
WIDEN = 4
# Distances that differ by less are those of equal neighbors.
_TIE = 1e-6


def distances_to_all(queries: Distances, vectors: Distances, metric: str) -> Distances:
    """Computes the ``(Q, n)`` float64 distances of queries to all of some vectors.

    Args:
        queries: ``(Q, dim)`` float64
        vectors: ``(n, dim)`` float64
        metric: one of ``METRICS``; see :func:`fiftyone_faiss.brain.core.metrics.row_distances`
    """
    products = queries @ vectors.T
    if metric == "dotproduct":
        return np.asarray(-products)
    of_queries, of_vectors = squared_norms(queries)[:, None], squared_norms(vectors)[None]
    if metric == "cosine":
        return cosine_distances(products, of_queries * of_vectors)
    return np.asarray(np.sqrt(np.maximum(of_queries + of_vectors - 2 * products, 0.0)))


class ExactLimits:
    """The exact distances of the nearest neighbors of some vectors, found block by block.

    Args:
        ids: their ``Q`` ids; a vector is no neighbor of itself
        queries: ``(Q, dim)`` float32
        metric: the metric
        k: how many neighbors
    """

    def __init__(self, ids: Sequence[str], queries: Matrix, metric: str, k: int) -> None:
        self.ids, self.queries, self.metric, self.k = list(ids), queries, metric, k
        self._exact = queries.astype(np.float64)
        self._nearest = np.full((len(ids), k), np.inf)
        self._row_of = {id: row for row, id in enumerate(ids)}

    def add(self, rows: Embeddings) -> None:
        """Takes vectors into account."""
        distances = distances_to_all(self._exact, rows.vectors.astype(np.float64), self.metric)
        for column, id in enumerate(rows.ids.tolist()):
            if id in self._row_of:
                distances[self._row_of[id], column] = np.inf
        known = np.hstack([self._nearest, distances])
        self._nearest = np.partition(known, self.k - 1, axis=1)[:, : self.k]

    @property
    def limits(self) -> Distances:
        """``(Q,)`` the largest distance that a neighbor may have, with a tolerance for ties."""
        farthest = self._nearest.max(axis=1)
        return np.asarray(farthest + _TIE * np.maximum(1.0, np.abs(farthest)))


@dataclass(frozen=True)
class Answers:
    """What an index returned for the queries.

    Attributes:
        ids: the ids of the neighbors of each query, without the query itself
        distances: their exact distances
        recall: the mean share of the exact nearest neighbors among them, 0 to 1
    """

    ids: list[list[str]]
    distances: list[Distances]
    recall: float


def answers_of(
    index: IndexVectors, truth: ExactLimits, source: IndexVectors, copied: Container[str]
) -> Answers:
    """Searches an index, and measures its answers.

    Args:
        index: the index
        truth: the queries, with the distances of their exact neighbors
        source: reads the vectors of the answers
        copied: the ids that were copied; others, such as those outside a view, do not count
    """
    ids = _nearest_copied(index, truth, copied)
    rows = source.read(sorted({id for row in ids for id in row}))
    place = {id: row for row, id in enumerate(rows.ids.tolist())}
    distances = []
    for query, row in zip(truth.queries.astype(np.float64), ids, strict=True):
        vectors = rows.vectors[[place[id] for id in row]].astype(np.float64)
        distances.append(distances_to_all(query[None], vectors, truth.metric)[0])
    near = [np.sum(of_row <= limit) for of_row, limit in zip(distances, truth.limits, strict=True)]
    return Answers(ids, distances, float(np.mean(near)) / truth.k)


def _nearest_copied(
    index: IndexVectors, truth: ExactLimits, copied: Container[str]
) -> list[list[str]]:
    """The ids of the ``k`` nearest among those that were copied, or of fewer at the limit."""
    max_k: int | None = index.results.config.max_k
    limit = min(index.size, max_k or index.size)
    asked = min(truth.k + 1, limit)
    while True:
        answers = index.nearest(truth.queries, asked)
        ids = [
            [id for id in row if id != own and id in copied][: truth.k]
            for own, row in zip(truth.ids, answers, strict=True)
        ]
        returned = min(map(len, answers))
        if min(map(len, ids)) >= truth.k or returned < asked or asked >= limit:
            return ids
        asked = min(WIDEN * asked, limit)


def shared(source: Answers, target: Answers) -> Distances:
    """``(Q,)`` the shares of the source's neighbors that the target returned too, 0 to 1.

    A neighbor as far as the target's last one counts: either is right.
    """
    shares = []
    for ids, distances, others, other_distances in zip(
        source.ids, source.distances, target.ids, target.distances, strict=True
    ):
        known, tied = set(others), np.zeros(len(ids), bool)
        if ids and len(others) >= len(ids):
            last = float(other_distances.max())
            tied = np.abs(distances - last) <= _TIE * max(1.0, abs(last))
        hits = [id in known or tie for id, tie in zip(ids, tied.tolist(), strict=True)]
        shares.append(float(np.mean(hits)) if hits else 1.0)
    return np.array(shares)


@dataclass(frozen=True)
class BothAnswers:
    """The answers of both sides to the same queries.

    Attributes:
        source: those of the source
        target: those of the copy
        k: how many neighbors were asked for
    """

    source: Answers
    target: Answers
    k: int

    def verification(self, compared: int, max_difference: float) -> Verification:
        """The figures of a report; see :class:`.report.Verification`."""
        shares = shared(self.source, self.target)
        return Verification(
            compared,
            max_difference,
            queries=len(shares),
            k=self.k,
            overlap=float(shares.mean()),
            min_overlap=float(shares.min()),
            recall=self.target.recall,
            source_recall=self.source.recall,
        )

    def notes(self, key: str, new_key: str) -> list[str]:
        """A sentence about results that a side does not find, if it misses more than few."""
        worst = min(self.source.recall, self.target.recall)
        if worst >= MIN_RECALL:
            return []
        return [
            f"Of the exact {self.k} nearest, '{new_key}' finds {100 * self.target.recall:.1f} % "
            f"and '{key}' {100 * self.source.recall:.1f} %."
        ]


@dataclass(frozen=True)
class ComparedVectors:
    """The outcome of reading all vectors on both sides.

    Attributes:
        max_difference: the largest absolute difference of two numbers
        truth: queries, with the distances of their exact neighbors
    """

    max_difference: float
    truth: ExactLimits


def compare_steps(
    source: IndexVectors, target: IndexVectors, ids: Sequence[str], new_key: str
) -> Generator[tuple[int, int], None, ComparedVectors]:
    """Reads all vectors again on both sides and compares them.

    Yields:
        how many are compared, and how many there are

    Raises:
        ValueError: if vectors are missing, or differ by more than float16 rounds
    """
    rng = np.random.default_rng(_SEED)
    places = np.sort(rng.choice(len(ids), min(QUERIES, len(ids)), replace=False))
    queries = source.read([ids[place] for place in places])
    k = max(1, min(K, len(ids) - 1))
    truth = ExactLimits(queries.ids.tolist(), queries.vectors, source.results.config.metric, k)
    largest, step = 0.0, min(source.batch_rows, target.batch_rows)
    for start in range(0, len(ids), step):
        rows = source.read(ids[start : start + step])
        largest = max(largest, _difference(rows, target, new_key))
        truth.add(rows)
        yield min(start + step, len(ids)), len(ids)
    return ComparedVectors(largest, truth)


def _difference(rows: Embeddings, target: IndexVectors, new_key: str) -> float:
    """The largest difference between vectors and those that another index has for their ids."""
    others = target.read(rows.ids.tolist())
    place = {id: row for row, id in enumerate(others.ids.tolist())}
    missing = [id for id in rows.ids.tolist() if id not in place]
    if missing:
        raise ValueError(
            f"{len(missing):,} vectors, such as that of '{missing[0]}', are not in '{new_key}'; "
            "run copy_index again to copy them."
        )
    mine = rows.vectors.astype(np.float64)
    theirs = others.vectors[[place[id] for id in rows.ids.tolist()]].astype(np.float64)
    difference = float(np.abs(mine - theirs).max())
    if target.results.config.metric == "cosine":
        # Some backends store unit vectors; their directions are the same.
        mine, theirs = _directions(mine), _directions(theirs)
    lengths = np.sqrt(squared_norms(mine))
    apart = np.sqrt(squared_norms(mine - theirs)) > MAX_RELATIVE_DIFFERENCE * lengths
    if apart.any():
        raise ValueError(
            f"{int(apart.sum()):,} vectors, such as that of '{rows.ids[apart][0]}', differ in "
            f"'{new_key}', because the index was changed during the copy; delete '{new_key}', and "
            "copy again."
        )
    return difference


def _directions(vectors: Distances) -> Distances:
    lengths = np.sqrt(squared_norms(vectors))[:, None]
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))
