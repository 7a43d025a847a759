"""What a search asks of an index that proposes candidates: of FAISS, or a tree."""

from __future__ import annotations

from typing import Protocol

from fiftyone_faiss.brain.ann.ann_index import SearchParameters
from fiftyone_faiss.brain.core.arrays import Matrix, Rows


class CandidateIndex(Protocol):
    """An index over the rows 0 to ``rows - 1`` of a store, deleted rows included.

    Attributes:
        metric: one of ``METRICS``
        parameters: the search parameters, by ascending ``k``
        rows: the number of rows
    """

    @property
    def metric(self) -> str: ...

    @property
    def parameters(self) -> tuple[SearchParameters, ...]: ...

    @property
    def rows(self) -> int: ...

    def rows_visited(self, k: int) -> float:
        """Estimates the number of rows that a search for ``k`` neighbors visits."""

    def propose(self, queries: Matrix, k: int) -> Rows:
        """Returns ``(Q, n)`` candidates for the ``k`` nearest rows of ``(Q, dim)`` queries.

        They are in no order; -1 fills up queries with fewer candidates.
        """
