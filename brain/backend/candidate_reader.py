"""Reads a Brain backend that proposes candidates, for a search."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
from fiftyone.brain.similarity import SimilarityIndex

from fiftyone_faiss.brain.ann.combined_search import ProductScore
from fiftyone_faiss.brain.ann.exact_search import RowHits
from fiftyone_faiss.brain.core.arrays import Matrix, Rows
from fiftyone_faiss.brain.core.metrics import row_distances
from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.data.lookup import all_slices, existing_ids
from fiftyone_faiss.brain.data.view_ids import can_test, ids_inside, view_ids, whole_groups

# Of a view of at most so many, all vectors are fetched and ranked.
SMALL_VIEW = 2_000
# By how much more is asked for when too few candidates are in the view.
WIDEN = 4
# How often ids are sampled to find random vectors, of which the index may lack some.
DRAWS = 3


class CandidateReader:
    """An :class:`IndexReader` over the results of a Brain run.

    The backend is asked for the neighbors of a vector in the whole index, never in a view. What it
    returns are candidates: they are filtered here, and their distances are computed from their
    vectors.

    Args:
        results: the results, restricted to no view
        state: a value that changes when the results are saved again
        view (None): the view to search in, by default the dataset
    """

    def __init__(
        self, results: SimilarityIndex, state: str, view: foc.SampleCollection | None = None
    ) -> None:
        self._results = results
        self._state = state
        self._view = None if view is None else whole_groups(view, results.samples._is_frames)
        self._field: str | None = results.config.patches_field
        self._is_of_frames: bool = results.samples._is_frames
        self._notes: dict[str, None] = {}
        # The vectors fetched so far: rows are places in these lists.
        self._vectors: list[Matrix] = []
        self._ids: list[str] = []
        self._sample_ids: list[str] = []
        self._row_of: dict[str, int] = {}

    @property
    def cache_key(self) -> Hashable:
        return self._state, self.size

    @property
    def view_key(self) -> Hashable:
        # Of a large view, the whole index is sampled.
        view = None if self._small_view is None else tuple(self._small_view)
        return self.cache_key, view

    @cached_property
    def size(self) -> int:
        return int(self._results.total_index_size)

    @property
    def max_k(self) -> int | None:
        if self._small_view is not None:
            return None
        max_k: int | None = self._results.config.max_k
        return max_k

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    @property
    def _backend(self) -> str:
        return str(self._results.config.method)

    # -- searching -----------------------------------------------------------------------------

    def nearest(self, vector: Matrix, k: int, reverse: bool = False) -> RowHits:
        if self._small_view is not None:
            return self._ranked(vector, self._small_view, k, reverse)
        if reverse:
            raise ValueError(
                f"The backend '{self._backend}' cannot find the least similar; search for "
                f"something, search a view of at most {SMALL_VIEW:,}, or build a FAISS index."
            )
        return self._ranked(vector, self._candidates(vector, k), k)

    def top_rows(self, vectors: Matrix, score: ProductScore, k: int, reverse: bool = False) -> None:
        return None

    def range_search(self, vector: Matrix, thresh: float) -> RowHits:
        if self._small_view is not None:
            hits = self._ranked(vector, self._small_view, None)
        else:
            k = SMALL_VIEW
            hits = self.nearest(vector, k)
            while len(hits.rows) >= k and hits.distances[-1] <= thresh and k < self._limit:
                k *= WIDEN
                hits = self.nearest(vector, k)
        near = hits.distances <= thresh
        return RowHits(hits.rows[near], hits.distances[near])

    @property
    def _limit(self) -> int:
        """How many candidates the backend can return."""
        return self.size if self.max_k is None else min(self.size, self.max_k)

    def _candidates(self, vector: Matrix, k: int) -> list[str]:
        """The ids of at least ``k`` candidates in the view, or of as many as can be reached."""
        width = k
        if self._view is not None:
            width = int(1.5 * k * self.size / max(self._view_size, 1)) + 16
        while True:
            asked = min(width, self._limit)
            sample_ids, label_ids = self._results._kneighbors(query=vector, k=asked)[:2]
            ids = list(sample_ids if self._field is None else label_ids)
            allowed = self._allowed(list(sample_ids), ids)
            if len(allowed) >= k:
                return allowed
            if len(ids) < asked or asked >= self._limit:
                self._note_shortage(len(allowed), asked, len(ids))
                return allowed
            width = WIDEN * asked

    def _note_shortage(self, count: int, asked: int, returned: int) -> None:
        # Some backends return fewer than they are asked for.
        if min(asked, returned) < self.size:
            where = "dataset" if self._view is None else "view"
            self._notes[
                f"The backend '{self._backend}' returns at most {returned:,} neighbors, of which "
                f"{count:,} are in the {where}."
            ] = None

    def _ranked(
        self, vector: Matrix, ids: Sequence[str], k: int | None, reverse: bool = False
    ) -> RowHits:
        """The nearest, or farthest, of these ids, with exact distances."""
        rows = self.rows_of(ids)
        rows = np.unique(rows[rows >= 0])
        if not len(rows):
            return RowHits(rows, np.empty(0))
        vectors = self.vectors_at(rows).astype(np.float64)
        distances = row_distances(vector.astype(np.float64), vectors, self._results.config.metric)
        order = np.lexsort((np.asarray(self.ids_at(rows)), -distances if reverse else distances))
        return RowHits(rows[order[:k]], distances[order[:k]])

    # -- the view ------------------------------------------------------------------------------

    @cached_property
    def _view_size(self) -> int:
        if self._field is None and self._view is not None and not self._is_of_frames:
            return int(self._view.count())
        return len(self._view_ids)

    @cached_property
    def _view_ids(self) -> frozenset[str]:
        return frozenset(view_ids(self._view, self._field, self._is_of_frames))

    @cached_property
    def _small_view(self) -> list[str] | None:
        """The ids of a view that is small enough to be ranked whole, else None."""
        if self._view is None or self._view_size > SMALL_VIEW:
            return None
        return sorted(self._view_ids)

    def _allowed(self, sample_ids: list[str], ids: list[str]) -> list[str]:
        """Those of some ids that are in the view, or in the dataset."""
        if self._view is None:
            inside: Any = existing_ids(self._dataset, ids, self._field)
        elif can_test(self._view, self._is_of_frames) and "_view_ids" not in self.__dict__:
            inside = set(ids_inside(self._view, self._field, sample_ids, ids))
        else:
            inside = self._view_ids
        return [id for id in ids if id in inside]

    @property
    def _dataset(self) -> fo.Dataset:
        return self._results.samples._root_dataset

    # -- vectors -------------------------------------------------------------------------------

    def all_rows(self) -> Rows:
        self._add(*self._results.get_embeddings())
        return np.arange(len(self._ids))

    @cached_property
    def _shuffled_ids(self) -> list[str]:
        """The ids that the index may hold, in a random order."""
        samples = self._results.samples
        if isinstance(samples, fo.Dataset):
            samples = all_slices(samples)
        ids = sorted(view_ids(samples, self._field, self._is_of_frames))
        return [ids[place] for place in np.random.default_rng(self.size).permutation(len(ids))]

    def sample_rows(self, count: int) -> Rows:
        rows = np.empty(0, np.int64)
        for draw in range(DRAWS):
            sampled = self.rows_of(self._shuffled_ids[draw * count : (draw + 1) * count])
            rows = np.concatenate([rows, sampled[sampled >= 0]])[:count]
            if len(rows) == count or (draw + 1) * count >= len(self._shuffled_ids):
                break
        return rows

    def sample_view_rows(self, count: int) -> Rows:
        if self._small_view is None:
            return self.sample_rows(count)
        rows = self.rows_of(self._small_view)
        rows = rows[rows >= 0]
        rng = np.random.default_rng(self.size)
        return np.sort(rng.choice(rows, min(count, len(rows)), replace=False))

    def nearest_others(self, rows: Rows) -> None:
        return None

    def rows_of(self, ids: Sequence[str]) -> Rows:
        unknown = [id for id in dict.fromkeys(ids) if id not in self._row_of]
        if unknown:
            key = "sample_ids" if self._field is None else "label_ids"
            self._add(*self._results.get_embeddings(**{key: unknown}))
        return np.array([self._row_of.get(id, -1) for id in ids], np.int64)

    def _add(self, vectors: Any, sample_ids: Any, label_ids: Any) -> None:
        """Gives rows to vectors that were fetched."""
        if not len(vectors):
            return
        ids = sample_ids if self._field is None else label_ids
        fetched = check_vectors(vectors)
        for vector, id, sample_id in zip(fetched, ids, sample_ids, strict=True):
            if str(id) not in self._row_of:
                self._row_of[str(id)] = len(self._ids)
                self._ids.append(str(id))
                self._sample_ids.append(str(sample_id))
                self._vectors.append(vector)

    def vectors_at(self, rows: Rows) -> Matrix:
        if not len(rows):
            return np.empty((0, 0), np.float32)
        return np.stack([self._vectors[row] for row in rows])

    def ids_at(self, rows: Rows) -> list[str]:
        return [self._ids[row] for row in rows]

    def sample_ids_at(self, rows: Rows) -> list[str]:
        return [self._sample_ids[row] for row in rows]
