"""The entries of a manifest: what it says of each file of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from fiftyone_faiss.brain.store.json_fields import Fields

Values = dict[str, Any]
# The fields of a manifest for files that can be rebuilt from the vectors.
IndexFileKind = Literal["ann_index", "neighbor_graph"]


@dataclass(frozen=True)
class SegmentInfo:
    """A segment, as listed in the manifest.

    Attributes:
        name: its file
        rows: its number of rows
        checksum: the CRC-32 of its table of checksums
        model: the fingerprint of the model that computed its vectors, None for given vectors
        precision: the precision that the model ran in, None for given vectors and where
            unknown
    """

    name: str
    rows: int
    checksum: int
    model: str | None = None
    precision: str | None = None

    @classmethod
    def from_json(cls, fields: Fields) -> SegmentInfo:
        """Reads the stored form."""
        return cls(
            fields.file_name("name"),
            fields.integer("rows", minimum=1),
            fields.checksum("checksum"),
            fields.optional("model", fields.text),
            fields.optional("precision", fields.text),
        )

    def to_json(self) -> Values:
        """Returns the stored form."""
        return {
            "name": self.name,
            "rows": self.rows,
            "checksum": self.checksum,
            "model": self.model,
            "precision": self.precision,
        }


@dataclass(frozen=True)
class FileInfo:
    """A file, as listed in the manifest.

    Attributes:
        name: its name
        bytes: its size
        checksum: the CRC-32 of its content
    """

    name: str
    bytes: int
    checksum: int

    @classmethod
    def from_json(cls, fields: Fields) -> FileInfo:
        """Reads the stored form."""
        return cls(fields.file_name("name"), fields.integer("bytes"), fields.checksum("checksum"))

    def to_json(self) -> Values:
        """Returns the stored form."""
        return {"name": self.name, "bytes": self.bytes, "checksum": self.checksum}


@dataclass(frozen=True)
class IndexFileInfo:
    """A file that can be rebuilt from the vectors: the ANN index, or the neighbor graph.

    Attributes:
        file: the file
        rows: it covers rows 0 to ``rows - 1``
        metadata: JSON values that describe how the file was built
    """

    file: FileInfo
    rows: int
    metadata: Values

    @classmethod
    def from_json(cls, fields: Fields) -> IndexFileInfo:
        """Reads the stored form."""
        return cls(
            FileInfo.from_json(fields.object("file")),
            fields.integer("rows"),
            fields.values("facts"),
        )

    def to_json(self) -> Values:
        """Returns the stored form."""
        return {"file": self.file.to_json(), "rows": self.rows, "facts": self.metadata}
