"""Writers that are killed at random times lose no step that they reported as done."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.store_writers import KINDS, Step, write

SEED = 51
# The fork server has imported all modules and started no FAISS threads.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["fiftyone_faiss.brain.ann.searcher"])
TIMEOUT_SECONDS = 120


class Writer:
    """A process that runs steps, and its messages."""

    def __init__(self, path: Path, finished: int, until: int) -> None:
        self._receiver, sender = PROCESSES.Pipe(duplex=False)
        arguments = (path, SEED, finished, until, sender)
        self.process = PROCESSES.Process(target=write, args=arguments, daemon=True)
        self.process.start()
        sender.close()
        self.finished = finished
        self.started: int | None = None
        self.ended = False

    def listen(self, until_started: int | None = None) -> None:
        """Reads messages until a step has started, or until the writer has ended."""
        connection: Connection = self._receiver
        while until_started is None or self.started is None or self.started < until_started:
            assert connection.poll(TIMEOUT_SECONDS), "the writer is stuck"
            try:
                message, value = connection.recv()
            except EOFError:
                return
            assert message != "failed", value
            if message == "started":
                self.started = value
            elif message == "done":
                self.finished, self.started = value + 1, None
            else:
                self.finished, self.ended = value, message == "end"
        return

    def kill(self) -> None:
        """Kills the process, and reads its last messages."""
        self.process.kill()
        self.process.join()
        self.listen()


def test_killed_writers_lose_no_finished_step(
    tmp_path: Path, extent: Any, report: Callable[[str], None]
) -> None:
    rng = np.random.default_rng(SEED)
    durations = dict.fromkeys(KINDS, 0.02)
    kills: Counter[str] = Counter()
    finished = 0
    while kills.total() < extent.kills:
        # Kill writers during each kind of step in turn, at a random time.
        kind = KINDS[kills.total() % len(KINDS)]
        target = next(
            n for n in range(finished + 2, finished + 20) if Step.of(SEED, n).kind == kind
        )
        writer = Writer(tmp_path / "store", finished, target + 3)
        writer.listen(until_started=target)
        started_at = time.perf_counter()
        time.sleep(durations[kind] * rng.uniform(0, 1.2))
        writer.kill()
        if writer.finished > target:
            durations[kind] = max(0.002, 0.8 * durations[kind])
        else:
            durations[kind] = max(durations[kind], 1.3 * (time.perf_counter() - started_at))
        kills[f"during {Step.of(SEED, writer.started).kind}" if writer.started else "between"] += 1
        finished = writer.finished
    last = Writer(tmp_path / "store", finished, finished + 6)
    last.listen()
    assert last.ended and last.finished >= finished + 6
    assert sum(kills.values()) - kills["between"] >= extent.kills // 3
    report(f"{dict(kills)}, {last.finished} steps")


@pytest.mark.parametrize("steps", [3, 14])
def test_a_lost_step_fails_the_check(tmp_path: Path, steps: int) -> None:
    Writer(tmp_path / "store", 0, steps).listen()
    with pytest.raises(AssertionError, match="rows are neither those after"):
        Writer(tmp_path / "store", steps + 4, steps + 8).listen()
