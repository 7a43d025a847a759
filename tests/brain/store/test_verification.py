"""Damaged and missing files are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.stores import create_store, file_of, flip_bit, ids_of, make_batch, save_index_file

from fiftyone_faiss.brain.store.manifest import StoreError
from fiftyone_faiss.brain.store.segments import BLOCK_BYTES
from fiftyone_faiss.brain.store.store import Store
from fiftyone_faiss.brain.store.verification import Problem

# 1,000 rows of 64 float32 are four blocks of 64 KiB; the last one holds the norms as well.
ROWS, DIM = 1_000, 64


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    return create_store(tmp_path / "s", rng.normal(size=(ROWS, DIM)).astype(np.float32))


def test_a_flipped_bit_is_reported_when_its_block_is_read(store: Store) -> None:
    path = file_of(store, "segment")
    per_block = BLOCK_BYTES // (4 * DIM)
    clean = np.r_[0 : 2 * per_block, 3 * per_block : ROWS]
    expected = store.snapshot().vectors_at(clean).tobytes()
    flip_bit(path, 2 * BLOCK_BYTES + 77, bit=3)
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


def test_damaged_blocks_are_not_copied_to_new_segments(store: Store) -> None:
    flip_bit(file_of(store, "segment"), 100)
    fresh = Store(store.path)
    replacement = make_batch(np.ones((ROWS, DIM)), range(ROWS))
    for rewrite in (fresh.compact, lambda: fresh.commit(replacement)):
        with pytest.raises(StoreError, match="is damaged"):
            rewrite()
    assert [segment.info.rows for segment in fresh.snapshot().segments] == [ROWS]


def test_a_file_truncated_while_it_is_mapped_raises(store: Store) -> None:
    path = file_of(store, "segment")
    store.snapshot().vectors_at(np.arange(ROWS))
    with path.open("r+b") as file:
        file.truncate(5_000)
    for reader in (store, Store(store.path)):
        with pytest.raises(StoreError, match=f"{path} has 5,000 bytes instead of"):
            reader.snapshot()


def test_a_missing_segment_is_named(store: Store) -> None:
    path = file_of(store, "segment")
    path.unlink()
    with pytest.raises(StoreError, match=f"{path} is missing; restore it from a backup"):
        Store(store.path).snapshot()
    assert store.verify() == [Problem(path, f"{path} is missing.")]


def test_verify_names_every_damaged_file(store: Store, rng: np.random.Generator) -> None:
    store.commit(make_batch(rng.normal(size=(3, DIM)), range(3)))
    save_index_file(store, b"index")
    assert store.verify() == []
    small = store.path / store.snapshot().manifest.segments[1].name
    deleted, ann_index = file_of(store, "deleted"), file_of(store, "derived")
    flip_bit(small, 7)
    flip_bit(deleted, 0)
    flip_bit(ann_index, 2)
    first, *others = store.verify()
    assert first.sentence.startswith(f"{small} is damaged (bytes 0 to ")
    assert (first.file, first.is_rebuildable) == (small, False)
    assert others == [
        Problem(deleted, f"{deleted} is missing or damaged."),
        Problem(ann_index, f"{ann_index} is missing or damaged.", is_rebuildable=True),
    ]


def test_a_flipped_bit_among_the_deleted_rows_is_detected(store: Store) -> None:
    store.commit(delete=ids_of([5]))
    flip_bit(file_of(store, "deleted"), 0)
    with pytest.raises(StoreError, match=f"{file_of(store, 'deleted')} is damaged"):
        Store(store.path).snapshot()


def test_a_flipped_bit_in_the_manifest_is_detected(store: Store) -> None:
    flip_bit(store.path / "manifest.json", 20)
    for method in (store.snapshot, store.verify, store.compact):
        with pytest.raises(StoreError, match=r"manifest\.json is damaged; restore it"):
            method()
