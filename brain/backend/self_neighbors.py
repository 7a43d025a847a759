"""The neighbors of many rows of a store among each other."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import numpy as np

from fiftyone_faiss.brain.ann.exact_search import RowHits
from fiftyone_faiss.brain.ann.graph_files import GraphMaintenance
from fiftyone_faiss.brain.ann.neighbor_graph import MAX_NEIGHBORS, NeighborGraph
from fiftyone_faiss.brain.ann.range_join import MAX_ONE_CELL, join_steps
from fiftyone_faiss.brain.ann.row_filter import RowFilter, row_mask
from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.backend.neighbor_ids import without
from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.store.snapshot import Snapshot

# Up to this many rows, all pairs are compared, which takes some seconds.
MAX_COMPARED = 20_000

Report = TypeVar("Report")


def nearest_among(
    searcher: VectorSearcher,
    graphs: GraphMaintenance,
    snapshot: Snapshot,
    rows: Rows,
    k: int | None,
) -> list[RowHits]:
    """Finds the nearest others of each of some rows.

    Of more than ``MAX_COMPARED`` rows that are all of the store, the neighbor graph is used, which
    is built if there is none.

    Args:
        searcher: searches the store
        graphs: keeps the neighbor graph
        snapshot: the vectors
        rows: ``(n,)`` rows
        k: the number of neighbors, None for all others
    """
    is_whole = len(rows) == snapshot.size > MAX_COMPARED
    if k is None or k > MAX_NEIGHBORS or not is_whole:
        return _searched(searcher, snapshot, rows, k)
    newest, graph = _last(graphs.current_steps(k))
    if newest.manifest.compaction_count != snapshot.manifest.compaction_count:
        return _searched(searcher, snapshot, rows, k)
    return [_hit(graph, row, k, snapshot) for row in rows.tolist()]


def within_among(
    searcher: VectorSearcher, snapshot: Snapshot, rows: Rows, thresh: float
) -> list[RowHits]:
    """Finds all others within a distance of each of some rows, nearest first."""
    order = np.argsort(rows)
    vectors = ScaledVectors(snapshot, searcher.metric, rows[order])
    pairs = None if len(rows) <= MAX_ONE_CELL else _last(join_steps(vectors, thresh))
    if pairs is None or not pairs.is_complete or pairs.recall < 1:
        row_filter = _only(snapshot, rows)
        hits = searcher.range_search(snapshot, snapshot.vectors_at(rows), thresh, row_filter)
        return [without(hit, row, None) for hit, row in zip(hits, rows, strict=True)]
    owners = np.concatenate([pairs.first, pairs.second])
    others = vectors.rows[np.concatenate([pairs.second, pairs.first])]
    distances = np.concatenate([pairs.distances, pairs.distances])
    by_owner = np.lexsort((others, distances, owners))
    starts = np.searchsorted(owners[by_owner], np.arange(len(rows) + 1))
    hits = [RowHits(np.empty(0, np.int64), np.empty(0))] * len(rows)
    for position, place in enumerate(order.tolist()):
        part = by_owner[starts[position] : starts[position + 1]]
        hits[place] = RowHits(others[part], distances[part])
    return hits


def _searched(
    searcher: VectorSearcher, snapshot: Snapshot, rows: Rows, k: int | None
) -> list[RowHits]:
    wanted = None if k is None else k + 1
    vectors = snapshot.vectors_at(rows)
    hits = searcher.search(snapshot, vectors, wanted, _only(snapshot, rows))
    return [without(hit, row, k) for hit, row in zip(hits, rows, strict=True)]


def _only(snapshot: Snapshot, rows: Rows) -> RowFilter:
    mask = row_mask(snapshot, rows)
    return RowFilter(lambda some: mask[some], lambda: rows, listed=True)


def _hit(graph: NeighborGraph, row: int, k: int, snapshot: Snapshot) -> RowHits:
    neighbors = np.asarray(graph.neighbors[row], np.int64)
    # Rows that were added after the snapshot are none of its neighbors.
    there = (neighbors >= 0) & (neighbors < snapshot.total_rows)
    return RowHits(neighbors[there][:k], np.asarray(graph.distances[row])[there][:k])


def _last(steps: Generator[object, None, Report]) -> Report:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            report: Report = stop.value
            return report
