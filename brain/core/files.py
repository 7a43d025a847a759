"""Files: the file system operations of a store, atomic writes, checksums."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

Data = bytes | npt.NDArray[np.uint8]
# The number of bytes read at once.
CHUNK_BYTES = 1 << 22
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a symbolic link",
}


class NotRegularFileError(OSError):
    """Raised for a FIFO, a device, a folder or a socket in the place of a file."""


def check_regular(path: Path, status: os.stat_result) -> None:
    """Raises a :class:`NotRegularFileError` if the status of a path is not that of a file."""
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise NotRegularFileError(errno.EINVAL, f"it is {kind} instead of a file", str(path))


def open_regular(path: Path) -> BinaryIO:
    """Opens a file for unbuffered reading.

    Opening a FIFO would wait for a writer, and reading a device may never end.

    Raises:
        NotRegularFileError: if the path is a FIFO, a device, a folder or a socket
        OSError: if the file is missing or cannot be opened
    """
    # Opening a device may have effects of its own, so it is not even tried.
    check_regular(path, os.stat(path))
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        # The path may have been replaced in the meantime.
        check_regular(path, os.fstat(descriptor))
        return cast(BinaryIO, os.fdopen(descriptor, "rb", buffering=0))
    except BaseException:
        os.close(descriptor)
        raise


class FileSystem:
    """The file system operations of a store; tests replace them to inject failures."""

    def open(self, path: Path) -> BinaryIO:
        """Opens a file for reading; see :func:`open_regular`."""
        return open_regular(path)

    def read_at(self, file: BinaryIO, start: int, size: int) -> bytes:
        """Reads bytes from a position; several threads may read one file. Not on Windows."""
        return os.pread(file.fileno(), size, start)

    def create(self, path: Path) -> BinaryIO:
        """Opens a new file for writing."""
        return path.open("xb")

    def write(self, file: BinaryIO, data: Data) -> None:
        """Appends to a file."""
        file.write(data)

    def sync(self, file: BinaryIO) -> None:
        """Flushes a file to the disk: its content then survives a power failure."""
        file.flush()
        os.fsync(file.fileno())

    def sync_directory(self, directory: Path) -> None:
        """Flushes the names in a directory to the disk: they then survive a power failure."""
        # Windows has no such call; names there are as durable as their files.
        if os.name == "nt":
            return
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Renames a file to ``target`` atomically, replacing an existing file."""
        os.replace(source, target)

    def remove(self, path: Path) -> None:
        """Removes a file if it exists and is not mapped on Windows."""
        # Windows cannot remove a mapped file; a later writer does.
        with contextlib.suppress(FileNotFoundError, PermissionError):
            path.unlink()

    def free_bytes(self, directory: Path) -> int:
        """Returns the free space of the disk of a directory, in bytes."""
        return shutil.disk_usage(directory).free

    def link(self, source: Path, target: Path) -> None:
        """Creates a hard link; a symbolic link is followed, because its target may be relative."""
        os.link(os.path.realpath(source), target)


FILE_SYSTEM = FileSystem()


@contextlib.contextmanager
def atomic_write(path: Path, filesystem: FileSystem = FILE_SYSTEM) -> Iterator[BinaryIO]:
    """Opens a temporary file that replaces ``path`` durably when the block ends.

    Readers see either the old or the new content, even after a power failure. If the block raises,
    ``path`` is unchanged, and a file with the suffix ``.tmp`` may remain beside it.

    Args:
        path: the file to write
        filesystem (FILE_SYSTEM): carries out the operations
    """
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    with filesystem.create(temporary) as file:
        yield file
        filesystem.sync(file)
    # Files that the new content refers to must be durable before the new content is.
    filesystem.sync_directory(path.parent)
    filesystem.replace(temporary, path)
    filesystem.sync_directory(path.parent)


def fingerprint(path: Path, filesystem: FileSystem = FILE_SYSTEM) -> tuple[int, int]:
    """Returns the size of a file in bytes and the CRC-32 of its content."""
    size = checksum = 0
    with filesystem.open(path) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
    return size, checksum


def link_or_copy(filesystem: FileSystem, source: Path, target: Path) -> None:
    """Links a file that never changes, or copies it if the disk does not support links.

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
        # The copy appears only when it is complete, so an interrupted copy can be repeated.
        with filesystem.open(source) as stream, atomic_write(target, filesystem) as copy:
            while chunk := stream.read(CHUNK_BYTES):
                filesystem.write(copy, chunk)
