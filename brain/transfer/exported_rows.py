"""The rows of an index to export: their vectors, their keys, and what the index says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.row_filter import allowed_rows
from fiftyone_faiss.brain.core.arrays import Matrix, Rows
from fiftyone_faiss.brain.core.ids import unpack_ids
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.data.file_hashes import hash_files_steps
from fiftyone_faiss.brain.data.lookup import LOOKUP
from fiftyone_faiss.brain.data.patch_labels import boxes_by_id
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.view_ids import whole_groups
from fiftyone_faiss.brain.retrieval.export import file_paths
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.transfer.contents import Block, rows_per_block
from fiftyone_faiss.brain.transfer.description import IndexDescription
from fiftyone_faiss.brain.transfer.row_keys import (
    BOUNDING_BOX,
    CONTENT_HASH,
    FILEPATH,
    LABEL_ID,
    SAMPLE_ID,
    RowKeys,
    box_text,
)


@dataclass(frozen=True)
class ExportedRows:
    """The rows of an index to export.

    Attributes:
        dataset: the dataset of the index
        snapshot: the generation of the index
        rows: ``(n,)`` the rows, ascending
        dtype: the type of the exported numbers
        skipped: the numbers of rows that are left out, by the reason
    """

    dataset: fo.Dataset
    snapshot: Snapshot
    rows: Rows
    dtype: str
    skipped: dict[str, int]

    @classmethod
    def of(
        cls, samples: foc.SampleCollection, index: FaissSimilarityIndex, dtype: str | None
    ) -> ExportedRows:
        """Lists the rows of the samples that exist.

        Raises:
            ValueError: if there are none
        """
        snapshot, views = index.snapshot, index.view_filter
        existing = allowed_rows(snapshot, views.row_filter(None, snapshot))
        rows = existing
        if not isinstance(samples, fo.Dataset):
            view = whole_groups(samples, views.is_of_frames)
            rows = np.sort(allowed_rows(snapshot, views.row_filter(view, snapshot)))
        if not rows.size:
            raise ValueError(
                f"The index '{index.key}' holds no vector of these samples; nothing was exported."
            )
        counts = {
            "their samples were deleted": snapshot.size - len(existing),
            "not in the view": len(existing) - len(rows),
        }
        skipped = {reason: count for reason, count in counts.items() if count}
        chosen = dtype or snapshot.manifest.dtype
        return cls(root_dataset(samples), snapshot, rows, chosen, skipped)

    def blocks(self) -> Iterator[Block]:
        """Reads the vectors and where they come from, segment by segment."""
        size = rows_per_block(self.snapshot.dim)
        for segment in self.snapshot.segments:
            rows = self.rows[(self.rows >= segment.start) & (self.rows < segment.stop)]
            for start in range(0, len(rows), size):
                some = rows[start : start + size]
                yield Block(
                    self._converted(self.snapshot.mapped_at(some)),
                    self.snapshot.media[some],
                    segment.info.model,
                    segment.info.precision,
                )

    def _converted(self, vectors: Matrix) -> npt.NDArray[Any]:
        with np.errstate(over="ignore"):
            converted = vectors.astype(self.dtype, copy=False)
        if converted is not vectors and not np.isfinite(converted).all():
            raise ValueError(
                f"Some vectors do not fit into {self.dtype}; export them with dtype='float32'."
            )
        return converted


def keys_steps(
    source: ExportedRows, patches_field: str | None, content_hashes: bool
) -> Steps[RowKeys]:
    """Lists the keys of the rows; hashes the media files if requested."""
    snapshot, rows = source.snapshot, source.rows
    sample_ids = unpack_ids(snapshot.sample_ids[rows])
    columns: dict[str, list[Any]] = {SAMPLE_ID: sample_ids}
    if snapshot.label_ids is not None and patches_field is not None:
        columns[LABEL_ID] = unpack_ids(snapshot.label_ids[rows])
        columns[BOUNDING_BOX] = _boxes(source.dataset, columns[LABEL_ID], patches_field)
    paths: dict[str, str] = {}
    unique = list(dict.fromkeys(sample_ids))
    for start in range(0, len(unique), LOOKUP):
        paths |= file_paths(source.dataset, unique[start : start + LOOKUP])
    columns[FILEPATH] = [paths.get(sample_id) for sample_id in sample_ids]
    if content_hashes:
        known = list(dict.fromkeys(path for path in columns[FILEPATH] if path is not None))
        hashes = yield from hash_files_steps(known, all_sizes=True)
        hash_of = dict(zip(known, hashes.hashes, strict=True))
        columns[CONTENT_HASH] = [hash_of.get(path) for path in columns[FILEPATH]]
    return RowKeys(columns)


def _boxes(dataset: fo.Dataset, ids: list[str], patches_field: str) -> list[str | None]:
    """Returns the boxes of labels, None for labels without a box."""
    boxes: dict[str, list[float]] = {}
    for start in range(0, len(ids), LOOKUP):
        boxes |= boxes_by_id(dataset, ids[start : start + LOOKUP], patches_field)
    return [box_text(boxes.get(id)) for id in ids]


def describe(index: FaissSimilarityIndex, source: ExportedRows, keys: RowKeys) -> IndexDescription:
    """Describes the rows; the hash of their vectors is still missing."""
    config, snapshot = index.config, source.snapshot
    models = {segment.info.model for segment in snapshot.segments}
    regions = index.regions
    return IndexDescription(
        count=len(keys),
        dim=snapshot.dim,
        dtype=source.dtype,
        keys_hash=keys.digest(),
        metric=config.metric,
        index_type=config.index_type,
        model=config.model,
        supports_text=index.supports_text,
        fingerprint=models.pop() if len(models) == 1 else None,
        precision=snapshot.precision(),
        patches_field=regions.patches_field,
        roi_field=regions.roi_field,
        alpha=regions.alpha,
        force_square=regions.force_square,
        frames=config.frames,
        brain_key=index.key,
        dataset=source.dataset.name,
    )
