"""Nearest neighbours over a store's vectors: FAISS proposes, exact distances decide. No FiftyOne.

A search asks for candidates, scores them exactly, and tests the winners for being answers: for
existing, and for being in a view. When too few are, it asks for more. Candidates come from

- a scan of all vectors, when the store is small, the question needs all of them, or in doubt;
- a gathering of the rows of a view, when those are few;
- a derived index, over the rows there were when it was built, and a scan of those added since.

So every type of index gives the same distance for the same row; which rows it finds is a matter
of recall, which is measured when the index is built.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fiftyone_faiss.brain import scan
from fiftyone_faiss.brain.derived import Derived
from fiftyone_faiss.brain.keeper import DerivedKeeper
from fiftyone_faiss.brain.scan import Distances, Hits, Scan
from fiftyone_faiss.brain.scope import Scope, answers, mask_of
from fiftyone_faiss.brain.segments import Matrix, Rows
from fiftyone_faiss.brain.snapshot import Snapshot
from fiftyone_faiss.brain.store import Store

# From this many queries on, one pass of exact search serves them all.
MANY_QUERIES = 16
# Views of at most so many rows, or this part of them if there is no derived index, are gathered.
GATHER_ROWS, GATHER = 2_048, 1 / 12
# To gather a row takes as long as a derived index takes to look at so many.
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


class VectorIndex:
    """Searches a store, by way of its derived index where that serves.

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
        self.keeper = DerivedKeeper(store, metric, index_type, texts)

    def search(
        self,
        snapshot: Snapshot,
        queries: Matrix,
        k: int | None,
        scope: Scope,
        reverse: bool = False,
    ) -> list[Hits]:
        """Finds the nearest rows of each query, ties by row.

        Args:
            snapshot: the generation to search
            queries: ``(Q, dim)`` float32
            k: how many, or None for all
            scope: which rows may be answers
            reverse (False): whether to find the farthest instead, farthest first

        Returns:
            ``Q`` hits of ``k`` rows each, or of as many as there are in the scope

        Raises:
            ValueError: if the queries have another dimension than the vectors
        """
        check_query(snapshot, queries)
        if not snapshot.size or k == 0:
            return [Hits(np.empty(0, np.int64), np.empty(0))] * len(queries)
        if len(queries) < MANY_QUERIES:
            return [self._search_one(snapshot, q, k, scope, reverse) for q in queries]
        rows = answers(snapshot, scope)
        if k is None or reverse or k >= len(rows):
            return [
                scan.rank(rows, scan.distances(snapshot, q, self.metric, rows), k, reverse)
                for q in queries
            ]
        return scan.search_many(snapshot, queries, self.metric, k, mask_of(snapshot, rows))

    def _search_one(
        self, snapshot: Snapshot, query: Matrix, k: int | None, scope: Scope, reverse: bool
    ) -> Hits:
        if k is None:
            rows = answers(snapshot, scope)
            found = scan.distances(snapshot, query, self.metric, rows)
            return scan.rank(rows, found, None, reverse)
        if not scope.listed:
            hits = self._around(snapshot, query, k, scope, reverse)
            if hits is not None:
                return hits
        return self._inside(snapshot, query, k, scope, reverse)

    def _around(
        self, snapshot: Snapshot, query: Matrix, k: int, scope: Scope, reverse: bool
    ) -> Hits | None:
        """Searches all rows and tests the winners; None if a list of the scope serves better."""
        derived = None if reverse else self.keeper.of(snapshot)
        propose = self._proposer(snapshot, derived, query, reverse)
        width = k
        while True:
            if derived is not None and width > WIDEST * snapshot.total_rows:
                derived = None
                propose = self._proposer(snapshot, None, query, reverse)
            hits = self._scored(snapshot, query, propose(width), reverse)
            complete = derived is None and width >= snapshot.size
            if not complete:
                hits = Hits(hits.rows[:width], hits.distances[:width])
            good = scope.contains(hits.rows)
            if complete or np.count_nonzero(good) >= k:
                return Hits(hits.rows[good][:k], hits.distances[good][:k])
            # One round more may do for a view of half of the rows, none will for one of few.
            if width > k and scope.rows() is not None:
                return None
            width = max(width * WIDEN, 64)

    def _inside(
        self, snapshot: Snapshot, query: Matrix, k: int, scope: Scope, reverse: bool
    ) -> Hits:
        """Searches the listed rows of a scope."""
        rows = answers(snapshot, scope)
        while True:
            hits = None if reverse else self._filtered(snapshot, query, k, rows)
            if hits is None:
                hits = self._scanned(snapshot, query, k, rows, reverse)
            good = scope.contains(hits.rows)
            if good.all():
                return hits
            # Gone since the list was made: look again without them.
            rows = np.setdiff1d(rows, hits.rows[~good], assume_unique=True)

    def _filtered(self, snapshot: Snapshot, query: Matrix, k: int, rows: Rows) -> Hits | None:
        """The nearest of some rows by way of the derived index; None if a scan serves better."""
        derived = self.keeper.of(snapshot)
        if derived is None or len(rows) <= GATHER_ROWS:
            return None
        # Enough that as many as are wanted can be expected among them, and a margin.
        wanted = min(k, len(rows))
        width = int(1.5 * wanted * snapshot.total_rows / len(rows)) + 16
        if width > WIDEST * snapshot.total_rows or derived.visited(width) > GATHERED * len(rows):
            return None
        propose = self._proposer(snapshot, derived, query, False)
        found = self._scored(snapshot, query, propose(width), False)
        found = Hits(found.rows[:width], found.distances[:width])
        inside = mask_of(snapshot, rows)[found.rows]
        if np.count_nonzero(inside) < wanted:
            return None
        return Hits(found.rows[inside][:wanted], found.distances[inside][:wanted])

    def _scanned(
        self, snapshot: Snapshot, query: Matrix, k: int, rows: Rows, reverse: bool
    ) -> Hits:
        """The nearest, or farthest, of some rows, by going through them."""
        few = len(rows) <= max(GATHER_ROWS, GATHER * snapshot.total_rows)
        chosen, mask = (rows, None) if few else (None, mask_of(snapshot, rows))
        through = Scan(snapshot, query, self.metric, rows=chosen, mask=mask, reverse=reverse)
        found = self._scored(snapshot, query, through.best(min(k, len(rows))), reverse)
        return Hits(found.rows[:k], found.distances[:k])

    def _proposer(
        self, snapshot: Snapshot, derived: Derived | None, query: Matrix, reverse: bool
    ) -> Callable[[int], Rows]:
        """What gives so many candidates, or more, among the live rows."""
        if derived is None:
            return Scan(snapshot, query, self.metric, reverse=reverse).best
        tail: Scan | None = None
        if derived.rows < snapshot.total_rows:
            tail = Scan(snapshot, query, self.metric, start=derived.rows)

        def propose(width: int) -> Rows:
            asked = width
            while True:
                rows = derived.propose(query, asked)
                rows = rows[snapshot.live[rows]]
                if len(rows) >= min(width, derived.rows):
                    return rows if tail is None else np.concatenate([rows, tail.best(width)])
                # Deleted rows took the places of others, which rows of the tail must not fill.
                asked *= WIDEN
                if asked > WIDEST * snapshot.total_rows:
                    return Scan(snapshot, query, self.metric).best(width)

        return propose

    def _scored(self, snapshot: Snapshot, query: Matrix, rows: Rows, reverse: bool) -> Hits:
        found = scan.distances(snapshot, query, self.metric, rows)
        return scan.rank(rows, found, None, reverse)

    def combined(
        self,
        snapshot: Snapshot,
        queries: Matrix,
        k: int | None,
        scope: Scope,
        combine: Callable[..., Distances],
        reverse: bool = False,
    ) -> Hits:
        """Ranks all rows by a combination of their distances to several queries, exactly."""
        rows = answers(snapshot, scope)
        each = [scan.distances(snapshot, query, self.metric, rows) for query in queries]
        return scan.rank(rows, combine(np.stack(each), axis=0), k, reverse)

    def within(
        self, snapshot: Snapshot, queries: Matrix, thresh: float, scope: Scope
    ) -> list[Hits]:
        """Finds all rows at most ``thresh`` away from each query, nearest first, exactly."""
        mask = mask_of(snapshot, answers(snapshot, scope))
        return scan.within(snapshot, queries, self.metric, thresh, mask)
