"""The format of NumPy: vectors in a ``.npy`` file, and their keys in a ``.json`` file beside it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.store.checked_files import explain_read_errors, read_file
from fiftyone_faiss.brain.transfer.contents import Contents, array_blocks
from fiftyone_faiss.brain.transfer.description import METADATA_KEY, IndexDescription, damaged
from fiftyone_faiss.brain.transfer.formats.tables import keys_of
from fiftyone_faiss.brain.transfer.row_keys import COLUMNS

# What NumPy raises for headers that are no headers, and for pickled arrays.
HEADER_ERRORS = (EOFError, OverflowError, SyntaxError, TokenError, TypeError, ValueError)
FLOATS = ("float16", "float32", "float64")


def keys_path(path: Path) -> Path:
    """Returns the file of the keys of a file of vectors."""
    return path.with_suffix(".json")


def write(path: Path, contents: Contents) -> Iterator[int]:
    """Writes both files; yields the number of written rows."""
    description, done = contents.description, 0
    assert description is not None
    values = {METADATA_KEY: json.loads(description.to_text()), **contents.keys.columns}
    keys_path(path).write_text(json.dumps(values))
    dtype = np.dtype(description.dtype).newbyteorder("<")
    header = {
        "descr": dtype.str,
        "fortran_order": False,
        "shape": (description.count, description.dim),
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in contents.blocks():
            file.write(np.ascontiguousarray(block.vectors).astype(dtype, copy=False).data)
            done += len(block.vectors)
            yield done


@contextlib.contextmanager
def read(path: Path) -> Iterator[Contents]:
    """Opens both files.

    Raises:
        ValueError: if they are damaged, or the keys are missing
    """
    values = _read_keys(path)
    vectors = _map(path)
    check_matrix(vectors, path)
    stored = values.get(METADATA_KEY)
    description = None
    if stored is not None:
        description = IndexDescription.from_text(json.dumps(stored), keys_path(path))
    columns = {name: values[name] for name in COLUMNS if name in values}
    for name, column in columns.items():
        if not isinstance(column, list):
            raise ValueError(f"'{name}' in {keys_path(path)} is no list; write one value a row.")
    keys = keys_of(columns, keys_path(path))
    yield Contents(keys, vectors.shape[1], lambda: array_blocks(vectors), description)


def _read_keys(path: Path) -> dict[str, Any]:
    sidecar = keys_path(path)
    try:
        values = json.loads(read_file(sidecar))
    except FileNotFoundError as error:
        raise ValueError(
            f"The ids of {path} are missing; write them to {sidecar}, such as "
            '{"sample_id": ["...", "..."]}, in the order of the vectors.'
        ) from error
    except (ValueError, RecursionError) as error:
        raise damaged(sidecar, "it is not JSON") from error
    if not isinstance(values, dict):
        raise damaged(sidecar, "it is no JSON object")
    return values


def _map(path: Path) -> npt.NDArray[Any]:
    try:
        with explain_read_errors(path):
            vectors: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except HEADER_ERRORS as error:
        raise damaged(path, "it holds no plain array of numbers") from error
    if not isinstance(vectors, np.ndarray):
        raise damaged(path, "it holds several arrays")
    return vectors


def check_matrix(vectors: npt.NDArray[Any], path: Path) -> None:
    """Raises a ``ValueError`` unless an array has the shape and the type of vectors."""
    if vectors.ndim != 2 or vectors.dtype.name not in FLOATS:
        raise ValueError(
            f"{path} has an array of {vectors.dtype.name} with the shape {vectors.shape}; vectors "
            "are floats with the shape (number, dimensions)."
        )
