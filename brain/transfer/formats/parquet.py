"""The format Parquet, with a checksum for each page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fiftyone_faiss.brain.transfer.contents import Block, Contents, rows_per_block
from fiftyone_faiss.brain.transfer.formats import tables


def write(path: Path, contents: Contents) -> Iterator[int]:
    """Writes a file; yields the number of written rows."""
    pq, schema, done = tables.pyarrow("pyarrow.parquet"), tables.schema_of(contents), 0
    # Vectors are too random to compress.
    compression = {name: "zstd" for name in contents.keys.columns} | {
        f"{tables.EMBEDDING}.list.element": "none"
    }
    with pq.ParquetWriter(
        path,
        schema,
        compression=compression,
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
    ) as writer:
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
            pq = tables.pyarrow("pyarrow.parquet")
            stream = stack.enter_context(tables.pyarrow().OSFile(str(path)))
            file = pq.ParquetFile(stream, page_checksum_verification=True)
            schema = file.schema_arrow
        description = tables.description_of(schema, path)
        names = tables.key_names(schema, path)
        with tables.explained(path):
            columns = file.read(columns=names).to_pydict() if names else {}
            first = next(_batches(file, 1, path), None)
        dim = tables.dim_of(schema, first, path)

        def blocks() -> Iterator[Block]:
            return tables.blocks_of(_batches(file, rows_per_block(dim), path), dim, path)

        yield Contents(tables.keys_of(columns, path), dim, blocks, description)


def _batches(file: Any, rows: int, path: Path) -> Iterator[Any]:
    batches = file.iter_batches(batch_size=rows, columns=[tables.EMBEDDING])
    while True:
        with tables.explained(path):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch
