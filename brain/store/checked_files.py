"""Reading the files of a store: what cannot be read is named in one sentence."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.core.files import FILE_SYSTEM, FileSystem, NotRegularFileError
from fiftyone_faiss.brain.store.manifest import Manifest, StoreError, lost, shortened


@contextlib.contextmanager
def explain_read_errors(path: Path) -> Iterator[None]:
    """Converts an ``OSError`` to a ``StoreError``, unless the file is missing."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> StoreError:
    action = "check its permissions and its disk, and try again"
    if isinstance(error, NotRegularFileError):
        action = "remove it, and restore the file from a backup"
    return StoreError(f"{path} could not be read ({shortened(error.strerror or error)}); {action}.")


def read_file(path: Path, filesystem: FileSystem = FILE_SYSTEM) -> bytes:
    """Reads a whole file.

    Raises:
        FileNotFoundError: if it is missing
        StoreError: if it cannot be read
    """
    with explain_read_errors(path), filesystem.open(path) as file:
        return file.read()


def read_deleted_rows(
    directory: Path, manifest: Manifest, filesystem: FileSystem = FILE_SYSTEM
) -> Rows:
    """Reads the deleted rows of a generation.

    Returns:
        ``(d,)`` int64, ascending

    Raises:
        FileNotFoundError: if the file is missing
        StoreError: if the file is damaged, cannot be read, or names rows that there cannot be
    """
    if manifest.deleted is None:
        return np.empty(0, np.int64)
    path = directory / manifest.deleted.name
    data = read_file(path, filesystem)
    size, checksum = len(data), zlib.crc32(data)
    if (size, checksum) != (manifest.deleted.bytes, manifest.deleted.checksum) or size % 8:
        raise lost(f"{path} is damaged")
    rows = np.frombuffer(data, np.int64)
    is_ascending = bool((rows[1:] > rows[:-1]).all())
    if rows.size and not (is_ascending and rows[0] >= 0 and rows[-1] < manifest.total_rows):
        raise lost(f"{path} is damaged (it lists rows twice, or rows that do not exist)")
    return rows
