"""Writers whose rows name their commits, and readers that check that commits are complete.

Row ``number`` of commit ``c`` of writer ``w`` is the vector ``[w, c, number, 1]``. Each commit
writes the whole block of its writer and a new log row. Some commits write the block that the
writers share, and some delete it. So all rows of a block belong to one commit, or there are none.
"""

from __future__ import annotations

import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store
from support.stores import ids_of, make_batch, numbers_of

WRITERS, READERS, BLOCK = 2, 6, 8
SHARED = range(900, 900 + BLOCK)
LOG = 1_000_000


def own_block(writer: int) -> range:
    """Returns the numbers of the block of a writer."""
    return range(writer * 100, writer * 100 + BLOCK)


def write_for(path: Path, writer: int, seconds: float, sender: Connection) -> None:
    """Commits for some seconds, at least once, and sends the number of commits."""
    try:
        store = Store(path)
        stop = time.monotonic() + seconds
        commit = 0
        while commit == 0 or time.monotonic() < stop:
            commit += 1
            numbers = [*own_block(writer), (writer + 1) * LOG + commit]
            numbers += SHARED if commit % 3 == 1 else []
            rows = [(writer, commit, number, 1) for number in numbers]
            deleted = ids_of(SHARED) if commit % 3 == 2 else None
            store.commit(make_batch(np.array(rows, np.float32), numbers), delete=deleted)
            if commit % 7 == writer:
                store.compact()
        sender.send(commit)
    except BaseException:  # noqa: BLE001
        sender.send(traceback.format_exc())


def read_for(path: Path, seconds: float, sender: Connection) -> None:
    """Reads for some seconds, at least once, and sends the number of reads.

    Every second read opens the store again.
    """
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
        sender.send(reads)
    except BaseException:  # noqa: BLE001
        sender.send(traceback.format_exc())


def commits_in(snapshot: Snapshot) -> list[int]:
    """Counts the commits of each writer, and asserts that they are complete."""
    rows = snapshot.live_rows
    if not rows.size:
        return [0] * WRITERS
    vectors = snapshot.vectors_at(rows)
    numbers = numbers_of(snapshot.ids[rows])
    assert vectors[:, 2].tolist() == numbers and (vectors[:, 3] == 1).all()
    assert len(set(numbers)) == len(numbers), "an id occurs twice"
    assert snapshot.media["size"][rows].tolist() == [10 * number for number in numbers]
    positions = {number: i for i, number in enumerate(numbers)}
    commits = []
    for writer in range(WRITERS):
        count = sum(number // LOG == writer + 1 for number in numbers)
        block = [positions[number] for number in own_block(writer) if number in positions]
        assert vectors[block, :2].tolist() == [[writer, count]] * (BLOCK if count else 0)
        first = (writer + 1) * LOG + 1
        log = vectors[[positions[first + i] for i in range(count)]]
        assert log[:, 1].tolist() == list(range(1, count + 1))
        commits.append(count)
    shared = {tuple(vectors[positions[number], :2]) for number in SHARED if number in positions}
    shared_rows = sum(number in positions for number in SHARED)
    assert (len(shared), shared_rows) in ((0, 0), (1, BLOCK)), shared
    return commits
