"""Building, rebuilding and opening the ANN index of a store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import faiss
import numpy as np
import pytest
from support.distances import reference
from support.hits import nearest_rows
from support.searchers import DIM, ROWS, SMALL_POLICY, searcher_with_index, small_searcher
from support.special_files import SPECIAL, replace_by
from support.stores import ALL_ROWS, create_store, flip_bit, ids_of, make_batch, numbers_of

from fiftyone_faiss.brain.ann import maintenance
from fiftyone_faiss.brain.ann.policy import DEFAULT_POLICY
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.core.files import FileSystem
from fiftyone_faiss.brain.store.manifest import StoreError
from fiftyone_faiss.brain.store.snapshot import Snapshot
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


@pytest.mark.parametrize("kind", SPECIAL)
def test_searches_are_exact_if_no_file_is_in_its_place(
    store: Store, vectors: np.ndarray, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    searcher_with_index(store, "PQ4x4")
    (path,) = store.path.glob("*.derived")
    reason = replace_by(kind, path)
    searcher = small_searcher(Store(store.path), "PQ4x4")
    with caplog.at_level(logging.WARNING, maintenance.logger.name):
        exact_rows(searcher, vectors, store.snapshot())
    assert [f"{path} could not be read ({reason})" in text for text in caplog.messages] == [True]


class VanishingFileSystem(FileSystem):
    """Calls back when the file of an ANN index was opened to check it, before FAISS reads it."""

    def __init__(self, callback: Callable[[Path], object]) -> None:
        self.callback = callback

    def open(self, path: Path) -> BinaryIO:
        file = super().open(path)
        if path.suffix == ".derived":
            self.callback(path)
        return file


def exact_rows(searcher: VectorSearcher, vectors: np.ndarray, snapshot: Snapshot) -> list[int]:
    """Searches once, and asserts that the result is that of an exact search."""
    (hit,) = searcher.search(snapshot, vectors[:1], 8, ALL_ROWS)
    rows: list[int] = hit.rows.tolist()
    assert rows == nearest_rows(reference(vectors[:1], vectors, "cosine")[0], 8)
    return rows


def test_searches_are_exact_if_the_index_file_is_replaced_after_its_check(
    store: Store, vectors: np.ndarray, count_warnings: Callable[[], int]
) -> None:
    other = searcher_with_index(store, "PQ4x4")

    def replace_file(path: Path) -> None:
        other.maintenance.maintain(force=True)
        other.store.commit()
        assert not path.exists()

    fresh = Store(store.path, VanishingFileSystem(replace_file))
    snapshot = fresh.snapshot()
    exact_rows(small_searcher(fresh, "PQ4x4"), vectors, snapshot)
    assert count_warnings() == 0, "nothing is damaged"


def test_a_file_that_vanishes_after_its_check_is_rebuilt(
    store: Store, vectors: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    searcher_with_index(store, "PQ4x4")
    fresh = Store(store.path, VanishingFileSystem(Path.unlink))
    searcher = small_searcher(fresh, "PQ4x4")
    with caplog.at_level(logging.WARNING, maintenance.logger.name):
        for _ in range(3):
            exact_rows(searcher, vectors, fresh.snapshot())
    (message,) = caplog.messages
    assert "could not be opened by FAISS ('f.get()' failed: could not open" in message
    assert message.endswith("so searches are exact but slower; run update_index to rebuild it.")
    searcher.maintenance.maintain(force=True)
    assert fresh.snapshot().manifest.ann_index is not None


CHANGES = ["unknown type", "other rows", "other dimension", "no tuning", "wrong tiers"]


@pytest.mark.parametrize("change", CHANGES)
def test_an_intact_file_that_cannot_be_used_is_reported_once(
    store: Store, vectors: np.ndarray, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    searcher = searcher_with_index(store, "sq8")
    info = store.snapshot().manifest.ann_index
    metadata = {"efforts": [{}]} if change == "no tuning" else info.metadata
    if change == "wrong tiers":
        metadata = {**metadata, "tiers": [{"limit": "0.5", "efforts": metadata["efforts"]}]}
    index = faiss.index_factory(DIM + (change == "other dimension"), "SQ8")
    data = (store.path / info.file.name).read_bytes()
    if change.startswith("other"):
        index.train(np.ones((ROWS, index.d), np.float32))
        index.add(np.ones((ROWS - (change == "other rows"), index.d), np.float32))
        data = faiss.serialize_index(index).tobytes()
    elif change == "unknown type":
        data = b"Zz99" + data[4:]
    store.save_index_file(
        "ann_index", store.snapshot(), metadata, lambda path: path.write_bytes(data)
    )
    assert store.verify() == [], "it is as it was written"
    snapshot = store.snapshot()
    with caplog.at_level(logging.WARNING, maintenance.logger.name):
        # Other snapshots close the file in between.
        for current in (snapshot, snapshot):
            exact_rows(searcher, vectors, current)
            searcher.maintenance._opened = None
    (message,) = caplog.messages
    problem = searcher.maintenance.problem_of(snapshot)
    assert problem is not None and message.startswith(problem)
    searcher.maintenance.maintain(force=True)
    assert searcher.maintenance.problem_of(store.snapshot()) is None


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
        store.save_index_file(
            "ann_index",
            store.snapshot(),
            {},
            lambda path: maintenance._write(index, path / "file.derived"),
        )
