"""Files: the file system operations of a store, atomic writes, checksums."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

Data = bytes | npt.NDArray[np.uint8]
# Bytes of a file that are read at once.
PART_BYTES = 1 << 22


class FileSystem:
    """The operations that a store asks of the file system; tests make them fail."""

    def create(self, path: Path) -> BinaryIO:
        """Opens a new file for writing."""
        return path.open("xb")

    def write(self, file: BinaryIO, data: Data) -> None:
        """Appends to a file."""
        file.write(data)

    def sync(self, file: BinaryIO) -> None:
        """Returns when the content of a file would survive a power cut."""
        file.flush()
        os.fsync(file.fileno())

    def sync_directory(self, directory: Path) -> None:
        """Returns when the names in a directory would survive a power cut."""
        # Windows has no such call; its names are as durable as their files.
        if os.name == "nt":
            return
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Renames a file over another, atomically."""
        os.replace(source, target)

    def remove(self, path: Path) -> None:
        """Removes a file if it exists and no mapping prevents it."""
        # Windows cannot remove a mapped file; a later writer removes it.
        with contextlib.suppress(FileNotFoundError, PermissionError):
            path.unlink()

    def free_bytes(self, directory: Path) -> int:
        """The free space of the disk that holds a directory, in bytes."""
        return shutil.disk_usage(directory).free

    def link(self, source: Path, target: Path) -> None:
        """Creates a hard link."""
        os.link(source, target)


FILE_SYSTEM = FileSystem()


@contextlib.contextmanager
def atomic_write(path: Path, filesystem: FileSystem = FILE_SYSTEM) -> Iterator[BinaryIO]:
    """Opens a temporary file that replaces ``path`` durably when the block ends.

    Readers see the old content or the new content, also after a power cut. If the block raises,
    ``path`` is unchanged, and a file that ends in ``.tmp`` may remain beside it.

    Args:
        path: the file to write
        filesystem (FILE_SYSTEM): carries out the operations
    """
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    with filesystem.create(temporary) as file:
        yield file
        filesystem.sync(file)
    # The files that the new content names must be durable before it is.
    filesystem.sync_directory(path.parent)
    filesystem.replace(temporary, path)
    filesystem.sync_directory(path.parent)


def fingerprint(path: Path) -> tuple[int, int]:
    """The size of a file in bytes, and the CRC-32 of its content."""
    size = checksum = 0
    with path.open("rb") as stream:
        while part := stream.read(PART_BYTES):
            size += len(part)
            checksum = zlib.crc32(part, checksum)
    return size, checksum


def link_or_copy(filesystem: FileSystem, source: Path, target: Path) -> None:
    """Links a file that never changes; copies it where the disk does not support links.

    Raises:
        FileNotFoundError: if the source does not exist
    """
    if target.exists():
        return
    try:
        filesystem.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        # The complete copy appears at once, so an interrupted copy can be repeated.
        with source.open("rb") as stream, atomic_write(target, filesystem) as copy:
            while part := stream.read(PART_BYTES):
                filesystem.write(copy, part)
