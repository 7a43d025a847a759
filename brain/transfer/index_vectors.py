"""The vectors of a similarity index of any Brain backend, read and written in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from fiftyone.brain.similarity import SimilarityIndex

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.progress import Progress
from fiftyone_faiss.brain.core.vectors import check_vectors
from fiftyone_faiss.brain.data.embeddings_fields import Embeddings


def rows_at(rows: Embeddings, places: Any) -> Embeddings:
    """Returns some rows, by a slice, a mask or their numbers."""
    labels = rows.label_ids
    return Embeddings(
        rows.vectors[places], rows.sample_ids[places], None if labels is None else labels[places]
    )


class IndexVectors:
    """The vectors of an index, by FiftyOne's similarity contract alone.

    A subclass replaces what its backend does slowly, or in a way that loses results.

    Args:
        results: the index, restricted to no view

    Attributes:
        batch_rows: how many vectors are read or written at once
    """

    batch_rows = 2_000

    def __init__(self, results: SimilarityIndex) -> None:
        self.results = results

    @property
    def patches_field(self) -> str | None:
        """The field of the labels that the index holds, None if it holds samples."""
        field: str | None = self.results.config.patches_field
        return field

    @property
    def size(self) -> int:
        """How many vectors the index holds."""
        return int(self.results.total_index_size)

    def listed_ids(self) -> set[str] | None:
        """The ids of all vectors, None if the backend cannot list them."""
        ids = self.results.sample_ids if self.patches_field is None else self.results.label_ids
        return None if ids is None else set(map(str, ids))

    def read(self, ids: Sequence[str]) -> Embeddings:
        """Reads the vectors of those ids that the index holds, once each, in any order."""
        key = "sample_ids" if self.patches_field is None else "label_ids"
        return self._rows(*self.results.get_embeddings(**{key: list(ids)}))

    def _rows(self, vectors: Any, sample_ids: Any, label_ids: Any) -> Embeddings:
        """Checks rows, and drops repeated ids, which some backends store."""
        has_labels = self.patches_field is not None
        samples = np.asarray(sample_ids, dtype=str)
        labels = np.asarray(label_ids, dtype=str) if has_labels else None
        if not len(vectors):
            return Embeddings(np.empty((0, 0), np.float32), samples, labels)
        rows = Embeddings(check_vectors(vectors), samples, labels)
        return rows_at(rows, np.unique(rows.ids, return_index=True)[1])

    def add(self, rows: Embeddings) -> None:
        """Adds vectors of ids that the index does not hold; they are stored when it returns."""
        self.results.add_to_index(
            rows.vectors, rows.sample_ids, label_ids=rows.label_ids, reload=False
        )

    def finish(self) -> Iterator[Progress]:
        """Makes what the backend searches with, after the last vectors were added."""
        return iter(())

    def nearest(self, queries: Matrix, k: int) -> list[list[str]]:
        """The ids of the nearest vectors of ``(Q, dim)`` queries, as the backend answers."""
        answer = self.results._kneighbors(query=queries, k=k)
        ids = answer[0] if self.patches_field is None else answer[1]
        return [list(map(str, row)) for row in ids]

    def widen(self) -> bool:
        """Makes queries search more of the index; returns False if they cannot."""
        return False

    @property
    def settings(self) -> dict[str, Any]:
        """What was set so that the index returns no less than its source."""
        return {}


class MemoryVectors(IndexVectors):
    """An index whose backend keeps its vectors in memory, and changes them as it searches."""

    batch_rows = 50_000

    @cached_property
    def _copy(self) -> tuple[Embeddings, dict[str, int]]:
        """The vectors as they were before the first search, and their rows by id."""
        vectors, samples, labels = self.results.get_embeddings()
        rows = self._rows(np.array(vectors, np.float32), samples, labels)
        return rows, {id: row for row, id in enumerate(rows.ids.tolist())}

    def read(self, ids: Sequence[str]) -> Embeddings:
        rows, row_of = self._copy
        return rows_at(rows, [row_of[id] for id in ids if id in row_of])

    def add(self, rows: Embeddings) -> None:
        super().add(rows)
        self.__dict__.pop("_copy", None)
