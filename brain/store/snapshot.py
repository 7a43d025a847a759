"""One generation of a store, as a reader sees it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Matrix, Rows, is_extreme
from fiftyone_faiss.brain.core.ids import ID_DTYPE, PackedIds, find_rows
from fiftyone_faiss.brain.store.manifest import Manifest, lost
from fiftyone_faiss.brain.store.segments import (
    MEDIA_DTYPE,
    MediaFingerprints,
    Segment,
    concatenated,
)


@dataclass(frozen=True)
class Snapshot:
    """One generation of a store: immutable, so a query may use it without a lock.

    Attributes:
        manifest: what it holds
        segments: the mapped segments
        deleted: ``(d,)`` int64, the rows that no longer count, ascending
    """

    manifest: Manifest
    segments: tuple[Segment, ...]
    deleted: Rows

    @classmethod
    def of(cls, folder: Path, manifest: Manifest, known: Snapshot | None) -> Snapshot:
        """Maps a generation.

        Args:
            folder: its folder
            manifest: what it holds
            known: another generation, if there is one, whose mapped files are used again

        Raises:
            FileNotFoundError: if one of its files is not there
            StoreError: if one is damaged
        """
        mapped = {one.info.name: one for one in known.segments} if known else {}
        segments: list[Segment] = []
        start = 0
        for info in manifest.segments:
            # What was mapped before stays mapped, and checked.
            segment = mapped.get(info.name) or Segment.of(folder, manifest, info, start)
            segment.check_size()
            segments.append(segment)
            start += info.rows
        deleted = np.empty(0, np.int64)
        if manifest.deleted:
            path = folder / manifest.deleted.name
            data = path.read_bytes()
            if zlib.crc32(data) != manifest.deleted.checksum:
                raise lost(f"{path} is damaged")
            deleted = np.frombuffer(data, np.int64)
        return cls(manifest, tuple(segments), deleted)

    @property
    def total_rows(self) -> int:
        """All rows, deleted ones included."""
        return self.segments[-1].stop if self.segments else 0

    @property
    def size(self) -> int:
        """The rows that count."""
        return self.total_rows - len(self.deleted)

    @property
    def dim(self) -> int:
        """The length of the vectors, 0 before the first."""
        return self.manifest.dim or 0

    def check_dim(self, dim: int) -> None:
        """Raises a ``ValueError`` if vectors of this length cannot join those there are."""
        if self.manifest.dim not in (None, dim):
            raise ValueError(
                f"The vectors have {dim} dimensions but this index has {self.dim}; use the model "
                "that it was built with."
            )

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """``(total_rows,)`` bool, which rows count."""
        mask = np.ones(self.total_rows, bool)
        mask[self.deleted] = False
        mask.setflags(write=False)
        return mask

    @cached_property
    def live_rows(self) -> Rows:
        """``(size,)`` int64, the rows that count, ascending."""
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
        """The ids that identify a row: of labels if it holds labels, else of samples."""
        return self.sample_ids if self.label_ids is None else self.label_ids

    @cached_property
    def max_norm(self) -> float:
        """The largest norm of a vector, those aside that float32 cannot compute with."""
        norms = [one.column("norms") for one in self.segments]
        return max((float(n.max(where=~is_extreme(n), initial=0.0)) for n in norms), default=0.0)

    @cached_property
    def has_extreme(self) -> bool:
        """Whether float32 cannot compute with some of the vectors."""
        return any(is_extreme(one.column("norms")).any() for one in self.segments)

    @cached_property
    def media(self) -> MediaFingerprints:
        """``(total_rows,)`` fingerprints of the media, as they were when embedded."""
        return concatenated(self.segments, "media", np.empty(0, MEDIA_DTYPE))

    @cached_property
    def _ascending(self) -> tuple[PackedIds, Rows]:
        # Only live rows can be found, and each id is live in one row at most.
        ids = self.ids[self.live_rows]
        order = np.argsort(ids, kind="stable")
        return ids[order], self.live_rows[order]

    def rows_of(self, ids: PackedIds) -> Rows:
        """``(len(ids),)`` int64 rows of these ids, -1 for those it does not hold."""
        return find_rows(ids, *self._ascending)

    def rows_of_samples(self, ids: PackedIds) -> Rows:
        """The live rows of these samples, ascending; a sample may have several labels, or none."""
        rows: Rows = self.live_rows[np.isin(self.sample_ids[self.live_rows], ids)]
        return rows

    def rows_not_of_model(self, fingerprint: str) -> Rows:
        """The live rows whose vectors another model made, as far as is known."""
        stale = np.zeros(self.total_rows, bool)
        for segment in self.segments:
            stale[segment.start : segment.stop] = segment.info.model not in (None, fingerprint)
        return np.flatnonzero(stale & self.live)

    def vectors_at(self, rows: Rows) -> Matrix:
        """``(len(rows), dim)`` float32 copies of the vectors in these rows."""
        if len(self.segments) == 1:
            return np.asarray(self.segments[0].vectors_at(rows), np.float32)
        out = np.empty((len(rows), self.dim), np.float32)
        for segment in self.segments:
            here = (rows >= segment.start) & (rows < segment.stop)
            out[here] = segment.vectors_at(rows[here] - segment.start)
        return out

    def blocks(self, size: int, start: int = 0) -> Iterator[tuple[int, Matrix, Matrix]]:
        """Goes through the vectors, deleted ones included.

        Args:
            size: how many rows at once
            start (0): the first row

        Yields:
            the first row of a block, its ``(n, dim)`` float32 vectors, their ``(n,)`` norms
        """
        for segment in self.segments:
            first = max(start - segment.start, 0)
            for at in range(first, segment.info.rows, size):
                vectors = segment.column("vectors", at, at + size)
                norms = segment.column("norms", at, at + size)
                yield segment.start + at, np.asarray(vectors, np.float32), norms
