"""The store: what goes in comes out, across commits, processes, damage and stopped writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bson import ObjectId

from fiftyone_faiss.brain.ids import pack_ids, unpack_ids
from fiftyone_faiss.brain.manifest import StoreError
from fiftyone_faiss.brain.store import Store

IDS = [str(ObjectId(f"{i:024x}")) for i in range(40)]


def filled(path: Path, vectors: np.ndarray) -> Store:
    store = Store.create(path, has_labels=False, facts={"metric": "cosine"})
    store.commit(vectors, pack_ids(IDS[: len(vectors)]))
    return store


def test_ids_survive_packing_even_with_zero_bytes_at_their_ends() -> None:
    ids = ["0" * 24, "ff" * 12, "ab" * 11 + "00"]
    assert unpack_ids(pack_ids(ids)) == ids


def test_an_id_of_another_length_is_named() -> None:
    with pytest.raises(ValueError, match="'abc' is not an id"):
        pack_ids(["abc"])


def test_another_process_reads_what_was_committed(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(10, 4)).astype(np.float32)
    filled(tmp_path / "s", vectors)
    snapshot = Store(tmp_path / "s").snapshot()
    assert unpack_ids(snapshot.sample_ids) == IDS[:10]
    np.testing.assert_array_equal(snapshot.vectors_at(np.arange(10)), vectors)
    np.testing.assert_allclose(snapshot.segments[0].norms, np.linalg.norm(vectors, axis=1), 1e-6)
    assert snapshot.manifest.facts == {"metric": "cosine"}


def test_a_vector_of_a_known_id_replaces_the_old_one(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = filled(tmp_path / "s", rng.normal(size=(10, 4)).astype(np.float32))
    new = np.ones((2, 4), np.float32)
    store.commit(new, pack_ids([IDS[3], IDS[20]]))
    snapshot = store.snapshot()
    assert snapshot.size == 11
    rows = snapshot.rows_of(pack_ids([IDS[3], IDS[20], IDS[30]]))
    assert rows.tolist() == [10, 11, -1]
    np.testing.assert_array_equal(snapshot.vectors_at(rows[:2]), new)


def test_deleted_rows_are_not_found_and_can_come_back(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = rng.normal(size=(5, 4)).astype(np.float32)
    store = filled(tmp_path / "s", vectors)
    store.commit(delete=pack_ids([IDS[1], IDS[39]]))
    assert store.snapshot().rows_of(pack_ids(IDS[:3])).tolist() == [0, -1, 2]
    store.commit(vectors[1:2], pack_ids([IDS[1]]))
    assert store.snapshot().rows_of(pack_ids([IDS[1]])).tolist() == [5]


def test_compacting_keeps_what_counts_in_its_order(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = rng.normal(size=(6, 3)).astype(np.float32)
    store = filled(tmp_path / "s", vectors)
    store.commit(vectors[:1] * 2, pack_ids([IDS[0]]))
    store.commit(delete=pack_ids([IDS[4]]))
    store.compact()
    snapshot = store.snapshot()
    assert unpack_ids(snapshot.ids) == [IDS[1], IDS[2], IDS[3], IDS[5], IDS[0]]
    expected = np.concatenate([vectors[[1, 2, 3, 5]], vectors[:1] * 2])
    np.testing.assert_array_equal(snapshot.vectors_at(np.arange(5)), expected)
    assert len(snapshot.segments) == 1 and len(snapshot.deleted) == 0


def test_a_reader_keeps_its_generation_while_a_writer_goes_on(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = rng.normal(size=(6, 3)).astype(np.float32)
    store = filled(tmp_path / "s", vectors)
    reader = Store(tmp_path / "s")
    before = reader.snapshot()
    store.commit(delete=pack_ids(IDS[:6]))
    store.compact()
    store.commit(vectors, pack_ids(IDS[10:16]))
    np.testing.assert_array_equal(before.vectors_at(np.arange(6)), vectors)
    assert unpack_ids(reader.snapshot().ids) == IDS[10:16]


def test_leftovers_of_a_stopped_write_are_ignored_and_removed(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = filled(tmp_path / "s", rng.normal(size=(3, 3)).astype(np.float32))
    (tmp_path / "s" / "abcdef.vectors").write_bytes(b"half")
    (tmp_path / "s" / "manifest.json.1.tmp").write_bytes(b"{")
    assert Store(tmp_path / "s").snapshot().size == 3
    store.commit(delete=pack_ids([IDS[0]]))
    assert not list((tmp_path / "s").glob("abcdef*")) + list((tmp_path / "s").glob("*.tmp"))


def test_another_dimension_is_refused_and_nothing_changes(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = filled(tmp_path / "s", rng.normal(size=(3, 3)).astype(np.float32))
    with pytest.raises(ValueError, match="have 5 dimensions but this index has 3"):
        store.commit(np.ones((1, 5), np.float32), pack_ids([IDS[9]]))
    assert Store(tmp_path / "s").snapshot().size == 3


def test_a_missing_store_says_where_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"no index at {tmp_path / 'gone'}"):
        Store(tmp_path / "gone").snapshot()


def test_a_file_cut_short_is_noticed_when_it_is_opened(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    filled(tmp_path / "s", rng.normal(size=(3, 3)).astype(np.float32))
    (file,) = (tmp_path / "s").glob("*.vectors")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StoreError, match="missing or cut short"):
        Store(tmp_path / "s").snapshot()


def test_a_flipped_bit_is_found_by_verify(tmp_path: Path, rng: np.random.Generator) -> None:
    store = filled(tmp_path / "s", rng.normal(size=(3, 3)).astype(np.float32))
    assert store.verify() == []
    (file,) = (tmp_path / "s").glob("*.vectors")
    data = bytearray(file.read_bytes())
    data[5] ^= 1
    file.write_bytes(data)
    assert store.verify() == [file.name]


def test_a_newer_format_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    filled(tmp_path / "s", rng.normal(size=(3, 3)).astype(np.float32))
    path = tmp_path / "s" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 99}))
    with pytest.raises(StoreError, match="newer fiftyone-faiss"):
        Store(tmp_path / "s").snapshot()


def test_a_copy_goes_its_own_way(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(4, 3)).astype(np.float32)
    store = filled(tmp_path / "s", vectors)
    copy = store.copy_to(tmp_path / "t")
    copy.commit(delete=pack_ids([IDS[0]]))
    store.destroy()
    np.testing.assert_array_equal(copy.snapshot().vectors_at(np.array([1, 2, 3])), vectors[1:])
    assert copy.snapshot().size == 3 and not (tmp_path / "s").exists()
