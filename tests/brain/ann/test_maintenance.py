"""Building, rebuilding and opening the ANN index of a store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest
from support.distances import reference
from support.hits import nearest_rows
from support.searchers import DIM, ROWS, SMALL_POLICY, searcher_with_index, small_searcher
from support.stores import ALL_ROWS, create_store, flip_bit, ids_of, make_batch, numbers_of

from fiftyone_faiss.brain.ann import maintenance
from fiftyone_faiss.brain.ann.policy import DEFAULT_POLICY
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.store.manifest import StoreError
from fiftyone_faiss.brain.store.store import Store


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(ROWS, DIM)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path, vectors: np.ndarray) -> Store:
    return create_store(tmp_path / "s", vectors)


@pytest.fixture
def count_warnings(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], int]]:
    with caplog.at_level(logging.WARNING, maintenance.logger.name):
        yield lambda: sum("missing or damaged" in record.message for record in caplog.records)


@pytest.mark.parametrize("corruption", ["flip", "truncate", "remove"])
def test_searches_are_exact_while_the_index_file_is_damaged(
    store: Store, vectors: np.ndarray, count_warnings: Callable[[], int], corruption: str
) -> None:
    searcher_with_index(store, "PQ4x4")
    (path,) = store.path.glob("*.derived")
    if corruption == "flip":
        flip_bit(path, path.stat().st_size // 2)
    elif corruption == "truncate":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    for openings in (1, 2):
        searcher = small_searcher(Store(store.path), "PQ4x4")
        expected = reference(vectors[:5], vectors, "cosine")
        for query, distances in zip(vectors[:5], expected, strict=True):
            (hit,) = searcher.search(store.snapshot(), query[None], 8, ALL_ROWS)
            assert hit.rows.tolist() == nearest_rows(distances, 8)
        assert count_warnings() == openings
    searcher.maintenance.maintain()
    problems = [problem.sentence for problem in searcher.store.verify()]
    assert problems == [f"{path} is missing or damaged."]
    searcher.maintenance.maintain(force=True)
    assert searcher.store.verify() == []
    searcher.search(searcher.store.snapshot(), vectors[:1], 8, ALL_ROWS)
    assert count_warnings() == 2


def test_a_snapshot_is_searchable_after_its_index_file_is_replaced(
    store: Store, vectors: np.ndarray, count_warnings: Callable[[], int]
) -> None:
    searcher = searcher_with_index(store, "PQ4x4")
    old = store.snapshot()
    searcher.maintenance.maintain(force=True)
    store.commit(metadata={"x": 1})
    searcher.search(store.snapshot(), vectors[:1], 3, ALL_ROWS)
    (hit,) = searcher.search(old, vectors[:1], 8, ALL_ROWS)
    assert hit.rows.tolist() == nearest_rows(reference(vectors[:1], vectors, "cosine")[0], 8)
    assert count_warnings() == 0, "nothing is damaged"


def test_maintenance_rebuilds_compacts_and_removes_when_due(
    store: Store, vectors: np.ndarray
) -> None:
    searcher = searcher_with_index(store, "sq8")
    first = store.snapshot().manifest.ann_index
    searcher.maintenance.maintain()
    assert store.snapshot().manifest.ann_index == first
    store.commit(make_batch(vectors[:101] + 1, range(ROWS, ROWS + 101)))
    assert searcher.maintenance.is_stale(store.snapshot())
    assert list(searcher.maintenance.maintain_steps())[-1] == (ROWS + 101, ROWS + 101)
    assert store.snapshot().manifest.ann_index.rows == ROWS + 101
    store.commit(delete=ids_of(range(200)))
    searcher.maintenance.maintain()
    snapshot = store.snapshot()
    assert snapshot.manifest.compaction_count == 1
    assert snapshot.total_rows == snapshot.manifest.ann_index.rows == ROWS - 99
    (hit,) = searcher.search(snapshot, vectors[300:301], 1, ALL_ROWS)
    assert numbers_of(snapshot.ids[hit.rows]) == [300]
    small_searcher(store, "flat").maintenance.maintain()
    assert store.snapshot().manifest.ann_index is None


def test_the_policy_decides_when_an_index_is_due(store: Store, vectors: np.ndarray) -> None:
    by_default = VectorSearcher(store, "cosine", "sq8")
    assert by_default.policy == DEFAULT_POLICY and by_default.maintenance.is_stale(store.snapshot())
    larger = replace(SMALL_POLICY, min_rows=ROWS + 1)
    searcher = VectorSearcher(store, "cosine", "sq8", policy=larger)
    assert not searcher.maintenance.is_stale(store.snapshot())
    searcher.maintenance.policy = replace(SMALL_POLICY, tail_rows=50, tail_fraction=0.1)
    assert searcher.maintenance.is_stale(store.snapshot())
    searcher.maintenance.maintain()
    for added, is_stale in ((50, False), (1, True)):
        numbers = range(5_000 + added, 5_000 + 2 * added)
        store.commit(make_batch(vectors[:added], numbers))
        assert searcher.maintenance.is_stale(store.snapshot()) == is_stale


def test_an_index_that_faiss_cannot_build_is_replaced_by_exact_search(
    store: Store, vectors: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    # Earlier versions accepted this type.
    searcher = small_searcher(store, "IDMap,Flat")
    sentence = (
        "FAISS could not build 'IDMap,Flat' (add does not make sense with IndexIDMap, use "
        "add_with_ids); "
    )
    with caplog.at_level(logging.WARNING, maintenance.logger.name):
        searcher.maintenance.maintain()
    (record,) = caplog.records
    assert record.message == sentence + (
        "vectors that no FAISS index holds are searched exactly until update_index builds it."
    )
    assert store.snapshot().manifest.ann_index is None
    (hit,) = searcher.search(store.snapshot(), vectors[5:6], 8, ALL_ROWS)
    assert hit.rows.tolist() == nearest_rows(reference(vectors[5:6], vectors, "cosine")[0], 8)
    with pytest.raises(ValueError) as error:
        searcher.maintenance.maintain(force=True)
    assert str(error.value) == sentence + "build an index of another type."


def test_an_index_of_renumbered_rows_is_rebuilt(store: Store, vectors: np.ndarray) -> None:
    """Another process compacts the store while the index is being built."""
    searcher = small_searcher(store, "sq8")
    steps = searcher.maintenance.maintain_steps()
    next(steps)
    Store(store.path).commit(delete=ids_of([0]))
    Store(store.path).compact()
    assert list(steps)[-1] == (ROWS - 1, ROWS - 1)
    manifest = store.snapshot().manifest
    assert (manifest.compaction_count, manifest.ann_index.rows) == (1, ROWS - 1)
    (hit,) = searcher.search(store.snapshot(), vectors[7:8], 1, ALL_ROWS)
    assert numbers_of(store.snapshot().ids[hit.rows]) == [7]


def test_a_file_that_faiss_cannot_write_is_a_store_error(store: Store) -> None:
    index = faiss.index_factory(DIM, "Flat")
    with pytest.raises(OSError, match="FAISS could not write"):
        maintenance._write(index, store.path / "missing" / "file.derived")
    with pytest.raises(StoreError, match="could not be written"):
        store.save_ann_index(
            store.snapshot(), {}, lambda path: maintenance._write(index, path / "file.derived")
        )
