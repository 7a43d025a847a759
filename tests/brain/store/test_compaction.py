"""Merging and compacting segments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.stores import contents, create_store, ids_of, make_batch, numbers_of

from fiftyone_faiss.brain.store.store import Store


def normal(rng: np.random.Generator, rows: int, dim: int = 4) -> np.ndarray:
    return rng.normal(size=(rows, dim)).astype(np.float32)


def segments_of(store: Store) -> list[tuple[int, str | None]]:
    return [(segment.rows, segment.model) for segment in store.snapshot().manifest.segments]


@pytest.mark.parametrize("sizes", [[1] * 70, list(range(40, 0, -1)), [5, 1, 9, 2, 64, 63, 1, 1]])
def test_the_number_of_segments_is_limited_and_rows_keep_their_numbers(
    tmp_path: Path, rng: np.random.Generator, sizes: list[int]
) -> None:
    vectors = normal(rng, sum(sizes), 3)
    store = Store.create(tmp_path / "s", has_labels=False, metadata={})
    written: dict[int, set[str]] = {row: set() for row in range(sum(sizes))}
    start = 0
    for size in sizes:
        numbers = range(start, start + size)
        store.commit(make_batch(vectors[start : start + size], numbers))
        start += size
        snapshot = store.snapshot()
        assert len(snapshot.segments) <= start.bit_length()
        for segment in snapshot.segments:
            for row in range(segment.start, segment.stop):
                written[row].add(segment.info.name)
        np.testing.assert_array_equal(snapshot.vectors_at(np.arange(start)), vectors[:start])
        assert numbers_of(snapshot.ids) == list(range(start))
    assert max(map(len, written.values())) <= start.bit_length()


def test_only_segments_of_the_same_model_are_merged(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = normal(rng, 6)
    store = Store.create(tmp_path / "s", has_labels=False, metadata={})
    for number, model in enumerate(["a", "a", "b", "b", None, "b"]):
        store.commit(make_batch(vectors[number : number + 1], [number], model))
    assert segments_of(store) == [(2, "a"), (2, "b"), (1, None), (1, "b")]
    assert store.snapshot().rows_not_of_model("a").tolist() == [2, 3, 5]
    store.commit(delete=ids_of([3]))
    assert store.snapshot().rows_not_of_model("a").tolist() == [2, 5]


def test_compaction_keeps_live_rows_in_order(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = normal(rng, 6, 3)
    store = create_store(tmp_path / "s", vectors)
    store.commit(make_batch(vectors[:1] * 2, [0]))
    store.commit(delete=ids_of([4]))
    before = contents(store.snapshot())
    store.compact()
    snapshot = store.snapshot()
    assert contents(snapshot) == before
    assert numbers_of(snapshot.ids) == [1, 2, 3, 5, 0]
    assert segments_of(store) == [(5, None)] and snapshot.deleted.tolist() == []
    assert snapshot.manifest.compaction_count == 1 and snapshot.manifest.generation == 4


def test_compaction_keeps_the_models_of_vectors(tmp_path: Path, rng: np.random.Generator) -> None:
    store = Store.create(tmp_path / "s", has_labels=False, metadata={})
    for numbers, model in (([0, 1], "a"), ([2, 3], "b"), ([4], "b"), ([5], "a"), ([6], "c")):
        store.commit(make_batch(normal(rng, len(numbers)), numbers, model))
    store.commit(delete=ids_of([1, 4, 6]))
    before = contents(store.snapshot())
    store.compact()
    assert segments_of(store) == [(1, "a"), (2, "b"), (1, "a")]
    assert contents(store.snapshot()) == before


def test_compaction_empties_a_store_whose_rows_are_all_deleted(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = create_store(tmp_path / "s", normal(rng, 4))
    store.commit(delete=ids_of(range(4)))
    store.compact()
    assert contents(store.snapshot()) == [] and segments_of(store) == []
    store.commit(make_batch(np.ones((1, 4), np.float32), [2]))
    assert [n for n, _, _ in contents(store.snapshot())] == [2]


def test_only_segments_of_the_same_precision_are_merged(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    store = Store.create(tmp_path / "s", has_labels=False, metadata={})
    assert store.snapshot().precision() is None
    precisions = ["float32", "float32", "bfloat16", None, "bfloat16", None]
    for number, precision in enumerate(precisions):
        store.commit(make_batch(normal(rng, 1), [number], "a", precision))
    assert precisions_of(store) == [
        (2, "float32"),
        (1, "bfloat16"),
        (1, None),
        (1, "bfloat16"),
        (1, None),
    ]
    assert store.snapshot().precision() == "bfloat16"
    store.commit(delete=ids_of([0, 2]))
    before = contents(store.snapshot())
    store.compact()
    assert contents(store.snapshot()) == before
    assert precisions_of(store) == [(1, "float32"), (1, None), (1, "bfloat16"), (1, None)]
    assert Store(store.path).snapshot().precision() == "bfloat16"


def precisions_of(store: Store) -> list[tuple[int, str | None]]:
    return [(segment.rows, segment.precision) for segment in store.snapshot().manifest.segments]
