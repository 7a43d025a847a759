"""Random sequences of operations on an index, compared with a dictionary."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
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
from support.searchers import SMALL_POLICY
from support.stores import ALL_ROWS, create_store, ids_of, make_batch, numbers_of

from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.core.metrics import METRICS
from fiftyone_faiss.brain.store.store import Store

pytestmark = pytest.mark.slow

DIM, FIRST = 16, 120
POLICY = replace(
    SMALL_POLICY, tail_rows=40, deleted_rows=40, gather_rows=8, max_candidate_fraction=1 / 8
)
# The least mean recall of the 3 nearest rows.
MIN_RECALL = {
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
    """An index and a dictionary of the rows it should hold."""

    def __init__(self, index_type: str) -> None:
        super().__init__()
        self.index_type = index_type
        self.directory = Path(tempfile.mkdtemp())
        self.rows: dict[int, np.ndarray] = {}
        self.metadata: dict[str, Any] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.directory)

    @initialize(metric=st.sampled_from(METRICS), seed=SEEDS)
    def build(self, metric: str, seed: int) -> None:
        vectors = np.random.default_rng(seed).normal(size=(FIRST, DIM)).astype(np.float32)
        store = create_store(self.directory / "s", vectors)
        self.rows = dict(enumerate(vectors))
        self.metadata = dict(store.snapshot().manifest.metadata)
        self.index = VectorSearcher(store, metric, self.index_type, policy=POLICY)
        self.index.maintenance.maintain()
        has_ann_index = store.snapshot().manifest.ann_index is not None
        assert has_ann_index == (self.index_type != "flat")

    @property
    def store(self) -> Store:
        return self.index.store

    @rule(start=NUMBERS, length=LENGTHS, step=st.integers(1, 3), seed=SEEDS)
    def write(self, start: int, length: int, step: int, seed: int) -> None:
        """Adds new rows and replaces existing ones."""
        numbers = range(start, start + length * step, step)
        vectors = np.random.default_rng(seed).normal(size=(length, DIM)).astype(np.float32)
        self.store.commit(make_batch(vectors, numbers))
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
    def set_metadata(self, name: str, value: object) -> None:
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
        store = Store(self.store.path)
        self.index = VectorSearcher(store, self.index.metric, self.index_type, policy=POLICY)

    @invariant()
    def holds_the_rows_of_the_dictionary(self) -> None:
        snapshot = Store(self.store.path).snapshot()
        assert numbers_of(snapshot.ids[snapshot.live_rows]) == list(self.rows)
        rows = snapshot.rows_of(ids_of([*self.rows, 10_000]))
        assert rows[-1] == -1
        stored = snapshot.vectors_at(rows[:-1])
        for vector, expected in zip(stored, self.rows.values(), strict=True):
            assert vector.tobytes() == expected.tobytes()
        assert snapshot.manifest.metadata == self.metadata

    @precondition(lambda self: len(self.rows) > 0)
    @invariant()
    def finds_the_nearest_rows(self) -> None:
        snapshot = self.store.snapshot()
        rows, matrix = snapshot.live_rows, np.stack(list(self.rows.values()))
        queries = np.random.default_rng(len(rows)).normal(size=(8, DIM)).astype(np.float32)
        expected = reference(queries, matrix, self.index.metric)
        common = 0
        for query, distances in zip(queries, expected, strict=True):
            (hit,) = self.index.search(snapshot, query[None], 3, ALL_ROWS)
            nearest = rows[np.argsort(distances, kind="stable")[:3]]
            assert len(set(hit.rows.tolist())) == len(nearest)
            exact = distances[np.searchsorted(rows, hit.rows)]
            np.testing.assert_allclose(hit.distances, exact, rtol=1e-9, atol=1e-9)
            assert (np.diff(hit.distances) >= 0).all()
            common += len(np.intersect1d(hit.rows, nearest)) / len(nearest)
        # An index that was tuned for a lower recall may find fewer.
        tuning = self.index.maintenance.tuning(snapshot)
        target = 1.0 if tuning is None else tuning.target_recall / 0.99
        assert common / len(queries) >= MIN_RECALL[self.index_type] * min(target, 1.0)


@pytest.mark.parametrize("index_type", MIN_RECALL)
def test_random_sequences_of_operations(index_type: str) -> None:
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
