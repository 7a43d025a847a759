"""The store: what goes in comes out, across commits, processes and stopped writes."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.stores import batch, contents, filled, ids_of, leftovers, media_of, numbers_of

from fiftyone_faiss.brain.core.files import FileSystem
from fiftyone_faiss.brain.core.ids import pack_ids, unpack_ids
from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.manifest import StoreError
from fiftyone_faiss.brain.store.store import Store


def normal(rng: np.random.Generator, rows: int, dim: int = 4) -> np.ndarray:
    return rng.normal(size=(rows, dim)).astype(np.float32)


def segments_of(store: Store) -> list[tuple[int, str | None]]:
    return [(one.rows, one.model) for one in store.snapshot().manifest.segments]


def test_ids_survive_packing_even_with_zero_bytes_at_their_ends() -> None:
    ids = ["0" * 24, "ff" * 12, "ab" * 11 + "00"]
    assert unpack_ids(pack_ids(ids)) == ids


def test_an_id_of_another_length_is_named() -> None:
    with pytest.raises(ValueError, match="'abc' is not an id"):
        pack_ids(["abc"])


def test_another_process_reads_what_was_committed(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = normal(rng, 10)
    filled(tmp_path / "s", vectors)
    snapshot = Store(tmp_path / "s").snapshot()
    assert numbers_of(snapshot.sample_ids) == list(range(10))
    np.testing.assert_array_equal(snapshot.vectors_at(np.arange(10)), vectors)
    ((start, mapped, norms),) = snapshot.blocks(100)
    assert start == 0
    np.testing.assert_array_equal(mapped, vectors)
    np.testing.assert_allclose(norms, np.linalg.norm(vectors, axis=1), 1e-6)
    np.testing.assert_array_equal(snapshot.media, media_of(range(10)))
    assert snapshot.manifest.metadata == {"metric": "cosine"}


def test_blocks_start_where_they_are_told_to(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = normal(rng, 13)
    store = filled(tmp_path / "s", vectors[:8])
    store.commit(batch(vectors[8:12], range(8, 12)))
    store.commit(batch(vectors[12:], [12]))
    for start in range(14):
        found = list(store.snapshot().blocks(3, start))
        assert [at for at, _, _ in found][:1] == ([start] if start < 13 else [])
        joined = np.concatenate([np.empty((0, 4)), *(block for _, block, _ in found)])
        np.testing.assert_array_equal(joined, vectors[start:])


def test_labels_are_what_rows_go_by_when_there_are_some(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = normal(rng, 3)
    store = Store.create(tmp_path / "s", has_labels=True, metadata={})
    store.commit(Batch(vectors, ids_of([1, 1, 2]), label_ids=ids_of([11, 12, 21])))
    store.commit(Batch(vectors[:1], ids_of([1]), label_ids=ids_of([12])))
    snapshot = store.snapshot()
    assert snapshot.rows_of(ids_of([11, 12, 21, 1])).tolist() == [0, 3, 2, -1]
    assert snapshot.rows_of_samples(ids_of([1])).tolist() == [0, 3]
    assert snapshot.media["mtime"].tolist() == [-1] * 4


def test_half_precision_is_kept_as_such(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = normal(rng, 200, 16)
    narrow = filled(tmp_path / "h", vectors, "float16")
    narrow.commit(batch(vectors[:3], [500, 501, 502]))
    narrow.compact()
    expected = np.concatenate([vectors, vectors[:3]]).astype(np.float16).astype(np.float32)
    rows = np.arange(203)
    np.testing.assert_array_equal(narrow.snapshot().vectors_at(rows), expected)
    norms = np.concatenate([norms for _, _, norms in narrow.snapshot().blocks(50)])
    np.testing.assert_allclose(norms, np.linalg.norm(expected.astype(float), axis=1), 1e-6)
    segment = tmp_path / "h" / narrow.snapshot().manifest.segments[0].name
    # 203 rows of 16 halves, a norm, an id and two numbers, each column padded, and 1 checksum.
    assert segment.stat().st_size == 6_528 + 832 + 2_496 + 3_264 + 4


def test_a_vector_too_large_for_half_precision_is_refused(tmp_path: Path) -> None:
    store = filled(tmp_path / "s", np.ones((2, 3), np.float32), "float16")
    before = contents(store.snapshot())
    with pytest.raises(ValueError, match="do not fit into float16; build the index with float32"):
        store.commit(batch(np.full((1, 3), 70_000, np.float32), [9]))
    assert contents(Store(store.path).snapshot()) == before


def test_a_vector_of_a_known_id_replaces_the_old_one(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = filled(tmp_path / "s", normal(rng, 10))
    new = np.ones((2, 4), np.float32)
    store.commit(batch(new, [3, 20]))
    snapshot = store.snapshot()
    assert snapshot.size == 11
    rows = snapshot.rows_of(ids_of([3, 20, 30]))
    assert rows.tolist() == [10, 11, -1]
    np.testing.assert_array_equal(snapshot.vectors_at(rows[:2]), new)


def test_deleted_rows_are_not_found_and_can_come_back(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = normal(rng, 5)
    store = filled(tmp_path / "s", vectors)
    store.commit(delete=ids_of([1, 39]))
    assert store.snapshot().rows_of(ids_of(range(3))).tolist() == [0, -1, 2]
    assert store.snapshot().deleted.tolist() == [1]
    assert store.snapshot().live.tolist() == [True, False, True, True, True]
    store.commit(batch(vectors[1:2], [1]))
    assert store.snapshot().rows_of(ids_of([1])).tolist() == [5]


def test_one_commit_adds_and_deletes_at_once(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = normal(rng, 6)
    store = filled(tmp_path / "s", vectors[:4])
    store.commit(batch(vectors[4:], [2, 9]), delete=ids_of([0, 2]), metadata={"model": "m"})
    assert [n for n, _, _ in contents(store.snapshot())] == [1, 3, 2, 9]
    assert store.snapshot().manifest.generation == 2
    assert store.snapshot().manifest.metadata == {"metric": "cosine", "model": "m"}


def test_facts_are_made_of_those_that_no_other_writer_changes_meanwhile(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = filled(tmp_path / "s", normal(rng, 3))
    known = store.snapshot().manifest.metadata
    Store(store.path).commit(metadata={"failures": {"a": "by another"}})
    seen = []

    def added(facts: dict[str, Any]) -> dict[str, Any]:
        seen.append(facts)
        return {"failures": {**facts["failures"], "b": "by this one"}}

    store.commit(metadata=added)
    assert seen == [{**known, "failures": {"a": "by another"}}]
    assert Store(store.path).snapshot().manifest.metadata == {
        "metric": "cosine",
        "failures": {"a": "by another", "b": "by this one"},
    }


def test_the_columns_of_a_batch_are_those_of_its_segment() -> None:
    vectors = np.array([[3, 4], [0, 0.5]])
    columns = Batch(vectors, ids_of([7, 8]), label_ids=ids_of([1, 2])).columns("float16")
    assert list(columns) == ["vectors", "norms", "samples", "media", "labels"]
    assert columns["vectors"].dtype == np.float16 and columns["norms"].dtype == np.float32
    assert columns["vectors"].tolist() == vectors.tolist()
    assert columns["norms"].tolist() == [5.0, 0.5]
    assert numbers_of(columns["samples"]) == [7, 8] and numbers_of(columns["labels"]) == [1, 2]
    assert columns["media"].tolist() == [(-1, -1)] * 2
    with pytest.raises(ValueError, match="do not fit into float16; build the index with float32"):
        Batch(np.full((1, 2), 1e5), ids_of([7])).columns("float16")


@pytest.mark.parametrize("sizes", [[1] * 70, list(range(40, 0, -1)), [5, 1, 9, 2, 64, 63, 1, 1]])
def test_segments_are_at_most_as_many_as_digits_and_rows_keep_their_numbers(
    tmp_path: Path, rng: np.random.Generator, sizes: list[int]
) -> None:
    vectors = normal(rng, sum(sizes), 3)
    store = Store.create(tmp_path / "s", has_labels=False, metadata={})
    written: dict[int, set[str]] = {row: set() for row in range(sum(sizes))}
    start = 0
    for size in sizes:
        numbers = range(start, start + size)
        store.commit(batch(vectors[start : start + size], numbers))
        start += size
        snapshot = store.snapshot()
        assert len(snapshot.segments) <= start.bit_length()
        for segment in snapshot.segments:
            for row in range(segment.start, segment.stop):
                written[row].add(segment.info.name)
        np.testing.assert_array_equal(snapshot.vectors_at(np.arange(start)), vectors[:start])
        assert numbers_of(snapshot.ids) == list(range(start))
    assert max(map(len, written.values())) <= start.bit_length()


def test_a_segment_takes_along_those_of_its_own_model_only(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = normal(rng, 6)
    store = Store.create(tmp_path / "s", has_labels=False, metadata={})
    for number, model in enumerate(["a", "a", "b", "b", None, "b"]):
        store.commit(batch(vectors[number : number + 1], [number], model))
    assert segments_of(store) == [(2, "a"), (2, "b"), (1, None), (1, "b")]
    assert store.snapshot().rows_not_of_model("a").tolist() == [2, 3, 5]
    store.commit(delete=ids_of([3]))
    assert store.snapshot().rows_not_of_model("a").tolist() == [2, 5]


def test_compacting_keeps_what_counts_in_its_order(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = normal(rng, 6, 3)
    store = filled(tmp_path / "s", vectors)
    store.commit(batch(vectors[:1] * 2, [0]))
    store.commit(delete=ids_of([4]))
    before = contents(store.snapshot())
    store.compact()
    snapshot = store.snapshot()
    assert contents(snapshot) == before
    assert numbers_of(snapshot.ids) == [1, 2, 3, 5, 0]
    assert segments_of(store) == [(5, None)] and snapshot.deleted.tolist() == []
    assert snapshot.manifest.compaction_count == 1 and snapshot.manifest.generation == 4


def test_compacting_keeps_who_made_which_vectors(tmp_path: Path, rng: np.random.Generator) -> None:
    store = Store.create(tmp_path / "s", has_labels=False, metadata={})
    for numbers, model in (([0, 1], "a"), ([2, 3], "b"), ([4], "b"), ([5], "a"), ([6], "c")):
        store.commit(batch(normal(rng, len(numbers)), numbers, model))
    store.commit(delete=ids_of([1, 4, 6]))
    before = contents(store.snapshot())
    store.compact()
    assert segments_of(store) == [(1, "a"), (2, "b"), (1, "a")]
    assert contents(store.snapshot()) == before


def test_compacting_a_store_whose_rows_are_all_deleted_empties_it(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = filled(tmp_path / "s", normal(rng, 4))
    store.commit(delete=ids_of(range(4)))
    store.compact()
    assert contents(store.snapshot()) == [] and segments_of(store) == []
    store.commit(batch(np.ones((1, 4), np.float32), [2]))
    assert [n for n, _, _ in contents(store.snapshot())] == [2]


def test_a_reader_keeps_its_generation_while_a_writer_goes_on(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = normal(rng, 6, 3)
    store = filled(tmp_path / "s", vectors)
    reader = Store(tmp_path / "s")
    before = reader.snapshot()
    store.commit(delete=ids_of(range(6)))
    store.compact()
    store.commit(batch(vectors, range(10, 16)))
    np.testing.assert_array_equal(before.vectors_at(np.arange(6)), vectors)
    assert numbers_of(reader.snapshot().ids) == list(range(10, 16))


def test_leftovers_of_a_stopped_write_are_ignored_and_removed(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = filled(tmp_path / "s", normal(rng, 3))
    ours = {"abcdef.segment", "abcdef.deleted", "abcdef.derived", "manifest.json.1.tmp"}
    for name in ours | {".nfs0001"}:
        (tmp_path / "s" / name).write_bytes(b"half")
    assert Store(tmp_path / "s").snapshot().size == 3
    store.commit(delete=ids_of([0]))
    # What a file system keeps there for its own ends cannot be removed.
    assert leftovers(store) == {".nfs0001"}


def test_another_dimension_is_refused_and_nothing_changes(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = filled(tmp_path / "s", normal(rng, 3, 3))
    before = contents(store.snapshot())
    with pytest.raises(ValueError, match="have 5 dimensions but this index has 3"):
        store.commit(batch(np.ones((1, 5), np.float32), [9]))
    assert contents(Store(tmp_path / "s").snapshot()) == before
    assert store.snapshot().manifest.generation == 1


def test_vectors_are_taken_in_any_layout_and_dtype(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    wide = rng.normal(size=(8, 6))
    store = filled(tmp_path / "s", wide[::2, ::2])
    store.commit(batch(np.asfortranarray(wide[1::2, 1::2], np.float32), range(4, 8)))
    expected = np.concatenate([wide[::2, ::2], wide[1::2, 1::2]]).astype(np.float32)
    np.testing.assert_array_equal(store.snapshot().vectors_at(np.arange(8)), expected)


def test_an_empty_batch_changes_nothing_but_the_generation(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = filled(tmp_path / "s", normal(rng, 3))
    before = store.snapshot()
    store.commit(batch(np.empty((0, 4), np.float32), []), delete=ids_of([]))
    assert contents(store.snapshot()) == contents(before)
    assert store.snapshot().manifest.segments == before.manifest.segments
    assert store.snapshot().manifest.generation == 2


def test_what_does_not_belong_together_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = normal(rng, 3)
    store = filled(tmp_path / "s", vectors)
    with pytest.raises(ValueError, match="3 embeddings came with 2 sample ids"):
        Batch(vectors, ids_of([1, 2]))
    with pytest.raises(ValueError, match="3 embeddings came with 1 media fingerprints"):
        Batch(vectors, ids_of([1, 2, 3]), media=media_of([1]))
    with pytest.raises(ValueError, match="holds samples"):
        store.commit(Batch(vectors, ids_of([1, 2, 3]), label_ids=ids_of([7, 8, 9])))
    patches = Store.create(tmp_path / "p", has_labels=True, metadata={})
    with pytest.raises(ValueError, match="holds labels"):
        patches.commit(batch(vectors, [1, 2, 3]))
    assert store.snapshot().manifest.generation == 1 and leftovers(store) == set()


def test_a_missing_store_says_where_it_should_be(tmp_path: Path) -> None:
    sentence = f"There is no index at {tmp_path / 'gone'} on {socket.gethostname()}; restore"
    for act in (Store.snapshot, Store.verify, Store.compact, Store.remove_ann_index, Store.commit):
        with pytest.raises(StoreError) as error:
            act(Store(tmp_path / "gone"))
        assert str(error.value).startswith(sentence)
    assert not (tmp_path / "gone").exists()


class SmallDisk(FileSystem):
    """A disk with one kilobyte left."""

    def free_bytes(self, folder: Path) -> int:
        return 1_000


def test_a_disk_with_too_little_space_is_left_as_it_is(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    before = contents(filled(tmp_path / "s", normal(rng, 20)).snapshot())
    store = Store(tmp_path / "s", SmallDisk())
    vectors = normal(rng, 5_000)
    sentence = r"needs 0\.00 GB more but its disk has only 0\.00 GB left; free some, or choose"
    for act in (
        lambda: store.commit(batch(vectors, range(5_000))),
        lambda: store.check_space(5_000, 4),
        store.compact,
    ):
        with pytest.raises(StoreError, match=sentence):
            act()
    store.check_space(10, 4)
    assert contents(store.snapshot()) == before and leftovers(store) == set()
