"""The format safetensors: named arrays after a header of JSON.

``embedding`` is ``(n, dim)``. The keys of the rows are texts of different lengths: the array of a
column holds the bytes of all of its texts, ``<column>_ends`` is ``(n,)`` int64 with the position
after each text, and ``<column>_known`` is ``(n,)`` uint8, 0 where a text is missing.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.optional import require
from fiftyone_faiss.brain.store.checked_files import explain_read_errors
from fiftyone_faiss.brain.transfer.contents import Block, Contents, rows_per_block
from fiftyone_faiss.brain.transfer.description import METADATA_KEY, IndexDescription, damaged
from fiftyone_faiss.brain.transfer.formats.tables import EMBEDDING
from fiftyone_faiss.brain.transfer.row_keys import COLUMNS, RowKeys

Arrays = dict[str, npt.NDArray[Any]]

METADATA = "__metadata__"
"""The part of the header that holds texts."""
CODES = {"float32": "F32", "float16": "F16", "int64": "I64", "uint8": "U8"}
FLOATS = ("F32", "F16", "F64")
ALIGNMENT = 8


def write(path: Path, contents: Contents) -> Iterator[int]:
    """Writes a file; yields the number of written rows.

    The library's own function would hold all vectors in memory.
    """
    description, done = contents.description, 0
    assert description is not None
    ends, texts = _encoded(contents.keys)
    with path.open("wb") as file:
        _write_header(file, description, ends, texts)
        _write_arrays(file, ends)
        for block in contents.blocks():
            file.write(np.ascontiguousarray(block.vectors).data)
            done += len(block.vectors)
            yield done
        _write_arrays(file, texts)


def _write_header(
    file: BinaryIO, description: IndexDescription, ends: Arrays, texts: Arrays
) -> None:
    """Writes the header. The format allows no gaps, so the largest numbers come first."""
    header: dict[str, Any] = {METADATA: {METADATA_KEY: description.to_text()}}
    shapes = {name: (array.dtype.name, array.shape) for name, array in ends.items()}
    shapes[EMBEDDING] = (description.dtype, (description.count, description.dim))
    shapes |= {name: (array.dtype.name, array.shape) for name, array in texts.items()}
    start = 0
    for name, (dtype, shape) in shapes.items():
        stop = start + int(np.prod(shape)) * np.dtype(dtype).itemsize
        header[name] = {
            "dtype": CODES[dtype],
            "shape": list(shape),
            "data_offsets": [start, stop],
        }
        start = stop
    data = json.dumps(header).encode()
    data += b" " * (-len(data) % ALIGNMENT)
    file.write(len(data).to_bytes(8, "little") + data)


def _write_arrays(file: BinaryIO, arrays: Arrays) -> None:
    for array in arrays.values():
        file.write(np.ascontiguousarray(array).data)


def _encoded(keys: RowKeys) -> tuple[Arrays, Arrays]:
    """Returns the arrays of numbers, and those of bytes."""
    ends: Arrays = {}
    texts: Arrays = {}
    for name, values in keys.columns.items():
        encoded = [b"" if value is None else value.encode() for value in values]
        ends[f"{name}_ends"] = np.cumsum([len(text) for text in encoded], dtype=np.int64)
        texts[name] = np.frombuffer(b"".join(encoded), np.uint8)
        texts[f"{name}_known"] = np.array([value is not None for value in values], np.uint8)
    return ends, texts


@contextlib.contextmanager
def read(path: Path) -> Iterator[Contents]:
    """Opens a file.

    Raises:
        ValueError: if it is damaged, or no file of vectors and keys
    """
    library = require("safetensors", "safetensors", "export", "A file of the format safetensors")
    with contextlib.ExitStack() as stack:
        with _explained(path):
            file = stack.enter_context(library.safe_open(str(path), framework="numpy"))
        text = (file.metadata() or {}).get(METADATA_KEY)
        description = None if text is None else IndexDescription.from_text(text, path)
        names = set(file.keys())
        vectors = _vectors(file, names, path)
        count, dim = vectors.get_shape()

        def blocks() -> Iterator[Block]:
            size = rows_per_block(dim)
            for start in range(0, count, size):
                with _explained(path):
                    block = vectors[start : min(start + size, count)]
                yield Block(block)

        columns = {name: _decoded(file, name, path) for name in COLUMNS if name in names}
        yield Contents(RowKeys(columns), dim, blocks, description)


def _vectors(file: Any, names: set[str], path: Path) -> Any:
    """Returns the vectors, which are read when they are sliced."""
    if EMBEDDING not in names:
        listed = ", ".join(f"'{name}'" for name in sorted(names)[:8])
        raise ValueError(
            f"{path} has no array '{EMBEDDING}' but {listed or 'none'}; rename the array of the "
            "vectors."
        )
    vectors = file.get_slice(EMBEDDING)
    if len(vectors.get_shape()) != 2 or vectors.get_dtype() not in FLOATS:
        raise ValueError(
            f"The array '{EMBEDDING}' of {path} has the type {vectors.get_dtype()} and the shape "
            f"{vectors.get_shape()}; vectors are floats with the shape (number, dimensions)."
        )
    return vectors


def _decoded(file: Any, name: str, path: Path) -> list[str | None]:
    try:
        with _explained(path):
            data = file.get_tensor(name).tobytes()
            ends = file.get_tensor(f"{name}_ends").tolist()
            known = file.get_tensor(f"{name}_known").tolist()
        starts = [0, *ends[:-1]]
        return [
            data[start:stop].decode() if is_known else None
            for start, stop, is_known in zip(starts, ends, known, strict=True)
        ]
    except (TypeError, UnicodeDecodeError, ValueError) as error:
        raise damaged(path, f"the texts of '{name}' cannot be read") from error


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Converts what the library raises for a damaged file to one sentence."""
    library = require("safetensors", "safetensors", "export", "A file of the format safetensors")
    try:
        with explain_read_errors(path):
            yield
    except library.SafetensorError as error:
        raise damaged(path, error) from error
