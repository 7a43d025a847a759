"""Flipped bits and truncations are reported, or change no result."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.searchers import small_searcher
from support.stores import ALL_ROWS, contents, flip_bit, ids_of, make_batch

from fiftyone_faiss.brain.ann import exact_search
from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.store import Store
from fiftyone_faiss.brain.store.verification import Problem

DIM, ROWS = 32, 700


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    """A store with two segments, one of which has two blocks, deleted rows and an ANN index."""
    vectors = rng.normal(size=(ROWS, DIM)).astype(np.float32)
    store = Store.create(tmp_path / "store", has_labels=False, metadata={})
    store.commit(make_batch(vectors[:-40], range(ROWS - 40), "a"))
    store.commit(make_batch(vectors[-40:], range(ROWS - 40, ROWS), "b"))
    store.commit(delete=ids_of([3, 600, 690]))
    small_searcher(store, "IVF4,SQ8").maintenance.maintain()
    return store


def positions(file: Path, count: int, rng: np.random.Generator) -> list[int]:
    """Returns positions in a file, including its first and last byte."""
    size = file.stat().st_size
    return sorted({0, size - 1, *rng.integers(0, size, count).tolist()})


def files(store: Store, *suffixes: str) -> Iterator[Path]:
    for name in sorted(store.snapshot().manifest.file_names):
        if name.endswith(suffixes):
            yield store.path / name


def read_all(store: Store) -> None:
    """Reads all values of a store."""
    snapshot = store.snapshot()
    contents(snapshot)
    list(snapshot.blocks(100))
    assert snapshot.max_norm > 0


def damages(
    original: Store, file: Path, count: int, rng: np.random.Generator
) -> Iterator[tuple[Store, Path]]:
    """Yields copies of a store in which a file has a flipped bit or is truncated."""
    path = original.path.with_name("damaged")
    shutil.copytree(original.path, path)
    target = path / file.name
    for at in positions(file, count, rng):
        flip_bit(target, at, int(rng.integers(8)))
        yield Store(path), target
        target.write_bytes(file.read_bytes()[:at])
        yield Store(path), target
        shutil.copy(file, target)
    read_all(Store(path))
    assert Store(path).verify() == []
    shutil.rmtree(path)


def test_damaged_segments_and_deleted_rows_are_reported(
    store: Store, extent: Any, rng: np.random.Generator, report: Callable[[str], None]
) -> None:
    damage_count = 0
    for file in files(store, ".segment", ".deleted"):
        for damaged, target in damages(store, file, extent.positions, rng):
            damage_count += 1
            with pytest.raises(StoreError, match=str(target)):
                read_all(damaged)
            (problem,) = damaged.verify()
            assert problem.sentence.startswith(str(target))
            assert (problem.file, problem.is_rebuildable) == (target, False)
    # The file of deleted rows has fewer bytes than positions.
    assert damage_count >= 4 * extent.positions
    report(f"{damage_count} damages")


def test_a_damaged_manifest_is_reported(
    store: Store, extent: Any, rng: np.random.Generator
) -> None:
    file = store.path / MANIFEST
    for damaged, target in damages(store, file, 20 * extent.positions, rng):
        for method in (damaged.snapshot, damaged.verify, damaged.commit):
            with pytest.raises(StoreError, match=f"{target} is damaged"):
                method()


def test_a_damaged_index_file_is_rebuilt_and_changes_no_result(
    store: Store, extent: Any, rng: np.random.Generator
) -> None:
    (file,) = files(store, ".derived")
    snapshot = store.snapshot()
    query = rng.normal(size=(1, DIM)).astype(np.float32)
    exact = exact_search.distances(snapshot, query[0], "cosine", snapshot.live_rows)
    nearest = snapshot.live_rows[np.argsort(exact)[:9]].tolist()
    for n, (damaged, target) in enumerate(damages(store, file, extent.positions, rng)):
        index = small_searcher(damaged, "IVF4,SQ8")
        (hit,) = index.search(damaged.snapshot(), query, 9, ALL_ROWS)
        assert hit.rows.tolist() == nearest
        sentence = f"{target} is missing or damaged."
        assert damaged.verify() == [Problem(target, sentence, is_rebuildable=True)]
        if n < 4:
            repaired = damaged.copy_to(store.path.with_name(f"repaired{n}"), {})
            small_searcher(repaired, "IVF4,SQ8").maintenance.maintain(force=True)
            assert repaired.verify() == []
            assert contents(repaired.snapshot()) == contents(snapshot)
