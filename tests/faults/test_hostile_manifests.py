"""A manifest with a right checksum and wrong contents is reported, or changes no result."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.hostile_manifests import write_hostile
from support.points import one_sentence
from support.searchers import small_searcher
from support.stores import ALL_ROWS, contents, ids_of, make_batch

from fiftyone_faiss.brain.core.metrics import row_distances
from fiftyone_faiss.brain.store.manifest import MANIFEST, StoreError
from fiftyone_faiss.brain.store.ownership import OwnedStore, Owner
from fiftyone_faiss.brain.store.store import Store

DIM, ROWS = 16, 400
OWNER = Owner("a1" * 16, "0123456789abcdef01234567")


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    """A store with two segments, replaced and deleted rows, failures and an ANN index."""
    vectors = rng.normal(size=(ROWS, DIM)).astype(np.float32)
    metadata = {"database": OWNER.database, "run_id": OWNER.run_id, "dataset": "d"}
    store = Store.create(tmp_path / "store", has_labels=False, metadata=metadata)
    store.commit(make_batch(vectors[:-40], range(ROWS - 40), "a"))
    store.commit(make_batch(vectors[-40:], range(ROWS - 60, ROWS - 20), "b"))
    store.commit(delete=ids_of([3, 300]), metadata={"failures": {"f": "no image"}})
    small_searcher(store, "sq8").maintenance.maintain()
    return store


def outcome_of(path: Path, query: np.ndarray, expected: list[Any], rebuild: bool) -> str:
    """Reads, searches, verifies and changes a store, and returns what became of its rows."""
    store = OwnedStore(path, OWNER)
    searcher = small_searcher(store, "sq8")
    try:
        snapshot = store.snapshot()
        rows = contents(snapshot)
        (hit,) = searcher.search(snapshot, query, 5, ALL_ROWS)
        searcher.maintenance.tuning(snapshot)
        assert isinstance(snapshot.manifest.failures, dict)
    except StoreError as error:
        text = str(error).replace(str(path), "").replace(MANIFEST, "")
        assert one_sentence(text) and len(text) <= 300, text
        with pytest.raises(StoreError):
            store.commit()
        return "refused"
    distances = row_distances(query[0].astype(np.float64), snapshot.vectors_at(hit.rows), "cosine")
    np.testing.assert_allclose(hit.distances, distances, rtol=1e-6)
    if rows != expected:
        assert [problem for problem in store.verify() if not problem.is_rebuildable] != []
        return "found by verification"
    store.commit(delete=ids_of([7]))
    assert contents(store.snapshot()) == [row for row in expected if row[0] != 7]
    if rebuild:
        searcher.maintenance.maintain(force=True)
        assert searcher.maintenance.problem_of(store.snapshot()) is None
    return "harmless"


def test_hostile_manifests_change_no_result(
    store: Store,
    extent: Any,
    rng: np.random.Generator,
    report: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    expected = contents(store.snapshot())
    query = rng.normal(size=(1, DIM)).astype(np.float32)
    outcomes: Counter[str] = Counter()
    for n in range(extent.manifests):
        path = store.path.with_name(f"hostile{n}")
        shutil.copytree(store.path, path)
        description = write_hostile(path, rng)
        try:
            outcomes[outcome_of(path, query, expected, rebuild=n % 20 == 0)] += 1
        except BaseException as error:
            error.add_note(f"manifest {n}: {description}")
            raise
        for other in path.parent.glob(f"{path.name}*"):
            shutil.rmtree(other)
    assert outcomes["refused"] > extent.manifests // 4
    assert outcomes["harmless"] > extent.manifests // 20
    report(f"{extent.manifests} manifests: {dict(outcomes)}")
