"""Queries give exact distances while writers replace the FAISS index, and never fail."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from support.index_writers import replace_for, search_for
from support.stores import create_store

from fiftyone_faiss.brain.store.store import Store

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["fiftyone_faiss.brain.ann.searcher"])
TIMEOUT_SECONDS = 120
WRITERS = 2


def test_queries_beside_two_writers_never_fail(
    tmp_path: Path, extent: Any, report: Callable[[str], None], rng: np.random.Generator
) -> None:
    path = tmp_path / "store"
    create_store(path, rng.normal(size=(200, 16)).astype(np.float32))
    tasks = [(replace_for, n) for n in range(WRITERS)] + [(search_for, n) for n in range(2)]
    pipes, processes = [], []
    for target, n in tasks:
        receiver, sender = PROCESSES.Pipe(duplex=False)
        arguments = (path, n, extent.query_seconds, sender)
        process = PROCESSES.Process(target=target, args=arguments, daemon=True)
        process.start()
        pipes.append(receiver)
        processes.append(process)
    counts = []
    for receiver in pipes:
        assert receiver.poll(extent.query_seconds + TIMEOUT_SECONDS), "a process is stuck"
        counts.append(receiver.recv())
    for process in processes:
        process.join()
    assert [count for count in counts if isinstance(count, str)] == [], "a process failed"
    assert Store(path).verify() == []
    indexes, queries = sum(counts[:WRITERS]), sum(counts[WRITERS:])
    report(f"{queries:,} queries, {indexes:,} FAISS indexes")
