"""The store: vectors and ids on disk, as they were given. It knows no FAISS and no FiftyOne.

A store is a folder::

    manifest.json          what is in it; replaced atomically, its generation counts the commits
    <segment>.vectors      rows as given, float32
    <segment>.norms        their lengths, float32
    <segment>.samples      sample ids, 12 bytes each
    <segment>.labels       label ids, 12 bytes each, if the store holds labels
    deleted-<n>            rows that no longer count, int64
    lock                   held by the one writer

Files never change once they are named in a manifest, so readers map them without a lock and a
stopped write leaves at most files that no manifest names, which the next writer removes.
"""

from __future__ import annotations

import os
import shutil
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from fiftyone_faiss.brain.ids import ID_DTYPE, PackedIds, find_rows
from fiftyone_faiss.brain.manifest import (
    MANIFEST,
    Manifest,
    SegmentInfo,
    StoreError,
    write_file,
)

Rows = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Segment:
    """A mapped segment: ``rows`` vectors from row ``start`` of the store on."""

    start: int
    vectors: Matrix
    norms: npt.NDArray[np.float32]
    sample_ids: PackedIds
    label_ids: PackedIds | None

    @property
    def stop(self) -> int:
        return self.start + len(self.norms)


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

    @property
    def total_rows(self) -> int:
        """All rows, deleted ones included."""
        return self.segments[-1].stop if self.segments else 0

    @property
    def size(self) -> int:
        """The rows that count."""
        return self.total_rows - len(self.deleted)

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """``(total_rows,)`` bool, which rows count."""
        mask = np.ones(self.total_rows, bool)
        mask[self.deleted] = False
        return mask

    @cached_property
    def sample_ids(self) -> PackedIds:
        """``(total_rows,)`` packed sample ids."""
        return _concatenate([segment.sample_ids for segment in self.segments])

    @cached_property
    def label_ids(self) -> PackedIds | None:
        """``(total_rows,)`` packed label ids, None if the store holds samples."""
        if not self.manifest.has_labels:
            return None
        return _concatenate([s.label_ids for s in self.segments if s.label_ids is not None])

    @property
    def ids(self) -> PackedIds:
        """The ids that identify a row: of labels if it holds labels, else of samples."""
        return self.sample_ids if self.label_ids is None else self.label_ids

    @cached_property
    def _ascending(self) -> tuple[PackedIds, Rows]:
        # Only live rows can be found, and each id is live in one row at most.
        rows = np.flatnonzero(self.live)
        ids = self.ids[rows]
        order = np.argsort(ids, kind="stable")
        return ids[order], rows[order]

    def rows_of(self, ids: PackedIds) -> Rows:
        """``(len(ids),)`` int64 rows of these ids, -1 for those it does not hold."""
        return find_rows(ids, *self._ascending)

    def vectors_at(self, rows: Rows) -> Matrix:
        """``(len(rows), dim)`` float32 copies of the vectors in these rows."""
        out = np.empty((len(rows), self.manifest.dim or 0), np.float32)
        for segment in self.segments:
            here = (rows >= segment.start) & (rows < segment.stop)
            out[here] = segment.vectors[rows[here] - segment.start]
        return out


class Store:
    """A folder of vectors; see the module for its format.

    Args:
        path: the folder
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._snapshot: Snapshot | None = None
        self._stamp: tuple[int, int] | None = None

    @classmethod
    def create(cls, path: Path, has_labels: bool, facts: dict[str, Any]) -> Store:
        """Makes an empty store, or opens the one that is there.

        Args:
            path: the folder
            has_labels: whether rows belong to labels rather than samples
            facts: see :class:`Manifest`
        """
        store = cls(path)
        if not (path / MANIFEST).exists():
            path.mkdir(parents=True, exist_ok=True)
            with store._writing():
                Manifest(has_labels=has_labels, facts=facts).write(path / MANIFEST)
        return store

    @property
    def exists(self) -> bool:
        return (self.path / MANIFEST).exists()

    def snapshot(self) -> Snapshot:
        """The newest generation; costs one look at the manifest's date when nothing changed.

        Raises:
            StoreError: if the store is missing, damaged, or of a newer format
        """
        manifest_path = self.path / MANIFEST
        try:
            status = manifest_path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
        except FileNotFoundError:
            stamp = None
        if self._snapshot is None or stamp != self._stamp:
            self._snapshot = self._map(Manifest.read(manifest_path))
            self._stamp = stamp
        return self._snapshot

    def commit(
        self,
        vectors: Matrix | None = None,
        sample_ids: PackedIds | None = None,
        label_ids: PackedIds | None = None,
        delete: PackedIds | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        """Changes the store, all or nothing, and durably.

        A vector whose id is there already replaces it.

        Args:
            vectors (None): ``(n, dim)`` float32 to add
            sample_ids (None): ``(n,)`` packed, the samples they belong to
            label_ids (None): ``(n,)`` packed, the labels, if the store holds labels
            delete (None): packed ids of rows to remove; those it does not hold are passed over
            facts (None): values to remember; they are merged into those there are

        Raises:
            ValueError: if the vectors have another dimension than those there are
        """
        with self._writing():
            snapshot = self.snapshot()
            manifest = replace(
                snapshot.manifest,
                generation=snapshot.manifest.generation + 1,
                facts={**snapshot.manifest.facts, **(facts or {})},
            )
            gone = [snapshot.deleted]
            if delete is not None:
                gone.append(snapshot.rows_of(delete))
            if vectors is not None and len(vectors):
                assert sample_ids is not None
                gone.append(snapshot.rows_of(sample_ids if label_ids is None else label_ids))
                manifest = self._append(manifest, vectors, sample_ids, label_ids)
            manifest = self._write_deleted(manifest, np.unique(np.concatenate(gone)))
            manifest.write(self.path / MANIFEST)

    def compact(self) -> None:
        """Rewrites the rows that count as one segment, in their order."""
        with self._writing():
            snapshot = self.snapshot()
            rows = np.flatnonzero(snapshot.live)
            manifest = replace(
                snapshot.manifest,
                generation=snapshot.manifest.generation + 1,
                segments=(),
                deleted=None,
            )
            if rows.size:
                labels = snapshot.label_ids
                manifest = self._append(
                    manifest,
                    snapshot.vectors_at(rows),
                    snapshot.sample_ids[rows],
                    None if labels is None else labels[rows],
                )
            manifest.write(self.path / MANIFEST)

    def verify(self) -> list[str]:
        """Reads every file and compares its checksum.

        Returns:
            the names of damaged files, empty if all is well
        """
        manifest = self.snapshot().manifest
        return [
            f"{segment.name}.{kind}"
            for segment in manifest.segments
            for kind, checksum in segment.checksums.items()
            if zlib.crc32((self.path / f"{segment.name}.{kind}").read_bytes()) != checksum
        ]

    def copy_to(self, path: Path) -> Store:
        """Copies the store; files that never change are linked where the disk can."""
        path.mkdir(parents=True, exist_ok=True)
        manifest = self.snapshot().manifest
        for name in _file_names(manifest):
            link_or_copy(self.path / name, path / name)
        manifest.write(path / MANIFEST)
        return Store(path)

    def destroy(self) -> None:
        """Removes the folder."""
        self._snapshot = None
        if self.path.exists():
            shutil.rmtree(self.path)

    def _map(self, manifest: Manifest) -> Snapshot:
        segments: list[Segment] = []
        start = 0
        for info in manifest.segments:
            segments.append(self._map_segment(info, start, manifest))
            start += info.rows
        deleted = np.empty(0, np.int64)
        if manifest.deleted:
            deleted = np.fromfile(self.path / manifest.deleted, np.int64)
        return Snapshot(manifest, tuple(segments), deleted)

    def _map_segment(self, info: SegmentInfo, start: int, manifest: Manifest) -> Segment:
        def mapped(kind: str, dtype: Any, shape: tuple[int, ...]) -> Any:
            path = self.path / f"{info.name}.{kind}"
            expected = int(np.prod(shape)) * np.dtype(dtype).itemsize
            if not path.is_file() or path.stat().st_size != expected:
                raise StoreError(f"{path} is missing or cut short; build the index again.")
            return np.memmap(path, dtype, "r", shape=shape)

        return Segment(
            start,
            mapped("vectors", np.float32, (info.rows, manifest.dim or 0)),
            mapped("norms", np.float32, (info.rows,)),
            mapped("samples", ID_DTYPE, (info.rows,)),
            mapped("labels", ID_DTYPE, (info.rows,)) if manifest.has_labels else None,
        )

    def _append(
        self,
        manifest: Manifest,
        vectors: Matrix,
        sample_ids: PackedIds,
        label_ids: PackedIds | None,
    ) -> Manifest:
        vectors = np.ascontiguousarray(vectors, np.float32)
        if manifest.dim is not None and vectors.shape[1] != manifest.dim:
            raise ValueError(
                f"The vectors have {vectors.shape[1]} dimensions but this index has "
                f"{manifest.dim}; use the model that it was built with."
            )
        name = uuid.uuid4().hex[:12]
        files: dict[str, npt.NDArray[Any]] = {
            "vectors": vectors,
            "norms": np.linalg.norm(vectors, axis=1).astype(np.float32),
            "samples": sample_ids,
        }
        if manifest.has_labels:
            assert label_ids is not None
            files["labels"] = label_ids
        checksums = {}
        for kind, array in files.items():
            data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            checksums[kind] = zlib.crc32(data)
            write_file(self.path / f"{name}.{kind}", data)
        info = SegmentInfo(name, len(vectors), checksums)
        return replace(manifest, dim=vectors.shape[1], segments=(*manifest.segments, info))

    def _write_deleted(self, manifest: Manifest, rows: Rows) -> Manifest:
        rows = rows[rows >= 0]
        if not rows.size:
            return replace(manifest, deleted=None)
        name = f"deleted-{manifest.generation}"
        write_file(self.path / name, rows.astype(np.int64).view(np.uint8))
        return replace(manifest, deleted=name)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with FileLock(self.path / "lock"):
            self._remove_leftovers()
            yield

    def _remove_leftovers(self) -> None:
        if not self.exists:
            return
        keep = {MANIFEST, "lock", *_file_names(Manifest.read(self.path / MANIFEST))}
        for path in self.path.iterdir():
            if path.name not in keep:
                path.unlink(missing_ok=True)


def _file_names(manifest: Manifest) -> list[str]:
    names = [f"{s.name}.{kind}" for s in manifest.segments for kind in s.checksums]
    return [*names, manifest.deleted] if manifest.deleted else names


def _concatenate(parts: list[PackedIds]) -> PackedIds:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, ID_DTYPE)


def link_or_copy(source: Path, target: Path) -> None:
    """Links a file that will never change, or copies it where the disk has no links."""
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
