"""Archives: a whole index as a ZIP file, with a hash of each of its files.

An archive holds the files of a store as they are (see the module ``store``), the keys of its rows
in ``keys.json``, and ``index.json`` with the description and the hashes. It holds no FAISS index:
FAISS parses its files without checking them, so an index from elsewhere is built from the vectors.
Nothing is compressed, because vectors are too random for it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from blake3 import blake3

from fiftyone_faiss.brain.core.files import CHUNK_BYTES
from fiftyone_faiss.brain.core.ids import pack_ids, unpack_ids
from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.checked_files import explain_read_errors
from fiftyone_faiss.brain.store.json_fields import FieldError, Fields, is_file_name
from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store
from fiftyone_faiss.brain.transfer.contents import Block, Contents, rows_per_block
from fiftyone_faiss.brain.transfer.description import METADATA_KEY, IndexDescription, damaged
from fiftyone_faiss.brain.transfer.formats.tables import keys_of
from fiftyone_faiss.brain.transfer.row_keys import COLUMNS, LABEL_ID, SAMPLE_ID, RowKeys

# What zipfile raises for damaged files; a RuntimeError for encrypted ones.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)
INDEX, KEYS = "index.json", "keys.json"
# The description and a list of some dozen files.
MAX_INDEX_BYTES = 1 << 24


def write(path: Path, contents: Contents) -> Iterator[int]:
    """Writes an archive; yields the number of written rows."""
    description = contents.description
    assert description is not None
    with tempfile.TemporaryDirectory(prefix="store-", dir=path.parent) as folder:
        metadata = {"metric": description.metric, "model": description.model}
        has_labels = LABEL_ID in contents.keys.columns
        store = Store.create(Path(folder), has_labels, metadata, description.dtype)
        done = 0
        for block in contents.blocks():
            store.commit(_batch(block, contents.keys, done))
            done += len(block.vectors)
            yield done
        names = [MANIFEST, *sorted(store.snapshot().manifest.file_names)]
        (store.path / KEYS).write_text(json.dumps(contents.keys.columns))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            files = [_add(archive, store.path / name) for name in (*names, KEYS)]
            index = {METADATA_KEY: json.loads(description.to_text()), "files": files}
            archive.writestr(zipfile.ZipInfo(INDEX), json.dumps(index, indent=1))


def _batch(block: Block, keys: RowKeys, start: int) -> Batch:
    ids = {
        name: pack_ids(keys.columns[name][start : start + len(block.vectors)])
        for name in (SAMPLE_ID, LABEL_ID)
        if name in keys.columns
    }
    vectors = np.asarray(block.vectors, np.float32)
    return Batch(
        vectors, ids[SAMPLE_ID], ids.get(LABEL_ID), block.media, block.model, block.precision
    )


def _add(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    """Adds a file, and returns its entry in the list of files."""
    hasher, size = blake3(), 0
    entry = zipfile.ZipInfo(path.name)
    with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
        while chunk := source.read(CHUNK_BYTES):
            hasher.update(chunk)
            size += target.write(chunk)
    return {"name": path.name, "bytes": size, "blake3": hasher.hexdigest()}


@dataclass(frozen=True)
class _Entry:
    """A file of an archive, as ``index.json`` lists it."""

    name: str
    bytes: int
    hash: str


@contextlib.contextmanager
def read(path: Path) -> Iterator[Contents]:
    """Opens an archive: extracts its files to a temporary folder, and checks all of them.

    Raises:
        ValueError: if a file is missing, damaged, or named as if it were outside of the archive
    """
    with tempfile.TemporaryDirectory(prefix="fiftyone-faiss-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with contextlib.ExitStack() as stack:
            with _explained(path):
                archive = stack.enter_context(zipfile.ZipFile(path))
            _check_names(archive, path)
            description, entries = _read_index(archive, path)
            _check_space(folder, entries, path)
            for entry in entries:
                _extract(archive, entry, folder, path)
        keys = _read_keys(folder / KEYS, path)
        snapshot = _open_store(folder, path)
        _check_ids(snapshot, keys, path)
        yield Contents(keys, snapshot.dim, lambda: _blocks(snapshot), description)


def _check_names(archive: zipfile.ZipFile, path: Path) -> None:
    """Raises a ``ValueError`` for absolute names, names with folders, and repeated names."""
    names = archive.namelist()
    for name in names:
        if not is_file_name(name):
            raise ValueError(
                f"{path} has a file with the name {quoted(name)}, which could be outside of the "
                "folder of the index, so nothing was imported; use an archive that export_index "
                "wrote."
            )
    if len(set(names)) < len(names):
        raise damaged(path, "it holds two files of one name")
    # A compressed file may unpack to any size.
    if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
        raise damaged(path, "its files are compressed")


def _read_index(archive: zipfile.ZipFile, path: Path) -> tuple[IndexDescription, list[_Entry]]:
    if INDEX not in archive.namelist():
        raise ValueError(f"{path} is no archive of an index; use one that export_index wrote.")
    if archive.getinfo(INDEX).file_size > MAX_INDEX_BYTES:
        raise damaged(path, f"{INDEX} is too large")
    with _explained(path):
        data = archive.read(INDEX)
    try:
        fields = Fields(json.loads(data))
        description = IndexDescription.from_text(json.dumps(fields.values(METADATA_KEY)), path)
        entries = [
            _Entry(file.file_name("name"), file.integer("bytes"), file.text("blake3"))
            for file in fields.objects("files")
        ]
    except FieldError as error:
        raise damaged(path, f"in {INDEX}, {error}") from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise damaged(path, f"{INDEX} is not JSON") from error
    missing = {MANIFEST, KEYS} - {entry.name for entry in entries}
    if missing:
        raise damaged(path, f"{min(missing)} is missing")
    return description, entries


def _check_space(folder: Path, entries: list[_Entry], path: Path) -> None:
    needed, free = sum(entry.bytes for entry in entries), shutil.disk_usage(folder).free
    if free < needed:
        raise ValueError(
            f"{path} needs {needed / 1e9:.2f} GB in {folder.parent} but its disk has only "
            f"{free / 1e9:.2f} GB left; free some space, or set TMPDIR to another folder."
        )


def _extract(archive: zipfile.ZipFile, entry: _Entry, folder: Path, path: Path) -> None:
    """Writes a file of the archive to a folder, if it is what the list of files says."""
    if entry.name not in archive.namelist():
        raise damaged(path, f"{entry.name} is missing")
    hasher, size = blake3(), 0
    with (folder / entry.name).open("xb") as target:
        for chunk in _chunks(archive, entry.name, path):
            hasher.update(chunk)
            size += target.write(chunk)
            # A file that is longer than listed must not fill the disk.
            if size > entry.bytes:
                break
    if size != entry.bytes or hasher.hexdigest() != entry.hash:
        raise damaged(path, f"{entry.name} is not what was exported")


def _chunks(archive: zipfile.ZipFile, name: str, path: Path) -> Iterator[bytes]:
    with contextlib.ExitStack() as stack:
        with _explained(path):
            source = stack.enter_context(archive.open(name))
        while True:
            with _explained(path):
                chunk = source.read(CHUNK_BYTES)
            if not chunk:
                return
            yield chunk


def _read_keys(file: Path, path: Path) -> RowKeys:
    try:
        columns = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"{KEYS} is not JSON") from error
    if not isinstance(columns, dict) or not all(isinstance(c, list) for c in columns.values()):
        raise damaged(path, f"{KEYS} holds no lists")
    return keys_of({name: columns[name] for name in COLUMNS if name in columns}, path)


def _open_store(folder: Path, path: Path) -> Snapshot:
    """Opens the extracted store after checking all of its files."""
    store = Store(folder)
    try:
        problems = store.verify()
        if problems:
            raise damaged(path, f"{problems[0].file.name} is not consistent")
        return store.snapshot()
    except StoreError as error:
        raise damaged(path, f"{MANIFEST} cannot be used") from error


def _check_ids(snapshot: Snapshot, keys: RowKeys, path: Path) -> None:
    """Raises a ``ValueError`` unless the rows of the store are those of the keys."""
    columns = {SAMPLE_ID: snapshot.sample_ids, LABEL_ID: snapshot.label_ids}
    for name, ids in columns.items():
        expected = None if ids is None else unpack_ids(ids)
        if keys.columns.get(name) != expected or snapshot.deleted.size:
            raise damaged(path, f"the rows of {KEYS} are not those of {MANIFEST}")


def _blocks(snapshot: Snapshot) -> Iterator[Block]:
    size = rows_per_block(snapshot.dim)
    for segment in snapshot.segments:
        for start in range(0, segment.info.rows, size):
            stop = start + size
            yield Block(
                segment.column("vectors", start, stop),
                segment.column("media", start, stop),
                segment.info.model,
                segment.info.precision,
            )


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Converts what is raised for a damaged archive to one sentence."""
    try:
        with explain_read_errors(path):
            yield
    except StoreError:
        raise
    except ZIP_ERRORS as error:
        raise damaged(path, error) from error
