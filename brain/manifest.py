"""What a store holds: a small JSON file, replaced atomically at every commit."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FORMAT_VERSION = 1
MANIFEST = "manifest.json"


class StoreError(ValueError):
    """A store that is missing, damaged, or of a newer format."""


@dataclass(frozen=True)
class SegmentInfo:
    """A segment as the manifest names it: its file stem, its rows, a CRC-32 of each file."""

    name: str
    rows: int
    checksums: dict[str, int]


@dataclass(frozen=True)
class Manifest:
    """What a store holds.

    Attributes:
        generation: the number of commits so far
        dim: the length of every vector, None before the first
        has_labels: whether each row belongs to a label of a sample
        facts: what the layer above wants to remember beside the vectors, JSON values only
        segments: the segments, in the order of their rows
        deleted: the name of the file of deleted rows, if there are any
    """

    generation: int = 0
    dim: int | None = None
    has_labels: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    segments: tuple[SegmentInfo, ...] = ()
    deleted: str | None = None
    format_version: int = FORMAT_VERSION

    @classmethod
    def read(cls, path: Path) -> Manifest:
        try:
            data = json.loads(path.read_bytes())
        except FileNotFoundError as error:
            raise StoreError(
                f"There is no index at {path.parent}; restore that folder, or delete this brain "
                "run and build the index again."
            ) from error
        except json.JSONDecodeError as error:
            raise StoreError(f"{path} is damaged; build the index again.") from error
        if data["format_version"] > FORMAT_VERSION:
            raise StoreError(
                f"{path.parent} was written by a newer fiftyone-faiss; upgrade it to read this "
                "index."
            )
        data["segments"] = tuple(SegmentInfo(**segment) for segment in data["segments"])
        return cls(**data)

    def write(self, path: Path) -> None:
        write_file(path, json.dumps(asdict(self), indent=1).encode())


def write_file(path: Path, data: bytes | npt.NDArray[np.uint8]) -> None:
    """Writes a file so that it is there in full or not at all, even after a power cut."""
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
