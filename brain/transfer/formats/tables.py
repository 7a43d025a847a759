"""Vectors and keys as Arrow tables: files of the formats Parquet and Arrow IPC.

A table has the columns ``embedding``, a ``fixed_size_list`` of float32 or float16, and the keys of
the rows, which are strings. Tables of other programs may have lists of any floats.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.optional import require
from fiftyone_faiss.brain.store.checked_files import explain_read_errors
from fiftyone_faiss.brain.transfer.contents import Block, Contents, rows_per_block
from fiftyone_faiss.brain.transfer.description import METADATA_KEY, IndexDescription, damaged
from fiftyone_faiss.brain.transfer.row_keys import COLUMNS, RowKeys

EMBEDDING = "embedding"


def pyarrow(module: str = "pyarrow") -> Any:
    """Imports PyArrow, or a module of it."""
    return require(module, "pyarrow", "export", "A file in the format Parquet or Arrow")


def schema_of(contents: Contents) -> Any:
    """Returns the ``pyarrow.Schema`` of a file."""
    pa, description = pyarrow(), contents.description
    assert description is not None
    floats = pa.float16() if description.dtype == "float16" else pa.float32()
    fields = [pa.field(name, pa.string()) for name in contents.keys.columns]
    fields.append(pa.field(EMBEDDING, pa.list_(floats, description.dim), nullable=False))
    return pa.schema(fields, {METADATA_KEY: description.to_text()})


def record_batches(contents: Contents, schema: Any) -> Iterator[Any]:
    """Yields the rows as instances of ``pyarrow.RecordBatch``."""
    pa, start = pyarrow(), 0
    for block in contents.blocks():
        stop = start + len(block.vectors)
        numbers = pa.array(np.ascontiguousarray(block.vectors).reshape(-1))
        arrays = [pa.array(c[start:stop], pa.string()) for c in contents.keys.columns.values()]
        lists = pa.FixedSizeListArray.from_arrays(numbers, contents.dim)
        yield pa.record_batch([*arrays, lists.cast(schema.field(EMBEDDING).type)], schema=schema)
        start = stop


def description_of(schema: Any, path: Path) -> IndexDescription | None:
    """Reads the description of a file, None if another program wrote it."""
    text = (schema.metadata or {}).get(METADATA_KEY.encode())
    return None if text is None else IndexDescription.from_text(text, path)


def key_names(schema: Any, path: Path) -> list[str]:
    """Returns the columns of the keys.

    Raises:
        ValueError: if there is no column of vectors
    """
    with explained(path):
        names = list(schema.names)
    if EMBEDDING not in names:
        listed = ", ".join(f"'{name}'" for name in names[:8])
        raise ValueError(
            f"{path} has no column '{EMBEDDING}' but {listed or 'none'}; rename the column of the "
            "vectors."
        )
    return [name for name in COLUMNS if name in names]


def keys_of(columns: dict[str, list[Any]], path: Path) -> RowKeys:
    """Returns keys after checking that they are texts."""
    for name, values in columns.items():
        if any(not isinstance(value, str) for value in values if value is not None):
            raise ValueError(f"The column '{name}' of {path} must hold texts; convert it first.")
    return RowKeys(columns)


def dim_of(schema: Any, first: Any, path: Path) -> int:
    """Returns the length of the vectors: of the type, or else of the first row."""
    pa, kind = pyarrow(), schema.field(EMBEDDING).type
    if pa.types.is_fixed_size_list(kind):
        return int(kind.list_size)
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        raise ValueError(
            f"The column '{EMBEDDING}' of {path} has the type {kind}; it must have lists of floats."
        )
    column = None if first is None else first.column(EMBEDDING)
    return 0 if column is None or not len(column) else len(column[0].as_py() or ())


def blocks_of(batches: Iterator[Any], dim: int, path: Path) -> Iterator[Block]:
    """Yields the vectors of batches, in blocks of bounded size."""
    start, size = 0, rows_per_block(dim)
    for batch in batches:
        vectors = _vectors(batch.column(EMBEDDING), dim, start, path)
        for at in range(0, len(vectors), size):
            yield Block(vectors[at : at + size])
        start += len(vectors)


def _vectors(column: Any, dim: int, start: int, path: Path) -> npt.NDArray[Any]:
    """Returns ``(n, dim)`` float32 or float16 vectors of a column of lists."""
    pa, pc = pyarrow(), pyarrow("pyarrow.compute")
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(lengths != dim) if dim else np.arange(min(len(column), 1))
    if not column.null_count and not wrong.size:
        numbers = column.flatten()
        if pa.types.is_floating(numbers.type) and not numbers.null_count:
            values = numbers.to_numpy(zero_copy_only=False)
            kind = values.dtype if values.dtype == np.float16 else np.float32
            array: npt.NDArray[Any] = values.astype(kind, copy=False).reshape(-1, dim)
            return array
        raise ValueError(
            f"The vectors of {path} are not floats, or numbers are missing; convert them first."
        )
    missing = np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))
    row = int((missing if missing.size else wrong)[0])
    what = "no vector" if missing.size else f"{int(lengths[row])} dimensions"
    raise ValueError(
        f"Row {start + row} of {path} has {what}, but the first vector has {dim}; each row needs a "
        "vector of one model."
    )


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Converts what PyArrow raises for a damaged file to one sentence."""
    with explain_read_errors(path):
        try:
            yield
        except (pyarrow().ArrowException, UnicodeDecodeError) as error:
            raise damaged(path, error) from error
        except OSError as error:
            # PyArrow's own errors, about the content of a file, have no number.
            if error.errno is not None:
                raise
            raise damaged(path, error) from error
