"""Snapshots: one generation of a store, for readers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Matrix, Rows, is_extreme
from fiftyone_faiss.brain.core.files import FILE_SYSTEM, FileSystem
from fiftyone_faiss.brain.core.ids import ID_DTYPE, PackedIds, find_rows
from fiftyone_faiss.brain.store.checked_files import read_deleted_rows
from fiftyone_faiss.brain.store.manifest import Manifest
from fiftyone_faiss.brain.store.segments import (
    MEDIA_DTYPE,
    MediaFingerprints,
    Segment,
    concatenated,
)


@dataclass(frozen=True)
class Snapshot:
    """One generation of a store. It never changes, so a query needs no lock.

    Attributes:
        manifest: the manifest of the generation
        segments: the mapped segments
        deleted: ``(d,)`` int64, the deleted rows, ascending
    """

    manifest: Manifest
    segments: tuple[Segment, ...]
    deleted: Rows

    @classmethod
    def of(
        cls,
        directory: Path,
        manifest: Manifest,
        previous: Snapshot | None,
        filesystem: FileSystem = FILE_SYSTEM,
    ) -> Snapshot:
        """Maps a generation.

        Args:
            directory: the directory of the store
            manifest: the manifest of the generation
            previous: another generation of the store, or None; its mapped segments are reused
            filesystem (FILE_SYSTEM): opens the files

        Raises:
            FileNotFoundError: if a file is missing
            StoreError: if a file is damaged or cannot be read
        """
        segments_by_name = (
            {segment.info.name: segment for segment in previous.segments} if previous else {}
        )
        segments: list[Segment] = []
        start = 0
        for info in manifest.segments:
            # Mapped segments remember which blocks were checked.
            segment = segments_by_name.get(info.name)
            segment = segment or Segment.of(directory, manifest, info, start, filesystem)
            segment.check_size()
            segments.append(segment)
            start += info.rows
        deleted = read_deleted_rows(directory, manifest, filesystem)
        return cls(manifest, tuple(segments), deleted)

    @property
    def total_rows(self) -> int:
        """The number of rows, deleted ones included."""
        return self.segments[-1].stop if self.segments else 0

    @property
    def size(self) -> int:
        """The number of live rows."""
        return self.total_rows - len(self.deleted)

    @property
    def dim(self) -> int:
        """The dimension of the vectors, 0 if there are none yet."""
        return self.manifest.dim or 0

    def check_dim(self, dim: int) -> None:
        """Raises a ``ValueError`` if the vectors of the store have another dimension."""
        if self.manifest.dim not in (None, dim):
            raise ValueError(
                f"The vectors have {dim} dimensions but this index has {self.dim}; use the model "
                "that it was built with."
            )

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """``(total_rows,)`` bool, whether a row is not deleted."""
        mask = np.ones(self.total_rows, bool)
        mask[self.deleted] = False
        mask.setflags(write=False)
        return mask

    @cached_property
    def live_rows(self) -> Rows:
        """``(size,)`` int64, the rows that are not deleted, ascending."""
        return np.flatnonzero(self.live)

    @cached_property
    def sample_ids(self) -> PackedIds:
        """``(total_rows,)`` packed sample ids."""
        return concatenated(self.segments, "samples", np.empty(0, ID_DTYPE))

    @cached_property
    def label_ids(self) -> PackedIds | None:
        """``(total_rows,)`` packed label ids, None if the store holds samples."""
        if not self.manifest.has_labels:
            return None
        return concatenated(self.segments, "labels", np.empty(0, ID_DTYPE))

    @property
    def ids(self) -> PackedIds:
        """The ids that identify the rows: label ids if there are any, else sample ids."""
        return self.sample_ids if self.label_ids is None else self.label_ids

    @cached_property
    def max_norm(self) -> float:
        """The largest norm of a vector, extreme norms excluded; see :func:`is_extreme`."""
        norms = [segment.column("norms") for segment in self.segments]
        return max((float(n.max(where=~is_extreme(n), initial=0.0)) for n in norms), default=0.0)

    @cached_property
    def has_extreme(self) -> bool:
        """Whether some vectors have extreme norms; see :func:`is_extreme`."""
        return any(is_extreme(segment.column("norms")).any() for segment in self.segments)

    @cached_property
    def media(self) -> MediaFingerprints:
        """``(total_rows,)`` fingerprints of the media at the time they were embedded."""
        return concatenated(self.segments, "media", np.empty(0, MEDIA_DTYPE))

    @cached_property
    def _sorted_ids(self) -> tuple[PackedIds, Rows]:
        """The ids of the live rows, ascending and unique, and their rows."""
        ids = self.ids[self.live_rows]
        order = np.argsort(ids, kind="stable")
        return ids[order], self.live_rows[order]

    def rows_of(self, ids: PackedIds) -> Rows:
        """Returns the ``(len(ids),)`` int64 live rows of some ids, -1 for unknown ids."""
        return find_rows(ids, *self._sorted_ids)

    def rows_of_samples(self, ids: PackedIds) -> Rows:
        """Returns the live rows of some samples, ascending.

        A sample has several rows if it has several labels.
        """
        rows: Rows = self.live_rows[np.isin(self.sample_ids[self.live_rows], ids)]
        return rows

    def rows_not_of_model(self, fingerprint: str) -> Rows:
        """Returns the live rows whose vectors are known to come from another model."""
        stale = np.zeros(self.total_rows, bool)
        for segment in self.segments:
            stale[segment.start : segment.stop] = segment.info.model not in (None, fingerprint)
        return np.flatnonzero(stale & self.live)

    def precision(self) -> str | None:
        """Returns the precision of the newest vectors whose precision is known, None if none is.

        The metadata keep it when the segments of those vectors are gone.
        """
        stored: str | None = self.manifest.metadata.get("precision")
        if stored is not None:
            return stored
        known = (segment.info.precision for segment in reversed(self.segments))
        return next((precision for precision in known if precision is not None), None)

    def vectors_at(self, rows: Rows) -> Matrix:
        """Copies the ``(len(rows), dim)`` float32 vectors of some rows."""
        if len(self.segments) == 1:
            return np.asarray(self.segments[0].vectors_at(rows), np.float32)
        vectors = np.empty((len(rows), self.dim), np.float32)
        for segment in self.segments:
            here = (rows >= segment.start) & (rows < segment.stop)
            vectors[here] = segment.vectors_at(rows[here] - segment.start)
        return vectors

    def mapped_at(self, rows: Rows) -> Matrix:
        """Returns the ``(len(rows), dim)`` float32 vectors of ascending rows, which are only read.

        They are not copied if the rows follow each other in a segment of float32 vectors.
        """
        if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
            for segment in self.segments:
                if segment.start <= rows[0] and rows[-1] < segment.stop:
                    first = int(rows[0]) - segment.start
                    vectors = segment.column("vectors", first, first + len(rows))
                    return np.asarray(vectors, np.float32)
        return self.vectors_at(rows)

    def blocks(self, size: int, start: int = 0) -> Iterator[tuple[int, Matrix, Matrix]]:
        """Reads the vectors block by block, deleted rows included.

        Args:
            size: the largest number of rows per block
            start (0): the first row

        Yields:
            the first row of a block, its ``(n, dim)`` float32 vectors and their ``(n,)`` norms
        """
        for segment in self.segments:
            first = max(start - segment.start, 0)
            for at in range(first, segment.info.rows, size):
                vectors = segment.column("vectors", at, at + size)
                norms = segment.column("norms", at, at + size)
                yield segment.start + at, np.asarray(vectors, np.float32), norms
