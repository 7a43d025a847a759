"""Disks that fail at a chosen moment, and that forget what was never synced."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from fiftyone_faiss.brain.core.files import Data, FileSystem


class PowerCut(BaseException):
    """The machine went off: nothing after it is carried out."""


class FailingDisk(FileSystem):
    """A disk whose n-th call fails, and that knows what a power cut could take back.

    Args:
        folder: the store's folder; what it holds now survives everything
        fail_at: which call fails, counted from 1
        error: what it raises
    """

    def __init__(self, folder: Path, fail_at: int, error: BaseException) -> None:
        self.calls: list[str] = []
        self._folder = folder
        self.fail_at = fail_at
        self._error = error
        # Content that survives, and renames and removals that may not, with what was there before.
        self._safe = {path: path.read_bytes() for path in folder.iterdir()}
        self._names: list[tuple[str, Path, bytes | None]] = []

    @property
    def failed(self) -> bool:
        """Whether it came to the call that fails."""
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
        self._safe[path] = path.read_bytes()

    def sync_directory(self, folder: Path) -> None:
        self._call("sync_directory")
        self._names = [one for one in self._names if one[1].parent != folder]

    def replace(self, source: Path, target: Path) -> None:
        self._call("replace")
        self._names.append(("replace", target, target.read_bytes() if target.exists() else None))
        if source in self._safe:
            self._safe[target] = self._safe[source]
        super().replace(source, target)

    def remove(self, path: Path) -> None:
        self._call("remove")
        self._names.append(("remove", path, path.read_bytes()))
        super().remove(path)

    def cut_power(self, rng: np.random.Generator, part: float) -> None:
        """Takes back a part of the names that were not synced, and cuts unsynced content.

        Args:
            rng: decides which
            part: how likely a name is taken back, 0 to 1
        """
        before = dict(self._safe)
        for _, path, data in reversed(self._names):
            if rng.random() >= part:
                continue
            if data is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(data)
                before[path] = data
        for path in self._folder.iterdir():
            data = path.read_bytes()
            if before.get(path) != data:
                path.write_bytes(data[: rng.integers(len(data) + 1)])

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) == self.fail_at:
            raise self._error
