"""Files that exist but cannot be read are named in one sentence, whatever reads them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from support.points import one_sentence
from support.privileges import without_privileges
from support.stores import contents, create_store, file_of, ids_of, save_index_file

from fiftyone_faiss.brain.core.files import FileSystem
from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.store import Store

READS: dict[str, Callable[[Store], object]] = {
    "snapshot": Store.snapshot,
    "commit": lambda store: store.commit(delete=ids_of([2])),
    "compact": Store.compact,
    "copy": lambda store: store.copy_to(store.path.with_name("copy"), {}),
}
SENTENCE = "could not be read ({}); check its permissions and its disk, and try again."


class UnreadableFileSystem(FileSystem):
    """Fails to open and to read files with a suffix, as a network file system does."""

    def __init__(self, suffix: str, code: int) -> None:
        self._suffix = suffix
        self.is_gone = False
        self._error = OSError(code, os.strerror(code))

    def open(self, path: Path) -> BinaryIO:
        if path.suffix == self._suffix:
            raise self._error
        return super().open(path)

    def read_at(self, file: BinaryIO, start: int, size: int) -> bytes:
        if self.is_gone:
            raise self._error
        return super().read_at(file, start, size)


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    """A store with deleted rows and an ANN index."""
    store = create_store(tmp_path / "s", rng.normal(size=(20, 4)).astype(np.float32))
    store.commit(delete=ids_of([1]))
    save_index_file(store, b"index")
    return store


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("name", [MANIFEST, "segment", "deleted"])
def test_a_file_of_another_user_is_named(store: Store, name: str, read: str) -> None:
    path = store.path / name if name == MANIFEST else file_of(store, name)
    path.chmod(0)
    with without_privileges(), pytest.raises(StoreError) as error:
        READS[read](Store(store.path))
    assert str(error.value) == f"{path} {SENTENCE.format('Permission denied')}"
    assert one_sentence(error.value)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("suffix", [".json", ".segment", ".deleted"])
def test_an_error_of_the_disk_is_named(store: Store, suffix: str, code: int, read: str) -> None:
    with pytest.raises(StoreError) as error:
        READS[read](Store(store.path, UnreadableFileSystem(suffix, code)))
    assert str(error.value).endswith(SENTENCE.format(os.strerror(code)))
    assert one_sentence(error.value)


@pytest.mark.parametrize("folder", ["the store", "its parent"])
def test_an_unreadable_folder_is_named(store: Store, folder: str) -> None:
    closed = store.path if folder == "the store" else store.path.parent
    mode = closed.stat().st_mode
    closed.chmod(0)
    try:
        with without_privileges():
            fresh = Store(store.path)
            assert fresh.exists, "there may be a store"
            with pytest.raises(StoreError, match=f"{store.path}.* could not be read"):
                fresh.snapshot()
            with pytest.raises(StoreError, match=f"{store.path} could not be read"):
                _ = fresh.disk_bytes
            with pytest.raises(StoreError, match="could not be written"):
                fresh.commit()
            with pytest.raises(StoreError, match=f"{store.path / 'new'}.* could not be read"):
                Store.create(store.path / "new", has_labels=False, metadata={})
            with pytest.raises(StoreError, match="could not be removed"):
                fresh.destroy()
    finally:
        closed.chmod(mode)
    assert store.verify() == [] and len(contents(store.snapshot())) == 19


def test_an_unreadable_lock_or_index_file_keeps_readers_working(store: Store) -> None:
    before, ann_index = contents(store.snapshot()), file_of(store, "derived")
    for path in (store.path / "lock", ann_index):
        path.chmod(0)
    with without_privileges():
        fresh = Store(store.path)
        assert contents(fresh.snapshot()) == before
        with pytest.raises(StoreError, match=r"could not be written \(Permission denied\)"):
            fresh.commit()
        (problem,) = fresh.verify()
    assert problem.is_rebuildable
    assert problem.sentence == f"{ann_index} could not be read (Permission denied)."


def test_an_error_while_mapped_vectors_are_read_is_named(store: Store) -> None:
    filesystem = UnreadableFileSystem(".none", errno.ESTALE)
    snapshot = Store(store.path, filesystem).snapshot()
    filesystem.is_gone = True
    with pytest.raises(StoreError) as error:
        snapshot.vectors_at(np.arange(3))
    expected = SENTENCE.format(os.strerror(errno.ESTALE))
    assert str(error.value) == f"{file_of(store, 'segment')} {expected}"
