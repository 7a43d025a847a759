"""Tuning: the search parameters with which an ANN index reaches a recall."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import faiss
import numpy as np

from fiftyone_faiss.brain.ann.ann_index import (
    MIN_K,
    AnnIndex,
    SearchParameters,
    effective_nprobe,
    max_nprobe,
)
from fiftyone_faiss.brain.ann.batch_search import search_many
from fiftyone_faiss.brain.ann.factory import SEED, prepared
from fiftyone_faiss.brain.core.arrays import Matrix, Rows
from fiftyone_faiss.brain.store.snapshot import Snapshot

TARGET_RECALL = 0.99
TUNED_K = (MIN_K, 100)
QUERIES = 96
LATENCY_QUERIES = 32
K_FACTORS = (2, 4, 8, 16, 32, 64)
# Bisecting below this nprobe takes longer than the smaller value saves.
MIN_BISECTED = 128
# If doubling nprobe gains less recall than this, the codes of the index are too coarse.
MIN_GAIN = 0.002
# Marks of queries that are not rows of the store.
NO_ROW, TEXT = -1, -2

Measurement = tuple[SearchParameters, float]


@dataclass(frozen=True)
class Tuning:
    """The result of tuning.

    Attributes:
        parameters: the search parameters, by ascending ``k``
        recall: the mean fraction of the 10 nearest rows that are found, 0 to 1, over ``QUERIES``
            held-out queries, or over texts if that is less
        latency_ms: the median time of a search of the ANN index, in milliseconds
        target_recall: the recall that was to be reached
    """

    parameters: tuple[SearchParameters, ...]
    recall: float
    latency_ms: float
    target_recall: float

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Tuning:
        """Reads the stored form; other keys are ignored."""
        parameters = tuple(SearchParameters.from_json(stored) for stored in values["efforts"])
        return cls(parameters, values["recall"], values["latency_ms"], values["target_recall"])

    def to_json(self) -> dict[str, Any]:
        """Returns the stored form; its keys are a data format."""
        return {
            "efforts": [parameters.to_json() for parameters in self.parameters],
            "recall": self.recall,
            "latency_ms": self.latency_ms,
            "target_recall": self.target_recall,
        }


def tune(
    index: faiss.Index,
    snapshot: Snapshot,
    metric: str,
    target_recall: float = TARGET_RECALL,
    texts: Matrix | None = None,
) -> Tuning:
    """Finds the cheapest search parameters that reach a recall, compared with exact search.

    Half of the queries are rows of the index, each excluded from its own result: queries by
    example. The others are midpoints of two rows: queries that resemble no row, such as means of
    several samples. Texts are farther from all rows than those, so they form a group of their own,
    and each group must reach the recall.

    Args:
        index: the ANN index
        snapshot: the rows it was built from
        metric: one of ``METRICS``
        target_recall (0.99): the recall to reach, both for the 10 and for the 100 nearest rows
        texts (None): ``(t, dim)`` float32 vectors of texts, if the index supports text queries
    """
    excluded, queries = _queries(snapshot)
    if texts is not None and len(texts):
        excluded = np.concatenate([excluded, np.full(len(texts), TEXT)])
        queries = np.concatenate([queries, texts])
    max_k = min(TUNED_K[-1], snapshot.size - 1)
    hits = search_many(snapshot, queries, metric, max_k + 1, snapshot.live)
    truth = [hit.rows[hit.rows != row][:max_k] for hit, row in zip(hits, excluded, strict=True)]
    tuned, recalls = [], []
    candidates = _nprobe_values(index)
    sample = _Sample(index, prepared(queries, metric), excluded, truth)
    for k in TUNED_K:
        parameters, recall = _tune_k(sample, k, candidates, target_recall)
        tuned.append(parameters)
        recalls.append(recall)
        # More neighbors never need a smaller nprobe.
        candidates = [nprobe for nprobe in candidates if nprobe >= parameters.nprobe]
    ann_index = AnnIndex(index, metric, tuple(tuned))
    return Tuning(tuple(tuned), recalls[0], _latency_ms(ann_index, queries), target_recall)


def _queries(snapshot: Snapshot) -> tuple[Rows, Matrix]:
    """Samples queries: the ``(Q,)`` rows to exclude, or ``NO_ROW``, and ``(Q, dim)`` vectors."""
    rng = np.random.default_rng(SEED + 1)
    rows = rng.choice(snapshot.live_rows, min(QUERIES, snapshot.size), replace=False)
    vectors = snapshot.vectors_at(rows)
    half = len(rows) // 2
    others = snapshot.vectors_at(rng.choice(snapshot.live_rows, len(rows) - half))
    vectors[half:] = (vectors[half:] + others) / 2
    excluded = rows.copy()
    excluded[half:] = NO_ROW
    return excluded, vectors


def _nprobe_values(index: faiss.Index) -> list[int]:
    """Lists the values of nprobe to try, ascending; the last one is the largest useful value."""
    largest = max_nprobe(index)
    return [*(2**i for i in range(2, largest.bit_length()) if 2**i < largest), largest]


@dataclass(frozen=True)
class _Sample:
    """Queries with known nearest rows.

    Attributes:
        index: the ANN index
        queries: ``(Q, dim)`` prepared queries
        excluded: ``(Q,)`` the row to exclude from the result of each query, ``NO_ROW`` or ``TEXT``
        truth: the nearest rows of each query
    """

    index: faiss.Index
    queries: Matrix
    excluded: Rows
    truth: list[Rows]

    def measure(self, k: int, nprobe: int, k_factor: int) -> Measurement:
        """Measures the recall of search parameters for ``k`` neighbors."""
        count = min(k * k_factor + 1, self.index.ntotal)
        candidates, _ = AnnIndex(self.index, "dotproduct", ()).search(self.queries, count, nprobe)
        parameters = SearchParameters(k, effective_nprobe(self.index, nprobe, count), k_factor)
        return parameters, self._recall(candidates, k)

    def _recall(self, candidates: Rows, k: int) -> float:
        """Computes the fraction of the nearest rows among the candidates of each query.

        Candidates are ranked by their exact distances, so these rows are found.

        Returns:
            the mean over texts or over the other queries, whichever is less
        """
        fractions = np.array(
            [
                len(np.intersect1d(rows[rows != row], nearest[:k])) / len(nearest[:k])
                for rows, row, nearest in zip(candidates, self.excluded, self.truth, strict=True)
            ]
        )
        is_text = self.excluded == TEXT
        groups = (fractions[is_text], fractions[~is_text])
        return min(float(group.mean()) for group in groups if len(group))


def _tune_k(sample: _Sample, k: int, nprobe_values: list[int], target_recall: float) -> Measurement:
    """Raises nprobe first, and the number of candidates when nprobe gains no more recall."""
    best = (SearchParameters(k, nprobe_values[0], K_FACTORS[0]), -1.0)
    for k_factor in K_FACTORS:
        last_recall, last_nprobe = -1.0, 0
        for nprobe in [value for value in nprobe_values if value >= best[0].nprobe]:
            measurement = sample.measure(k, nprobe, k_factor)
            recall = measurement[1]
            best = measurement if recall > best[1] else best
            if recall >= target_recall:
                measure = partial(sample.measure, k, k_factor=k_factor)
                return _bisect(measurement, last_nprobe, measure, target_recall)
            if recall - last_recall < MIN_GAIN:
                break
            last_recall, last_nprobe = recall, nprobe
    return best


def _bisect(
    best: Measurement,
    low: int,
    measure: Callable[[int], Measurement],
    target_recall: float,
) -> Measurement:
    """Bisects between the last nprobe below the target recall and the first one that reached it."""
    high = best[0].nprobe
    while low and high >= MIN_BISECTED and high - low > high // 12:
        middle = (low + high) // 2
        measurement = measure(middle)
        if measurement[1] >= target_recall:
            best, high = measurement, middle
        else:
            low = middle
    return best


def _latency_ms(ann_index: AnnIndex, queries: Matrix) -> float:
    times = []
    for query in queries[:LATENCY_QUERIES]:
        started = time.perf_counter()
        ann_index.propose(query, TUNED_K[0])
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1000
