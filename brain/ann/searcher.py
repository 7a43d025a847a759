"""Nearest neighbours over a store's vectors: FAISS proposes, exact distances decide. No FiftyOne.

A search asks for candidates, scores them exactly, and tests the winners for being answers: for
existing, and for being in a view. When too few are, it asks for more. Candidates come from

- a scan of all vectors, when the store is small, the question needs all of them, or in doubt;
- a gathering of the rows of a view, when those are few;
- an ANN index, over the rows there were when it was built, and a scan of those added since.

So every type of index gives the same distance for the same row; which rows it finds is a matter
of recall, which is measured when the index is built.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fiftyone_faiss.brain.ann import exact_search
from fiftyone_faiss.brain.ann.ann_index import AnnIndex
from fiftyone_faiss.brain.ann.exact_search import ExactSearch, RowHits
from fiftyone_faiss.brain.ann.maintenance import IndexMaintenance
from fiftyone_faiss.brain.ann.row_filter import RowFilter, allowed_rows, row_mask
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Rows
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store

# From this many queries on, one pass of exact search serves them all.
MANY_QUERIES = 16
# Views of at most so many rows, or this part of them if there is no ANN index, are gathered.
GATHER_ROWS, GATHER = 2_048, 1 / 12
# To gather a row takes as long as an ANN index takes to look at so many.
GATHERED = 20
# Beyond this part of the rows, proposing candidates takes longer than a scan.
WIDEST = 1 / 16
WIDEN = 4


def check_query(snapshot: Snapshot, queries: Matrix) -> None:
    """Raises a ``ValueError`` if queries have another dimension than the vectors."""
    if snapshot.total_rows and queries.shape[-1] != snapshot.dim:
        raise ValueError(
            f"The query has {queries.shape[-1]} dimensions but the index has {snapshot.dim}; "
            "embed it with the model of the index."
        )


class VectorSearcher:
    """Searches a store, by way of its ANN index where that serves.

    Args:
        store: the vectors
        metric: one of ``METRICS``
        index_type: one of ``INDEX_TYPES``, or a FAISS factory string
        texts (None): gives ``(t, dim)`` vectors of texts to tune with, or None if it is not
            searched by words
    """

    def __init__(
        self,
        store: Store,
        metric: str,
        index_type: str,
        texts: Callable[[], Matrix | None] = lambda: None,
    ) -> None:
        self.store = store
        self.metric = metric
        self.maintenance = IndexMaintenance(store, metric, index_type, texts)

    def search(
        self,
        snapshot: Snapshot,
        queries: Matrix,
        k: int | None,
        row_filter: RowFilter,
        reverse: bool = False,
    ) -> list[RowHits]:
        """Finds the nearest rows of each query, ties by row.

        Args:
            snapshot: the generation to search
            queries: ``(Q, dim)`` float32
            k: how many, or None for all
            row_filter: which rows may be answers
            reverse (False): whether to find the farthest instead, farthest first

        Returns:
            ``Q`` hits of ``k`` rows each, or of as many as there are in the row_filter

        Raises:
            ValueError: if the queries have another dimension than the vectors
        """
        check_query(snapshot, queries)
        if not snapshot.size or k == 0:
            return [RowHits(np.empty(0, np.int64), np.empty(0))] * len(queries)
        if len(queries) < MANY_QUERIES:
            return [self._search_one(snapshot, q, k, row_filter, reverse) for q in queries]
        rows = allowed_rows(snapshot, row_filter)
        if k is None or reverse or k >= len(rows):
            return [
                exact_search.rank(
                    rows, exact_search.distances(snapshot, q, self.metric, rows), k, reverse
                )
                for q in queries
            ]
        return exact_search.search_many(snapshot, queries, self.metric, k, row_mask(snapshot, rows))

    def _search_one(
        self, snapshot: Snapshot, query: Matrix, k: int | None, row_filter: RowFilter, reverse: bool
    ) -> RowHits:
        if k is None:
            rows = allowed_rows(snapshot, row_filter)
            found = exact_search.distances(snapshot, query, self.metric, rows)
            return exact_search.rank(rows, found, None, reverse)
        if not row_filter.listed:
            hits = self._around(snapshot, query, k, row_filter, reverse)
            if hits is not None:
                return hits
        return self._inside(snapshot, query, k, row_filter, reverse)

    def _around(
        self, snapshot: Snapshot, query: Matrix, k: int, row_filter: RowFilter, reverse: bool
    ) -> RowHits | None:
        """Searches all rows and tests the winners; None if a list of the rows is faster."""
        ann_index = None if reverse else self.maintenance.of(snapshot)
        propose = self._proposer(snapshot, ann_index, query, reverse)
        width = k
        while True:
            if ann_index is not None and width > WIDEST * snapshot.total_rows:
                ann_index = None
                propose = self._proposer(snapshot, None, query, reverse)
            hits = self._scored(snapshot, query, propose(width), reverse)
            complete = ann_index is None and width >= snapshot.size
            if not complete:
                hits = RowHits(hits.rows[:width], hits.distances[:width])
            good = row_filter.contains(hits.rows)
            if complete or np.count_nonzero(good) >= k:
                return RowHits(hits.rows[good][:k], hits.distances[good][:k])
            # One round more may do for a view of half of the rows, none will for one of few.
            if width > k and row_filter.rows() is not None:
                return None
            width = max(width * WIDEN, 64)

    def _inside(
        self, snapshot: Snapshot, query: Matrix, k: int, row_filter: RowFilter, reverse: bool
    ) -> RowHits:
        """Searches the listed rows of a row_filter."""
        rows = allowed_rows(snapshot, row_filter)
        while True:
            hits = None if reverse else self._filtered(snapshot, query, k, rows)
            if hits is None:
                hits = self._scanned(snapshot, query, k, rows, reverse)
            good = row_filter.contains(hits.rows)
            if good.all():
                return hits
            # Gone since the list was made: look again without them.
            rows = np.setdiff1d(rows, hits.rows[~good], assume_unique=True)

    def _filtered(self, snapshot: Snapshot, query: Matrix, k: int, rows: Rows) -> RowHits | None:
        """The nearest of some rows by way of the ANN index; None if a scan serves better."""
        ann_index = self.maintenance.of(snapshot)
        if ann_index is None or len(rows) <= GATHER_ROWS:
            return None
        # Enough that as many as are wanted can be expected among them, and a margin.
        wanted = min(k, len(rows))
        width = int(1.5 * wanted * snapshot.total_rows / len(rows)) + 16
        if width > WIDEST * snapshot.total_rows or ann_index.rows_visited(width) > GATHERED * len(
            rows
        ):
            return None
        propose = self._proposer(snapshot, ann_index, query, False)
        found = self._scored(snapshot, query, propose(width), False)
        found = RowHits(found.rows[:width], found.distances[:width])
        inside = row_mask(snapshot, rows)[found.rows]
        if np.count_nonzero(inside) < wanted:
            return None
        return RowHits(found.rows[inside][:wanted], found.distances[inside][:wanted])

    def _scanned(
        self, snapshot: Snapshot, query: Matrix, k: int, rows: Rows, reverse: bool
    ) -> RowHits:
        """The nearest, or farthest, of some rows, by going through them."""
        few = len(rows) <= max(GATHER_ROWS, GATHER * snapshot.total_rows)
        chosen, mask = (rows, None) if few else (None, row_mask(snapshot, rows))
        through = ExactSearch(snapshot, query, self.metric, rows=chosen, mask=mask, reverse=reverse)
        found = self._scored(snapshot, query, through.best(min(k, len(rows))), reverse)
        return RowHits(found.rows[:k], found.distances[:k])

    def _proposer(
        self, snapshot: Snapshot, ann_index: AnnIndex | None, query: Matrix, reverse: bool
    ) -> Callable[[int], Rows]:
        """What gives so many candidates, or more, among the live rows."""
        if ann_index is None:
            return ExactSearch(snapshot, query, self.metric, reverse=reverse).best
        tail: ExactSearch | None = None
        if ann_index.rows < snapshot.total_rows:
            tail = ExactSearch(snapshot, query, self.metric, start=ann_index.rows)

        def propose(width: int) -> Rows:
            asked = width
            while True:
                rows = ann_index.propose(query, asked)
                rows = rows[snapshot.live[rows]]
                if len(rows) >= min(width, ann_index.rows):
                    return rows if tail is None else np.concatenate([rows, tail.best(width)])
                # Deleted rows took the places of others, which rows of the tail must not fill.
                asked *= WIDEN
                if asked > WIDEST * snapshot.total_rows:
                    return ExactSearch(snapshot, query, self.metric).best(width)

        return propose

    def _scored(self, snapshot: Snapshot, query: Matrix, rows: Rows, reverse: bool) -> RowHits:
        found = exact_search.distances(snapshot, query, self.metric, rows)
        return exact_search.rank(rows, found, None, reverse)

    def search_combined(
        self,
        snapshot: Snapshot,
        queries: Matrix,
        k: int | None,
        row_filter: RowFilter,
        combine: Callable[..., Distances],
        reverse: bool = False,
    ) -> RowHits:
        """Ranks all rows by a combination of their distances to several queries, exactly."""
        rows = allowed_rows(snapshot, row_filter)
        each = [exact_search.distances(snapshot, query, self.metric, rows) for query in queries]
        return exact_search.rank(rows, combine(np.stack(each), axis=0), k, reverse)

    def range_search(
        self, snapshot: Snapshot, queries: Matrix, thresh: float, row_filter: RowFilter
    ) -> list[RowHits]:
        """Finds all rows at most ``thresh`` away from each query, nearest first, exactly."""
        mask = row_mask(snapshot, allowed_rows(snapshot, row_filter))
        return exact_search.range_search(snapshot, queries, self.metric, thresh, mask)
