"""Writing segments and deleted rows; see the module ``segments`` for their format."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.files import FileSystem
from fiftyone_faiss.brain.store.compaction import ColumnReader, Origin
from fiftyone_faiss.brain.store.directory import StoreDirectory
from fiftyone_faiss.brain.store.entries import FileInfo, SegmentInfo
from fiftyone_faiss.brain.store.manifest import Manifest
from fiftyone_faiss.brain.store.segments import BLOCK_BYTES, Column, Layout


class _Checksums:
    """Computes the CRC-32 of each block of a stream."""

    def __init__(self) -> None:
        self.finished: list[int] = []
        self._crc = 0
        self._filled = 0

    def update(self, data: npt.NDArray[np.uint8]) -> None:
        at = 0
        while at < data.size:
            chunk = data[at : at + BLOCK_BYTES - self._filled]
            self._crc = zlib.crc32(chunk, self._crc)
            self._filled += chunk.size
            at += chunk.size
            if self._filled == BLOCK_BYTES:
                self.finished.append(self._crc)
                self._crc = self._filled = 0

    def table(self) -> npt.NDArray[np.uint8]:
        last = [self._crc] if self._filled else []
        return np.array(self.finished + last, "<u4").view(np.uint8)


def new_segment(
    directory: StoreDirectory, manifest: Manifest, rows: int, origin: Origin, read: ColumnReader
) -> SegmentInfo:
    """Writes a segment of a store durably, if the disk has the space.

    Args:
        directory: the store
        manifest: what the vectors are
        rows: the number of rows
        origin: the model of the vectors, and its precision
        read: returns the values of a column, in chunks

    Returns:
        the entry of the segment in a manifest

    Raises:
        StoreError: if the disk has too little space
    """
    layout = Layout.of(rows, manifest)
    directory.check_space(layout.file_bytes)
    name = f"{uuid.uuid4().hex[:12]}.segment"
    columns = {column: read(column) for column in layout.columns}
    checksum = write_segment(directory.filesystem, directory.path / name, layout, columns)
    return SegmentInfo(name, rows, checksum, *origin)


def write_segment(
    filesystem: FileSystem,
    path: Path,
    layout: Layout,
    columns: Mapping[str, Iterable[npt.NDArray[Any]]],
) -> int:
    """Writes a segment durably.

    Args:
        filesystem: carries out the writes
        path: the file, which must not exist
        layout: the layout
        columns: the values of each column, in chunks

    Returns:
        the CRC-32 of the table of checksums
    """
    checksums = _Checksums()
    at = 0
    with filesystem.create(path) as file:
        for column in layout.columns.values():
            padding = np.zeros(column.offset - at, np.uint8)
            for chunk in (padding, *_as_bytes(columns[column.name], column)):
                checksums.update(chunk)
                filesystem.write(file, chunk)
            at = column.stop
        padding = np.zeros(layout.payload - at, np.uint8)
        checksums.update(padding)
        table = checksums.table()
        filesystem.write(file, padding)
        filesystem.write(file, table)
        filesystem.sync(file)
    return zlib.crc32(table)


def write_deleted_rows(filesystem: FileSystem, path: Path, rows: Rows) -> FileInfo:
    """Writes the file of deleted rows durably, and returns its entry in the manifest."""
    data = rows.astype(np.int64).tobytes()
    with filesystem.create(path) as file:
        filesystem.write(file, data)
        filesystem.sync(file)
    return FileInfo(path.name, len(data), zlib.crc32(data))


def _as_bytes(
    chunks: Iterable[npt.NDArray[Any]], column: Column
) -> Iterable[npt.NDArray[np.uint8]]:
    for chunk in chunks:
        yield np.ascontiguousarray(chunk, column.dtype).reshape(-1).view(np.uint8)
