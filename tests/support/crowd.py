"""Writers whose every commit can be told from its rows, and readers that check that it is whole.

Row ``number`` written by commit ``c`` of writer ``w`` is the vector ``[w, c, number, 1]``. Each
commit of a writer writes all of its own block and a log entry of its own; some write, and some
remove, the block that the writers share; so of each block, all rows are of one commit or none.
"""

from __future__ import annotations

import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store
from support.stores import batch, ids_of, numbers_of

WRITERS, READERS, BLOCK = 2, 6, 8
SHARED = range(900, 900 + BLOCK)
LOG = 1_000_000


def own(writer: int) -> range:
    return range(writer * 100, writer * 100 + BLOCK)


def write_for(path: Path, writer: int, seconds: float, told: Connection) -> None:
    """Commits for some time, once at least, and tells how often."""
    try:
        store = Store(path)
        stop = time.monotonic() + seconds
        commit = 0
        while commit == 0 or time.monotonic() < stop:
            commit += 1
            numbers = [*own(writer), (writer + 1) * LOG + commit]
            numbers += SHARED if commit % 3 == 1 else []
            rows = [(writer, commit, number, 1) for number in numbers]
            gone = ids_of(SHARED) if commit % 3 == 2 else None
            store.commit(batch(np.array(rows, np.float32), numbers), delete=gone)
            if commit % 7 == writer:
                store.compact()
        told.send(commit)
    except BaseException:  # noqa: BLE001
        told.send(traceback.format_exc())


def read_for(path: Path, seconds: float, told: Connection) -> None:
    """Reads for some time, once at least, and tells how often; every other time as a newcomer."""
    try:
        store = Store(path)
        stop = time.monotonic() + seconds
        reads, generation, last = 0, -1, [0] * WRITERS
        while reads == 0 or time.monotonic() < stop:
            reads += 1
            snapshot = (store if reads % 2 else Store(path)).snapshot()
            assert snapshot.manifest.generation >= generation, "an older generation came back"
            generation = snapshot.manifest.generation
            commits = commits_in(snapshot)
            assert all(new >= old for new, old in zip(commits, last, strict=True))
            last = commits
        told.send(reads)
    except BaseException:  # noqa: BLE001
        told.send(traceback.format_exc())


def commits_in(snapshot: Snapshot) -> list[int]:
    """How many commits of each writer a snapshot holds; fails unless it holds whole ones only."""
    rows = snapshot.live_rows
    if not rows.size:
        return [0] * WRITERS
    vectors = snapshot.vectors_at(rows)
    numbers = numbers_of(snapshot.ids[rows])
    assert vectors[:, 2].tolist() == numbers and (vectors[:, 3] == 1).all()
    assert len(set(numbers)) == len(numbers), "an id is there twice"
    assert snapshot.media["size"][rows].tolist() == [10 * number for number in numbers]
    place = {number: i for i, number in enumerate(numbers)}
    commits = []
    for writer in range(WRITERS):
        count = sum(number // LOG == writer + 1 for number in numbers)
        block = [place[number] for number in own(writer) if number in place]
        assert vectors[block, :2].tolist() == [[writer, count]] * (BLOCK if count else 0)
        first = (writer + 1) * LOG + 1
        log = vectors[[place[first + i] for i in range(count)]]
        assert log[:, 1].tolist() == list(range(1, count + 1))
        commits.append(count)
    shared = {tuple(vectors[place[number], :2]) for number in SHARED if number in place}
    there = sum(number in place for number in SHARED)
    assert (len(shared), there) in ((0, 0), (1, BLOCK)), shared
    return commits
