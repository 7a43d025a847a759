"""Nearest neighbors over a store: candidates, ranked by exact distances. No FiftyOne.

A search proposes candidates, computes their exact distances, and tests whether the nearest are
allowed: whether they exist and are in the view. If too few are, it proposes more. Candidates come
from

- an exact search of all vectors, if the store is small or the query needs all rows;
- an exact search of the rows of a view, if these are few;
- the ANN index for the rows it holds, and an exact search for the rows added since.

So each index type gives the same distance for the same row. The recall, that is, which rows an
index finds, is measured when the index is built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fiftyone_faiss.brain.ann import batch_search, exact_search
from fiftyone_faiss.brain.ann.candidate_index import CandidateIndex
from fiftyone_faiss.brain.ann.combined_search import (
    ProductScore,
    best_rows,
    product_similarities,
)
from fiftyone_faiss.brain.ann.copied_rows import CopiedRows
from fiftyone_faiss.brain.ann.exact_search import ExactSearch, RowHits
from fiftyone_faiss.brain.ann.maintenance import IndexMaintenance
from fiftyone_faiss.brain.ann.policy import DEFAULT_POLICY, AnnPolicy
from fiftyone_faiss.brain.ann.proposing import proposer
from fiftyone_faiss.brain.ann.range_search import range_search
from fiftyone_faiss.brain.ann.row_filter import RowFilter, allowed_rows, row_mask
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Rows, SurrogateScores
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store


def check_query(snapshot: Snapshot, queries: Matrix) -> None:
    """Raises a ``ValueError`` if queries have another dimension than the vectors."""
    if snapshot.total_rows and queries.shape[-1] != snapshot.dim:
        raise ValueError(
            f"The query has {queries.shape[-1]} dimensions but the index has {snapshot.dim}; "
            "embed it with the model of the index."
        )


class VectorSearcher:
    """Searches a store, with its ANN index where that is faster.

    Args:
        store: the vectors
        metric: one of ``METRICS``
        index_type: one of ``INDEX_TYPES``, or a FAISS factory string
        texts: returns ``(t, dim)`` vectors of texts to tune with, or None if the index does not
            support text queries
        policy (DEFAULT_POLICY): when to build, rebuild and use the ANN index
    """

    def __init__(
        self,
        store: Store,
        metric: str,
        index_type: str,
        texts: Callable[[], Matrix | None] = lambda: None,
        policy: AnnPolicy = DEFAULT_POLICY,
    ) -> None:
        self.store = store
        self.metric = metric
        self._copied_rows = CopiedRows()
        self.maintenance = IndexMaintenance(store, metric, index_type, texts, policy)

    @property
    def policy(self) -> AnnPolicy:
        """When to build, rebuild and use the ANN index."""
        return self.maintenance.policy

    def search(
        self,
        snapshot: Snapshot,
        queries: Matrix,
        k: int | None,
        row_filter: RowFilter,
        reverse: bool = False,
    ) -> list[RowHits]:
        """Finds the nearest rows of each query; ties by row.

        Args:
            snapshot: the generation to search
            queries: ``(Q, dim)`` float32
            k: the number of neighbors, or None for all rows
            row_filter: the allowed rows
            reverse (False): whether to find the farthest rows instead, farthest first

        Returns:
            the ``k`` rows of each query, or all allowed rows if there are fewer

        Raises:
            ValueError: if the queries have another dimension than the vectors
        """
        check_query(snapshot, queries)
        if not snapshot.size or k == 0:
            return [RowHits(np.empty(0, np.int64), np.empty(0))] * len(queries)
        if k is None or reverse or len(queries) == 1:
            return [self._search_one(snapshot, q, k, row_filter, reverse) for q in queries]
        return self._search_many(snapshot, queries, k, row_filter)

    def search_products(
        self,
        snapshot: Snapshot,
        vectors: Matrix,
        score: ProductScore,
        k: int,
        row_filter: RowFilter,
        reverse: bool = False,
    ) -> Rows:
        """Finds the allowed rows with the best scores; see :func:`best_rows`.

        Raises:
            ValueError: if the vectors have another dimension than those of the index
        """
        check_query(snapshot, vectors)
        return best_rows(
            snapshot, vectors, score, k, row_filter, self.policy, reverse, self._copied_rows
        )

    def search_combined(
        self,
        snapshot: Snapshot,
        queries: Matrix,
        k: int | None,
        row_filter: RowFilter,
        combine: Callable[..., Distances],
        reverse: bool = False,
    ) -> RowHits:
        """Ranks all allowed rows by a combination of their exact distances to several queries."""

        def score(products: Matrix, norms: Matrix) -> SurrogateScores:
            similarities = product_similarities(products, norms, queries, self.metric)
            return np.asarray(-combine(-similarities, axis=0), np.float32)

        wanted = snapshot.size if k is None else k + batch_search.EXTRA_CANDIDATES
        rows = self.search_products(snapshot, queries, score, wanted, row_filter, reverse)
        distances = [
            exact_search.distances(snapshot, query, self.metric, rows) for query in queries
        ]
        return exact_search.rank(rows, combine(np.stack(distances), axis=0), k, reverse)

    def range_search(
        self, snapshot: Snapshot, queries: Matrix, thresh: float, row_filter: RowFilter
    ) -> list[RowHits]:
        """Finds all allowed rows within the distance ``thresh`` of each query, nearest first."""
        mask = row_mask(snapshot, allowed_rows(snapshot, row_filter))
        return range_search(snapshot, queries, self.metric, thresh, mask)

    def _search_many(
        self, snapshot: Snapshot, queries: Matrix, k: int, row_filter: RowFilter
    ) -> list[RowHits]:
        """Searches for all queries at once, and again for those with too few allowed rows."""
        rows = row_filter.rows() if row_filter.listed else None
        hits = self._nearest_of_many(snapshot, queries, k, rows)
        tested = np.unique(np.concatenate([hit.rows for hit in hits]))
        allowed = row_mask(snapshot, tested[row_filter.contains(tested)])
        hits = [
            RowHits(hit.rows[allowed[hit.rows]], hit.distances[allowed[hit.rows]]) for hit in hits
        ]
        wanted = min(k, snapshot.size if rows is None else len(rows))
        short = [i for i, hit in enumerate(hits) if len(hit.rows) < wanted]
        if len(short) > 1 and not row_filter.listed and row_filter.rows() is not None:
            again = self._search_many(snapshot, queries[short], k, replace(row_filter, listed=True))
        else:
            again = [self._search_one(snapshot, queries[i], k, row_filter, False) for i in short]
        for i, hit in zip(short, again, strict=True):
            hits[i] = hit
        return hits

    def _nearest_of_many(
        self, snapshot: Snapshot, queries: Matrix, k: int, rows: Rows | None
    ) -> list[RowHits]:
        """Finds near rows among all live rows, or among some, in the fastest way.

        Returns:
            at most ``k`` rows of each query
        """
        ann_index = self.maintenance.ann_index_of(snapshot)
        mask = snapshot.live if rows is None else row_mask(snapshot, rows)
        count = k if rows is None else self.policy.candidates_for(k, len(rows), snapshot.total_rows)
        if ann_index is not None and self._is_faster(snapshot, ann_index, count, rows):
            hits = batch_search.search_many_with(ann_index, snapshot, queries, count, mask)
            return [_first(hit, k) for hit in hits]
        if rows is not None and self.policy.is_gathered(snapshot.total_rows, len(rows)):
            return batch_search.search_many(snapshot, queries, self.metric, k, rows=rows)
        return batch_search.search_many(snapshot, queries, self.metric, k, mask)

    def _is_faster(
        self, snapshot: Snapshot, ann_index: CandidateIndex, count: int, rows: Rows | None
    ) -> bool:
        """Whether the ANN index answers each of many queries faster than an exact search."""
        if self.policy.is_large(snapshot.total_rows, count):
            return False
        share = 1.0 if rows is None else len(rows) / snapshot.total_rows
        visited = ann_index.rows_visited(count)
        tuning = self.maintenance.tuning(snapshot)
        if tuning is None or tuning.exact_ms is None:
            return visited < self.policy.max_visited_fraction * share * snapshot.total_rows
        tuned_for = ann_index.rows_visited(ann_index.parameters[0].k)
        return tuning.latency_ms * visited / tuned_for < tuning.exact_ms * share

    def _search_one(
        self, snapshot: Snapshot, query: Matrix, k: int | None, row_filter: RowFilter, reverse: bool
    ) -> RowHits:
        if k is None:
            rows = allowed_rows(snapshot, row_filter)
            return self._rank(snapshot, query, rows, None, reverse)
        if not row_filter.listed:
            hits = self._search_and_filter(snapshot, query, k, row_filter, reverse)
            if hits is not None:
                return hits
        return self._filter_and_search(snapshot, query, k, row_filter, reverse)

    def _search_and_filter(
        self, snapshot: Snapshot, query: Matrix, k: int, row_filter: RowFilter, reverse: bool
    ) -> RowHits | None:
        """Searches all rows and tests the nearest; None if listing the allowed rows is faster."""
        ann_index = None if reverse else self.maintenance.ann_index_of(snapshot)
        propose = proposer(snapshot, ann_index, query, self.metric, self.policy, reverse)
        count = k
        while True:
            if ann_index is not None and self.policy.is_large(snapshot.total_rows, count):
                ann_index = None
                propose = proposer(snapshot, None, query, self.metric, self.policy, reverse)
            hits = self._rank(snapshot, query, propose(count), None, reverse)
            is_complete = ann_index is None and count >= snapshot.size
            if not is_complete:
                hits = _first(hits, count)
            allowed = row_filter.contains(hits.rows)
            if is_complete or np.count_nonzero(allowed) >= k:
                return RowHits(hits.rows[allowed][:k], hits.distances[allowed][:k])
            # A second round is enough if half of the rows are allowed; if few are, none would be.
            if count > k and row_filter.rows() is not None:
                return None
            count = max(count * self.policy.candidate_growth, self.policy.min_candidates)

    def _filter_and_search(
        self, snapshot: Snapshot, query: Matrix, k: int, row_filter: RowFilter, reverse: bool
    ) -> RowHits:
        """Lists the allowed rows and searches them."""
        rows = allowed_rows(snapshot, row_filter)
        while True:
            hits = None if reverse else self._ann_search(snapshot, query, k, rows)
            if hits is None:
                hits = self._exact_search(snapshot, query, k, rows, reverse)
            allowed = row_filter.contains(hits.rows)
            if allowed.all():
                return hits
            # Some rows were deleted after they were listed: search again without them.
            rows = np.setdiff1d(rows, hits.rows[~allowed], assume_unique=True)

    def _ann_search(self, snapshot: Snapshot, query: Matrix, k: int, rows: Rows) -> RowHits | None:
        """Searches some rows with the ANN index; None if an exact search is faster."""
        ann_index = self.maintenance.ann_index_of(snapshot)
        is_gathered = self.policy.is_gathered(snapshot.total_rows, len(rows))
        if ann_index is None or (is_gathered and self._copied_rows.is_small(snapshot, rows)):
            return None
        wanted = min(k, len(rows))
        count = self.policy.candidates_for(wanted, len(rows), snapshot.total_rows)
        if self.policy.is_large(snapshot.total_rows, count):
            return None
        if ann_index.rows_visited(count) > self.policy.gather_cost * len(rows):
            return None
        propose = proposer(snapshot, ann_index, query, self.metric, self.policy)
        hits = _first(self._rank(snapshot, query, propose(count), None, False), count)
        allowed = row_mask(snapshot, rows)[hits.rows]
        if np.count_nonzero(allowed) < wanted:
            return None
        return RowHits(hits.rows[allowed][:wanted], hits.distances[allowed][:wanted])

    def _exact_search(
        self, snapshot: Snapshot, query: Matrix, k: int, rows: Rows, reverse: bool
    ) -> RowHits:
        """Searches some rows exactly, either copied together or masked among all rows."""
        if self.policy.is_gathered(snapshot.total_rows, len(rows)):
            copy = self._copied_rows.of(snapshot, rows)
            search = ExactSearch(
                snapshot, query, self.metric, rows=rows, reverse=reverse, copy=copy
            )
        else:
            mask = row_mask(snapshot, rows)
            search = ExactSearch(snapshot, query, self.metric, mask=mask, reverse=reverse)
        candidates = search.top_k(min(k, len(rows)))
        return self._rank(snapshot, query, candidates, k, reverse)

    def _rank(
        self, snapshot: Snapshot, query: Matrix, rows: Rows, k: int | None, reverse: bool
    ) -> RowHits:
        """Ranks rows by their exact distances."""
        distances = exact_search.distances(snapshot, query, self.metric, rows)
        return exact_search.rank(rows, distances, k, reverse)


def _first(hits: RowHits, count: int) -> RowHits:
    return RowHits(hits.rows[:count], hits.distances[:count])
