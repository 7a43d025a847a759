"""The directory of a store: its index file, its size, its removal, and its unused files."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.stores import create_store, file_of, ids_of, make_batch, save_index_file, unused_files

from fiftyone_faiss.brain.core.files import FileSystem
from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.store import Store

# 1,000 rows of 64 float32 are four blocks of 64 KiB; the last one holds the norms as well.
ROWS, DIM = 1_000, 64
# How long a thread is observed to be waiting, in seconds.
WAIT_SECONDS = 0.5


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    return create_store(tmp_path / "s", rng.normal(size=(ROWS, DIM)).astype(np.float32))


def test_an_index_file_is_kept_until_it_is_replaced(store: Store) -> None:
    assert save_index_file(store, b"first", a=1)
    store.commit(make_batch(np.ones((1, DIM), np.float32), [5_000]))
    assert save_index_file(store, b"second", a=2)
    ann_index = store.snapshot().manifest.ann_index
    assert ann_index is not None
    assert (store.path / ann_index.file.name).read_bytes() == b"second"
    assert (ann_index.rows, ann_index.metadata, ann_index.file.bytes) == (ROWS + 1, {"a": 2}, 6)
    assert ann_index.file.checksum == zlib.crc32(b"second")
    store.commit(delete=ids_of([0]))
    assert file_of(store, "derived").read_bytes() == b"second"
    assert store.snapshot().manifest.ann_index == ann_index


def test_an_index_built_before_a_compaction_is_not_saved(store: Store) -> None:
    save_index_file(store, b"first", a=1)
    old = store.snapshot()
    store.compact()
    assert store.snapshot().manifest.ann_index is None
    assert not store.save_index_file("ann_index", old, {}, lambda path: path.write_bytes(b"late"))
    assert store.snapshot().manifest.ann_index is None
    store.commit()
    assert unused_files(store) == set()


def test_a_removed_index_file_is_deleted(store: Store) -> None:
    save_index_file(store, b"first", a=1)
    store.remove_index_file("ann_index")
    assert store.snapshot().manifest.ann_index is None
    generation = store.snapshot().manifest.generation
    store.remove_index_file("ann_index")
    assert store.snapshot().manifest.generation == generation
    assert list(store.path.glob("*.derived")) == []


class NotifyingFileSystem(FileSystem):
    """Calls back before a manifest is replaced or removed."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback

    def replace(self, source: Path, target: Path) -> None:
        self.callback()
        super().replace(source, target)

    def remove(self, path: Path) -> None:
        if path.name == MANIFEST:
            self.callback()
        super().remove(path)


def test_destroying_a_store_waits_for_its_writer(store: Store) -> None:
    thread = threading.Thread(target=Store(store.path).destroy)

    def callback() -> None:
        thread.start()
        thread.join(WAIT_SECONDS)
        assert thread.is_alive(), "it does not wait for the writer"

    writer = Store(store.path, NotifyingFileSystem(callback))
    writer.commit(make_batch(np.ones((1, DIM), np.float32), [5_000]))
    thread.join()
    assert not store.path.exists()


def test_a_writer_that_waited_for_a_destroyed_store_raises(store: Store) -> None:
    errors: list[str] = []

    def write() -> None:
        with pytest.raises(StoreError) as error:
            store.commit(metadata={"a": 1})
        errors.append(str(error.value))

    thread = threading.Thread(target=write)

    def callback() -> None:
        thread.start()
        thread.join(WAIT_SECONDS)

    Store(store.path, NotifyingFileSystem(callback)).destroy()
    thread.join()
    assert errors[0].startswith(f"There is no index at {store.path} on ")
    assert not store.exists and not list(store.path.glob("*.segment"))


def test_a_damaged_or_missing_store_can_be_destroyed(store: Store) -> None:
    (store.path / MANIFEST).write_bytes(b"garbage")
    store.destroy()
    assert not store.path.exists()
    store.destroy()
    assert not store.path.exists() and store.disk_bytes == 0


def test_the_size_of_a_store_is_that_of_its_existing_files(store: Store) -> None:
    save_index_file(store, b"index")
    expected = sum(path.stat().st_size for path in store.path.iterdir())
    # A writer may remove a file after it was listed.
    (store.path / "0123.segment").symlink_to(store.path / "gone")
    assert store.disk_bytes == expected > 4 * ROWS * DIM


def test_a_linked_store_is_destroyed_with_its_link(store: Store, tmp_path: Path) -> None:
    target, link = store.path, tmp_path / "link"
    link.symlink_to(target)
    linked = Store(link)
    linked.commit(delete=ids_of([1]))
    linked.destroy()
    assert not target.exists() and not link.is_symlink()
    link.symlink_to(target)
    linked.destroy()
    assert not link.is_symlink(), "the link led nowhere"


def test_other_files_beside_a_linked_store_are_kept(store: Store, tmp_path: Path) -> None:
    target, link = store.path, tmp_path / "link"
    link.symlink_to(target)
    (target / "notes.txt").write_text("not ours")
    (target / "more.segment").mkdir()
    Store(link).destroy()
    assert sorted(path.name for path in target.iterdir()) == ["more.segment", "notes.txt"]
    assert not link.is_symlink()


def test_a_folder_with_the_name_of_an_unused_file_is_left_there(store: Store) -> None:
    (store.path / "old.tmp").mkdir()
    (store.path / "older.tmp").symlink_to(store.path / "old.tmp")
    store.commit(delete=ids_of([1]))
    assert unused_files(store) == {"old.tmp"}
