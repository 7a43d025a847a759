"""The store: vectors and ids on disk, as they were given. It knows no FAISS and no FiftyOne.

A store is a folder::

    manifest.json   what is in it; replaced atomically, its generation counts the commits
    <name>.segment  vectors and what belongs to them, see the module ``segments``
    <name>.deleted  rows that no longer count, int64
    <name>.derived  what the layer above made of the vectors, to find them faster
    lock            held by the one writer

Files never change once a manifest names them, so readers map them without a lock, and a stopped
write leaves at most files that no manifest names, which the next writer removes.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.files import FileSystem, link_or_copy
from fiftyone_faiss.brain.core.ids import PackedIds
from fiftyone_faiss.brain.store import compaction
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.directory import StoreDirectory
from fiftyone_faiss.brain.store.manifest import AnnIndexInfo, FileInfo, Manifest, SegmentInfo, lost
from fiftyone_faiss.brain.store.segments import Layout, write_segment
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.verification import Problem, find_problems

Metadata = dict[str, Any]


class Store:
    """A folder of vectors; see the module for its format.

    Args:
        path: the folder
        disk (None): what carries out its writes
    """

    def __init__(self, path: Path, disk: FileSystem | None = None) -> None:
        self.path = path
        self._filesystem = disk or FileSystem()
        self._directory = StoreDirectory(path, self._filesystem)
        self._current: tuple[bytes, Snapshot] | None = None

    @classmethod
    def create(
        cls,
        path: Path,
        has_labels: bool,
        metadata: Metadata,
        dtype: str = "float32",
        disk: FileSystem | None = None,
    ) -> Store:
        """Makes an empty store, or opens the one that is there.

        Args:
            path: the folder
            has_labels: whether rows belong to labels rather than samples
            metadata: see :class:`Manifest`
            dtype ("float32"): how to keep vectors, or ``"float16"``
            disk (None): what carries out its writes
        """
        store = cls(path, disk)
        if not store.exists:
            store._directory.make()
            with store._directory.writing():
                if not store.exists:
                    manifest = Manifest(has_labels=has_labels, metadata=metadata, dtype=dtype)
                    manifest.write(store._filesystem, path)
        return store

    @property
    def exists(self) -> bool:
        """Whether there is a store."""
        return self._directory.exists

    @property
    def disk_bytes(self) -> int:
        """The size of its files, 0 if there are none."""
        return self._directory.disk_bytes

    # -- reading -------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The newest generation; costs the reading of one small file when nothing changed.

        Raises:
            StoreError: if the store is missing, damaged, or of another format
        """
        while True:
            data = self._directory.manifest_bytes()
            current = self._current
            if current is not None and current[0] == data:
                for segment in current[1].segments:
                    segment.check_size()
                return current[1]
            try:
                manifest = self._directory.parsed(data)
                snapshot = Snapshot.of(self.path, manifest, current and current[1])
            except FileNotFoundError as error:
                # A writer may have removed what this generation needed, making a newer one.
                if self._directory.manifest_bytes() == data:
                    raise lost(f"{error.filename} is missing") from error
                continue
            self._current = (data, snapshot)
            return snapshot

    def verify(self) -> list[Problem]:
        """Reads every file and compares its checksums.

        Returns:
            a :class:`Problem` for each damaged file, empty if all is well

        Raises:
            StoreError: if the store is missing, or its manifest damaged
        """
        while True:
            data = self._directory.manifest_bytes()
            problems = find_problems(self._directory, self._directory.parsed(data))
            # What is missing may be what a writer has replaced meanwhile.
            if not problems or self._directory.manifest_bytes() == data:
                return problems

    def is_sound(self, file: FileInfo) -> bool:
        """Whether a small or derived file is there, as it was written."""
        return self._directory.is_sound(file)

    # -- writing -------------------------------------------------------------------------------

    def commit(
        self,
        batch: Batch | None = None,
        delete: PackedIds | None = None,
        metadata: Metadata | Callable[[Metadata], Metadata] | None = None,
    ) -> None:
        """Changes the store, all or nothing, and durably.

        A vector whose id is there already replaces it.

        Args:
            batch (None): rows to add, each id once
            delete (None): packed ids of rows to remove; those it does not hold are passed over
            metadata (None): values to remember; they are merged into those there are. Or what makes
                them of those there are, which no other writer changes meanwhile

        Raises:
            ValueError: if the vectors have another dimension than those there are
            StoreError: if the disk is full or forbids it; nothing has changed then
        """
        with self._directory.writing():
            snapshot = self.snapshot()
            old = snapshot.manifest.metadata
            new = metadata(old) if callable(metadata) else metadata
            manifest = replace(
                snapshot.manifest,
                generation=snapshot.manifest.generation + 1,
                metadata={**old, **(new or {})},
            )
            gone = [snapshot.deleted]
            if delete is not None:
                gone.append(snapshot.rows_of(delete))
            if batch is not None and len(batch.vectors):
                gone.append(snapshot.rows_of(batch.ids))
                manifest = self._append(snapshot, manifest, batch)
            manifest = self._write_deleted(snapshot, manifest, np.unique(np.concatenate(gone)))
            manifest.write(self._filesystem, self.path)

    def compact(self) -> None:
        """Rewrites the rows that count, in their order; rows are numbered anew.

        Raises:
            StoreError: if the disk is full or forbids it; nothing has changed then
        """
        with self._directory.writing():
            snapshot = self.snapshot()
            old = snapshot.manifest
            infos: list[SegmentInfo] = []
            for run in compaction.runs_of_one_model(snapshot.segments):
                rows, column = compaction.kept(run, snapshot.live)
                if rows:
                    infos.append(self._write(old, rows, run[0].info.model, column))
            manifest = replace(
                old,
                generation=old.generation + 1,
                compaction_count=old.compaction_count + 1,
                segments=tuple(infos),
                deleted=None,
                ann_index=None,
            )
            manifest.write(self._filesystem, self.path)

    def save_ann_index(
        self, of: Snapshot, metadata: Metadata, write: Callable[[Path], None]
    ) -> bool:
        """Keeps a file made of the vectors, in place of the one there was.

        It need not survive a power cut: a damaged one is noticed, and made again.

        Args:
            of: the generation it was made of
            metadata: what to know when it is read
            write: writes it to a path

        Returns:
            False, and nothing kept, if rows were numbered anew since that generation
        """
        with self._directory.writing():
            manifest = self.snapshot().manifest
            if manifest.compaction_count != of.manifest.compaction_count:
                return False
            name = f"{uuid.uuid4().hex[:12]}.derived"
            write(self.path / name)
            ann_index = AnnIndexInfo(self._directory.describe(name), of.total_rows, metadata)
            changed = replace(manifest, generation=manifest.generation + 1, ann_index=ann_index)
            changed.write(self._filesystem, self.path)
        return True

    def remove_ann_index(self) -> None:
        """Forgets the derived file, if there is one."""
        with self._directory.writing():
            manifest = self.snapshot().manifest
            if manifest.ann_index:
                changed = replace(manifest, generation=manifest.generation + 1, ann_index=None)
                changed.write(self._filesystem, self.path)

    def check_space(self, rows: int, dim: int) -> None:
        """Raises a ``StoreError`` if the disk has no room for so many more rows."""
        manifest = replace(self.snapshot().manifest, dim=dim)
        self._directory.check_space(Layout.of(rows, manifest).file_bytes)

    def copy_to(self, path: Path, metadata: Metadata) -> Store:
        """Makes a store of its own of this one; files are linked where the disk can.

        Args:
            path: the folder of the copy; if there is a store already, it is left as it is
            metadata: values to remember instead of those here

        Raises:
            StoreError: if a file of this store is missing, other than the derived one, which the
                copy then does without, or if the disk is full or forbids it
        """
        copy = Store(path, self._filesystem)
        copy._directory.make()
        with copy._directory.writing():
            while not copy.exists:
                data = self._directory.manifest_bytes()
                manifest = self._directory.parsed(data)
                missing = self._link_files(manifest.file_names, path)
                if missing and self._directory.manifest_bytes() != data:
                    # A writer has replaced them meanwhile.
                    continue
                if manifest.ann_index and manifest.ann_index.file.name in missing:
                    missing.remove(manifest.ann_index.file.name)
                    manifest = replace(manifest, ann_index=None)
                if missing:
                    raise lost(f"{self.path / min(missing)} is missing")
                replace(manifest, metadata={**manifest.metadata, **metadata}).write(
                    self._filesystem, path
                )
        return copy

    def _link_files(self, names: Iterable[str], folder: Path) -> set[str]:
        """Links or copies files into a folder, and returns those that are not there."""
        missing = set()
        for name in names:
            try:
                link_or_copy(self._filesystem, self.path / name, folder / name)
            except FileNotFoundError:
                missing.add(name)
        return missing

    def destroy(self) -> None:
        """Removes the folder, once its writer is done; who waits to write finds no store."""
        self._current = None
        self._directory.destroy()

    # -- how -----------------------------------------------------------------------------------

    def _append(self, snapshot: Snapshot, manifest: Manifest, batch: Batch) -> Manifest:
        if (batch.label_ids is not None) != manifest.has_labels:
            expected = "labels" if manifest.has_labels else "samples"
            raise ValueError(f"This index holds {expected}; its vectors must come with their ids.")
        snapshot.check_dim(batch.vectors.shape[1])
        manifest = replace(manifest, dim=batch.vectors.shape[1])
        along = compaction.taken_along(snapshot.segments, batch.model, len(batch.vectors))
        rows = len(batch.vectors) + sum(segment.info.rows for segment in along)
        column = compaction.appended(along, batch.columns(manifest.dtype))
        info = self._write(manifest, rows, batch.model, column)
        left = manifest.segments[: len(manifest.segments) - len(along)]
        return replace(manifest, segments=(*left, info))

    def _write(
        self,
        manifest: Manifest,
        rows: int,
        model: str | None,
        column: Callable[[str], Iterable[npt.NDArray[Any]]],
    ) -> SegmentInfo:
        layout = Layout.of(rows, manifest)
        self._directory.check_space(layout.file_bytes)
        name = f"{uuid.uuid4().hex[:12]}.segment"
        parts = {one: column(one) for one in layout.columns}
        checksum = write_segment(self._filesystem, self.path / name, layout, parts)
        return SegmentInfo(name, rows, checksum, model)

    def _write_deleted(self, snapshot: Snapshot, manifest: Manifest, rows: Rows) -> Manifest:
        rows = rows[rows >= 0]
        # Deleted rows stay so; as many are the same.
        if rows.size == snapshot.deleted.size:
            return manifest
        name = f"{uuid.uuid4().hex[:12]}.deleted"
        data = rows.astype(np.int64).tobytes()
        with self._filesystem.create(self.path / name) as file:
            self._filesystem.write(file, data)
            self._filesystem.sync(file)
        return replace(manifest, deleted=FileInfo(name, len(data), zlib.crc32(data)))
