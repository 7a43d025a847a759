"""Interrupted builds of a neighbor graph resume where they were."""

from __future__ import annotations

import itertools
import logging
from pathlib import Path

import numpy as np
import pytest
from support.clusters import clustered
from support.stores import create_store, make_batch

from fiftyone_faiss.brain.ann import graph_checkpoint
from fiftyone_faiss.brain.ann.graph_files import GraphMaintenance
from fiftyone_faiss.brain.ann.neighbor_graph import NeighborGraph
from fiftyone_faiss.brain.store.store import Store

N = 4_000


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_checkpoint, "PERIOD_SECONDS", 0.0)


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    return create_store(tmp_path / "store", clustered(rng, N, 24))


def interrupt(store: Store, after: int) -> None:
    """Stops a build after some cells."""
    steps = GraphMaintenance(store, "cosine").current_steps()
    for _ in itertools.islice(steps, after):
        pass
    steps.close()
    assert store.checkpoint_path.exists()


def finish(store: Store) -> tuple[NeighborGraph, list[int]]:
    """Builds the graph; also returns how many rows were done at each step."""
    steps, done = GraphMaintenance(store, "cosine").current_steps(), []
    while True:
        try:
            done.append(next(steps)[0])
        except StopIteration as stop:
            return stop.value[1], done


def uninterrupted(tmp_path: Path) -> NeighborGraph:
    vectors = clustered(np.random.default_rng(51), N, 24)
    return finish(create_store(tmp_path / "other", vectors))[0]


# There are 15 cells, whose members are compared first, then their guests.
@pytest.mark.parametrize("after", [1, 10, 15, 16, 25])
def test_a_build_resumes_with_the_same_result(store: Store, tmp_path: Path, after: int) -> None:
    interrupt(store, after)
    graph, done = finish(store)
    assert len(done) == 2 * 15 - after
    assert done[0] == N * (after + 1) // 30
    expected = uninterrupted(tmp_path)
    np.testing.assert_array_equal(graph.neighbors, expected.neighbors)
    np.testing.assert_array_equal(graph.distances, expected.distances)
    # The graph is saved, and the checkpoint is not needed any more.
    assert not store.checkpoint_path.exists()


def test_a_damaged_checkpoint_is_not_used(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    interrupt(store, 20)
    data = bytearray(store.checkpoint_path.read_bytes())
    data[len(data) // 2] ^= 1
    store.checkpoint_path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        graph, done = finish(store)
    assert "so the neighbor graph is built from the start" in caplog.text
    assert len(done) == 30
    np.testing.assert_array_equal(graph.neighbors, uninterrupted(tmp_path).neighbors)


@pytest.mark.parametrize("size", [0, 100])
def test_a_shortened_checkpoint_is_not_used(store: Store, size: int) -> None:
    interrupt(store, 3)
    store.checkpoint_path.write_bytes(store.checkpoint_path.read_bytes()[:size])
    assert len(finish(store)[1]) == 30


def test_a_checkpoint_of_other_rows_or_neighbors_is_not_used(
    store: Store, rng: np.random.Generator
) -> None:
    interrupt(store, 20)
    kept = store.checkpoint_path.read_bytes()
    store.commit(make_batch(clustered(rng, 5, 24), range(N, N + 5)))
    # The next write removes it; a copy of it is not used either.
    assert not store.checkpoint_path.exists()
    store.checkpoint_path.write_bytes(kept)
    graph, done = finish(store)
    assert len(done) == 30 and graph.rows == N + 5
    steps = GraphMaintenance(store, "cosine").current_steps(20)
    store.checkpoint_path.write_bytes(kept)
    assert next(steps)[0] == (N + 5) // 30
