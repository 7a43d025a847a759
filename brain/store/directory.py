"""The directory of a store: its manifest, its writer lock, and the removal of unused files."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from fiftyone_faiss.brain.core.files import FileSystem, fingerprint
from fiftyone_faiss.brain.store.manifest import (
    MANIFEST,
    FileInfo,
    Manifest,
    StoreError,
    missing_store,
)

LOCK = "lock"
SUFFIXES = (".segment", ".deleted", ".derived", ".tmp")
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
        """Whether the directory holds a store."""
        return (self.path / MANIFEST).exists()

    @property
    def disk_bytes(self) -> int:
        """The size of the files in bytes, 0 if there are none."""
        total = 0
        for path in self.path.glob("*"):
            # A writer may remove a file in the meantime.
            with contextlib.suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def manifest_bytes(self) -> bytes:
        """Reads the newest manifest file.

        Raises:
            StoreError: if there is none
        """
        try:
            return (self.path / MANIFEST).read_bytes()
        except FileNotFoundError as error:
            raise missing_store(self.path) from error

    def parse(self, manifest_bytes: bytes) -> Manifest:
        """Parses a manifest of this directory; see :meth:`Manifest.parse`."""
        return Manifest.parse(manifest_bytes, self.path / MANIFEST)

    def describe(self, name: str) -> FileInfo:
        """Computes the manifest entry of a file."""
        return FileInfo(name, *fingerprint(self.path / name))

    def is_sound(self, file: FileInfo) -> bool:
        """Whether a file exists and is as it was written; reads the whole file."""
        path = self.path / file.name
        # A file of another size need not be read.
        if not path.is_file() or path.stat().st_size != file.bytes:
            return False
        return self.describe(file.name) == file

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
        missing = [path for path in (self.path, *self.path.parents) if not path.exists()]
        with self.explain_errors():
            self.path.mkdir(parents=True, exist_ok=True)
            for path in missing:
                self.filesystem.sync_directory(path.parent)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Makes the caller the only writer, and removes unused files of earlier writers.

        Raises:
            StoreError: if the directory is missing or cannot be written
        """
        if not self.path.is_dir():
            raise missing_store(self.path)
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
            lock = FileLock(self.path / LOCK).acquire()
        except FileNotFoundError as error:
            # The store was destroyed while this writer waited.
            raise missing_store(self.path) from error
        with lock:
            yield

    @contextlib.contextmanager
    def explain_errors(self) -> Iterator[None]:
        """Converts an ``OSError`` to a ``StoreError``."""
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{self.path} could not be written ({error.strerror or error}); free some space or "
                "check its permissions, and try again. What was stored before is unchanged."
            ) from error

    def remove_leftovers(self) -> None:
        """Removes the files of the store that its manifest does not name."""
        if not self.exists:
            return
        manifest = self.parse(self.manifest_bytes())
        # Other files are not ours, for example those that NFS keeps for a removed file.
        ours = [path for path in self.path.iterdir() if path.suffix in SUFFIXES]
        leftovers = [path for path in ours if path.name not in manifest.file_names]
        if leftovers:
            # The previous generation needs some of them: it must not return after a power failure.
            self.filesystem.sync_directory(self.path)
        for path in leftovers:
            self.filesystem.remove(path)

    def destroy(self) -> None:
        """Removes the directory after its writer has ended; waiting writers find no store."""
        if not self.path.exists():
            return
        # Another process may have destroyed it in the meantime.
        with contextlib.suppress(FileNotFoundError), FileLock(self.path / LOCK):
            # Without the manifest there is no store, even if other files cannot be removed.
            self.filesystem.remove(self.path / MANIFEST)
            self.filesystem.sync_directory(self.path)
        attempts = 0
        while self.path.exists():
            try:
                shutil.rmtree(self.path)
            except OSError:
                # A waiting writer may have created the lock again.
                attempts += 1
                if attempts == REMOVAL_ATTEMPTS:
                    raise
