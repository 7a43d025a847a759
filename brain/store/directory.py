"""The directory of a store: its manifest, its writer lock, and the removal of unused files."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import BaseFileLock, FileLock

from fiftyone_faiss.brain.core.files import (
    FileSystem,
    NotRegularFileError,
    check_regular,
    fingerprint,
)
from fiftyone_faiss.brain.store.checked_files import explain_read_errors, read_file
from fiftyone_faiss.brain.store.entries import FileInfo
from fiftyone_faiss.brain.store.manifest import (
    MANIFEST,
    Manifest,
    StoreError,
    missing_store,
    shortened,
)

LOCK = "lock"
# Intermediate values of long work, until the next write.
CHECKPOINT = "work.checkpoint"
SUFFIXES = (".segment", ".deleted", ".derived", ".checkpoint", ".tmp")
# Removing a directory is tried this often, because waiting writers may create their lock in it.
REMOVAL_ATTEMPTS = 5


class StoreDirectory:
    """The directory of a store.

    Args:
        path: its path
        filesystem: carries out the writes
    """

    def __init__(self, path: Path, filesystem: FileSystem) -> None:
        self.path = path
        self.filesystem = filesystem

    @property
    def exists(self) -> bool:
        """Whether the directory holds a store, be it readable or not."""
        try:
            (self.path / MANIFEST).stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            # What is there cannot be known; reading it raises an error that says why.
            return True
        return True

    @property
    def disk_bytes(self) -> int:
        """The size of the files in bytes, 0 if there are none.

        Raises:
            StoreError: if they cannot be listed
        """
        total = 0
        with contextlib.suppress(FileNotFoundError), explain_read_errors(self.path):
            for path in self.path.iterdir():
                # A writer may remove a file in the meantime.
                with contextlib.suppress(FileNotFoundError):
                    total += path.stat().st_size
        return total

    def manifest_bytes(self) -> bytes:
        """Reads the newest manifest file.

        Raises:
            StoreError: if there is none, or it cannot be read
        """
        try:
            return read_file(self.path / MANIFEST, self.filesystem)
        except FileNotFoundError as error:
            raise missing_store(self.path) from error

    def manifest(self) -> Manifest:
        """Reads the newest manifest; see :meth:`manifest_bytes` and :meth:`Manifest.parse`."""
        return self.parse(self.manifest_bytes())

    def parse(self, manifest_bytes: bytes) -> Manifest:
        """Parses a manifest of this directory; see :meth:`Manifest.parse`."""
        return Manifest.parse(manifest_bytes, self.path / MANIFEST)

    def describe(self, name: str) -> FileInfo:
        """Computes the manifest entry of a file."""
        return FileInfo(name, *fingerprint(self.path / name, self.filesystem))

    def problem_of(self, file: FileInfo) -> str | None:
        """Reads a whole file and compares it with its entry in the manifest.

        Returns:
            a clause such as ``"<path> is missing or damaged"``, None if it is as it was written
        """
        path = self.path / file.name
        try:
            status = path.stat()
            check_regular(path, status)
            # A file of another size need not be read.
            if status.st_size == file.bytes and self.describe(file.name) == file:
                return None
        except FileNotFoundError:
            pass
        except OSError as error:
            return f"{path} could not be read ({shortened(error.strerror or error)})"
        return f"{path} is missing or damaged"

    def check_space(self, needed: int) -> None:
        """Raises a ``StoreError`` if the disk has less free space than needed, in bytes."""
        free = self.filesystem.free_bytes(self.path)
        if free < needed:
            raise StoreError(
                f"{self.path} needs {needed / 1e9:.2f} GB more but its disk has only "
                f"{free / 1e9:.2f} GB left; free some space, or choose another root_dir."
            )

    # -- writing -------------------------------------------------------------------------------

    def create(self) -> None:
        """Creates the directory and its parents durably."""
        with self.explain_errors():
            missing = [path for path in (self.path, *self.path.parents) if not path.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            for path in missing:
                self.filesystem.sync_directory(path.parent)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Makes the caller the only writer, and removes unused files of earlier writers.

        Raises:
            StoreError: if the directory is missing or cannot be written
        """
        with self.explain_errors(), self._locked():
            self.remove_leftovers()
            try:
                yield
            except OSError:
                # An unfinished file must not stay on a full disk.
                with contextlib.suppress(OSError):
                    self.remove_leftovers()
                raise

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            # The lock would create the directory.
            self.path.stat()
            lock = self._lock().acquire()
        except FileNotFoundError as error:
            # The store was destroyed while this writer waited.
            raise missing_store(self.path) from error
        with lock:
            yield

    def _lock(self) -> BaseFileLock:
        path = self.path / LOCK
        with contextlib.suppress(FileNotFoundError):
            check_regular(path, path.lstat())
        return FileLock(path)

    @contextlib.contextmanager
    def explain_errors(self) -> Iterator[None]:
        """Converts an ``OSError`` to a ``StoreError``."""
        try:
            yield
        except NotRegularFileError as error:
            raise StoreError(
                f"{error.filename} could not be used ({error.strerror}); remove it, and try again."
            ) from error
        except OSError as error:
            raise StoreError(
                f"{self.path} could not be written ({shortened(error.strerror or error)}); free "
                "some space or check its permissions, and try again. What was stored before is "
                "unchanged."
            ) from error

    def remove_leftovers(self) -> None:
        """Removes the files of the store that its manifest does not name."""
        if not self.exists:
            return
        manifest = self.manifest()
        leftovers = [path for path in self._own_files() if path.name not in manifest.file_names]
        if leftovers:
            # The previous generation needs some of them: it must not return after a power failure.
            self.filesystem.sync_directory(self.path)
        for path in leftovers:
            self.filesystem.remove(path)

    def _own_files(self) -> list[Path]:
        """Lists what a store writes, without the manifest and the lock.

        Other files are not ours, for example those that NFS keeps for a removed file.
        """
        ours = [path for path in self.path.iterdir() if path.suffix in SUFFIXES]
        return [path for path in ours if path.is_symlink() or not path.is_dir()]

    def destroy(self) -> None:
        """Removes the directory after its writer has ended; waiting writers find no store.

        If the directory is a symbolic link, the link and the files of the store are removed, and
        the folder that it points to if nothing else is in it.

        Raises:
            StoreError: if something cannot be removed
        """
        try:
            self.path.lstat()
            # Another process may have destroyed it in the meantime.
            with contextlib.suppress(FileNotFoundError, IsADirectoryError), self._lock():
                # Without the manifest there is no store, even if other files cannot be removed.
                self.filesystem.remove(self.path / MANIFEST)
                self.filesystem.sync_directory(self.path)
            if self.path.is_symlink():
                self._remove_linked()
            else:
                self._remove_directory()
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(
                f"{error.filename or self.path} could not be removed "
                f"({shortened(error.strerror or error)}); check its permissions, and remove "
                f"{self.path} yourself."
            ) from error

    def _remove_directory(self) -> None:
        attempts = 0
        while self.path.exists():
            try:
                shutil.rmtree(self.path)
            except OSError:
                # A waiting writer may have created the lock again.
                attempts += 1
                if attempts == REMOVAL_ATTEMPTS:
                    raise

    def _remove_linked(self) -> None:
        """Removes the store that a symbolic link points to, but no other files beside it."""
        target = self.path.resolve()
        if target.is_dir():
            for path in (*self._own_files(), target / LOCK):
                path.unlink(missing_ok=True)
            if not any(target.iterdir()):
                target.rmdir()
        self.path.unlink(missing_ok=True)
