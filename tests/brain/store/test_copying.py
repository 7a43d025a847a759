"""Copies of stores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.stores import contents, create_store, file_of, ids_of, save_index_file, unused_files

from fiftyone_faiss.brain.core.files import FileSystem
from fiftyone_faiss.brain.store.manifest import StoreError
from fiftyone_faiss.brain.store.store import Store

# 1,000 rows of 64 float32 are four blocks of 64 KiB; the last one holds the norms as well.
ROWS, DIM = 1_000, 64


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    return create_store(tmp_path / "s", rng.normal(size=(ROWS, DIM)).astype(np.float32))


class LinklessFileSystem(FileSystem):
    """A file system that has no hard links, such as that of a memory card."""

    def link(self, source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("filesystem", [FileSystem(), LinklessFileSystem()])
def test_a_copy_is_independent(store: Store, tmp_path: Path, filesystem: FileSystem) -> None:
    save_index_file(store, b"index")
    store.commit(delete=ids_of([3]))
    before = contents(store.snapshot())
    copy = Store(store.path, filesystem).copy_to(tmp_path / "deep" / "t", {"owner": "me"})
    assert copy.snapshot().manifest.metadata == {"metric": "cosine", "owner": "me"}
    assert store.snapshot().manifest.metadata == {"metric": "cosine"}
    assert file_of(copy, "derived").read_bytes() == b"index"
    assert unused_files(copy) == set() and copy.verify() == []
    copy.commit(delete=ids_of([0]))
    assert contents(store.snapshot()) == before
    store.destroy()
    assert contents(copy.snapshot()) == before[1:] and not (tmp_path / "s").exists()


def test_a_copy_does_without_a_missing_index_file(store: Store, tmp_path: Path) -> None:
    save_index_file(store, b"index", a=1)
    file_of(store, "derived").unlink()
    copy = store.copy_to(tmp_path / "t", {"owner": "me"})
    assert copy.snapshot().manifest.ann_index is None
    assert contents(copy.snapshot()) == contents(store.snapshot())
    assert copy.verify() == [] and unused_files(copy) == set()


@pytest.mark.parametrize("suffix", ["segment", "deleted"])
@pytest.mark.parametrize("filesystem", [FileSystem(), LinklessFileSystem()])
def test_copying_a_store_names_a_missing_file(
    store: Store, tmp_path: Path, filesystem: FileSystem, suffix: str
) -> None:
    store.commit(delete=ids_of([3]))
    missing = file_of(store, suffix)
    missing.unlink()
    with pytest.raises(StoreError) as error:
        Store(store.path, filesystem).copy_to(tmp_path / "t", {})
    assert str(error.value).startswith(f"{missing} is missing; restore it from a backup, or delete")
    assert not Store(tmp_path / "t").exists


class ReplacingFileSystem(FileSystem):
    """Lets another writer replace the index file before the first file is linked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.replaced = False

    def link(self, source: Path, target: Path) -> None:
        if not self.replaced:
            self.replaced = True
            save_index_file(self.store, b"second")
            self.store.commit()
        super().link(source, target)


def test_a_copy_has_the_generation_of_a_concurrent_writer(store: Store, tmp_path: Path) -> None:
    save_index_file(store, b"first")
    copy = Store(store.path, ReplacingFileSystem(store)).copy_to(tmp_path / "t", {})
    newest = store.snapshot().manifest
    assert copy.snapshot().manifest.ann_index == newest.ann_index
    assert copy.snapshot().manifest.generation == newest.generation
    ann_index = copy.path / newest.ann_index.file.name
    assert ann_index.read_bytes() == b"second" and copy.verify() == []


def test_copying_does_not_replace_an_existing_store(store: Store, tmp_path: Path) -> None:
    other = create_store(tmp_path / "t", np.eye(3, dtype=np.float32))
    before = contents(other.snapshot())
    assert contents(store.copy_to(tmp_path / "t", {"x": 1}).snapshot()) == before
    assert other.snapshot().manifest.metadata == {"metric": "cosine"}


def test_an_interrupted_copy_can_be_repeated(store: Store, tmp_path: Path) -> None:
    class InterruptedFileSystem(LinklessFileSystem):
        def sync(self, file: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Store(store.path, InterruptedFileSystem()).copy_to(tmp_path / "t", {})
    copy = Store(store.path, LinklessFileSystem()).copy_to(tmp_path / "t", {})
    assert contents(copy.snapshot()) == contents(store.snapshot())
    assert copy.verify() == []
