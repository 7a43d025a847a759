"""The few things a store asks of the file system, in one place so that tests can make them fail."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

Data = bytes | npt.NDArray[np.uint8]
# What is read of a file at once.
PART_BYTES = 1 << 22


class Disk:
    """A file system that keeps its promises in this order: written, synced, renamed, synced."""

    def create(self, path: Path) -> BinaryIO:
        """Opens a new file for writing."""
        return path.open("xb")

    def write(self, file: BinaryIO, data: Data) -> None:
        """Appends to a file."""
        file.write(data)

    def sync(self, file: BinaryIO) -> None:
        """Returns when what was written would survive a power cut."""
        file.flush()
        os.fsync(file.fileno())

    def sync_folder(self, folder: Path) -> None:
        """Returns when the names in a folder would survive a power cut."""
        # Windows has no such call; there, names are durable with their files.
        if os.name == "nt":
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Renames a file over another, atomically."""
        os.replace(source, target)

    def remove(self, path: Path) -> None:
        """Removes a file if it is there and nobody's mapping forbids it."""
        # Windows cannot remove a mapped file; a later writer will.
        with contextlib.suppress(FileNotFoundError, PermissionError):
            path.unlink()

    def free_bytes(self, folder: Path) -> int:
        """The free space where a folder is."""
        return shutil.disk_usage(folder).free

    def link(self, source: Path, target: Path) -> None:
        """Makes a hard link."""
        os.link(source, target)


def fingerprint(path: Path) -> tuple[int, int]:
    """The size of a file in bytes, and the CRC-32 of all of it."""
    size = checksum = 0
    with path.open("rb") as stream:
        while part := stream.read(PART_BYTES):
            size += len(part)
            checksum = zlib.crc32(part, checksum)
    return size, checksum


def link_or_copy(disk: Disk, source: Path, target: Path) -> None:
    """Links a file that will never change, or copies it, durably, where the disk has no links.

    Raises:
        FileNotFoundError: if the source is not there
    """
    if target.exists():
        return
    try:
        disk.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        # Under its name there is all of it or nothing, so a stopped copy can be taken up again.
        temporary = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.tmp")
        with source.open("rb") as whole, disk.create(temporary) as copy:
            while part := whole.read(PART_BYTES):
                disk.write(copy, part)
            disk.sync(copy)
        disk.replace(temporary, target)
