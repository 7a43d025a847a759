"""Segments: files of vectors and what belongs to them, written once and then only mapped.

A segment holds one column after the other, each at a multiple of 64 bytes: the vectors as they
were given, their norms, the sample ids, the label ids if there are any, and the fingerprints of
the media. After them comes the CRC-32 of every 64 KiB before. Those are compared when a block is
first touched in a process: checking a whole file would take longer than opening and searching it.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.files import Data, FileSystem
from fiftyone_faiss.brain.core.ids import ID_DTYPE, PackedIds
from fiftyone_faiss.brain.store.manifest import Manifest, SegmentInfo, StoreError, lost

BLOCK_BYTES = 65_536
ALIGNMENT = 64
# Up to so many vectors are read one by one, without the pages around them: mapped, those would
# fill the memory with what nobody asked for.
FEW_ROWS = 128
# Size in bytes and time of change in nanoseconds of a row's media; -1 where nobody looked.
MEDIA_DTYPE = np.dtype([("size", "<i8"), ("mtime", "<i8")])

MediaFingerprints = npt.NDArray[np.void]


def unknown_media(rows: int) -> MediaFingerprints:
    """``(rows,)`` media fingerprints that say nothing."""
    return np.full(rows, -1, "<i8").astype(MEDIA_DTYPE)


@dataclass(frozen=True)
class Column:
    """Where a column lies in its segment: ``(rows, width)`` or ``(rows,)`` values."""

    name: str
    dtype: np.dtype[Any]
    width: int
    offset: int
    stop: int

    @property
    def row_bytes(self) -> int:
        return self.dtype.itemsize * self.width


@dataclass(frozen=True)
class Layout:
    """The columns of a segment, by name, and its size."""

    columns: Mapping[str, Column]
    payload: int
    blocks: int

    @classmethod
    def of(cls, rows: int, manifest: Manifest) -> Layout:
        """That of so many rows of a store."""
        kinds = [("vectors", np.dtype(manifest.dtype), manifest.dim or 0)]
        kinds.append(("norms", np.dtype(np.float32), 1))
        kinds += [(name, ID_DTYPE, 1) for name in ("samples", "labels")[: 1 + manifest.has_labels]]
        kinds.append(("media", MEDIA_DTYPE, 1))
        columns, offset = {}, 0
        for name, kind, width in kinds:
            stop = offset + rows * width * kind.itemsize
            columns[name] = Column(name, kind, width, offset, stop)
            offset = -(-stop // ALIGNMENT) * ALIGNMENT
        return cls(columns, offset, -(-offset // BLOCK_BYTES))

    @property
    def file_bytes(self) -> int:
        return self.payload + 4 * self.blocks


class _Checksums:
    """The CRC-32 of every block of a stream."""

    def __init__(self) -> None:
        self.finished: list[int] = []
        self._crc = 0
        self._filled = 0

    def feed(self, data: npt.NDArray[np.uint8]) -> None:
        at = 0
        while at < data.size:
            part = data[at : at + BLOCK_BYTES - self._filled]
            self._crc = zlib.crc32(part, self._crc)
            self._filled += part.size
            at += part.size
            if self._filled == BLOCK_BYTES:
                self.finished.append(self._crc)
                self._crc = self._filled = 0

    def table(self) -> npt.NDArray[np.uint8]:
        last = [self._crc] if self._filled else []
        return np.array(self.finished + last, "<u4").view(np.uint8)


def write_segment(
    disk: FileSystem, path: Path, layout: Layout, parts: Mapping[str, Iterable[npt.NDArray[Any]]]
) -> int:
    """Writes a segment, durably.

    Args:
        disk: where to
        path: its file, which must not exist
        layout: its layout
        parts: for each column its values, in parts

    Returns:
        the checksum of its table of checksums
    """
    checksums = _Checksums()
    at = 0
    with disk.create(path) as file:
        for column in layout.columns.values():
            padding = np.zeros(column.offset - at, np.uint8)
            for part in (padding, *_as_bytes(parts[column.name], column)):
                checksums.feed(part)
                disk.write(file, part)
            at = column.stop
        padding = np.zeros(layout.payload - at, np.uint8)
        checksums.feed(padding)
        table = checksums.table()
        disk.write(file, padding)
        disk.write(file, table)
        disk.sync(file)
    return zlib.crc32(table)


def _as_bytes(parts: Iterable[npt.NDArray[Any]], column: Column) -> Iterable[npt.NDArray[np.uint8]]:
    for part in parts:
        yield np.ascontiguousarray(part, column.dtype).reshape(-1).view(np.uint8)


class Segment:
    """A mapped segment.

    Args:
        path: its file
        info: what the manifest says of it
        layout: its layout
        start: its first row's number in the store

    Raises:
        FileNotFoundError: if the file is not there
        StoreError: if it has another size than it should have, or its checksums are damaged
    """

    def __init__(self, path: Path, info: SegmentInfo, layout: Layout, start: int) -> None:
        self.path = path
        self.info = info
        self.start = start
        self.stop = start + info.rows
        self._layout = layout
        with path.open("rb") as file:
            self._expect(file.seek(0, 2))
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._bytes = np.frombuffer(self._map, np.uint8)
        self._checksums = self._bytes[layout.payload :].view("<u4")
        if zlib.crc32(self._bytes[layout.payload :]) != info.checksum:
            raise self._damaged("its table of checksums")
        self._unchecked = np.ones(layout.blocks, bool)

    @classmethod
    def of(cls, folder: Path, manifest: Manifest, info: SegmentInfo, start: int) -> Segment:
        """A segment that a manifest names."""
        return cls(folder / info.name, info, Layout.of(info.rows, manifest), start)

    def check_size(self) -> None:
        """Raises a ``StoreError`` if the file was cut short: reading on would end the process."""
        self._expect(self._map.size())

    def column(self, name: str, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
        """The mapped values of a column, from a row of the segment up to another."""
        column = self._layout.columns[name]
        stop = self.info.rows if stop is None else min(stop, self.info.rows)
        first = column.offset + start * column.row_bytes
        last = column.offset + stop * column.row_bytes
        if last > first:
            self._check(np.arange(first // BLOCK_BYTES, (last - 1) // BLOCK_BYTES + 1))
        values = self._bytes[first:last].view(column.dtype)
        return values.reshape(stop - start, column.width) if name == "vectors" else values

    def vectors_at(self, rows: Rows) -> npt.NDArray[Any]:
        """Copies of the vectors in these rows of the segment, in the store's dtype."""
        column = self._layout.columns["vectors"]
        if rows.size and self._unchecked.any():
            first = (column.offset + rows * column.row_bytes) // BLOCK_BYTES
            last = (column.offset + (rows + 1) * column.row_bytes - 1) // BLOCK_BYTES
            spans = [np.minimum(first + i, last) for i in range(int((last - first).max()) + 1)]
            self._check(np.unique(np.concatenate(spans)))
        if rows.size <= FEW_ROWS:
            with self._reading() as read:
                size = column.row_bytes
                parts = [read(column.offset + row * size, size) for row in rows.tolist()]
            # As an array of its own, which can be written to, as it can otherwise.
            data = np.frombuffer(bytearray(b"".join(parts)), column.dtype)
            return data.reshape(-1, column.width)
        values = self._bytes[column.offset : column.stop].view(column.dtype)
        copies: npt.NDArray[Any] = values.reshape(-1, column.width)[rows]
        return copies

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Callable[[int, int], Data]]:
        """What reads bytes at an offset without mapping the pages around them, where it can."""
        try:
            file = os.open(self.path, os.O_RDONLY) if hasattr(os, "pread") else None
        except FileNotFoundError:
            # A writer has removed it since; what is mapped is still there.
            file = None
        if file is None:
            yield lambda offset, size: self._map[offset : offset + size]
            return
        try:
            yield lambda offset, size: os.pread(file, size, offset)
        finally:
            os.close(file)

    def check_all(self) -> None:
        """Compares all checksums, also of blocks that were compared before.

        Raises:
            StoreError: if one is wrong
        """
        self._unchecked[:] = True
        self._check(np.arange(self._layout.blocks))

    def _check(self, blocks: Rows) -> None:
        new = blocks[self._unchecked[blocks]].tolist()
        if not new:
            return
        with self._reading() as read:
            for block in new:
                start = block * BLOCK_BYTES
                stop = min(start + BLOCK_BYTES, self._layout.payload)
                few = len(new) <= FEW_ROWS
                data = read(start, stop - start) if few else self._bytes[start:stop]
                if zlib.crc32(data) != self._checksums[block]:
                    raise self._damaged(f"bytes {start:,} to {stop:,}")
                self._unchecked[block] = False

    def _expect(self, size: int) -> None:
        if size != self._layout.file_bytes:
            expected = self._layout.file_bytes
            raise lost(f"{self.path} has {size:,} bytes instead of {expected:,}")

    def _damaged(self, what: str) -> StoreError:
        return lost(f"{self.path} is damaged ({what} changed since they were written)")


def concatenated(segments: Iterable[Segment], name: str, empty: PackedIds) -> npt.NDArray[Any]:
    """A column over several segments; mapped as it is if there is only one."""
    parts = [segment.column(name) for segment in segments]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else empty
