"""The manifest of a store: a small JSON file that each commit replaces atomically."""

from __future__ import annotations

import json
import socket
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fiftyone_faiss.brain.core.files import FileSystem, atomic_write
from fiftyone_faiss.brain.store.entries import (
    FileInfo,
    IndexFileInfo,
    IndexFileKind,
    SegmentInfo,
    Values,
)
from fiftyone_faiss.brain.store.json_fields import FieldError, Fields

FORMAT_VERSION = 2
MANIFEST = "manifest.json"
DTYPES = ("float32", "float16")
# The entries of the metadata that are texts or null, if they are there.
METADATA_TEXTS = (
    "metric", "model", "database", "dataset", "run_id", "brain_key", "fingerprint",
)  # fmt: skip
# Longer messages of the operating system or of a parser are cut.
MAX_REASON = 100


class StoreError(ValueError):
    """Raised for a store that is missing, damaged, unwritable, or of another format."""


@dataclass(frozen=True)
class Manifest:
    """The content of one generation of a store.

    Attributes:
        generation: the number of commits so far
        compaction_count: the number of times that rows were renumbered
        dim: the length of every vector, None before the first one
        dtype: how vectors are stored, ``"float32"`` or ``"float16"``
        has_labels: whether each row belongs to a label of a sample
        metadata: JSON values of the layers above: the metric, the model, the database and the
            dataset that the store belongs to, failures
        segments: the segments, in the order of their rows
        deleted: the file of deleted rows, None if there are none
        ann_index: the file of the ANN index, None if there is none
        neighbor_graph: the file of the neighbor graph, None if there is none
    """

    generation: int = 0
    compaction_count: int = 0
    dim: int | None = None
    dtype: str = "float32"
    has_labels: bool = False
    metadata: Values = field(default_factory=dict)
    segments: tuple[SegmentInfo, ...] = ()
    deleted: FileInfo | None = None
    ann_index: IndexFileInfo | None = None
    neighbor_graph: IndexFileInfo | None = None

    def with_index_file(self, kind: IndexFileKind, info: IndexFileInfo | None) -> Manifest:
        """Returns a copy with another ANN index or neighbor graph."""
        if kind == "ann_index":
            return replace(self, ann_index=info)
        return replace(self, neighbor_graph=info)

    @property
    def index_files(self) -> list[FileInfo]:
        """The files that can be rebuilt from the vectors."""
        return [info.file for info in (self.ann_index, self.neighbor_graph) if info is not None]

    @property
    def failures(self) -> dict[str, str]:
        """Why some media have no vector, by their id."""
        return dict(self.metadata.get("failures", {}))

    @property
    def rate(self) -> float | None:
        """How many media the last build embedded per second, None if that is unknown."""
        rate: float = self.metadata.get("rate") or 0.0
        return rate if rate > 0 else None

    @property
    def total_rows(self) -> int:
        """The number of rows, deleted ones included."""
        return sum(segment.rows for segment in self.segments)

    @property
    def file_names(self) -> set[str]:
        """The files that belong to this generation, without the manifest."""
        return set(self._listed_names())

    def _listed_names(self) -> list[str]:
        files = [] if self.deleted is None else [self.deleted]
        files += self.index_files
        return [segment.name for segment in self.segments] + [file.name for file in files]

    @classmethod
    def from_json(cls, values: Values) -> Manifest:
        """Reads the stored form, whose keys are a data format; unknown keys are ignored.

        Raises:
            FieldError: if a key is missing, or a value is wrong
        """
        fields = Fields(values)
        deleted = fields.nullable("deleted", fields.object)
        ann_index = fields.nullable("derived", fields.object)
        graph = fields.optional("neighbor_graph", fields.object)
        manifest = cls(
            generation=fields.integer("generation"),
            compaction_count=fields.integer("epoch"),
            dim=fields.nullable("dim", lambda name: fields.integer(name, minimum=1)),
            dtype=fields.choice("dtype", DTYPES),
            has_labels=fields.boolean("has_labels"),
            metadata=_checked_metadata(fields),
            segments=tuple(
                SegmentInfo.from_json(segment) for segment in fields.objects("segments")
            ),
            deleted=None if deleted is None else FileInfo.from_json(deleted),
            ann_index=None if ann_index is None else IndexFileInfo.from_json(ann_index),
            neighbor_graph=None if graph is None else IndexFileInfo.from_json(graph),
        )
        manifest._check_consistent()
        return manifest

    def _check_consistent(self) -> None:
        if self.segments and self.dim is None:
            raise FieldError("dim is null although there are segments")
        if len(self._listed_names()) > len(self.file_names):
            raise FieldError("a file is listed twice")
        for name, info in (("derived", self.ann_index), ("neighbor_graph", self.neighbor_graph)):
            if info is not None and info.rows > self.total_rows:
                raise FieldError(f"{name}.rows is more than the rows of all segments")

    def to_json(self) -> Values:
        """Returns the stored form."""
        graph = {"neighbor_graph": self.neighbor_graph.to_json()} if self.neighbor_graph else {}
        return {
            "generation": self.generation,
            "epoch": self.compaction_count,
            "dim": self.dim,
            "dtype": self.dtype,
            "has_labels": self.has_labels,
            "facts": self.metadata,
            "segments": [segment.to_json() for segment in self.segments],
            "deleted": self.deleted.to_json() if self.deleted else None,
            "derived": self.ann_index.to_json() if self.ann_index else None,
            **graph,
            "format_version": FORMAT_VERSION,
        }

    @classmethod
    def parse(cls, data: bytes, path: Path) -> Manifest:
        """Reads the file that :meth:`write` wrote.

        Raises:
            StoreError: if it is damaged, or of another format
        """
        body, _, checksum = data.rpartition(b"\n")
        if not checksum.isdigit() or int(checksum) != zlib.crc32(body):
            if _is_format_1(data):
                raise _other_format(path, "an early", "build the index again")
            raise lost(f"{path} is damaged")
        try:
            values = _load(body)
            if Fields(values).integer("format_version", minimum=2) == FORMAT_VERSION:
                return cls.from_json(values)
        except FieldError as error:
            raise lost(f"{path} is damaged ({shortened(error)})") from error
        raise _other_format(path, "a newer", "upgrade it")

    def write(self, filesystem: FileSystem, directory: Path) -> None:
        """Makes this the newest generation, atomically and durably."""
        body = json.dumps(self.to_json(), indent=1).encode()
        with atomic_write(directory / MANIFEST, filesystem) as file:
            filesystem.write(file, b"%b\n%d" % (body, zlib.crc32(body)))


def _load(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FieldError("it is not JSON") from error


def _checked_metadata(fields: Fields) -> Values:
    metadata = fields.object("facts")
    for name in METADATA_TEXTS:
        metadata.optional(name, metadata.text)
    metadata.optional("rate", metadata.number)
    failures = metadata.optional("failures", metadata.object)
    if failures is not None:
        for name in failures.names:
            failures.text(name)
    return fields.values("facts")


def _is_format_1(data: bytes) -> bool:
    """Whether data is a manifest of format 1, which had no checksum."""
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(values, dict) and values.get("format_version") == 1


def _other_format(path: Path, what: str, action: str) -> StoreError:
    return StoreError(f"{path.parent} was written by {what} fiftyone-faiss; {action}.")


def lost(problem: str) -> StoreError:
    """Creates the error for a file that cannot be rebuilt.

    Args:
        problem: a clause without its full stop
    """
    return StoreError(
        f"{problem}; restore it from a backup, or delete this Brain run and build the index again."
    )


def shortened(reason: object) -> str:
    """Returns a reason that fits into a sentence."""
    text = str(reason)
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}…"


def missing_store(directory: Path) -> StoreError:
    """Creates the error for a directory that holds no store."""
    return StoreError(
        f"There is no index at {directory} on {socket.gethostname()}; restore that directory, or "
        "run update_index to rebuild it from the dataset."
    )
