"""Batches: rows to add to a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Matrix, Rows, lengths
from fiftyone_faiss.brain.core.ids import PackedIds
from fiftyone_faiss.brain.store.segments import MediaFingerprints, unknown_media


@dataclass(frozen=True)
class Batch:
    """Rows to add.

    Attributes:
        vectors: ``(n, dim)``, finite
        sample_ids: ``(n,)`` packed, the samples they belong to
        label_ids: ``(n,)`` packed, the labels, if the store holds labels
        media: ``(n,)`` fingerprints of the media, if known
        model: the fingerprint of the model that made the vectors, if one did
    """

    vectors: Matrix
    sample_ids: PackedIds
    label_ids: PackedIds | None = None
    media: MediaFingerprints | None = None
    model: str | None = None

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
                    f"{count} embeddings came with {len(column)} {name}; give one for each."
                )

    @property
    def ids(self) -> PackedIds:
        """The ids that identify a row."""
        return self.sample_ids if self.label_ids is None else self.label_ids

    def at(self, rows: Rows) -> Batch:
        """Those of its rows."""
        return Batch(
            self.vectors[rows],
            self.sample_ids[rows],
            None if self.label_ids is None else self.label_ids[rows],
            None if self.media is None else self.media[rows],
            self.model,
        )

    def columns(self, dtype: str) -> dict[str, npt.NDArray[Any]]:
        """The columns of a segment of these rows, by name; see the module ``segments``.

        Args:
            dtype: how vectors are kept, ``"float32"`` or ``"float16"``

        Raises:
            ValueError: if some vectors do not fit into it
        """
        with np.errstate(over="ignore"):
            vectors = np.ascontiguousarray(self.vectors, np.dtype(dtype))
        if dtype != "float32" and not np.isfinite(vectors).all():
            raise ValueError(f"Some vectors do not fit into {dtype}; build the index with float32.")
        media = unknown_media(len(vectors)) if self.media is None else self.media
        columns = {
            "vectors": vectors,
            "norms": lengths(vectors),
            "samples": self.sample_ids,
            "media": media,
        }
        return columns if self.label_ids is None else {**columns, "labels": self.label_ids}
