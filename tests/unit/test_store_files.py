"""A store's files: derived ones, copies, formats, and damage that is named."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from support.stores import batch, contents, filled, flip, ids_of, leftovers

from fiftyone_faiss.brain.disk import Disk
from fiftyone_faiss.brain.manifest import StoreError
from fiftyone_faiss.brain.segments import BLOCK_BYTES
from fiftyone_faiss.brain.store import Store

# 1,000 rows of 64 float32 are four blocks of 64 KiB, the last of which holds the norms as well.
ROWS, DIM = 1_000, 64


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    return filled(tmp_path / "s", rng.normal(size=(ROWS, DIM)).astype(np.float32))


def one_file(store: Store, suffix: str) -> Path:
    (path,) = store.path.glob(f"*.{suffix}")
    return path


def put(store: Store, data: bytes, **facts: int) -> bool:
    return store.put_derived(store.snapshot(), facts, lambda path: path.write_bytes(data))


def test_a_derived_file_is_kept_until_there_is_another(store: Store) -> None:
    assert put(store, b"first", a=1)
    store.commit(batch(np.ones((1, DIM), np.float32), [5_000]))
    assert put(store, b"second", a=2)
    derived = store.snapshot().manifest.derived
    assert derived is not None
    assert (store.path / derived.file.name).read_bytes() == b"second"
    assert (derived.rows, derived.facts, derived.file.bytes) == (ROWS + 1, {"a": 2}, 6)
    assert derived.file.checksum == zlib.crc32(b"second")
    store.commit(delete=ids_of([0]))
    assert one_file(store, "derived").read_bytes() == b"second"
    assert store.snapshot().manifest.derived == derived


def test_facts_of_a_derived_file_change_without_it(store: Store) -> None:
    put(store, b"first", a=1)
    before = store.snapshot().manifest.derived
    assert before is not None
    assert store.put_derived(store.snapshot(), {"a": 2}, None)
    after = store.snapshot().manifest.derived
    assert after is not None and after.facts == {"a": 2} and after.file == before.file


def test_facts_of_a_replaced_derived_file_are_refused(store: Store) -> None:
    put(store, b"first", a=1)
    old = store.snapshot()
    put(store, b"second", a=2)
    assert not store.put_derived(old, {"a": 3}, None)
    assert store.snapshot().manifest.derived.facts == {"a": 2}


def test_what_was_derived_before_a_compaction_is_refused(store: Store) -> None:
    put(store, b"first", a=1)
    old = store.snapshot()
    store.compact()
    assert store.snapshot().manifest.derived is None
    assert not store.put_derived(old, {}, lambda path: path.write_bytes(b"late"))
    assert not store.put_derived(old, {}, None)
    assert not store.put_derived(store.snapshot(), {}, None)
    assert store.snapshot().manifest.derived is None
    store.commit()
    assert leftovers(store) == set()


def test_a_derived_file_is_dropped_and_then_removed(store: Store) -> None:
    put(store, b"first", a=1)
    store.drop_derived()
    assert store.snapshot().manifest.derived is None
    generation = store.snapshot().manifest.generation
    store.drop_derived()
    assert store.snapshot().manifest.generation == generation
    assert list(store.path.glob("*.derived")) == []


class LinklessDisk(Disk):
    """A disk, such as a memory card's, that has no hard links."""

    def link(self, source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("disk", [Disk(), LinklessDisk()])
def test_a_copy_goes_its_own_way(store: Store, tmp_path: Path, disk: Disk) -> None:
    put(store, b"derived")
    store.commit(delete=ids_of([3]))
    before = contents(store.snapshot())
    copy = Store(store.path, disk).copy_to(tmp_path / "deep" / "t", {"owner": "me"})
    assert copy.snapshot().manifest.facts == {"metric": "cosine", "owner": "me"}
    assert store.snapshot().manifest.facts == {"metric": "cosine"}
    assert one_file(copy, "derived").read_bytes() == b"derived"
    assert leftovers(copy) == set() and copy.verify() == []
    copy.commit(delete=ids_of([0]))
    assert contents(store.snapshot()) == before
    store.destroy()
    assert contents(copy.snapshot()) == before[1:] and not (tmp_path / "s").exists()


def test_a_copy_leaves_a_store_that_is_there(store: Store, tmp_path: Path) -> None:
    other = filled(tmp_path / "t", np.eye(3, dtype=np.float32))
    before = contents(other.snapshot())
    assert contents(store.copy_to(tmp_path / "t", {"x": 1}).snapshot()) == before
    assert other.snapshot().manifest.facts == {"metric": "cosine"}


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
    assert store.verify() == [f"{path} is missing."]


def test_verify_names_every_damaged_file(store: Store, rng: np.random.Generator) -> None:
    store.commit(batch(rng.normal(size=(3, DIM)), range(3)))
    put(store, b"derived")
    assert store.verify() == []
    small = store.path / store.snapshot().manifest.segments[1].name
    deleted, derived = one_file(store, "deleted"), one_file(store, "derived")
    flip(small, 7)
    flip(deleted, 0)
    flip(derived, 2)
    first, *others = store.verify()
    assert first.startswith(f"{small} is damaged (bytes 0 to ")
    assert others == [f"{path} is missing or damaged." for path in (deleted, derived)]


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
