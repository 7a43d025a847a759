"""The store: vectors and their ids on disk. No FAISS and no FiftyOne.

A store is a directory::

    manifest.json   lists the files; each commit replaces it atomically and counts its generation
    <name>.segment  vectors, ids and media fingerprints; see the module ``segments``
    <name>.deleted  deleted rows, int64
    <name>.derived  the ANN index or the neighbor graph, which can be rebuilt from the vectors
    work.checkpoint intermediate values of long work, until the next write
    lock            held by the only writer

Files never change once a manifest names them, so readers map them without a lock. An interrupted
write leaves at most files that no manifest names; the next writer removes them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.files import FILE_SYSTEM, FileSystem, atomic_write
from fiftyone_faiss.brain.core.ids import PackedIds
from fiftyone_faiss.brain.store import compaction
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.copying import copy_store
from fiftyone_faiss.brain.store.directory import CHECKPOINT, StoreDirectory
from fiftyone_faiss.brain.store.entries import FileInfo, IndexFileInfo, IndexFileKind, SegmentInfo
from fiftyone_faiss.brain.store.manifest import Manifest, lost
from fiftyone_faiss.brain.store.segment_writer import new_segment, write_deleted_rows
from fiftyone_faiss.brain.store.segments import Layout
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.verification import Problem, find_problems

Metadata = dict[str, Any]


class Store:
    """A directory of vectors; see the module for its format.

    Args:
        path: the directory
        filesystem (FILE_SYSTEM): opens the files, and carries out the writes
    """

    def __init__(self, path: Path, filesystem: FileSystem = FILE_SYSTEM) -> None:
        self._path = path
        self._filesystem = filesystem
        self._current: tuple[bytes, Snapshot] | None = None

    @property
    def path(self) -> Path:
        """The directory; that of a subclass may change."""
        return self._path

    @property
    def _directory(self) -> StoreDirectory:
        return StoreDirectory(self.path, self._filesystem)

    @classmethod
    def create(
        cls,
        path: Path,
        has_labels: bool,
        metadata: Metadata,
        dtype: str = "float32",
        filesystem: FileSystem = FILE_SYSTEM,
    ) -> Store:
        """Creates an empty store, or opens an existing one.

        Args:
            path: the directory
            has_labels: whether rows belong to labels rather than samples
            metadata: see :class:`Manifest`
            dtype ("float32"): the dtype of stored vectors, ``"float32"`` or ``"float16"``
            filesystem (FILE_SYSTEM): carries out the writes

        Raises:
            StoreError: if the directory cannot be written, or holds a store that cannot be read
        """
        store = cls(path, filesystem)
        if store.exists:
            store._directory.manifest()
        else:
            store._directory.create()
            with store._directory.writing():
                if not store.exists:
                    manifest = Manifest(has_labels=has_labels, metadata=metadata, dtype=dtype)
                    manifest.write(store._filesystem, path)
        return store

    @property
    def exists(self) -> bool:
        """Whether the directory holds a store."""
        return self._directory.exists

    @property
    def disk_bytes(self) -> int:
        """The size of the files in bytes; see :meth:`StoreDirectory.disk_bytes`."""
        return self._directory.disk_bytes

    # -- reading -------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Opens the newest generation; reads one small file if nothing changed.

        Raises:
            StoreError: if the store is missing, damaged, unreadable, or of another format
        """
        directory = self._directory
        while True:
            data = directory.manifest_bytes()
            current = self._current
            if current is not None and current[0] == data:
                for segment in current[1].segments:
                    segment.check_size()
                return current[1]
            try:
                manifest = directory.parse(data)
                self._check(manifest)
                previous = current and current[1]
                snapshot = Snapshot.of(directory.path, manifest, previous, self._filesystem)
            except FileNotFoundError as error:
                # A writer may have committed a newer generation and removed this file.
                if directory.manifest_bytes() == data:
                    raise lost(f"{error.filename} is missing") from error
                continue
            self._current = (data, snapshot)
            return snapshot

    def verify(self) -> list[Problem]:
        """Reads every file and compares its checksums.

        Returns:
            a :class:`Problem` for each missing or damaged file

        Raises:
            StoreError: if the store is missing, or its manifest is damaged
        """
        directory = self._directory
        while True:
            data = directory.manifest_bytes()
            problems = find_problems(directory, directory.parse(data))
            # A writer may have replaced the missing files in the meantime.
            if not problems or directory.manifest_bytes() == data:
                return problems

    def problem_of(self, file: FileInfo) -> str | None:
        """Reads a whole file; see :meth:`StoreDirectory.problem_of`."""
        return self._directory.problem_of(file)

    def _check(self, manifest: Manifest) -> None:
        """Refuses a manifest; a subclass may raise a ``StoreError``."""

    # -- writing -------------------------------------------------------------------------------

    def _writing(self) -> AbstractContextManager[None]:
        """Makes the caller the only writer."""
        return self._directory.writing()

    def commit(
        self,
        batch: Batch | None = None,
        delete: PackedIds | None = None,
        metadata: Metadata | Callable[[Metadata], Metadata] | None = None,
    ) -> None:
        """Changes the store atomically and durably.

        Args:
            batch (None): rows to add; each id occurs once, and replaces the row that has it
            delete (None): packed ids of rows to delete; unknown ids are ignored. Rows of the batch
                are added even if their ids are deleted here
            metadata (None): values to merge into the metadata, or a function that returns them,
                given the current metadata. No other writer changes the metadata meanwhile

        Raises:
            ValueError: if the vectors have another dimension than those of the store
            StoreError: if the disk is full or not writable; the store is then unchanged
        """
        with self._writing():
            snapshot = self.snapshot()
            old = snapshot.manifest.metadata
            new = metadata(old) if callable(metadata) else metadata
            manifest = replace(snapshot.manifest, metadata={**old, **(new or {})})
            deleted = [snapshot.deleted]
            if delete is not None:
                deleted.append(snapshot.rows_of(delete))
            if batch is not None and len(batch.vectors):
                deleted.append(snapshot.rows_of(batch.ids))
                manifest = self._append(snapshot, manifest, batch)
            manifest = self._write_deleted(snapshot, manifest, np.unique(np.concatenate(deleted)))
            self._write_next(manifest)

    def compact(self) -> None:
        """Removes deleted rows from the files; the rows are renumbered in their order.

        Raises:
            StoreError: if the disk is full or not writable; the store is then unchanged
        """
        with self._writing():
            snapshot = self.snapshot()
            old = snapshot.manifest
            infos: list[SegmentInfo] = []
            for segments in compaction.group_by_origin(snapshot.segments):
                rows, read = compaction.read_live(segments, snapshot.live)
                if rows:
                    origin = compaction.origin_of(segments[0])
                    infos.append(new_segment(self._directory, old, rows, origin, read))
            manifest = replace(
                old,
                compaction_count=old.compaction_count + 1,
                segments=tuple(infos),
                deleted=None,
                ann_index=None,
                neighbor_graph=None,
            )
            self._write_next(manifest)

    def save_index_file(
        self, kind: IndexFileKind, of: Snapshot, metadata: Metadata, write: Callable[[Path], None]
    ) -> bool:
        """Saves the file of an ANN index or a neighbor graph, replacing the previous one.

        The file may be lost in a power failure: readers detect that, and it can be rebuilt.

        Args:
            kind: which of them
            of: the generation that it was built from
            metadata: JSON values that are needed to read the file
            write: writes the file to a path

        Returns:
            whether it was saved: one of rows that were renumbered since is not
        """
        with self._writing():
            manifest = self.snapshot().manifest
            if manifest.compaction_count != of.manifest.compaction_count:
                return False
            name = f"{uuid.uuid4().hex[:12]}.derived"
            write(self.path / name)
            info = IndexFileInfo(self._directory.describe(name), of.total_rows, metadata)
            self._write_next(manifest.with_index_file(kind, info))
        return True

    @property
    def checkpoint_path(self) -> Path:
        """The file of intermediate values of long work, if there is one."""
        return self.path / CHECKPOINT

    def save_checkpoint(self, **arrays: np.ndarray) -> None:
        """Saves intermediate values of long work, which the next write to the store removes.

        Raises:
            StoreError: if the file cannot be written
        """
        with self._writing(), atomic_write(self.checkpoint_path, self._filesystem) as file:
            np.savez(file, allow_pickle=False, **arrays)

    def remove_index_file(self, kind: IndexFileKind) -> None:
        """Removes the ANN index or the neighbor graph, if there is one."""
        with self._writing():
            manifest = self.snapshot().manifest
            if getattr(manifest, kind):
                self._write_next(manifest.with_index_file(kind, None))

    def _write_next(self, manifest: Manifest) -> None:
        replace(manifest, generation=manifest.generation + 1).write(self._filesystem, self.path)

    def check_space(self, rows: int, dim: int) -> None:
        """Raises a ``StoreError`` if the disk has too little space for this many more rows."""
        manifest = replace(self.snapshot().manifest, dim=dim)
        self._directory.check_space(Layout.of(rows, manifest).file_bytes)

    def copy_to(self, path: Path, metadata: Metadata) -> Store:
        """Copies the store; files are linked if the disk supports links.

        Args:
            path: the directory of the copy; an existing store there is left unchanged
            metadata: values that replace those of this store

        Raises:
            StoreError: if a file that cannot be rebuilt is missing, or the disk is full or not
                writable
        """
        copy = Store(path, self._filesystem)
        copy_store(self._directory, copy._directory, metadata)
        return copy

    def destroy(self) -> None:
        """Removes the directory after its writer has ended; see :meth:`StoreDirectory.destroy`."""
        self._current = None
        self._directory.destroy()

    def _append(self, snapshot: Snapshot, manifest: Manifest, batch: Batch) -> Manifest:
        if (batch.label_ids is not None) != manifest.has_labels:
            expected = "labels" if manifest.has_labels else "samples"
            raise ValueError(f"This index holds {expected}; pass their ids with the vectors.")
        snapshot.check_dim(batch.vectors.shape[1])
        manifest = replace(manifest, dim=batch.vectors.shape[1])
        origin = (batch.model, batch.precision)
        merged = compaction.segments_to_merge(snapshot.segments, origin, len(batch.vectors))
        rows = len(batch.vectors) + sum(segment.info.rows for segment in merged)
        read = compaction.read_appended(merged, batch.columns(manifest.dtype))
        info = new_segment(self._directory, manifest, rows, origin, read)
        unchanged = manifest.segments[: len(manifest.segments) - len(merged)]
        return replace(manifest, segments=(*unchanged, info))

    def _write_deleted(self, snapshot: Snapshot, manifest: Manifest, rows: Rows) -> Manifest:
        rows = rows[rows >= 0]
        # Rows are never undeleted, so an equal number means equal rows.
        if rows.size == snapshot.deleted.size:
            return manifest
        path = self.path / f"{uuid.uuid4().hex[:12]}.deleted"
        return replace(manifest, deleted=write_deleted_rows(self._filesystem, path, rows))
