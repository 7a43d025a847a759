"""The file formats by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_text
from fiftyone_faiss.brain.transfer.contents import Contents
from fiftyone_faiss.brain.transfer.formats import archive, arrow, npy, parquet, safetensors


@dataclass(frozen=True)
class FileFormat:
    """A format of files.

    Attributes:
        name: its name
        suffixes: the suffixes of its files, the usual one first
        write: writes a file, and yields the number of written rows
        read: opens a file
        other_files: returns the files that belong to a file
    """

    name: str
    suffixes: tuple[str, ...]
    write: Callable[[Path, Contents], Iterator[int]]
    read: Callable[[Path], AbstractContextManager[Contents]]
    other_files: Callable[[Path], list[Path]] = lambda path: []


FORMATS = {
    file_format.name: file_format
    for file_format in (
        FileFormat("parquet", (".parquet",), parquet.write, parquet.read),
        FileFormat("arrow", (".arrow", ".feather"), arrow.write, arrow.read),
        FileFormat("npy", (".npy",), npy.write, npy.read, lambda path: [npy.keys_path(path)]),
        FileFormat("safetensors", (".safetensors",), safetensors.write, safetensors.read),
        FileFormat("archive", (".zip",), archive.write, archive.read),
    )
}
EXPORT_FORMATS = tuple(FORMATS)
"""The names of the formats that indexes are exported to and imported from."""


def format_of(path: Path, name: Any) -> FileFormat:
    """Returns a format by its name, or else by the suffix of a file.

    Raises:
        ValueError: if it is unknown, or a file of the format npy has another suffix
    """
    text = read_text("format", name, MAX_NAME)
    if text and text not in FORMATS:
        raise ValueError(f"format is {quoted(name)}; choose one of {', '.join(EXPORT_FORMATS)}.")
    for file_format in FORMATS.values():
        if text == file_format.name or (not text and path.suffix.lower() in file_format.suffixes):
            if file_format.name == "npy" and path.suffix.lower() != ".npy":
                raise ValueError(f"The file of the format npy is {path}; let its name end in .npy.")
            return file_format
    suffixes = ", ".join(file_format.suffixes[0] for file_format in FORMATS.values())
    raise ValueError(
        f"The format of {path} is unknown; give format, one of {', '.join(EXPORT_FORMATS)}, or a "
        f"path that ends in one of {suffixes}."
    )
