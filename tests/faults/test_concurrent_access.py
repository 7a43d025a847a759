"""Concurrent writers and readers see complete commits, in order, and lose none."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.concurrent_access import (
    READERS,
    SHARED,
    WRITERS,
    commits_in,
    read_for,
    write_for,
)
from support.stores import ids_of, make_batch

from fiftyone_faiss.brain.store.store import Store

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["fiftyone_faiss.brain.ann.searcher"])
TIMEOUT_SECONDS = 120


def test_two_writers_and_six_readers_see_complete_commits(
    tmp_path: Path, extent: Any, report: Callable[[str], None]
) -> None:
    path = tmp_path / "store"
    Store.create(path, has_labels=False, metadata={})
    tasks = [(write_for, (path, w, extent.seconds)) for w in range(WRITERS)]
    tasks += [(read_for, (path, extent.seconds))] * READERS
    pipes, processes = [], []
    for target, arguments in tasks:
        receiver, sender = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=target, args=(*arguments, sender), daemon=True)
        process.start()
        pipes.append(receiver)
        processes.append(process)
    counts = []
    for receiver in pipes:
        assert receiver.poll(extent.seconds + TIMEOUT_SECONDS), "a process is stuck"
        counts.append(receiver.recv())
    for process in processes:
        process.join()
    assert [count for count in counts if isinstance(count, str)] == [], "a process failed"
    commits, reads = counts[:WRITERS], counts[WRITERS:]
    store = Store(path)
    assert commits_in(store.snapshot()) == commits and min(commits) >= 1
    assert store.verify() == [] and min(reads) >= 1
    compactions = store.snapshot().manifest.compaction_count
    assert store.snapshot().manifest.generation == sum(commits) + compactions
    report(f"{sum(commits)} commits, {compactions} compactions, {sum(reads)} reads")


def test_an_incomplete_commit_fails_the_check(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store", has_labels=False, metadata={})
    numbers = [*range(8), 1_000_001, *SHARED]
    rows = np.array([(0, 1, number, 1) for number in numbers], np.float32)
    store.commit(make_batch(rows, numbers))
    assert commits_in(store.snapshot()) == [1, 0]
    for lost in (3, 1_000_001, 905):
        other = store.copy_to(tmp_path / str(lost), {})
        other.commit(delete=ids_of([lost]))
        with pytest.raises(AssertionError):
            commits_in(other.snapshot())
