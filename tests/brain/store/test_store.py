"""Commits: stored rows are read unchanged, across writers, and errors change nothing."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.stores import (
    contents,
    create_store,
    ids_of,
    make_batch,
    media_of,
    numbers_of,
    unused_files,
)

from fiftyone_faiss.brain.core.files import FileSystem
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.manifest import StoreError
from fiftyone_faiss.brain.store.store import Store


def normal(rng: np.random.Generator, rows: int, dim: int = 4) -> np.ndarray:
    return rng.normal(size=(rows, dim)).astype(np.float32)


def test_committed_rows_are_read_by_another_store_object(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = normal(rng, 10)
    create_store(tmp_path / "s", vectors)
    snapshot = Store(tmp_path / "s").snapshot()
    assert numbers_of(snapshot.sample_ids) == list(range(10))
    np.testing.assert_array_equal(snapshot.vectors_at(np.arange(10)), vectors)
    ((start, mapped, norms),) = snapshot.blocks(100)
    assert start == 0
    np.testing.assert_array_equal(mapped, vectors)
    np.testing.assert_allclose(norms, np.linalg.norm(vectors, axis=1), 1e-6)
    np.testing.assert_array_equal(snapshot.media, media_of(range(10)))
    assert snapshot.manifest.metadata == {"metric": "cosine"}


def test_float16_vectors_are_stored_in_two_bytes(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = normal(rng, 200, 16)
    store = create_store(tmp_path / "h", vectors, "float16")
    store.commit(make_batch(vectors[:3], [500, 501, 502]))
    store.compact()
    expected = np.concatenate([vectors, vectors[:3]]).astype(np.float16).astype(np.float32)
    rows = np.arange(203)
    np.testing.assert_array_equal(store.snapshot().vectors_at(rows), expected)
    norms = np.concatenate([norms for _, _, norms in store.snapshot().blocks(50)])
    np.testing.assert_allclose(norms, np.linalg.norm(expected.astype(float), axis=1), 1e-6)
    segment = tmp_path / "h" / store.snapshot().manifest.segments[0].name
    # 203 rows of 16 halves, a norm, an id and two numbers, each column padded, and 1 checksum.
    assert segment.stat().st_size == 6_528 + 832 + 2_496 + 3_264 + 4


def test_a_vector_too_large_for_float16_is_rejected(tmp_path: Path) -> None:
    store = create_store(tmp_path / "s", np.ones((2, 3), np.float32), "float16")
    before = contents(store.snapshot())
    with pytest.raises(ValueError, match="do not fit into float16; build the index with float32"):
        store.commit(make_batch(np.full((1, 3), 70_000, np.float32), [9]))
    assert contents(Store(store.path).snapshot()) == before


def test_a_vector_of_a_known_id_replaces_the_old_vector(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = create_store(tmp_path / "s", normal(rng, 10))
    new = np.ones((2, 4), np.float32)
    store.commit(make_batch(new, [3, 20]))
    snapshot = store.snapshot()
    assert snapshot.size == 11
    rows = snapshot.rows_of(ids_of([3, 20, 30]))
    assert rows.tolist() == [10, 11, -1]
    np.testing.assert_array_equal(snapshot.vectors_at(rows[:2]), new)


def test_deleted_rows_are_not_found_and_can_be_added_again(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = normal(rng, 5)
    store = create_store(tmp_path / "s", vectors)
    store.commit(delete=ids_of([1, 39]))
    assert store.snapshot().rows_of(ids_of(range(3))).tolist() == [0, -1, 2]
    assert store.snapshot().deleted.tolist() == [1]
    assert store.snapshot().live.tolist() == [True, False, True, True, True]
    store.commit(make_batch(vectors[1:2], [1]))
    assert store.snapshot().rows_of(ids_of([1])).tolist() == [5]


def test_one_commit_adds_deletes_and_sets_metadata(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = normal(rng, 6)
    store = create_store(tmp_path / "s", vectors[:4])
    store.commit(make_batch(vectors[4:], [2, 9]), delete=ids_of([0, 2]), metadata={"model": "m"})
    assert [n for n, _, _ in contents(store.snapshot())] == [1, 3, 2, 9]
    assert store.snapshot().manifest.generation == 2
    assert store.snapshot().manifest.metadata == {"metric": "cosine", "model": "m"}


def test_metadata_is_computed_from_the_values_of_other_writers(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = create_store(tmp_path / "s", normal(rng, 3))
    before = store.snapshot().manifest.metadata
    Store(store.path).commit(metadata={"failures": {"a": "by another"}})
    calls = []

    def add_failure(metadata: dict[str, Any]) -> dict[str, Any]:
        calls.append(metadata)
        return {"failures": {**metadata["failures"], "b": "by this one"}}

    store.commit(metadata=add_failure)
    assert calls == [{**before, "failures": {"a": "by another"}}]
    assert Store(store.path).snapshot().manifest.metadata == {
        "metric": "cosine",
        "failures": {"a": "by another", "b": "by this one"},
    }


def test_files_of_an_interrupted_write_are_ignored_and_removed(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = create_store(tmp_path / "s", normal(rng, 3))
    ours = {"abcdef.segment", "abcdef.deleted", "abcdef.derived", "manifest.json.1.tmp"}
    for name in ours | {".nfs0001"}:
        (tmp_path / "s" / name).write_bytes(b"half")
    assert Store(tmp_path / "s").snapshot().size == 3
    store.commit(delete=ids_of([0]))
    # NFS keeps this file for itself.
    assert unused_files(store) == {".nfs0001"}


def test_another_dimension_is_rejected_and_nothing_changes(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = create_store(tmp_path / "s", normal(rng, 3, 3))
    before = contents(store.snapshot())
    with pytest.raises(ValueError, match="have 5 dimensions but this index has 3"):
        store.commit(make_batch(np.ones((1, 5), np.float32), [9]))
    assert contents(Store(tmp_path / "s").snapshot()) == before
    assert store.snapshot().manifest.generation == 1


def test_vectors_may_have_any_memory_layout_and_dtype(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    wide = rng.normal(size=(8, 6))
    store = create_store(tmp_path / "s", wide[::2, ::2])
    store.commit(make_batch(np.asfortranarray(wide[1::2, 1::2], np.float32), range(4, 8)))
    expected = np.concatenate([wide[::2, ::2], wide[1::2, 1::2]]).astype(np.float32)
    np.testing.assert_array_equal(store.snapshot().vectors_at(np.arange(8)), expected)


def test_an_empty_batch_changes_nothing_but_the_generation(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = create_store(tmp_path / "s", normal(rng, 3))
    before = store.snapshot()
    store.commit(make_batch(np.empty((0, 4), np.float32), []), delete=ids_of([]))
    assert contents(store.snapshot()) == contents(before)
    assert store.snapshot().manifest.segments == before.manifest.segments
    assert store.snapshot().manifest.generation == 2


def test_columns_that_do_not_match_are_rejected(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = normal(rng, 3)
    store = create_store(tmp_path / "s", vectors)
    with pytest.raises(ValueError, match="3 embeddings came with 2 sample ids; pass one for each"):
        Batch(vectors, ids_of([1, 2]))
    with pytest.raises(ValueError, match="3 embeddings came with 1 media fingerprints"):
        Batch(vectors, ids_of([1, 2, 3]), media=media_of([1]))
    with pytest.raises(
        ValueError, match="This index holds samples; pass their ids with the vectors"
    ):
        store.commit(Batch(vectors, ids_of([1, 2, 3]), label_ids=ids_of([7, 8, 9])))
    patches = Store.create(tmp_path / "p", has_labels=True, metadata={})
    with pytest.raises(
        ValueError, match="This index holds labels; pass their ids with the vectors"
    ):
        patches.commit(make_batch(vectors, [1, 2, 3]))
    assert store.snapshot().manifest.generation == 1 and unused_files(store) == set()


def test_the_error_for_a_missing_store_names_its_directory(tmp_path: Path) -> None:
    sentence = f"There is no index at {tmp_path / 'gone'} on {socket.gethostname()}; restore"
    methods = (
        Store.snapshot,
        Store.verify,
        Store.compact,
        lambda store: store.remove_index_file("ann_index"),
        Store.commit,
    )
    for method in methods:
        with pytest.raises(StoreError) as error:
            method(Store(tmp_path / "gone"))
        assert str(error.value).startswith(sentence)
    assert not (tmp_path / "gone").exists()


class SmallFileSystem(FileSystem):
    """A disk with one kilobyte of free space."""

    def free_bytes(self, directory: Path) -> int:
        return 1_000


def test_nothing_is_written_if_the_disk_has_too_little_space(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    before = contents(create_store(tmp_path / "s", normal(rng, 20)).snapshot())
    store = Store(tmp_path / "s", SmallFileSystem())
    vectors = normal(rng, 5_000)
    sentence = (
        r"needs 0\.00 GB more but its disk has only 0\.00 GB left; free some space, or choose"
    )
    for write in (
        lambda: store.commit(make_batch(vectors, range(5_000))),
        lambda: store.check_space(5_000, 4),
        store.compact,
    ):
        with pytest.raises(StoreError, match=sentence):
            write()
    store.check_space(10, 4)
    assert contents(store.snapshot()) == before and unused_files(store) == set()
