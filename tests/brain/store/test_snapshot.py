"""Snapshots: what readers see of one generation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.stores import create_store, ids_of, make_batch, numbers_of

from fiftyone_faiss.brain.store.batch import Batch
from fiftyone_faiss.brain.store.store import Store


def normal(rng: np.random.Generator, rows: int, dim: int = 4) -> np.ndarray:
    return rng.normal(size=(rows, dim)).astype(np.float32)


def test_blocks_start_at_the_given_row(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = normal(rng, 13)
    store = create_store(tmp_path / "s", vectors[:8])
    store.commit(make_batch(vectors[8:12], range(8, 12)))
    store.commit(make_batch(vectors[12:], [12]))
    for start in range(14):
        blocks = list(store.snapshot().blocks(3, start))
        assert [at for at, _, _ in blocks][:1] == ([start] if start < 13 else [])
        joined = np.concatenate([np.empty((0, 4)), *(block for _, block, _ in blocks)])
        np.testing.assert_array_equal(joined, vectors[start:])


def test_rows_of_labels_are_identified_by_label_ids(
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


def test_a_reader_keeps_its_generation_while_a_writer_continues(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = normal(rng, 6, 3)
    store = create_store(tmp_path / "s", vectors)
    reader = Store(tmp_path / "s")
    before = reader.snapshot()
    store.commit(delete=ids_of(range(6)))
    store.compact()
    store.commit(make_batch(vectors, range(10, 16)))
    np.testing.assert_array_equal(before.vectors_at(np.arange(6)), vectors)
    assert numbers_of(reader.snapshot().ids) == list(range(10, 16))


def test_max_norm_ignores_extreme_vectors(tmp_path: Path) -> None:
    store = create_store(tmp_path / "s", np.array([[3, 4], [0, 0]], np.float32))
    assert (store.snapshot().max_norm, store.snapshot().has_extreme) == (5.0, False)
    store.commit(make_batch(np.array([[1e20, 0]], np.float32), [9]))
    assert (store.snapshot().max_norm, store.snapshot().has_extreme) == (5.0, True)
    empty = Store.create(tmp_path / "e", has_labels=False, metadata={}).snapshot()
    assert (empty.max_norm, empty.has_extreme, empty.size, empty.dim) == (0.0, False, 0, 0)


def test_mapped_rows_are_the_vectors_of_the_rows(tmp_path: Path, rng: np.random.Generator) -> None:
    given = rng.normal(size=(51, 6)).astype(np.float32)
    store = Store.create(tmp_path / "store", has_labels=False, metadata={})
    store.commit(make_batch(given[:40], range(40)))
    store.commit(make_batch(given[40:], range(40, 51)))
    snapshot = store.snapshot()
    assert [segment.info.rows for segment in snapshot.segments] == [40, 11]
    for numbers in ([3, 4, 5], [38, 39, 40, 41], [40, 41, 50], [50], [0, 2, 4], []):
        rows = np.array(numbers, np.int64)
        np.testing.assert_array_equal(snapshot.mapped_at(rows), given[rows])
    # Rows of a segment that follow each other are not copied.
    flags = snapshot.mapped_at(np.arange(3, 6)).flags
    assert not flags.owndata and not flags.writeable
