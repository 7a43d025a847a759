"""What a store holds: a small JSON file, replaced atomically at every commit."""

from __future__ import annotations

import json
import socket
import uuid
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fiftyone_faiss.brain.disk import Disk

FORMAT_VERSION = 2
MANIFEST = "manifest.json"
DTYPES = ("float32", "float16")


class StoreError(ValueError):
    """A store that is missing, damaged, unwritable, or of another format."""


@dataclass(frozen=True)
class SegmentInfo:
    """A segment as the manifest names it.

    Attributes:
        name: its file
        rows: its number of rows
        checksum: the CRC-32 of its table of checksums
        model: the fingerprint of the model that made its vectors, None if they were given
    """

    name: str
    rows: int
    checksum: int
    model: str | None = None


@dataclass(frozen=True)
class FileInfo:
    """A small file as the manifest names it: its file, its size, the CRC-32 of all of it."""

    name: str
    bytes: int
    checksum: int


@dataclass(frozen=True)
class DerivedInfo:
    """A file made of the vectors, which can be thrown away and made again.

    Attributes:
        file: the file
        rows: it covers the rows from 0 up to here
        facts: what its maker wants to know when it is read, JSON values only
    """

    file: FileInfo
    rows: int
    facts: dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """What a store holds.

    Attributes:
        generation: the number of commits so far
        epoch: the number of times that rows were numbered anew
        dim: the length of every vector, None before the first
        dtype: how vectors are kept, ``"float32"`` or ``"float16"``
        has_labels: whether each row belongs to a label of a sample
        facts: what the layer above wants to remember beside the vectors, JSON values only: the
            metric, the model, the database and the dataset it belongs to, what failed
        segments: the segments, in the order of their rows
        deleted: the file of deleted rows, if there are any
        derived: the derived file, if there is one
    """

    generation: int = 0
    epoch: int = 0
    dim: int | None = None
    dtype: str = "float32"
    has_labels: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    segments: tuple[SegmentInfo, ...] = ()
    deleted: FileInfo | None = None
    derived: DerivedInfo | None = None
    format_version: int = FORMAT_VERSION

    @property
    def failures(self) -> dict[str, str]:
        """Why some media have no vector, by their id."""
        return dict(self.facts.get("failures", {}))

    @property
    def file_names(self) -> set[str]:
        """The files that belong to this generation, beside the manifest."""
        names = {segment.name for segment in self.segments}
        names |= {self.deleted.name} if self.deleted else set()
        return names | ({self.derived.file.name} if self.derived else set())

    @classmethod
    def parse(cls, data: bytes, path: Path) -> Manifest:
        """Reads what :meth:`write` wrote.

        Raises:
            StoreError: if it is damaged, or of another format
        """
        body, _, checksum = data.rpartition(b"\n")
        if not checksum.isdigit() or int(checksum) != zlib.crc32(body):
            if _is_early(data):
                raise _other_format(path, "an early", "build the index again")
            raise lost(f"{path} is damaged")
        values = json.loads(body)
        if values["format_version"] != FORMAT_VERSION:
            raise _other_format(path, "a newer", "upgrade it")
        values["segments"] = tuple(SegmentInfo(**one) for one in values["segments"])
        if values["deleted"]:
            values["deleted"] = FileInfo(**values["deleted"])
        if values["derived"]:
            derived = values["derived"]
            values["derived"] = DerivedInfo(**{**derived, "file": FileInfo(**derived["file"])})
        return cls(**values)

    def write(self, disk: Disk, folder: Path) -> None:
        """Makes this the newest generation, in full or not at all, even after a power cut."""
        body = json.dumps(asdict(self), indent=1).encode()
        temporary = folder / f"{MANIFEST}.{uuid.uuid4().hex[:8]}.tmp"
        with disk.create(temporary) as file:
            disk.write(file, b"%b\n%d" % (body, zlib.crc32(body)))
            disk.sync(file)
        # The files it names must not be lost while it is kept.
        disk.sync_folder(folder)
        disk.replace(temporary, folder / MANIFEST)
        disk.sync_folder(folder)


def _is_early(data: bytes) -> bool:
    """Whether this is a manifest of format 1, which had no checksum."""
    try:
        values = json.loads(data)
    except ValueError:
        return False
    return isinstance(values, dict) and values.get("format_version") == 1


def _other_format(path: Path, what: str, todo: str) -> StoreError:
    return StoreError(f"{path.parent} was written by {what} fiftyone-faiss; {todo}.")


def lost(problem: str) -> StoreError:
    """The error of a file that cannot be made anew; a problem is a clause without its full stop."""
    return StoreError(
        f"{problem}; restore it from a backup, or delete this brain run and build the index again."
    )


def missing_store(folder: Path) -> StoreError:
    """The error of a store that is not where it should be."""
    return StoreError(
        f"There is no index at {folder} on {socket.gethostname()}; restore that folder, or run "
        "update_index to make it anew from the dataset."
    )
