"""A store's files: derived ones, copies, formats, and damage that is named."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.stores import batch, contents, filled, flip, ids_of, leftovers

from fiftyone_faiss.brain.core.files import FileSystem
from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.segments import BLOCK_BYTES
from fiftyone_faiss.brain.store.store import Store
from fiftyone_faiss.brain.store.verification import Problem

# 1,000 rows of 64 float32 are four blocks of 64 KiB, the last of which holds the norms as well.
ROWS, DIM = 1_000, 64


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    return filled(tmp_path / "s", rng.normal(size=(ROWS, DIM)).astype(np.float32))


def one_file(store: Store, suffix: str) -> Path:
    (path,) = store.path.glob(f"*.{suffix}")
    return path


def put(store: Store, data: bytes, **facts: int) -> bool:
    return store.save_ann_index(store.snapshot(), facts, lambda path: path.write_bytes(data))


def test_a_derived_file_is_kept_until_there_is_another(store: Store) -> None:
    assert put(store, b"first", a=1)
    store.commit(batch(np.ones((1, DIM), np.float32), [5_000]))
    assert put(store, b"second", a=2)
    ann_index = store.snapshot().manifest.ann_index
    assert ann_index is not None
    assert (store.path / ann_index.file.name).read_bytes() == b"second"
    assert (ann_index.rows, ann_index.metadata, ann_index.file.bytes) == (ROWS + 1, {"a": 2}, 6)
    assert ann_index.file.checksum == zlib.crc32(b"second")
    store.commit(delete=ids_of([0]))
    assert one_file(store, "derived").read_bytes() == b"second"
    assert store.snapshot().manifest.ann_index == ann_index


def test_what_was_derived_before_a_compaction_is_refused(store: Store) -> None:
    put(store, b"first", a=1)
    old = store.snapshot()
    store.compact()
    assert store.snapshot().manifest.ann_index is None
    assert not store.save_ann_index(old, {}, lambda path: path.write_bytes(b"late"))
    assert store.snapshot().manifest.ann_index is None
    store.commit()
    assert leftovers(store) == set()


def test_a_derived_file_is_dropped_and_then_removed(store: Store) -> None:
    put(store, b"first", a=1)
    store.remove_ann_index()
    assert store.snapshot().manifest.ann_index is None
    generation = store.snapshot().manifest.generation
    store.remove_ann_index()
    assert store.snapshot().manifest.generation == generation
    assert list(store.path.glob("*.derived")) == []


class LinklessDisk(FileSystem):
    """A disk, such as a memory card's, that has no hard links."""

    def link(self, source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("disk", [FileSystem(), LinklessDisk()])
def test_a_copy_goes_its_own_way(store: Store, tmp_path: Path, disk: FileSystem) -> None:
    put(store, b"derived")
    store.commit(delete=ids_of([3]))
    before = contents(store.snapshot())
    copy = Store(store.path, disk).copy_to(tmp_path / "deep" / "t", {"owner": "me"})
    assert copy.snapshot().manifest.metadata == {"metric": "cosine", "owner": "me"}
    assert store.snapshot().manifest.metadata == {"metric": "cosine"}
    assert one_file(copy, "derived").read_bytes() == b"derived"
    assert leftovers(copy) == set() and copy.verify() == []
    copy.commit(delete=ids_of([0]))
    assert contents(store.snapshot()) == before
    store.destroy()
    assert contents(copy.snapshot()) == before[1:] and not (tmp_path / "s").exists()


def test_a_copy_does_without_a_lost_derived_file(store: Store, tmp_path: Path) -> None:
    put(store, b"derived", a=1)
    one_file(store, "derived").unlink()
    copy = store.copy_to(tmp_path / "t", {"owner": "me"})
    assert copy.snapshot().manifest.ann_index is None
    assert contents(copy.snapshot()) == contents(store.snapshot())
    assert copy.verify() == [] and leftovers(copy) == set()


@pytest.mark.parametrize("suffix", ["segment", "deleted"])
@pytest.mark.parametrize("disk", [FileSystem(), LinklessDisk()])
def test_a_copy_names_the_file_that_is_missing_where_it_should_be(
    store: Store, tmp_path: Path, disk: FileSystem, suffix: str
) -> None:
    store.commit(delete=ids_of([3]))
    lost = one_file(store, suffix)
    lost.unlink()
    with pytest.raises(StoreError) as error:
        Store(store.path, disk).copy_to(tmp_path / "t", {})
    assert str(error.value).startswith(f"{lost} is missing; restore it from a backup, or delete")
    assert not Store(tmp_path / "t").exists


class ReplacingDisk(FileSystem):
    """A disk on which another writer replaces the derived file before the first is linked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.replaced = False

    def link(self, source: Path, target: Path) -> None:
        if not self.replaced:
            self.replaced = True
            put(self.store, b"second")
            self.store.commit()
        super().link(source, target)


def test_a_copy_takes_the_generation_that_a_writer_made_meanwhile(
    store: Store, tmp_path: Path
) -> None:
    put(store, b"first")
    copy = Store(store.path, ReplacingDisk(store)).copy_to(tmp_path / "t", {})
    newest = store.snapshot().manifest
    assert copy.snapshot().manifest.ann_index == newest.ann_index
    assert copy.snapshot().manifest.generation == newest.generation
    ann_index = copy.path / newest.ann_index.file.name
    assert ann_index.read_bytes() == b"second" and copy.verify() == []


class TellingDisk(FileSystem):
    """A disk that calls back before it replaces, or removes, a manifest."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.told = told

    def replace(self, source: Path, target: Path) -> None:
        self.told()
        super().replace(source, target)

    def remove(self, path: Path) -> None:
        if path.name == MANIFEST:
            self.told()
        super().remove(path)


# To see that a thread waits takes a while; none is needed for the tests to pass.
A_WHILE = 0.5


def test_a_store_is_not_destroyed_under_a_writer(store: Store) -> None:
    thread = threading.Thread(target=Store(store.path).destroy)

    def told() -> None:
        thread.start()
        thread.join(A_WHILE)
        assert thread.is_alive(), "it does not wait for the writer"

    writer = Store(store.path, TellingDisk(told))
    writer.commit(batch(np.ones((1, DIM), np.float32), [5_000]))
    thread.join()
    assert not store.path.exists()


def test_a_writer_that_waited_for_a_store_that_was_destroyed_says_so(store: Store) -> None:
    errors: list[str] = []

    def write() -> None:
        with pytest.raises(StoreError) as error:
            store.commit(metadata={"a": 1})
        errors.append(str(error.value))

    thread = threading.Thread(target=write)

    def told() -> None:
        thread.start()
        thread.join(A_WHILE)

    Store(store.path, TellingDisk(told)).destroy()
    thread.join()
    assert errors[0].startswith(f"There is no index at {store.path} on ")
    assert not store.exists and not list(store.path.glob("*.segment"))


def test_a_store_is_destroyed_though_it_is_damaged_or_gone_already(store: Store) -> None:
    (store.path / MANIFEST).write_bytes(b"garbage")
    store.destroy()
    assert not store.path.exists()
    store.destroy()
    assert not store.path.exists() and store.disk_bytes == 0


def test_the_size_of_a_store_is_that_of_the_files_there_are(store: Store) -> None:
    put(store, b"derived")
    expected = sum(path.stat().st_size for path in store.path.iterdir())
    # As a file that a writer takes away after it was listed.
    (store.path / "0123.segment").symlink_to(store.path / "gone")
    assert store.disk_bytes == expected > 4 * ROWS * DIM


def test_a_copy_leaves_a_store_that_is_there(store: Store, tmp_path: Path) -> None:
    other = filled(tmp_path / "t", np.eye(3, dtype=np.float32))
    before = contents(other.snapshot())
    assert contents(store.copy_to(tmp_path / "t", {"x": 1}).snapshot()) == before
    assert other.snapshot().manifest.metadata == {"metric": "cosine"}


def test_a_copy_that_was_stopped_halfway_is_finished(store: Store, tmp_path: Path) -> None:
    class StoppingDisk(LinklessDisk):
        def sync(self, file: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Store(store.path, StoppingDisk()).copy_to(tmp_path / "t", {})
    copy = Store(store.path, LinklessDisk()).copy_to(tmp_path / "t", {})
    assert contents(copy.snapshot()) == contents(store.snapshot())
    assert copy.verify() == []


def test_a_flipped_bit_is_named_when_it_is_touched_and_not_before(store: Store) -> None:
    path = one_file(store, "segment")
    per_block = BLOCK_BYTES // (4 * DIM)
    clean = np.r_[0 : 2 * per_block, 3 * per_block : ROWS]
    expected = store.snapshot().vectors_at(clean).tobytes()
    flip(path, 2 * BLOCK_BYTES + 77, bit=3)
    snapshot = Store(store.path).snapshot()
    for _ in range(2):
        assert snapshot.vectors_at(clean).tobytes() == expected
        with pytest.raises(StoreError) as error:
            snapshot.vectors_at(np.array([5, 2 * per_block + 9]))
        assert str(path) in str(error.value) and "bytes 131,072 to 196,608" in str(error.value)
    blocks = snapshot.blocks(per_block)
    assert [next(blocks)[0], next(blocks)[0]] == [0, per_block]
    with pytest.raises(StoreError, match=f"{path} is damaged"):
        next(blocks)


def test_damage_is_not_copied_into_new_segments(store: Store) -> None:
    flip(one_file(store, "segment"), 100)
    fresh = Store(store.path)
    for act in (fresh.compact, lambda: fresh.commit(batch(np.ones((ROWS, DIM)), range(ROWS)))):
        with pytest.raises(StoreError, match="is damaged"):
            act()
    assert [segment.info.rows for segment in fresh.snapshot().segments] == [ROWS]


def test_a_file_cut_short_while_it_is_open_is_an_error_and_no_crash(store: Store) -> None:
    path = one_file(store, "segment")
    store.snapshot().vectors_at(np.arange(ROWS))
    with path.open("r+b") as file:
        file.truncate(5_000)
    for reader in (store, Store(store.path)):
        with pytest.raises(StoreError, match=f"{path} has 5,000 bytes instead of"):
            reader.snapshot()


def test_a_missing_file_is_named(store: Store) -> None:
    path = one_file(store, "segment")
    path.unlink()
    with pytest.raises(StoreError, match=f"{path} is missing; restore it from a backup"):
        Store(store.path).snapshot()
    assert store.verify() == [Problem(path, f"{path} is missing.")]


def test_verify_names_every_damaged_file(store: Store, rng: np.random.Generator) -> None:
    store.commit(batch(rng.normal(size=(3, DIM)), range(3)))
    put(store, b"derived")
    assert store.verify() == []
    small = store.path / store.snapshot().manifest.segments[1].name
    deleted, ann_index = one_file(store, "deleted"), one_file(store, "derived")
    flip(small, 7)
    flip(deleted, 0)
    flip(ann_index, 2)
    first, *others = store.verify()
    assert first.sentence.startswith(f"{small} is damaged (bytes 0 to ")
    assert (first.file, first.is_rebuildable) == (small, False)
    assert others == [
        Problem(deleted, f"{deleted} is missing or damaged."),
        Problem(ann_index, f"{ann_index} is missing or damaged.", is_rebuildable=True),
    ]


def test_a_flipped_bit_among_the_deleted_rows_is_noticed(store: Store) -> None:
    store.commit(delete=ids_of([5]))
    flip(one_file(store, "deleted"), 0)
    with pytest.raises(StoreError, match=f"{one_file(store, 'deleted')} is damaged"):
        Store(store.path).snapshot()


def test_a_flipped_bit_in_the_manifest_is_noticed(store: Store) -> None:
    flip(store.path / "manifest.json", 20)
    for act in (store.snapshot, store.verify, store.compact):
        with pytest.raises(StoreError, match=r"manifest\.json is damaged; restore it"):
            act()


def test_a_newer_format_is_refused(store: Store) -> None:
    path = store.path / "manifest.json"
    body = path.read_bytes().rpartition(b"\n")[0].replace(
        b'"format_version": 2', b'"format_version": 3'
    )  # fmt: skip
    path.write_bytes(b"%b\n%d" % (body, zlib.crc32(body)))
    with pytest.raises(StoreError, match=f"{store.path} was written by a newer fiftyone-faiss"):
        Store(store.path).snapshot()


def test_the_first_format_is_refused_and_its_files_are_left_alone(tmp_path: Path) -> None:
    # It had no checksum.
    (tmp_path / "s").mkdir()
    manifest = {"format_version": 1, "dim": 3, "segments": [], "checksums": {}}
    (tmp_path / "s" / "manifest.json").write_text(json.dumps(manifest, indent=1))
    (tmp_path / "s" / "1.segment").write_bytes(b"kept")
    for act in (Store.snapshot, Store.compact):
        with pytest.raises(StoreError, match="an early fiftyone-faiss; build the index again"):
            act(Store(tmp_path / "s"))
    assert (tmp_path / "s" / "1.segment").read_bytes() == b"kept"
