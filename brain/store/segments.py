"""Segments: files of vectors, ids and media fingerprints, written once and then only mapped.

A segment holds its columns one after the other, each at a multiple of 64 bytes: the vectors as
given, their norms, the sample ids, the label ids if there are any, and the media fingerprints. The
CRC-32 of each block of 64 KiB follows. A block is checked when a process first reads it, because
checking the whole file would take longer than opening and searching it.
"""

from __future__ import annotations

import mmap
import os
import weakref
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.files import FILE_SYSTEM, Data, FileSystem
from fiftyone_faiss.brain.core.ids import ID_DTYPE, PackedIds
from fiftyone_faiss.brain.store.checked_files import explain_read_errors
from fiftyone_faiss.brain.store.entries import SegmentInfo
from fiftyone_faiss.brain.store.manifest import Manifest, StoreError, lost

BLOCK_BYTES = 65_536
ALIGNMENT = 64
# Up to this many vectors are read one by one. Mapped reads would also load the pages around them
# into memory.
FEW_ROWS = 64
# The size in bytes and the modification time in nanoseconds of a row's media; -1 if unknown.
MEDIA_DTYPE = np.dtype([("size", "<i8"), ("mtime", "<i8")])

MediaFingerprints = npt.NDArray[np.void]


def unknown_media(rows: int) -> MediaFingerprints:
    """Returns ``(rows,)`` media fingerprints of unknown media."""
    return np.full(rows, -1, "<i8").astype(MEDIA_DTYPE)


@dataclass(frozen=True)
class Column:
    """The position of a column in a segment.

    Attributes:
        name: its name
        dtype: the dtype of its values
        width: the number of values per row
        offset: its first byte
        stop: the byte after its last one
    """

    name: str
    dtype: np.dtype[Any]
    width: int
    offset: int
    stop: int

    @property
    def row_bytes(self) -> int:
        """The number of bytes per row."""
        return self.dtype.itemsize * self.width


@dataclass(frozen=True)
class Layout:
    """The columns of a segment and its size.

    Attributes:
        columns: the columns, by name
        payload: the number of bytes before the checksums
        blocks: the number of checksums
    """

    columns: Mapping[str, Column]
    payload: int
    blocks: int

    @classmethod
    def of(cls, rows: int, manifest: Manifest) -> Layout:
        """Computes the layout of a segment of a store.

        Args:
            rows: the number of rows of the segment
            manifest: the manifest of the store
        """
        specs = [("vectors", np.dtype(manifest.dtype), manifest.dim or 0)]
        specs.append(("norms", np.dtype(np.float32), 1))
        specs += [(name, ID_DTYPE, 1) for name in ("samples", "labels")[: 1 + manifest.has_labels]]
        specs.append(("media", MEDIA_DTYPE, 1))
        columns, offset = {}, 0
        for name, dtype, width in specs:
            stop = offset + rows * width * dtype.itemsize
            columns[name] = Column(name, dtype, width, offset, stop)
            offset = -(-stop // ALIGNMENT) * ALIGNMENT
        return cls(columns, offset, -(-offset // BLOCK_BYTES))

    @property
    def file_bytes(self) -> int:
        """The size of the file."""
        return self.payload + 4 * self.blocks


class Segment:
    """A mapped segment.

    Args:
        path: its file
        info: its entry in the manifest
        layout: its layout
        start: the row of the store that is its first row
        filesystem (FILE_SYSTEM): opens the file

    Raises:
        FileNotFoundError: if the file is missing
        StoreError: if the file cannot be read, has the wrong size, or its table of checksums is
            damaged
    """

    def __init__(
        self,
        path: Path,
        info: SegmentInfo,
        layout: Layout,
        start: int,
        filesystem: FileSystem = FILE_SYSTEM,
    ) -> None:
        self.path = path
        self._filesystem = filesystem
        self.info = info
        self.start = start
        self.stop = start + info.rows
        self._layout = layout
        with explain_read_errors(path):
            # It stays open as long as the mapping, so that a query need not open it.
            self._file = filesystem.open(path)
            weakref.finalize(self, self._file.close)
            self._check_size(self._file.seek(0, 2))
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        self._bytes = np.frombuffer(self._map, np.uint8)
        self._checksums = self._bytes[layout.payload :].view("<u4")
        if zlib.crc32(self._bytes[layout.payload :]) != info.checksum:
            raise self._damaged("table of checksums")
        self._unchecked = np.ones(layout.blocks, bool)

    @classmethod
    def of(
        cls,
        directory: Path,
        manifest: Manifest,
        info: SegmentInfo,
        start: int,
        filesystem: FileSystem = FILE_SYSTEM,
    ) -> Segment:
        """Maps a segment of a manifest."""
        layout = Layout.of(info.rows, manifest)
        return cls(directory / info.name, info, layout, start, filesystem)

    def check_size(self) -> None:
        """Raises a ``StoreError`` if the file was truncated: reading it would crash the process."""
        with explain_read_errors(self.path):
            size = self._map.size()
        self._check_size(size)

    def column(self, name: str, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
        """Returns the mapped values of a column.

        Args:
            name: the name of the column
            start (0): the first row of the segment
            stop (None): the row after the last one, None for all rows
        """
        column = self._layout.columns[name]
        stop = self.info.rows if stop is None else min(stop, self.info.rows)
        first = column.offset + start * column.row_bytes
        last = column.offset + stop * column.row_bytes
        if last > first:
            self._check(np.arange(first // BLOCK_BYTES, (last - 1) // BLOCK_BYTES + 1))
        values = self._bytes[first:last].view(column.dtype)
        return values.reshape(stop - start, column.width) if name == "vectors" else values

    def vectors_at(self, rows: Rows) -> npt.NDArray[Any]:
        """Copies the vectors of some rows of the segment, in the dtype of the store."""
        column = self._layout.columns["vectors"]
        if rows.size and self._unchecked.any():
            first = (column.offset + rows * column.row_bytes) // BLOCK_BYTES
            last = (column.offset + (rows + 1) * column.row_bytes - 1) // BLOCK_BYTES
            spans = [np.minimum(first + i, last) for i in range(int((last - first).max()) + 1)]
            self._check(np.unique(np.concatenate(spans)))
        if rows.size <= FEW_ROWS:
            size = column.row_bytes
            with explain_read_errors(self.path):
                parts = [self._read(column.offset + row * size, size) for row in rows.tolist()]
            # A bytearray, because callers may write to the copies.
            data = np.frombuffer(bytearray(b"".join(parts)), column.dtype)
            return data.reshape(-1, column.width)
        values = self._bytes[column.offset : column.stop].view(column.dtype)
        vectors: npt.NDArray[Any] = values.reshape(-1, column.width)[rows]
        return vectors

    def _read(self, offset: int, size: int) -> Data:
        """Reads bytes without mapping pages, where possible."""
        if not hasattr(os, "pread"):
            return self._map[offset : offset + size]
        data = self._filesystem.read_at(self._file, offset, size)
        if len(data) < size:
            # It was truncated after its size was checked.
            raise self._damaged("truncated")
        return data

    def check_all(self) -> None:
        """Checks all blocks, including those that were checked before.

        Raises:
            StoreError: if a block is damaged
        """
        self._unchecked[:] = True
        self._check(np.arange(self._layout.blocks))

    def _check(self, blocks: Rows) -> None:
        new = blocks[self._unchecked[blocks]].tolist()
        if not new:
            return
        for block in new:
            start = block * BLOCK_BYTES
            stop = min(start + BLOCK_BYTES, self._layout.payload)
            few = len(new) <= FEW_ROWS
            with explain_read_errors(self.path):
                data = self._read(start, stop - start) if few else self._bytes[start:stop]
            if zlib.crc32(data) != self._checksums[block]:
                raise self._damaged(f"bytes {start:,} to {stop:,}")
            self._unchecked[block] = False

    def _check_size(self, size: int) -> None:
        if size != self._layout.file_bytes:
            expected = self._layout.file_bytes
            raise lost(f"{self.path} has {size:,} bytes instead of {expected:,}")

    def _damaged(self, what: str) -> StoreError:
        return lost(f"{self.path} is damaged ({what})")


def concatenated(segments: Iterable[Segment], name: str, empty: PackedIds) -> npt.NDArray[Any]:
    """Concatenates a column of several segments; a single one stays mapped."""
    parts = [segment.column(name) for segment in segments]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else empty
