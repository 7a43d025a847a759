"""Batches: rows to add to a store."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Matrix, Rows, row_norms
from fiftyone_faiss.brain.core.ids import PackedIds
from fiftyone_faiss.brain.store.segments import MediaFingerprints, unknown_media

Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Batch:
    """Rows to add.

    Attributes:
        vectors: ``(n, dim)``, finite
        sample_ids: ``(n,)`` packed ids of their samples
        label_ids (None): ``(n,)`` packed ids of their labels, if the store holds labels
        media (None): ``(n,)`` fingerprints of their media, if known
        model (None): the fingerprint of the model that computed the vectors, None for given vectors
        precision (None): the precision that the model ran in, None for given vectors and where
            unknown
    """

    vectors: Matrix
    sample_ids: PackedIds
    label_ids: PackedIds | None = None
    media: MediaFingerprints | None = None
    model: str | None = None
    precision: str | None = None
    _columns: dict[str, Columns] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        count = len(self.vectors)
        columns = (
            ("sample ids", self.sample_ids),
            ("label ids", self.label_ids),
            ("media fingerprints", self.media),
        )
        for name, column in columns:
            if column is not None and len(column) != count:
                raise ValueError(
                    f"{count} embeddings came with {len(column)} {name}; pass one for each."
                )

    @property
    def ids(self) -> PackedIds:
        """The ids that identify the rows: label ids if there are any, else sample ids."""
        return self.sample_ids if self.label_ids is None else self.label_ids

    def at(self, rows: Rows) -> Batch:
        """Returns a batch of some of the rows."""
        return replace(
            self,
            vectors=self.vectors[rows],
            sample_ids=self.sample_ids[rows],
            label_ids=None if self.label_ids is None else self.label_ids[rows],
            media=None if self.media is None else self.media[rows],
        )

    def columns(self, dtype: str) -> Columns:
        """Returns the columns of a segment of these rows; see the module ``segments``.

        They are computed once, so that a caller can check a batch before the store commits it.

        Args:
            dtype: the dtype of stored vectors, ``"float32"`` or ``"float16"``

        Raises:
            ValueError: if some vectors do not fit into it
        """
        if dtype not in self._columns:
            self._columns[dtype] = self._compute_columns(dtype)
        return self._columns[dtype]

    def _compute_columns(self, dtype: str) -> Columns:
        with np.errstate(over="ignore"):
            vectors = np.ascontiguousarray(self.vectors, np.dtype(dtype))
        if dtype != "float32" and not np.isfinite(vectors).all():
            raise ValueError(f"Some vectors do not fit into {dtype}; build the index with float32.")
        columns: Columns = {
            "vectors": vectors,
            "norms": row_norms(vectors),
            "samples": self.sample_ids,
            "media": unknown_media(len(vectors)) if self.media is None else self.media,
        }
        return columns if self.label_ids is None else {**columns, "labels": self.label_ids}
