"""Writers and readers in processes of their own see whole commits, in order, and lose none."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.crowd import READERS, SHARED, WRITERS, commits_in, read_for, write_for
from support.stores import batch, ids_of

from fiftyone_faiss.brain.store.store import Store

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["fiftyone_faiss.brain.ann.searcher"])
PATIENCE = 120


def test_two_writers_and_six_readers(
    tmp_path: Path, extent: Any, report: Callable[[str], None]
) -> None:
    path = tmp_path / "store"
    Store.create(path, has_labels=False, metadata={})
    work = [(write_for, (path, w, extent.seconds)) for w in range(WRITERS)]
    work += [(read_for, (path, extent.seconds))] * READERS
    pipes, processes = [], []
    for target, arguments in work:
        hears, tells = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=target, args=(*arguments, tells), daemon=True)
        process.start()
        pipes.append(hears)
        processes.append(process)
    told = []
    for hears in pipes:
        assert hears.poll(extent.seconds + PATIENCE), "a process is stuck"
        told.append(hears.recv())
    for process in processes:
        process.join()
    assert [one for one in told if isinstance(one, str)] == []
    commits, reads = told[:WRITERS], told[WRITERS:]
    store = Store(path)
    assert commits_in(store.snapshot()) == commits and min(commits) >= 1
    assert store.verify() == [] and min(reads) >= 1
    compactions = store.snapshot().manifest.compaction_count
    assert store.snapshot().manifest.generation == sum(commits) + compactions
    report(f"{sum(commits)} commits, {compactions} compactions, {sum(reads)} reads")


def test_readers_would_notice_half_a_commit(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store", has_labels=False, metadata={})
    numbers = [*range(8), 1_000_001, *SHARED]
    rows = np.array([(0, 1, number, 1) for number in numbers], np.float32)
    store.commit(batch(rows, numbers))
    assert commits_in(store.snapshot()) == [1, 0]
    for lost in (3, 1_000_001, 905):
        other = store.copy_to(tmp_path / str(lost), {})
        other.commit(delete=ids_of([lost]))
        with pytest.raises(AssertionError):
            commits_in(other.snapshot())
