"""A file system that fails at a given call, and then loses data that was not synced."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fiftyone_faiss.brain.core.files import Data, FileSystem


class PowerFailure(BaseException):
    """Ends an operation without running its error handlers."""


class FailingFileSystem(FileSystem):
    """Fails at one call, and knows which changes a power failure could undo.

    Args:
        directory: the directory of the store; its present content is durable
        fail_at: the call that fails, counted from 1
        error: the error that it raises
    """

    def __init__(self, directory: Path, fail_at: int, error: BaseException) -> None:
        self.calls: list[str] = []
        self._directory = directory
        self.fail_at = fail_at
        self._error = error
        # Durable content, and changes of names that are not durable, with the previous content.
        self._durable = {path: path.read_bytes() for path in directory.iterdir()}
        self._names: list[tuple[str, Path, bytes | None]] = []

    @property
    def has_failed(self) -> bool:
        """Whether the failing call was made."""
        return len(self.calls) >= self.fail_at

    def create(self, path: Path) -> BinaryIO:
        self._call("create")
        self._names.append(("create", path, None))
        return super().create(path)

    def write(self, file: BinaryIO, data: Data) -> None:
        half = len(data) // 2
        super().write(file, data[:half])
        self._call("write")
        super().write(file, data[half:])

    def sync(self, file: BinaryIO) -> None:
        self._call("sync")
        file.flush()
        path = Path(file.name)
        self._durable[path] = path.read_bytes()

    def sync_directory(self, directory: Path) -> None:
        self._call("sync_directory")
        self._names = [change for change in self._names if change[1].parent != directory]

    def replace(self, source: Path, target: Path) -> None:
        self._call("replace")
        self._names.append(("replace", target, target.read_bytes() if target.exists() else None))
        if source in self._durable:
            self._durable[target] = self._durable[source]
        super().replace(source, target)

    def remove(self, path: Path) -> None:
        self._call("remove")
        self._names.append(("remove", path, path.read_bytes()))
        super().remove(path)

    def fail_power(self, rng: np.random.Generator, probability: float) -> None:
        """Undoes some changes of names that were not synced, and truncates unsynced content.

        Args:
            rng: chooses the changes
            probability: the probability that a change is undone, 0 to 1
        """
        before = dict(self._durable)
        for _, path, data in reversed(self._names):
            if rng.random() >= probability:
                continue
            if data is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(data)
                before[path] = data
        for path in self._directory.iterdir():
            data = path.read_bytes()
            if before.get(path) != data:
                path.write_bytes(data[: rng.integers(len(data) + 1)])

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) == self.fail_at:
            # A copy, because an error that is raised again keeps the frames of all its tracebacks,
            # and with them the open files of each store.
            raise copy.copy(self._error)
