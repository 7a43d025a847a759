"""Tuning: how hard a derived index has to look, so that it finds what exact search finds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import faiss
import numpy as np

from fiftyone_faiss.brain.derived import (
    LEAST_DEPTH,
    SEED,
    Derived,
    Effort,
    max_probes,
    prepared,
    reach,
)
from fiftyone_faiss.brain.scan import search_many
from fiftyone_faiss.brain.segments import Matrix, Rows
from fiftyone_faiss.brain.snapshot import Snapshot

TARGET_RECALL = 0.99
DEPTHS = (LEAST_DEPTH, 100)
QUERIES = 96
OVERFETCH = (2, 4, 8, 16, 32, 64)
# From so many probes on, a part of them fewer saves more time than it takes to find out.
REFINED = 128
# Twice the probes for less than this are not worth it: the codes are too coarse, not the search.
NO_GAIN = 0.002
# In the place of a query's own row: it is no row, and it is a text.
NO_ROW, TEXT = -1, -2


@dataclass(frozen=True)
class Tuning:
    """What tuning found.

    Attributes:
        efforts: how hard to look, by ascending depth
        recall: of the 10 nearest rows of a query, the part that is found, 0 to 1, over
            ``QUERIES`` queries that were held out, or over texts if that is less
        latency_ms: the median time of a search, in milliseconds, without the database's part
        target_recall: what was aimed at
    """

    efforts: tuple[Effort, ...]
    recall: float
    latency_ms: float
    target_recall: float


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
        index: the derived index
        snapshot: the rows it was built of
        metric: its metric
        target_recall (0.99): the recall to reach, of the 10 nearest, and of the 100 nearest
        texts (None): ``(t, dim)`` float32 vectors of texts, if it is searched by words
    """
    own, queries = _queries(snapshot)
    if texts is not None and len(texts):
        own = np.concatenate([own, np.full(len(texts), TEXT)])
        queries = np.concatenate([queries, texts])
    deepest = min(DEPTHS[-1], snapshot.size - 1)
    hits = search_many(snapshot, queries, metric, deepest + 1, snapshot.live)
    truth = [hit.rows[hit.rows != row][:deepest] for hit, row in zip(hits, own, strict=True)]
    efforts, recalls = [], []
    ladder = _ladder(index)
    for depth in DEPTHS:
        effort, recall = _tune_depth(index, prepared(queries, metric), own, truth, depth, ladder,
                                     target_recall)  # fmt: skip
        efforts.append(effort)
        recalls.append(recall)
        # Deeper searches never need to look less hard.
        ladder = [probes for probes in ladder if probes >= effort.probes]
    derived = Derived(index, metric, tuple(efforts))
    return Tuning(tuple(efforts), recalls[0], _latency(derived, queries), target_recall)


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
    """The probes to try, ascending; the last are all that make sense."""
    most = max_probes(index)
    return [*(2**i for i in range(2, most.bit_length()) if 2**i < most), most]


def _tune_depth(
    index: faiss.Index,
    queries: Matrix,
    own: Rows,
    truth: list[Rows],
    depth: int,
    ladder: list[int],
    target_recall: float,
) -> tuple[Effort, float]:
    """Widens the net first by more probes, then, when those bring no more, by more candidates."""
    derived = Derived(index, "dotproduct", ())

    def measured(probes: int, overfetch: int) -> tuple[Effort, float]:
        count = min(depth * overfetch + 1, index.ntotal)
        found, _ = derived.raw(queries, count, probes)
        effort = Effort(depth, reach(index, probes, count), overfetch)
        return effort, _recall(found, own, truth, depth)

    best = (Effort(depth, ladder[0], OVERFETCH[0]), -1.0)
    for overfetch in OVERFETCH:
        before, last = -1.0, 0
        for probes in [one for one in ladder if one >= best[0].probes]:
            tried = measured(probes, overfetch)
            best = tried if tried[1] > best[1] else best
            if tried[1] >= target_recall:
                again = partial(measured, overfetch=overfetch)
                return _refined(tried, last, again, target_recall)
            if tried[1] - before < NO_GAIN:
                break
            before, last = tried[1], probes
    return best


def _refined(
    good: tuple[Effort, float],
    low: int,
    measured: Callable[[int], tuple[Effort, float]],
    target_recall: float,
) -> tuple[Effort, float]:
    """Fewer probes than were good, and more than were not, by halving the steps between them."""
    high = good[0].probes
    while low and high >= REFINED and high - low > high // 12:
        middle = (low + high) // 2
        tried = measured(middle)
        if tried[1] >= target_recall:
            good, high = tried, middle
        else:
            low = middle
    return good


def _recall(found: Rows, own: Rows, truth: list[Rows], depth: int) -> float:
    """The part of the true neighbours among the candidates: scored exactly, those win.

    Of texts and of the other queries, whichever is less.
    """
    parts = np.array(
        [
            len(np.intersect1d(candidates[candidates != row], true[:depth])) / len(true[:depth])
            for candidates, row, true in zip(found, own, truth, strict=True)
        ]
    )
    groups = (parts[own == TEXT], parts[own != TEXT])
    return min(float(group.mean()) for group in groups if len(group))


def _latency(derived: Derived, queries: Matrix) -> float:
    times = []
    for query in queries[:32]:
        started = time.perf_counter()
        derived.propose(query, DEPTHS[0])
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1000
