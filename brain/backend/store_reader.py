"""Reads one generation of a store for a search."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.combined_search import ProductScore
from fiftyone_faiss.brain.ann.exact_search import RowHits
from fiftyone_faiss.brain.ann.row_filter import RowFilter, allowed_rows
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.backend.neighbor_ids import without
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Rows
from fiftyone_faiss.brain.core.ids import pack_ids, unpack_ids
from fiftyone_faiss.brain.data.slices import slices_note
from fiftyone_faiss.brain.data.view_filter import ViewFilter
from fiftyone_faiss.brain.data.view_ids import whole_groups
from fiftyone_faiss.brain.store.snapshot import Snapshot

# A view with a smaller share of the sampled rows is listed to find more of its rows.
MIN_SHARE = 0.3


class StoreReader:
    """An :class:`IndexReader` over a store.

    Args:
        searcher: searches the store
        snapshot: the generation to read
        view_filter: tells which rows a view holds
        view (None): the view to search in, by default the dataset
    """

    max_k = None

    def __init__(
        self,
        searcher: VectorSearcher,
        snapshot: Snapshot,
        view_filter: ViewFilter,
        view: foc.SampleCollection | None = None,
    ) -> None:
        self._searcher = searcher
        self._snapshot = snapshot
        self._view_filter = view_filter
        self._view = None if view is None else whole_groups(view, view_filter.is_of_frames)
        # Whether a search found rows of the view.
        self._has_rows = False

    @cached_property
    def _row_filter(self) -> RowFilter:
        return self._view_filter.row_filter(self._view, self._snapshot)

    @property
    def cache_key(self) -> Hashable:
        return str(self._searcher.store.path), self._snapshot.manifest.generation

    @property
    def view_key(self) -> Hashable:
        if self._view is None:
            return self.cache_key
        return self.cache_key, self._view_filter.state_of(self._view, self._snapshot)

    @property
    def size(self) -> int:
        return self._snapshot.size

    @property
    def notes(self) -> tuple[str, ...]:
        if self._view is None or self._has_rows:
            return ()
        note = slices_note(self._view, self._snapshot.sample_ids[self._snapshot.live_rows])
        return () if note is None else (note,)

    def nearest(self, vector: Matrix, k: int, reverse: bool = False) -> RowHits:
        row_filter = self._row_filter
        (hits,) = self._searcher.search(self._snapshot, vector[None], k, row_filter, reverse)
        self._has_rows |= len(hits.rows) > 0
        return hits

    def top_rows(self, vectors: Matrix, score: ProductScore, k: int, reverse: bool = False) -> Rows:
        row_filter = self._row_filter
        rows = self._searcher.search_products(
            self._snapshot, vectors, score, k, row_filter, reverse
        )
        self._has_rows |= len(rows) > 0
        return rows

    def range_search(self, vector: Matrix, thresh: float) -> RowHits:
        row_filter = self._row_filter
        (hits,) = self._searcher.range_search(self._snapshot, vector[None], thresh, row_filter)
        self._has_rows |= len(hits.rows) > 0
        return hits

    def all_rows(self) -> Rows:
        return self._snapshot.live_rows

    def sample_rows(self, count: int) -> Rows:
        rows = self._snapshot.live_rows
        if len(rows) <= count:
            return rows
        rng = np.random.default_rng(self._snapshot.manifest.generation)
        return np.sort(rng.choice(rows, count, replace=False))

    def sample_view_rows(self, count: int) -> Rows:
        rows = self.sample_rows(count)
        if self._view is None or not len(rows):
            return rows
        inside = rows[self._row_filter.contains(rows)]
        if MIN_SHARE * len(rows) <= len(inside) < len(rows):
            return inside
        listed = allowed_rows(self._snapshot, self._row_filter)
        rng = np.random.default_rng(self._snapshot.manifest.generation)
        return np.sort(rng.choice(listed, min(count, len(listed)), replace=False))

    def nearest_others(self, rows: Rows) -> Distances:
        vectors = self._snapshot.vectors_at(rows)
        hits = self._searcher.search(self._snapshot, vectors, 2, self._row_filter)
        others = [without(hit, row, 1).distances for hit, row in zip(hits, rows, strict=True)]
        return np.concatenate([np.empty(0), *others])

    def rows_of(self, ids: Sequence[str]) -> Rows:
        return self._snapshot.rows_of(pack_ids(ids))

    def vectors_at(self, rows: Rows) -> Matrix:
        return self._snapshot.vectors_at(rows)

    def ids_at(self, rows: Rows) -> list[str]:
        return unpack_ids(self._snapshot.ids[rows])

    def sample_ids_at(self, rows: Rows) -> list[str]:
        return unpack_ids(self._snapshot.sample_ids[rows])
