"""The folder of a store: the lock of its one writer, its manifest, and what is wrong with it."""

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
# How often to try to remove a folder that others are putting their lock into.
ATTEMPTS = 5


class StoreDirectory:
    """A store's folder.

    Args:
        path: where it is
        disk: what carries out its writes
    """

    def __init__(self, path: Path, disk: FileSystem) -> None:
        self.path = path
        self._filesystem = disk

    @property
    def exists(self) -> bool:
        """Whether there is a store."""
        return (self.path / MANIFEST).exists()

    @property
    def disk_bytes(self) -> int:
        """The size of its files, 0 if there are none."""
        total = 0
        for path in self.path.glob("*"):
            # A writer may take a file away meanwhile.
            with contextlib.suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def manifest_bytes(self) -> bytes:
        """The newest manifest as it is stored.

        Raises:
            StoreError: if there is none
        """
        try:
            return (self.path / MANIFEST).read_bytes()
        except FileNotFoundError as error:
            raise missing_store(self.path) from error

    def parsed(self, manifest_bytes: bytes) -> Manifest:
        """A manifest of this folder; see :meth:`Manifest.parse`."""
        return Manifest.parse(manifest_bytes, self.path / MANIFEST)

    def describe(self, name: str) -> FileInfo:
        """A file as a manifest names it."""
        return FileInfo(name, *fingerprint(self.path / name))

    def is_sound(self, file: FileInfo) -> bool:
        """Whether a small or derived file is there, as it was written."""
        path = self.path / file.name
        # Without reading one that has another size.
        if not path.is_file() or path.stat().st_size != file.bytes:
            return False
        return self.describe(file.name) == file

    def check_space(self, needed: int) -> None:
        """Raises a ``StoreError`` if its disk has no room for so many bytes more."""
        free = self._filesystem.free_bytes(self.path)
        if free < needed:
            raise StoreError(
                f"{self.path} needs {needed / 1e9:.2f} GB more but its disk has only "
                f"{free / 1e9:.2f} GB left; free some, or choose another root_dir."
            )

    # -- writing -------------------------------------------------------------------------------

    def make(self) -> None:
        """Makes the folder and those above it, durably."""
        new = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        with self.explained():
            self.path.mkdir(parents=True, exist_ok=True)
            for folder in new:
                self._filesystem.sync_directory(folder.parent)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Makes the caller the one writer, and tidies up after those before.

        Raises:
            StoreError: if the folder is missing, or cannot be written
        """
        if not self.path.is_dir():
            raise missing_store(self.path)
        with self.explained(), self._locked():
            self.remove_leftovers()
            try:
                yield
            except OSError:
                # A full disk is no place to leave half a file.
                with contextlib.suppress(OSError):
                    self.remove_leftovers()
                raise

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            held = FileLock(self.path / LOCK).acquire()
        except FileNotFoundError as error:
            # It was destroyed while this writer waited.
            raise missing_store(self.path) from error
        with held:
            yield

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turns what the disk says into a ``StoreError``."""
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{self.path} could not be written ({error.strerror or error}); free some space or "
                "check its permissions, and try again. What was stored before is unchanged."
            ) from error

    def remove_leftovers(self) -> None:
        """Removes the files of a store that its manifest does not name."""
        if not self.exists:
            return
        manifest = self.parsed(self.manifest_bytes())
        # Whatever else there is belongs to others, such as what NFS keeps of a removed file.
        ours = [path for path in self.path.iterdir() if path.suffix in SUFFIXES]
        leftovers = [path for path in ours if path.name not in manifest.file_names]
        if leftovers:
            # The generation before needs some of them: it must not come back in a power cut.
            self._filesystem.sync_directory(self.path)
        for path in leftovers:
            self._filesystem.remove(path)

    def destroy(self) -> None:
        """Removes the folder, once its writer is done; who waits to write finds no store."""
        if not self.path.exists():
            return
        # Another may have destroyed it meanwhile.
        with contextlib.suppress(FileNotFoundError), FileLock(self.path / LOCK):
            # Without it the other files are nothing, also if they outlive this.
            self._filesystem.remove(self.path / MANIFEST)
            self._filesystem.sync_directory(self.path)
        attempts = 0
        while self.path.exists():
            try:
                shutil.rmtree(self.path)
            except OSError:
                # Who waits may have made the lock anew.
                attempts += 1
                if attempts == ATTEMPTS:
                    raise
