"""A killed build of a neighbor graph resumes, and its result is that of one that was not killed."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import numpy as np
from support.clusters import clustered
from support.graph_builder import build
from support.stores import create_store

from fiftyone_faiss.brain.ann.graph_files import GraphMaintenance
from fiftyone_faiss.brain.ann.neighbor_graph import NeighborGraph
from fiftyone_faiss.brain.store.store import Store

N = 20_000
TIMEOUT_SECONDS = 120


def finished(store: Store) -> tuple[NeighborGraph, int]:
    """The graph, and how many rows were done after the first step."""
    steps = GraphMaintenance(store, "cosine").current_steps()
    first = next(steps)[0]
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value[1], first


def test_a_killed_build_resumes(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = clustered(rng, N)
    store = create_store(tmp_path / "store", vectors)
    process = multiprocessing.get_context("spawn").Process(target=build, args=(store.path,))
    process.start()
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not store.checkpoint_path.exists():
        assert process.is_alive() and time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.join()
    assert store.verify() == []
    assert store.snapshot().manifest.neighbor_graph is None
    graph, first = finished(store)
    expected, first_of_all = finished(create_store(tmp_path / "other", vectors))
    assert first > first_of_all
    np.testing.assert_array_equal(graph.neighbors, expected.neighbors)
    np.testing.assert_array_equal(graph.distances, expected.distances)
    assert not store.checkpoint_path.exists()
