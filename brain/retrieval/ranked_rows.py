"""Rows of an index in the order of a query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from fiftyone_faiss.brain.ann.exact_search import SCORE_ROWS
from fiftyone_faiss.brain.backend.searchable import IndexReader
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Places, Rows
from fiftyone_faiss.brain.retrieval.relevance import Relevance


@dataclass(frozen=True)
class RankedRows:
    """Rows of an index, best first.

    Attributes:
        reader: the index
        rows: ``(n,)`` int64
        distances: ``(n,)`` float64 distances to the vector of the ranking
        ranked: ``(n,)`` float64, what the rows are ordered by, higher is better
        is_complete: whether there are no other rows
        rank: computes what ``(n, dim)`` vectors are ordered by
        has_more: whether there are more results
        relevance: the estimates of the relevance of rows, by what they are ordered by
        near_duplicates: what is collapsed into a row, which is one of these or of the query's own
        is_euclidean: whether rows are ordered by the negative euclidean distance
    """

    reader: IndexReader
    rows: Rows
    distances: Distances
    ranked: Distances
    is_complete: bool
    rank: Callable[[Matrix], Distances]
    has_more: bool = False
    relevance: Relevance | None = None
    near_duplicates: dict[int, RankedRows] = field(default_factory=dict)
    is_euclidean: bool = False

    @property
    def scores(self) -> Distances:
        """``(n,)`` float64 scores that people read; see :class:`Neighbors`."""
        return self._readable(self.ranked)

    @property
    def cutoff_score(self) -> float:
        """The lowest score, as people read it, above the score cutoff; infinite if there is none,
        and minus infinite without estimates."""
        if self.relevance is None:
            return -np.inf
        above = self.relevance.ranked[: self.relevance.count]
        return float(self._readable(above[-1:])[0]) if len(above) else np.inf

    def _readable(self, ranked: Distances) -> Distances:
        return 1.0 / (1.0 - ranked) if self.is_euclidean else ranked

    def all_scores(self) -> Iterator[tuple[list[str], Distances]]:
        """Yields the ids and the scores that people read of all rows of the index, in blocks."""
        rows = self.reader.all_rows()
        for start in range(0, len(rows), SCORE_ROWS):
            block = rows[start : start + SCORE_ROWS]
            scores = self._readable(self.rank(self.reader.vectors_at(block)))
            yield self.reader.ids_at(block), scores

    def near_duplicate_ids(self) -> dict[str, list[str]]:
        """The ids of what is collapsed into a row, by the id of the row."""
        owners = self.reader.ids_at(np.array(list(self.near_duplicates), np.int64))
        groups = self.near_duplicates.values()
        return {
            owner: self.reader.ids_at(group.rows)
            for owner, group in zip(owners, groups, strict=True)
        }

    def near_duplicate_scores(self) -> dict[str, float]:
        """The scores, as people read them, of what is collapsed, by the ids."""
        return {
            id: float(score)
            for group in self.near_duplicates.values()
            for id, score in zip(self.reader.ids_at(group.rows), group.scores, strict=True)
        }

    def read_vectors(self) -> Matrix:
        """Reads the ``(n, dim)`` float32 vectors."""
        return self.reader.vectors_at(self.rows)

    def at(self, places: Places | slice) -> RankedRows:
        """The rows at some places."""
        return replace(
            self,
            rows=self.rows[places],
            distances=self.distances[places],
            ranked=self.ranked[places],
        )
