"""Atomic writes, checksums and links."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from fiftyone_faiss.brain.core.files import (
    CHUNK_BYTES,
    FileSystem,
    atomic_write,
    fingerprint,
    link_or_copy,
)


class LinklessFileSystem(FileSystem):
    """A file system that has no hard links, such as that of a memory card."""

    def link(self, source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")


def test_an_atomic_write_replaces_the_file_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with atomic_write(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_atomic_write_keeps_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), atomic_write(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert {other.suffix for other in tmp_path.iterdir()} == {"", ".tmp"}


def test_a_fingerprint_is_size_and_checksum(tmp_path: Path) -> None:
    data = bytes(range(256)) * (CHUNK_BYTES // 256) + b"end"
    (tmp_path / "file").write_bytes(data)
    assert fingerprint(tmp_path / "file") == (len(data), zlib.crc32(data))


@pytest.mark.parametrize("filesystem", [FileSystem(), LinklessFileSystem()])
def test_a_file_is_linked_or_copied(tmp_path: Path, filesystem: FileSystem) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"data")
    link_or_copy(filesystem, source, target)
    assert target.read_bytes() == b"data"
    assert (source.stat().st_nlink == 2) == (type(filesystem) is FileSystem)
    source.write_bytes(b"changed")
    expected = target.read_bytes()
    link_or_copy(filesystem, source, target)
    assert target.read_bytes() == expected, "an existing target is kept"
    with pytest.raises(FileNotFoundError):
        link_or_copy(filesystem, tmp_path / "missing", tmp_path / "other")


def test_removing_a_missing_file_does_nothing(tmp_path: Path) -> None:
    FileSystem().remove(tmp_path / "missing")
    (tmp_path / "file").touch()
    FileSystem().remove(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
