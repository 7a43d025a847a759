"""A flipped bit, or a cut, anywhere in any file is named, or costs nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.stores import ALL, batch, contents, flip, ids_of

from fiftyone_faiss.brain.ann import exact_search, factory
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.store import Store
from fiftyone_faiss.brain.store.verification import Problem

DIM, ROWS = 32, 700


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with two segments, one of them of two blocks, deleted rows and a derived file."""
    monkeypatch.setattr(factory, "MIN_ROWS", 32)
    vectors = rng.normal(size=(ROWS, DIM)).astype(np.float32)
    store = Store.create(tmp_path / "store", has_labels=False, metadata={})
    store.commit(batch(vectors[:-40], range(ROWS - 40), "a"))
    store.commit(batch(vectors[-40:], range(ROWS - 40, ROWS), "b"))
    store.commit(delete=ids_of([3, 600, 690]))
    VectorSearcher(store, "cosine", "IVF4,SQ8").maintenance.maintain()
    return store


def places(file: Path, count: int, rng: np.random.Generator) -> list[int]:
    """Some places in a file, its first and last byte among them."""
    size = file.stat().st_size
    return sorted({0, size - 1, *rng.integers(0, size, count).tolist()})


def files(store: Store, *suffixes: str) -> Iterator[Path]:
    for name in sorted(store.snapshot().manifest.file_names):
        if name.endswith(suffixes):
            yield store.path / name


def touch(store: Store) -> None:
    """Reads every value of a store."""
    snapshot = store.snapshot()
    contents(snapshot)
    list(snapshot.blocks(100))
    assert snapshot.max_norm > 0


def damages(
    original: Store, file: Path, count: int, rng: np.random.Generator
) -> Iterator[tuple[Store, Path]]:
    """Copies of a store with one file damaged, by a flipped bit, then by a cut."""
    path = original.path.with_name("damaged")
    shutil.copytree(original.path, path)
    target = path / file.name
    for at in places(file, count, rng):
        flip(target, at, int(rng.integers(8)))
        yield Store(path), target
        target.write_bytes(file.read_bytes()[:at])
        yield Store(path), target
        shutil.copy(file, target)
    touch(Store(path))
    assert Store(path).verify() == []
    shutil.rmtree(path)


def test_damaged_vectors_and_deleted_rows_are_named(
    store: Store, extent: Any, rng: np.random.Generator, report: Callable[[str], None]
) -> None:
    tried = 0
    for file in files(store, ".segment", ".deleted"):
        for damaged, target in damages(store, file, extent.places, rng):
            tried += 1
            with pytest.raises(StoreError, match=str(target)):
                touch(damaged)
            (problem,) = damaged.verify()
            assert problem.sentence.startswith(str(target))
            assert (problem.file, problem.is_rebuildable) == (target, False)
    # Of the deleted rows' few bytes, each is damaged once.
    assert tried >= 4 * extent.places
    report(f"{tried} damages")


def test_a_damaged_manifest_is_named_wherever_it_is(
    store: Store, extent: Any, rng: np.random.Generator
) -> None:
    file = store.path / MANIFEST
    for damaged, target in damages(store, file, 20 * extent.places, rng):
        for act in (damaged.snapshot, damaged.verify, damaged.commit):
            with pytest.raises(StoreError, match=f"{target} is damaged"):
                act()


def test_a_damaged_derived_file_is_repaired_and_changes_no_answer(
    store: Store, extent: Any, rng: np.random.Generator
) -> None:
    (file,) = files(store, ".derived")
    snapshot = store.snapshot()
    query = rng.normal(size=(1, DIM)).astype(np.float32)
    exact = exact_search.distances(snapshot, query[0], "cosine", snapshot.live_rows)
    nearest = snapshot.live_rows[np.argsort(exact)[:9]].tolist()
    for n, (damaged, target) in enumerate(damages(store, file, extent.places, rng)):
        index = VectorSearcher(damaged, "cosine", "IVF4,SQ8")
        (hit,) = index.search(damaged.snapshot(), query, 9, ALL)
        assert hit.rows.tolist() == nearest
        sentence = f"{target} is missing or damaged."
        assert damaged.verify() == [Problem(target, sentence, is_rebuildable=True)]
        if n < 4:
            repaired = damaged.copy_to(store.path.with_name(f"repaired{n}"), {})
            VectorSearcher(repaired, "cosine", "IVF4,SQ8").maintenance.maintain(force=True)
            assert repaired.verify() == []
            assert contents(repaired.snapshot()) == contents(snapshot)
