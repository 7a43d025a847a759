"""Tuning: how hard an ANN index has to look, so that it finds what exact search finds."""

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
from fiftyone_faiss.brain.ann.exact_search import search_many
from fiftyone_faiss.brain.ann.factory import SEED, prepared
from fiftyone_faiss.brain.core.arrays import Matrix, Rows
from fiftyone_faiss.brain.store.snapshot import Snapshot

TARGET_RECALL = 0.99
TUNED_K = (MIN_K, 100)
QUERIES = 96
K_FACTORS = (2, 4, 8, 16, 32, 64)
# From this nprobe on, a smaller value saves more time than the search for it takes.
REFINED = 128
# Doubling nprobe must gain at least this recall; otherwise the codes are too coarse.
NO_GAIN = 0.002
# In the place of a query's own row: it is no row, and it is a text.
NO_ROW, TEXT = -1, -2


@dataclass(frozen=True)
class Tuning:
    """What tuning found.

    Attributes:
        parameters: the search parameters, by ascending ``k``
        recall: of the 10 nearest rows of a query, the part that is found, 0 to 1, over
            ``QUERIES`` queries that were held out, or over texts if that is less
        latency_ms: the median time of a search, in milliseconds, without the database's part
        target_recall: what was aimed at
    """

    parameters: tuple[SearchParameters, ...]
    recall: float
    latency_ms: float
    target_recall: float

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Tuning:
        """Reads the stored form; other keys are ignored."""
        parameters = tuple(SearchParameters.from_json(effort) for effort in values["efforts"])
        return cls(parameters, values["recall"], values["latency_ms"], values["target_recall"])

    def to_json(self) -> dict[str, Any]:
        """The stored form; its keys are a data format."""
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
    """Finds the cheapest search parameters that reach a recall, against exact search.

    Half of the queries are rows of the index, each held out of its own answer, for a query by
    example; the others lie halfway between two rows, for queries that resemble no row, such as
    means of several samples. Texts are farther still from all rows, and are a group of their own:
    each group has to reach the recall.

    Args:
        index: the ANN index
        snapshot: the rows it was built of
        metric: its metric
        target_recall (0.99): the recall to reach, of the 10 nearest, and of the 100 nearest
        texts (None): ``(t, dim)`` float32 vectors of texts, if it is searched by words
    """
    own, queries = _queries(snapshot)
    if texts is not None and len(texts):
        own = np.concatenate([own, np.full(len(texts), TEXT)])
        queries = np.concatenate([queries, texts])
    deepest = min(TUNED_K[-1], snapshot.size - 1)
    hits = search_many(snapshot, queries, metric, deepest + 1, snapshot.live)
    truth = [hit.rows[hit.rows != row][:deepest] for hit, row in zip(hits, own, strict=True)]
    tuned, recalls = [], []
    ladder = _ladder(index)
    for k in TUNED_K:
        parameters, recall = _tune_for(index, prepared(queries, metric), own, truth, k, ladder,
                                       target_recall)  # fmt: skip
        tuned.append(parameters)
        recalls.append(recall)
        # Deeper searches never need to look less hard.
        ladder = [nprobe for nprobe in ladder if nprobe >= parameters.nprobe]
    ann_index = AnnIndex(index, metric, tuple(tuned))
    return Tuning(tuple(tuned), recalls[0], _latency(ann_index, queries), target_recall)


def _queries(snapshot: Snapshot) -> tuple[Rows, Matrix]:
    """``(Q,)`` rows to hold out, ``NO_ROW`` for none, and ``(Q, dim)`` queries."""
    rng = np.random.default_rng(SEED + 1)
    rows = rng.choice(snapshot.live_rows, min(QUERIES, snapshot.size), replace=False)
    vectors = snapshot.vectors_at(rows)
    half = len(rows) // 2
    others = snapshot.vectors_at(rng.choice(snapshot.live_rows, len(rows) - half))
    vectors[half:] = (vectors[half:] + others) / 2
    own = rows.copy()
    own[half:] = NO_ROW
    return own, vectors


def _ladder(index: faiss.Index) -> list[int]:
    """The values of nprobe to try, ascending; the last one is the largest useful value."""
    most = max_nprobe(index)
    return [*(2**i for i in range(2, most.bit_length()) if 2**i < most), most]


def _tune_for(
    index: faiss.Index,
    queries: Matrix,
    own: Rows,
    truth: list[Rows],
    k: int,
    ladder: list[int],
    target_recall: float,
) -> tuple[SearchParameters, float]:
    """Raises nprobe first, then, when that gains no recall, the number of candidates."""
    ann_index = AnnIndex(index, "dotproduct", ())

    def measured(nprobe: int, k_factor: int) -> tuple[SearchParameters, float]:
        count = min(k * k_factor + 1, index.ntotal)
        found, _ = ann_index.raw(queries, count, nprobe)
        parameters = SearchParameters(k, effective_nprobe(index, nprobe, count), k_factor)
        return parameters, _recall(found, own, truth, k)

    best = (SearchParameters(k, ladder[0], K_FACTORS[0]), -1.0)
    for k_factor in K_FACTORS:
        before, last = -1.0, 0
        for nprobe in [one for one in ladder if one >= best[0].nprobe]:
            tried = measured(nprobe, k_factor)
            best = tried if tried[1] > best[1] else best
            if tried[1] >= target_recall:
                again = partial(measured, k_factor=k_factor)
                return _refined(tried, last, again, target_recall)
            if tried[1] - before < NO_GAIN:
                break
            before, last = tried[1], nprobe
    return best


def _refined(
    good: tuple[SearchParameters, float],
    low: int,
    measured: Callable[[int], tuple[SearchParameters, float]],
    target_recall: float,
) -> tuple[SearchParameters, float]:
    """Bisects between the last nprobe below the target and the first one above it."""
    high = good[0].nprobe
    while low and high >= REFINED and high - low > high // 12:
        middle = (low + high) // 2
        tried = measured(middle)
        if tried[1] >= target_recall:
            good, high = tried, middle
        else:
            low = middle
    return good


def _recall(found: Rows, own: Rows, truth: list[Rows], k: int) -> float:
    """The part of the true neighbours among the candidates: scored exactly, those win.

    Of texts and of the other queries, whichever is less.
    """
    parts = np.array(
        [
            len(np.intersect1d(candidates[candidates != row], true[:k])) / len(true[:k])
            for candidates, row, true in zip(found, own, truth, strict=True)
        ]
    )
    groups = (parts[own == TEXT], parts[own != TEXT])
    return min(float(group.mean()) for group in groups if len(group))


def _latency(ann_index: AnnIndex, queries: Matrix) -> float:
    times = []
    for query in queries[:32]:
        started = time.perf_counter()
        ann_index.propose(query, TUNED_K[0])
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1000
