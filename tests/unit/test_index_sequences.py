"""Whatever is done to an index, in whatever order, it holds and finds what a dictionary would."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.distances import reference
from support.stores import ALL, batch, filled, ids_of, numbers_of

from fiftyone_faiss.brain.ann import factory, maintenance, searcher
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.core import metrics
from fiftyone_faiss.brain.store.store import Store

DIM, FIRST = 16, 120
# The least part of the 3 nearest that a query finds, on average over one state.
RECALL = {
    "flat": 1.0,
    "sqfp16": 1.0,
    "sq8": 1.0,
    "ivf_sq8": 0.7,
    "hnsw": 0.8,
    "PQ4x4": 0.7,
    "LSH": 0.7,
    "IVF4,PQ4x4": 0.6,
    "OPQ4,IVF4,PQ4x4fs,RFlat": 0.6,
}
SEEDS = st.integers(0, 2**32 - 1)
NUMBERS = st.integers(0, 299)
LENGTHS = st.integers(1, 80)


class Sequences(RuleBasedStateMachine):
    """An index beside a dictionary of what it should hold."""

    def __init__(self, index_type: str) -> None:
        super().__init__()
        self.index_type = index_type
        self.folder = Path(tempfile.mkdtemp())
        self.rows: dict[int, np.ndarray] = {}
        self.metadata: dict[str, Any] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @initialize(metric=st.sampled_from(metrics.METRICS), seed=SEEDS)
    def build(self, metric: str, seed: int) -> None:
        vectors = np.random.default_rng(seed).normal(size=(FIRST, DIM)).astype(np.float32)
        store = filled(self.folder / "s", vectors)
        self.rows = dict(enumerate(vectors))
        self.metadata = dict(store.snapshot().manifest.metadata)
        self.index = VectorSearcher(store, metric, self.index_type)
        self.index.maintenance.maintain()
        used = store.snapshot().manifest.ann_index is not None
        assert used == (self.index_type != "flat")

    @property
    def store(self) -> Store:
        return self.index.store

    @rule(start=NUMBERS, length=LENGTHS, step=st.integers(1, 3), seed=SEEDS)
    def write(self, start: int, length: int, step: int, seed: int) -> None:
        """Adds new rows and overwrites known ones."""
        numbers = range(start, start + length * step, step)
        vectors = np.random.default_rng(seed).normal(size=(length, DIM)).astype(np.float32)
        self.store.commit(batch(vectors, numbers))
        for number, vector in zip(numbers, vectors, strict=True):
            self.rows.pop(number, None)
            self.rows[number] = vector

    @rule(start=NUMBERS, length=LENGTHS, step=st.integers(1, 3))
    def remove(self, start: int, length: int, step: int) -> None:
        numbers = range(start, start + length * step, step)
        self.store.commit(delete=ids_of(numbers))
        for number in numbers:
            self.rows.pop(number, None)

    @rule(name=st.sampled_from("ab"), value=st.integers() | st.text() | st.none())
    def remember(self, name: str, value: object) -> None:
        self.store.commit(metadata={name: value})
        self.metadata[name] = value

    @rule()
    def compact(self) -> None:
        self.store.compact()

    @rule(recall=st.sampled_from([0.5, 0.99]), force=st.booleans())
    def maintain(self, recall: float, force: bool) -> None:
        self.index.maintenance.maintain(recall, force)
        assert not self.index.maintenance.is_stale(self.store.snapshot())

    @rule()
    def reopen(self) -> None:
        self.index = VectorSearcher(Store(self.store.path), self.index.metric, self.index_type)

    @invariant()
    def holds_what_it_was_given(self) -> None:
        snapshot = Store(self.store.path).snapshot()
        assert numbers_of(snapshot.ids[snapshot.live_rows]) == list(self.rows)
        found = snapshot.rows_of(ids_of([*self.rows, 10_000]))
        assert found[-1] == -1
        for row, vector in zip(snapshot.vectors_at(found[:-1]), self.rows.values(), strict=True):
            assert row.tobytes() == vector.tobytes()
        assert snapshot.manifest.metadata == self.metadata

    @precondition(lambda self: len(self.rows) > 0)
    @invariant()
    def finds_what_is_nearest(self) -> None:
        snapshot = self.store.snapshot()
        rows, matrix = snapshot.live_rows, np.stack(list(self.rows.values()))
        queries = np.random.default_rng(len(rows)).normal(size=(8, DIM)).astype(np.float32)
        expected = reference(queries, matrix, self.index.metric)
        found = 0
        for query, distances in zip(queries, expected, strict=True):
            (hit,) = self.index.search(snapshot, query[None], 3, ALL)
            nearest = rows[np.argsort(distances, kind="stable")[:3]]
            assert len(set(hit.rows.tolist())) == len(nearest)
            exact = distances[np.searchsorted(rows, hit.rows)]
            np.testing.assert_allclose(hit.distances, exact, rtol=1e-9, atol=1e-9)
            assert (np.diff(hit.distances) >= 0).all()
            found += len(np.intersect1d(hit.rows, nearest)) / len(nearest)
        # Whoever aims at half of the neighbours may get half of them.
        tuning = self.index.maintenance.tuning(snapshot)
        aim = 1.0 if tuning is None else tuning.target_recall / 0.99
        assert found / len(queries) >= RECALL[self.index_type] * min(aim, 1.0)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(factory, "MIN_ROWS", 32)
    monkeypatch.setattr(maintenance, "TAIL_ROWS", 40)
    monkeypatch.setattr(maintenance, "DEAD_ROWS", 40)
    monkeypatch.setattr(searcher, "GATHER_ROWS", 8)
    monkeypatch.setattr(searcher, "WIDEST", 1 / 8)
    yield


@pytest.mark.parametrize("index_type", RECALL)
def test_any_sequence(index_type: str) -> None:
    run_state_machine_as_test(
        lambda: Sequences(index_type),
        settings=settings(
            max_examples=5,
            stateful_step_count=14,
            derandomize=True,
            deadline=None,
            # Shrinking a failure would take minutes.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
