"""The store: vectors and ids on disk, as they were given. It knows no FAISS and no FiftyOne.

A store is a folder::

    manifest.json   what is in it; replaced atomically, its generation counts the commits
    <name>.segment  vectors and what belongs to them, see the module ``segments``
    <name>.deleted  rows that no longer count, int64
    <name>.derived  what the layer above made of the vectors, to find them faster
    lock            held by the one writer

Files never change once a manifest names them, so readers map them without a lock, and a stopped
write leaves at most files that no manifest names, which the next writer removes.

A commit appends a segment, and takes the segments before it, of the same model, whose number of
rows has no more binary digits along into it: so there are at most as many, of a model in a row, as
the number of rows has binary digits, and each row is rewritten as often at most.
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from fiftyone_faiss.brain.disk import Data, Disk, link_or_copy
from fiftyone_faiss.brain.ids import PackedIds
from fiftyone_faiss.brain.manifest import (
    MANIFEST,
    DerivedInfo,
    FileInfo,
    Manifest,
    SegmentInfo,
    StoreError,
    missing_store,
)
from fiftyone_faiss.brain.segments import (
    Layout,
    Matrix,
    MediaPrints,
    Rows,
    Segment,
    lengths,
    unknown_media,
    write_segment,
)
from fiftyone_faiss.brain.snapshot import Snapshot

LOCK = "lock"
SUFFIXES = (".segment", ".deleted", ".derived", ".tmp")
COPY_ROWS = 16_384


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
    media: MediaPrints | None = None
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


class Store:
    """A folder of vectors; see the module for its format.

    Args:
        path: the folder
        disk (None): what carries out its writes
    """

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self.path = path
        self._disk = disk or Disk()
        self._current: tuple[bytes, Snapshot] | None = None

    @classmethod
    def create(
        cls,
        path: Path,
        has_labels: bool,
        facts: dict[str, Any],
        dtype: str = "float32",
        disk: Disk | None = None,
    ) -> Store:
        """Makes an empty store, or opens the one that is there.

        Args:
            path: the folder
            has_labels: whether rows belong to labels rather than samples
            facts: see :class:`Manifest`
            dtype ("float32"): how to keep vectors, or ``"float16"``
            disk (None): what carries out its writes
        """
        store = cls(path, disk)
        if not store.exists:
            store._make_folder()
            with store._writing():
                if not store.exists:
                    manifest = Manifest(has_labels=has_labels, facts=facts, dtype=dtype)
                    manifest.write(store._disk, path)
        return store

    @property
    def exists(self) -> bool:
        return (self.path / MANIFEST).exists()

    # -- reading -------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The newest generation; costs the reading of one small file when nothing changed.

        Raises:
            StoreError: if the store is missing, damaged, or of another format
        """
        while True:
            data = self._manifest_bytes()
            current = self._current
            if current is not None and current[0] == data:
                for segment in current[1].segments:
                    segment.check_size()
                return current[1]
            try:
                snapshot = self._map(Manifest.parse(data, self.path / MANIFEST))
            except FileNotFoundError as error:
                # A writer may have removed what this generation needed, making a newer one.
                if self._manifest_bytes() == data:
                    raise StoreError(
                        f"{error.filename} is missing; restore it from a backup, or delete this "
                        "brain run and build the index again."
                    ) from error
                continue
            self._current = (data, snapshot)
            return snapshot

    def verify(self) -> list[str]:
        """Reads every file and compares its checksums.

        Returns:
            a sentence for each damaged file, empty if all is well

        Raises:
            StoreError: if the store is missing, or its manifest damaged
        """
        while True:
            data = self._manifest_bytes()
            problems = self._problems(Manifest.parse(data, self.path / MANIFEST))
            # What is missing may be what a writer has replaced meanwhile.
            if not problems or self._manifest_bytes() == data:
                return problems

    def _problems(self, manifest: Manifest) -> list[str]:
        problems = []
        start = 0
        for info in manifest.segments:
            try:
                self._segment(info, manifest, start).check_all()
            except StoreError as error:
                problems.append(str(error))
            except FileNotFoundError as error:
                problems.append(f"{error.filename} is missing.")
            start += info.rows
        derived = manifest.derived.file if manifest.derived else None
        for file in filter(None, (manifest.deleted, derived)):
            if not self.is_sound(file):
                problems.append(f"{self.path / file.name} is missing or damaged.")
        return problems

    def is_sound(self, file: FileInfo) -> bool:
        """Whether a small or derived file is as it was written."""
        path = self.path / file.name
        if not path.is_file() or path.stat().st_size != file.bytes:
            return False
        checksum = 0
        with path.open("rb") as stream:
            while part := stream.read(1 << 22):
                checksum = zlib.crc32(part, checksum)
        return checksum == file.checksum

    # -- writing -------------------------------------------------------------------------------

    def commit(
        self,
        batch: Batch | None = None,
        delete: PackedIds | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        """Changes the store, all or nothing, and durably.

        A vector whose id is there already replaces it.

        Args:
            batch (None): rows to add, each id once
            delete (None): packed ids of rows to remove; those it does not hold are passed over
            facts (None): values to remember; they are merged into those there are

        Raises:
            ValueError: if the vectors have another dimension than those there are
            StoreError: if the disk is full or forbids it; nothing has changed then
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
            if batch is not None and len(batch.vectors):
                gone.append(snapshot.rows_of(batch.ids))
                manifest = self._append(snapshot, manifest, batch)
            manifest = self._write_deleted(snapshot, manifest, np.unique(np.concatenate(gone)))
            manifest.write(self._disk, self.path)

    def compact(self) -> None:
        """Rewrites the rows that count, in their order; rows are numbered anew.

        Raises:
            StoreError: if the disk is full or forbids it; nothing has changed then
        """
        with self._writing():
            snapshot = self.snapshot()
            old = snapshot.manifest
            infos: list[SegmentInfo] = []
            # One segment for each run of segments of the same model.
            runs: list[list[Segment]] = []
            for segment in snapshot.segments:
                if runs and runs[-1][-1].info.model == segment.info.model:
                    runs[-1].append(segment)
                else:
                    runs.append([segment])
            for run in runs:
                keep = [np.flatnonzero(snapshot.live[s.start : s.stop]) for s in run]
                rows = sum(map(len, keep))
                if rows:
                    layout = self._layout(rows, old)
                    self._check_space(layout.file_bytes)
                    infos.append(self._write(layout, rows, run[0].info.model, _kept(run, keep)))
            manifest = replace(
                old,
                generation=old.generation + 1,
                epoch=old.epoch + 1,
                segments=tuple(infos),
                deleted=None,
                derived=None,
            )
            manifest.write(self._disk, self.path)

    def put_derived(
        self,
        of: Snapshot,
        facts: dict[str, Any],
        write: Callable[[Path], None] | None,
    ) -> bool:
        """Keeps a file made of the vectors, in place of the one there was.

        It need not survive a power cut: a damaged one is noticed, and made again.

        Args:
            of: the generation it was made of
            facts: what to know when it is read
            write: writes it to a path; None to change the facts only

        Returns:
            False, and nothing kept, if rows were numbered anew since that generation, or, for the
            facts only, if it had another derived file
        """
        with self._writing():
            manifest = self.snapshot().manifest
            if manifest.epoch != of.manifest.epoch:
                return False
            # Facts of one file say nothing of another.
            old, known = manifest.derived, of.manifest.derived
            if write is None and (old is None or known is None or old.file != known.file):
                return False
            if write is not None:
                name = f"{uuid.uuid4().hex[:12]}.derived"
                write(self.path / name)
                derived = DerivedInfo(_describe(self.path / name), of.total_rows, facts)
            elif old is not None:
                derived = replace(old, facts=facts)
            changed = replace(manifest, generation=manifest.generation + 1, derived=derived)
            changed.write(self._disk, self.path)
        return True

    def drop_derived(self) -> None:
        """Forgets the derived file, if there is one."""
        with self._writing():
            manifest = self.snapshot().manifest
            if manifest.derived:
                changed = replace(manifest, generation=manifest.generation + 1, derived=None)
                changed.write(self._disk, self.path)

    def check_space(self, rows: int, dim: int) -> None:
        """Raises a ``StoreError`` if the disk has no room for so many more rows."""
        self._check_space(self._layout(rows, replace(self.snapshot().manifest, dim=dim)).file_bytes)

    def copy_to(self, path: Path, facts: dict[str, Any]) -> Store:
        """Makes a store of its own of this one; files are linked where the disk can.

        Args:
            path: the folder of the copy; if there is a store already, it is left as it is
            facts: values to remember instead of those here
        """
        copy = Store(path, self._disk)
        copy._make_folder()
        with copy._writing():
            while not copy.exists:
                data = self._manifest_bytes()
                manifest = Manifest.parse(data, self.path / MANIFEST)
                try:
                    for name in manifest.file_names:
                        link_or_copy(self._disk, self.path / name, path / name)
                except FileNotFoundError:
                    if self._manifest_bytes() == data:
                        raise
                    continue
                replace(manifest, facts={**manifest.facts, **facts}).write(self._disk, path)
        return copy

    def destroy(self) -> None:
        """Removes the folder."""
        self._current = None
        if self.path.exists():
            shutil.rmtree(self.path)

    # -- how -----------------------------------------------------------------------------------

    def _manifest_bytes(self) -> bytes:
        try:
            return (self.path / MANIFEST).read_bytes()
        except FileNotFoundError as error:
            raise missing_store(self.path) from error

    def _map(self, manifest: Manifest) -> Snapshot:
        known = {s.info.name: s for s in self._current[1].segments} if self._current else {}
        segments: list[Segment] = []
        start = 0
        for info in manifest.segments:
            # What was mapped before stays mapped, and checked.
            segment = known.get(info.name) or self._segment(info, manifest, start)
            segment.check_size()
            segments.append(segment)
            start += info.rows
        deleted = np.empty(0, np.int64)
        if manifest.deleted:
            path = self.path / manifest.deleted.name
            data = path.read_bytes()
            if zlib.crc32(data) != manifest.deleted.checksum:
                raise StoreError(
                    f"{path} is damaged; restore it from a backup, or delete this brain run and "
                    "build the index again."
                )
            deleted = np.frombuffer(data, np.int64)
        return Snapshot(self.path, manifest, tuple(segments), deleted)

    def _segment(self, info: SegmentInfo, manifest: Manifest, start: int) -> Segment:
        return Segment(self.path / info.name, info, self._layout(info.rows, manifest), start)

    def _layout(self, rows: int, manifest: Manifest) -> Layout:
        return Layout.of(rows, manifest.dim or 0, manifest.dtype, manifest.has_labels)

    def _append(self, snapshot: Snapshot, manifest: Manifest, batch: Batch) -> Manifest:
        if (batch.label_ids is not None) != manifest.has_labels:
            expected = "labels" if manifest.has_labels else "samples"
            raise ValueError(f"This index holds {expected}; its vectors must come with their ids.")
        snapshot.check_dim(batch.vectors.shape[1])
        manifest = replace(manifest, dim=batch.vectors.shape[1])
        rows, taken = len(batch.vectors), len(snapshot.segments)
        while taken:
            last = snapshot.segments[taken - 1].info
            if last.model != batch.model or last.rows.bit_length() > rows.bit_length():
                break
            taken -= 1
            rows += snapshot.segments[taken].info.rows
        layout = self._layout(rows, manifest)
        self._check_space(layout.file_bytes)
        along = snapshot.segments[taken:]
        new = _columns_of(batch, manifest.dtype)

        def column(name: str) -> Iterator[npt.NDArray[Any]]:
            for segment in along:
                for start in range(0, segment.info.rows, COPY_ROWS):
                    yield segment.column(name, start, start + COPY_ROWS)
            yield new[name]

        info = self._write(layout, rows, batch.model, column)
        return replace(manifest, segments=(*manifest.segments[:taken], info))

    def _write(
        self,
        layout: Layout,
        rows: int,
        model: str | None,
        column: Callable[[str], Iterable[npt.NDArray[Any]]],
    ) -> SegmentInfo:
        name = f"{uuid.uuid4().hex[:12]}.segment"
        parts = {name: column(name) for name in layout.columns}
        checksum = write_segment(self._disk, self.path / name, layout, parts)
        return SegmentInfo(name, rows, checksum, model)

    def _write_deleted(self, snapshot: Snapshot, manifest: Manifest, rows: Rows) -> Manifest:
        rows = rows[rows >= 0]
        # Deleted rows stay so; as many are the same.
        if rows.size == snapshot.deleted.size:
            return manifest
        name = f"{uuid.uuid4().hex[:12]}.deleted"
        data: Data = rows.astype(np.int64).tobytes()
        with self._disk.create(self.path / name) as file:
            self._disk.write(file, data)
            self._disk.sync(file)
        return replace(manifest, deleted=FileInfo(name, len(data), zlib.crc32(data)))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        if not self.path.is_dir():
            raise missing_store(self.path)
        with self._explained(), FileLock(self.path / LOCK):
            self._remove_leftovers()
            try:
                yield
            except OSError:
                # A full disk is no place to leave half a file.
                with contextlib.suppress(OSError):
                    self._remove_leftovers()
                raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{self.path} could not be written ({error.strerror or error}); free some space or "
                "check its permissions, and try again. What was stored before is unchanged."
            ) from error

    def _make_folder(self) -> None:
        new = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        with self._explained():
            self.path.mkdir(parents=True, exist_ok=True)
            for folder in new:
                self._disk.sync_folder(folder.parent)

    def _remove_leftovers(self) -> None:
        if not self.exists:
            return
        manifest = Manifest.parse(self._manifest_bytes(), self.path / MANIFEST)
        # Whatever else there is belongs to others, such as what NFS keeps of a removed file.
        ours = [path for path in self.path.iterdir() if path.suffix in SUFFIXES]
        leftovers = [path for path in ours if path.name not in manifest.file_names]
        if leftovers:
            # The generation before needs some of them: it must not come back in a power cut.
            self._disk.sync_folder(self.path)
        for path in leftovers:
            self._disk.remove(path)

    def _check_space(self, needed: int) -> None:
        free = self._disk.free_bytes(self.path)
        if free < needed:
            raise StoreError(
                f"{self.path} needs {needed / 1e9:.2f} GB more but its disk has only "
                f"{free / 1e9:.2f} GB left; free some, or choose another root_dir."
            )


def _columns_of(batch: Batch, dtype: str) -> dict[str, npt.NDArray[Any]]:
    with np.errstate(over="ignore"):
        vectors = np.ascontiguousarray(batch.vectors, np.dtype(dtype))
    if dtype != "float32" and not np.isfinite(vectors).all():
        raise ValueError(f"Some vectors do not fit into {dtype}; build the index with float32.")
    norms = lengths(vectors)
    media = unknown_media(len(vectors)) if batch.media is None else batch.media
    columns = {"vectors": vectors, "norms": norms, "samples": batch.sample_ids, "media": media}
    return columns if batch.label_ids is None else {**columns, "labels": batch.label_ids}


def _kept(run: list[Segment], keep: list[Rows]) -> Callable[[str], Iterator[npt.NDArray[Any]]]:
    """The rows to keep of some segments, by column, in parts."""

    def column(name: str) -> Iterator[npt.NDArray[Any]]:
        for segment, rows in zip(run, keep, strict=True):
            for at in range(0, len(rows), COPY_ROWS):
                part = rows[at : at + COPY_ROWS]
                if name == "vectors":
                    yield segment.vectors_at(part)
                else:
                    yield segment.column(name)[part]

    return column


def _describe(path: Path) -> FileInfo:
    checksum = size = 0
    with path.open("rb") as stream:
        while part := stream.read(1 << 22):
            checksum = zlib.crc32(part, checksum)
            size += len(part)
    return FileInfo(path.name, size, checksum)
