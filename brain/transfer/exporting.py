"""Exports indexes to files that other programs read, and that :mod:`.importing` reads."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.core.files import FILE_SYSTEM
from fiftyone_faiss.brain.core.progress import Steps, timed_steps
from fiftyone_faiss.brain.data.connection import AGAIN, explain_outage_in_steps
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.store.manifest import shortened
from fiftyone_faiss.brain.transfer.contents import Contents, VectorHasher, difference
from fiftyone_faiss.brain.transfer.exported_rows import ExportedRows, describe, keys_steps
from fiftyone_faiss.brain.transfer.formats.registry import FileFormat
from fiftyone_faiss.brain.transfer.report import TransferReport, Verification
from fiftyone_faiss.brain.transfer.request import ExportRequest

# What progress counts: rows that are done, and all rows.
RowSteps = Generator[tuple[int, int], None, Any]


def export_index(
    samples: foc.SampleCollection,
    brain_key: str | None,
    path: str | os.PathLike[str],
    format: str | None = None,
    *,
    progress: ProgressOption = None,
    **options: Any,
) -> TransferReport:
    """Exports the vectors of an index, with the ids and the files that they belong to.

    The file is read again and compared with the index before it appears under its name.

    Args:
        samples: the dataset, or a view of it, whose vectors are exported
        brain_key: the FAISS index; None for the only one
        path: the file to write; its folder must exist
        format (None): the format, by default what the suffix of the file says
        progress (None): whether to show a progress bar, or a callback
        **options: see :class:`.request.ExportRequest`, also for the formats

    Returns:
        a :class:`.report.TransferReport`

    Raises:
        ValueError: if there is no such index, it has no vectors of the samples, or the file exists
            or cannot be written
    """
    request = ExportRequest(path, brain_key, format, **options)
    return run_steps(export_index_steps(samples, request), progress)


@explain_outage_in_steps(AGAIN)
def export_index_steps(
    samples: foc.SampleCollection, request: ExportRequest
) -> Steps[TransferReport]:
    """Does the work of :func:`export_index` in steps that can be tracked and canceled."""
    started = time.perf_counter()
    target, file_format = request.file, request.file_format
    _check_target(target, file_format, request.overwrite)
    index = load_faiss_index(samples, request.brain_key)
    source = ExportedRows.of(samples, index, request.dtype)
    keys = yield from keys_steps(source, index.patches_field, request.content_hashes)
    description = describe(index, source, keys)
    hashed = yield from timed_steps(_hash_rows(source), "checked")
    description = replace(description, vectors_hash=hashed.vectors_hash)
    contents = Contents(keys, description.dim, source.blocks, description)
    with _new_files(target, file_format) as written:
        yield from timed_steps(_write_rows(file_format, written, contents), "exported")
        yield from timed_steps(_read_again(file_format, written, contents), "read again")
    return TransferReport(
        action="exported",
        brain_key=index.key,
        count=len(keys),
        dim=description.dim,
        verification=Verification(len(keys), hashed.max_difference),
        path=str(target),
        format=file_format.name,
        skipped=source.skipped,
        seconds=time.perf_counter() - started,
    )


def _check_target(target: Path, file_format: FileFormat, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise ValueError(f"There is no folder {target.parent}; create it, or choose another path.")
    for file in (target, *file_format.other_files(target)):
        if file.is_dir():
            raise ValueError(f"{file} is a folder; choose the path of a file.")
        if file.exists() and not overwrite:
            raise ValueError(f"{file} exists already; choose another path, or pass overwrite=True.")


@dataclass(frozen=True)
class _Hashed:
    """The hash of the exported vectors, and by how much they differ from those of the index."""

    vectors_hash: str
    max_difference: float


def _hash_rows(source: ExportedRows) -> Generator[tuple[int, int], None, _Hashed]:
    """Hashes what will be written, because most formats keep the hash before the vectors."""
    hasher, largest, done = VectorHasher(), 0.0, 0
    is_rounded = source.dtype != source.snapshot.manifest.dtype == "float32"
    for block in source.blocks():
        hasher.update(block.vectors)
        if is_rounded:
            rows = source.rows[done : done + len(block.vectors)]
            largest = max(largest, difference(source.snapshot.mapped_at(rows), block.vectors))
        done += len(block.vectors)
        yield done, len(source.rows)
    return _Hashed(hasher.hexdigest(), largest)


def _write_rows(file_format: FileFormat, path: Path, contents: Contents) -> RowSteps:
    for done in file_format.write(path, contents):
        yield done, len(contents.keys)


def _read_again(file_format: FileFormat, path: Path, contents: Contents) -> RowSteps:
    """Reads a written file as an import does.

    Raises:
        ValueError: if it does not hold what was exported
    """
    hasher, done, expected = VectorHasher(), 0, contents.description
    assert expected is not None
    with file_format.read(path) as written:
        for block in written.blocks():
            hasher.update(block.vectors)
            done += len(block.vectors)
            yield done, len(contents.keys)
        is_equal = written.description == expected and written.keys.digest() == expected.keys_hash
    if not is_equal or hasher.hexdigest() != expected.vectors_hash:
        raise ValueError(
            "The exported file is not what was written to it; check the disk, and export it again."
        )


@contextlib.contextmanager
def _new_files(target: Path, file_format: FileFormat) -> Iterator[Path]:
    """Gives a path to write to; what is written there appears at the target when the block ends.

    If the block raises, nothing is left. A killed process may leave a folder ``.export-...``.

    Raises:
        ValueError: if the file cannot be written
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=target.parent) as folder:
            written = Path(folder) / target.name
            yield written
            # The vectors appear last, after their keys.
            for file in (*file_format.other_files(written), written):
                with file.open("rb") as stream:
                    os.fsync(stream.fileno())
                FILE_SYSTEM.replace(file, target.parent / file.name)
            FILE_SYSTEM.sync_directory(target.parent)
    except OSError as error:
        raise ValueError(
            f"{target} could not be written ({shortened(error.strerror or error)}); free some "
            "space or check its permissions, and try again."
        ) from error
