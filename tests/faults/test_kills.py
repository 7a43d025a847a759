"""Writers that are killed at random moments lose nothing that they reported as done."""

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
from support.steps import KINDS, Step, write

SEED = 51
# Forks of a process that has imported everything and has started no threads of FAISS's.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["fiftyone_faiss.brain.ann.searcher"])
PATIENCE = 120


class Writer:
    """A process that takes steps, and what it has told of them."""

    def __init__(self, path: Path, finished: int, until: int) -> None:
        self._told, telling = PROCESSES.Pipe(duplex=False)
        arguments = (path, SEED, finished, until, telling)
        self.process = PROCESSES.Process(target=write, args=arguments, daemon=True)
        self.process.start()
        telling.close()
        self.finished = finished
        self.begun: int | None = None
        self.ended = False

    def listen(self, until_begun: int | None = None) -> None:
        """Takes in what is told, up to the beginning of a step, or to the end of the writer."""
        connection: Connection = self._told
        while until_begun is None or self.begun is None or self.begun < until_begun:
            assert connection.poll(PATIENCE), "the writer is stuck"
            try:
                what, value = connection.recv()
            except EOFError:
                return
            assert what != "failed", value
            if what == "begun":
                self.begun = value
            elif what == "done":
                self.finished, self.begun = value + 1, None
            else:
                self.finished, self.ended = value, what == "end"
        return

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.listen()


def test_killed_writers_lose_nothing(
    tmp_path: Path, extent: Any, report: Callable[[str], None]
) -> None:
    rng = np.random.default_rng(SEED)
    lasted = dict.fromkeys(KINDS, 0.02)
    kills: Counter[str] = Counter()
    finished = 0
    while kills.total() < extent.kills:
        # Each kind of step in turn, at a random moment of it or shortly after.
        kind = KINDS[kills.total() % len(KINDS)]
        target = next(
            n for n in range(finished + 2, finished + 20) if Step.of(SEED, n).kind == kind
        )
        writer = Writer(tmp_path / "store", finished, target + 3)
        writer.listen(until_begun=target)
        started = time.perf_counter()
        time.sleep(lasted[kind] * rng.uniform(0, 1.2))
        writer.kill()
        if writer.finished > target:
            lasted[kind] = max(0.002, 0.8 * lasted[kind])
        else:
            lasted[kind] = max(lasted[kind], 1.3 * (time.perf_counter() - started))
        kills[f"during {Step.of(SEED, writer.begun).kind}" if writer.begun else "between"] += 1
        finished = writer.finished
    last = Writer(tmp_path / "store", finished, finished + 6)
    last.listen()
    assert last.ended and last.finished >= finished + 6
    assert sum(kills.values()) - kills["between"] >= extent.kills // 3
    report(f"{dict(kills)}, {last.finished} steps")


@pytest.mark.parametrize("steps", [3, 14])
def test_the_writers_would_notice_a_loss(tmp_path: Path, steps: int) -> None:
    Writer(tmp_path / "store", 0, steps).listen()
    with pytest.raises(AssertionError, match="rows are neither those after"):
        Writer(tmp_path / "store", steps + 4, steps + 8).listen()
