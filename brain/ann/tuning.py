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
    Tier,
    effective_nprobe,
    max_nprobe,
)
from fiftyone_faiss.brain.ann.candidate_index import CandidateIndex
from fiftyone_faiss.brain.ann.tuning_queries import MEANS, PERTURBED, ROWS, TEXTS, TuningQueries
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Places
from fiftyone_faiss.brain.store.snapshot import Snapshot

TARGET_RECALL = 0.99
TUNED_K = (MIN_K, 100)
LATENCY_QUERIES = 32
# Of an index without search parameters, which may be slow.
MEASURED_QUERIES = 64
K_FACTORS = (2, 4, 8, 16, 32, 64)
# Bisecting below this nprobe takes longer than the smaller value saves.
MIN_BISECTED = 128
# If doubling nprobe gains less recall than this, the codes of the index are too coarse.
MIN_GAIN = 0.002
# The limit of a tier is such that this share of the queries of these kinds is within it.
TIERS = (
    ((ROWS, PERTURBED), 0.6),
    ((ROWS, PERTURBED), 0.75),
    ((ROWS, PERTURBED), 0.9),
    ((ROWS, PERTURBED, MEANS), 0.98),
)
# The nprobe with which queries are divided into tiers.
DIVIDING_NPROBE = 32


@dataclass(frozen=True)
class Tuning:
    """The result of tuning.

    Attributes:
        parameters: the search parameters, by ascending ``k``
        recall: the mean fraction of the 10 nearest rows that queries find, 0 to 1, over all queries
            but texts, or over texts if that is less
        latency_ms: the median time of a search of the ANN index, in milliseconds
        target_recall: the recall that was to be reached
        tiers (()): the search parameters for farther queries, nearest first
        recall_by_kind (None): the recall of each kind of queries, by its name
        exact_ms (None): the mean time of an exact search for one of many queries, in milliseconds
    """

    parameters: tuple[SearchParameters, ...]
    recall: float
    latency_ms: float
    target_recall: float
    tiers: tuple[Tier, ...] = ()
    recall_by_kind: dict[str, float] | None = None
    exact_ms: float | None = None

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Tuning:
        """Reads the stored form; other keys are ignored."""
        return cls(
            tuple(map(SearchParameters.from_json, values["efforts"])),
            values["recall"],
            values["latency_ms"],
            values["target_recall"],
            tuple(map(Tier.from_json, values.get("tiers", ()))),
            values.get("recall_by_kind"),
            values.get("exact_ms"),
        )

    def to_json(self) -> dict[str, Any]:
        """Returns the stored form; its keys are a data format."""
        values = {
            "efforts": [parameters.to_json() for parameters in self.parameters],
            "recall": self.recall,
            "latency_ms": self.latency_ms,
            "target_recall": self.target_recall,
            "recall_by_kind": self.recall_by_kind,
            "exact_ms": self.exact_ms,
        }
        if self.tiers:
            values["tiers"] = [tier.to_json() for tier in self.tiers]
        return {key: value for key, value in values.items() if value is not None}


def tune(
    index: faiss.Index,
    snapshot: Snapshot,
    metric: str,
    target_recall: float = TARGET_RECALL,
    texts: Matrix | None = None,
) -> Tuning:
    """Finds the cheapest search parameters that reach a recall, compared with exact search.

    The queries are of several kinds; see :mod:`fiftyone_faiss.brain.ann.tuning_queries`. They are
    divided into tiers by the distance of their neighbors, and each tier gets search parameters of
    its own. In each tier, each kind must reach the recall, less a margin for rare kinds.

    Args:
        index: the ANN index
        snapshot: the rows it was built from
        metric: one of ``METRICS``
        target_recall (0.99): the recall to reach, both for the 10 and for the 100 nearest rows
        texts (None): ``(t, dim)`` float32 vectors of texts, if the index supports text queries
    """
    queries = TuningQueries.sample(snapshot, metric, TUNED_K[-1], texts)
    limits, numbers = _divide(index, queries)
    fractions = np.zeros(len(queries.vectors))
    tuned: list[tuple[SearchParameters, ...]] = []
    tiers: list[Tier] = []
    for number in range(len(limits) + 1):
        members = numbers == number
        if not members.any():
            continue
        # Farther queries never need a smaller nprobe.
        min_nprobe = tuned[-1][0].nprobe if tuned else 0
        parameters, fractions[members] = _tune_tier(
            index, queries.only(members), target_recall, min_nprobe
        )
        if tuned and parameters != tuned[-1]:
            tiers.append(Tier(limits[number - 1], parameters))
        tuned.append(parameters)
    ann_index = AnnIndex(index, metric, tuned[0], tuple(tiers))
    is_text = queries.kinds == TEXTS
    by_kind = {kind: float(fractions[queries.kinds == kind].mean()) for kind in queries.counts()}
    return Tuning(
        tuned[0],
        min(float(fractions[group].mean()) for group in (~is_text, is_text) if group.any()),
        _latency_ms(ann_index, queries.vectors),
        target_recall,
        tuple(tiers),
        by_kind,
        queries.exact_ms,
    )


def measure(
    index: CandidateIndex, snapshot: Snapshot, metric: str, texts: Matrix | None = None
) -> Tuning:
    """Measures an index that has no search parameters to tune, with a part of the queries."""
    queries = TuningQueries.sample(snapshot, metric, TUNED_K[-1], texts)
    count = len(queries.vectors)
    step = max(1, count // MEASURED_QUERIES)
    queries = queries.only(np.arange(count) % step == 0)
    # A query that is a row of the index finds itself, too.
    fractions = queries.fractions_found(index.propose(queries.vectors, TUNED_K[0] + 1), TUNED_K[0])
    by_kind = {kind: float(fractions[queries.kinds == kind].mean()) for kind in queries.counts()}
    return Tuning(
        index.parameters,
        float(fractions.mean()),
        _latency_ms(index, queries.vectors),
        1.0,
        recall_by_kind=by_kind,
        exact_ms=queries.exact_ms,
    )


def _divide(index: faiss.Index, queries: TuningQueries) -> tuple[list[float], Places]:
    """Divides queries into tiers.

    Returns:
        the limits between the tiers, on FAISS's scale, and the ``(Q,)`` tier of each query
    """
    nprobe = min(max_nprobe(index), DIVIDING_NPROBE)
    count = min(MIN_K, index.ntotal)
    _, scores = AnnIndex(index, "dotproduct", ()).search(queries.vectors, count, nprobe)
    last = np.nan_to_num(scores[:, -1])
    is_product = index.metric_type == faiss.METRIC_INNER_PRODUCT
    limits = []
    for kinds, share in TIERS:
        members = last[np.isin(queries.kinds, kinds)]
        limits.append(float(np.quantile(members, 1 - share if is_product else share)))
    probe = AnnIndex(index, "dotproduct", (), tuple(Tier(limit, ()) for limit in limits))
    return limits, probe.tiers_of(scores)


def _nprobe_values(index: faiss.Index) -> list[int]:
    """Lists the values of nprobe to try, ascending; the last one is the largest useful value."""
    largest = max_nprobe(index)
    return [*(2**i for i in range(2, largest.bit_length()) if 2**i < largest), largest]


def _tune_tier(
    index: faiss.Index, queries: TuningQueries, target_recall: float, min_nprobe: int = 0
) -> tuple[tuple[SearchParameters, ...], Distances]:
    """Tunes for the queries of a tier.

    Returns:
        the search parameters by ascending ``k``, and the fraction of the 10 nearest rows that each
        query finds with them
    """
    largest = max_nprobe(index)
    nprobe_values = [n for n in _nprobe_values(index) if n >= min(min_nprobe, largest)]
    tuned, first = [], np.empty(0)
    for k in TUNED_K:
        sample = _Sample(index, queries, k)
        best = _tune_k(sample, nprobe_values, target_recall)
        tuned.append(best.parameters)
        first = first if len(first) else best.fractions
        # More neighbors never need a smaller nprobe.
        nprobe_values = [n for n in nprobe_values if n >= min(best.parameters.nprobe, largest)]
    return tuple(tuned), first


@dataclass(frozen=True)
class _Measurement:
    """The fractions of the nearest rows that ``(Q,)`` queries find with search parameters."""

    parameters: SearchParameters
    fractions: Distances
    recall: float


@dataclass(frozen=True)
class _Sample:
    """Queries for ``k`` neighbors of an ANN index."""

    index: faiss.Index
    queries: TuningQueries
    k: int

    def measure(self, nprobe: int, k_factor: int) -> _Measurement:
        """Measures the recall of search parameters."""
        count = min(self.k * k_factor + 1, self.index.ntotal)
        ann_index = AnnIndex(self.index, "dotproduct", ())
        candidates, _ = ann_index.search(self.queries.vectors, count, nprobe)
        nprobe = effective_nprobe(self.index, nprobe, count)
        fractions = self.queries.fractions_found(candidates, self.k)
        recall = self.queries.recall(fractions)
        return _Measurement(SearchParameters(self.k, nprobe, k_factor), fractions, recall)


def _tune_k(sample: _Sample, nprobe_values: list[int], target_recall: float) -> _Measurement:
    """Raises nprobe first, and the number of candidates when nprobe gains no more recall."""
    best: _Measurement | None = None
    for k_factor in K_FACTORS:
        last_recall, last_nprobe = -1.0, 0
        min_nprobe = best.parameters.nprobe if best else 0
        for nprobe in [n for n in nprobe_values if n >= min(min_nprobe, nprobe_values[-1])]:
            measurement = sample.measure(nprobe, k_factor)
            recall = measurement.recall
            best = measurement if best is None or recall > best.recall else best
            if recall >= target_recall:
                measure = partial(sample.measure, k_factor=k_factor)
                return _bisect(measurement, last_nprobe, measure, target_recall)
            if recall - last_recall < MIN_GAIN:
                break
            last_recall, last_nprobe = recall, nprobe
    assert best is not None
    return best


def _bisect(
    best: _Measurement,
    low: int,
    measure: Callable[[int], _Measurement],
    target_recall: float,
) -> _Measurement:
    """Bisects between the last nprobe below the target recall and the first one that reached it."""
    high = best.parameters.nprobe
    while low and high >= MIN_BISECTED and high - low > high // 12:
        middle = (low + high) // 2
        measurement = measure(middle)
        if measurement.recall >= target_recall:
            best, high = measurement, middle
        else:
            low = middle
    return best


def _latency_ms(index: CandidateIndex, queries: Matrix) -> float:
    times = []
    for query in queries[:LATENCY_QUERIES]:
        started = time.perf_counter()
        index.propose(query[None], TUNED_K[0])
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1000
