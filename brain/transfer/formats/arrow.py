"""The format Arrow IPC (Feather version 2), which other programs can map into memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fiftyone_faiss.brain.transfer.contents import Block, Contents
from fiftyone_faiss.brain.transfer.formats import tables


def write(path: Path, contents: Contents) -> Iterator[int]:
    """Writes a file; yields the number of written rows."""
    pa, schema, done = tables.pyarrow(), tables.schema_of(contents), 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in tables.record_batches(contents, schema):
            writer.write_batch(batch)
            done += batch.num_rows
            yield done


@contextlib.contextmanager
def read(path: Path) -> Iterator[Contents]:
    """Opens a file.

    Raises:
        ValueError: if it is damaged, or no file of vectors and keys
    """
    with contextlib.ExitStack() as stack:
        with tables.explained(path):
            stream = stack.enter_context(tables.pyarrow().memory_map(str(path)))
            file = stack.enter_context(tables.pyarrow().ipc.open_file(stream))
        description = tables.description_of(file.schema, path)
        names = tables.key_names(file.schema, path)
        columns: dict[str, list[Any]] = {name: [] for name in names}
        first = None
        for batch in _batches(file, path):
            first = batch if first is None else first
            for name in names:
                columns[name] += batch.column(name).to_pylist()
        dim = tables.dim_of(file.schema, first, path)

        def blocks() -> Iterator[Block]:
            return tables.blocks_of(_batches(file, path), dim, path)

        yield Contents(tables.keys_of(columns, path), dim, blocks, description)


def _batches(file: Any, path: Path) -> Iterator[Any]:
    for number in range(file.num_record_batches):
        with tables.explained(path):
            batch = file.get_batch(number)
            # The format has no checksums: places outside of the file would crash the process.
            batch.validate(full=True)
        yield batch
