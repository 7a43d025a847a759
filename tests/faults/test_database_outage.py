"""MongoDB is killed and started again in the middle of builds, updates and searches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import outage_worker
from support.database_server import DatabaseServer
from support.points import one_sentence

SEED = 51
# Operations take about as long as this, in seconds.
DURATIONS = {"build": 0.5, "update": 0.4, "search": 0.15}
DOWN_SECONDS = 0.3


class Worker:
    """The process of the module ``outage_worker``."""

    def __init__(self, server: DatabaseServer, folder: Path) -> None:
        (folder / "worker").mkdir()
        paths = [os.environ.get("PYTHONPATH", ""), str(Path(__file__).parent.parent)]
        environment = {
            **os.environ,
            "FIFTYONE_DATABASE_URI": server.uri,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        }
        self._process = subprocess.Popen(
            [sys.executable, outage_worker.__file__, str(folder / "worker")],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.receive() == ["ready"]

    def send(self, **command: Any) -> None:
        assert self._process.stdin is not None
        print(json.dumps(command), file=self._process.stdin, flush=True)

    def receive(self) -> list[Any]:
        """Reads the next message; other libraries may print lines of their own."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("["):
                message: list[Any] = json.loads(line)
                assert message[0] != "failed", message[1]
                return message
        raise AssertionError("the worker has ended")

    def call(self, **command: Any) -> list[Any]:
        self.send(**command)
        return self.receive()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DatabaseServer]:
    (tmp_path / "database").mkdir()
    server = DatabaseServer(tmp_path / "database")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def worker(server: DatabaseServer, tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(server, tmp_path)
    yield worker
    worker.close()


def assert_unreachable(message: list[Any], server: DatabaseServer, action: str) -> None:
    """Asserts that a message is one sentence about the database, with what to do next."""
    kind, text = message
    assert kind == "refused"
    assert text.startswith(f"FiftyOne's database cannot be reached (127.0.0.1:{server.port}: ")
    assert text.endswith(f"; start it or check the network, {action}.")
    assert one_sentence(text) and len(text) <= 300


def kill_at_random_times(server: DatabaseServer, worker: Worker, outages: int) -> str:
    """Kills the server during each kind of work, and asserts that no vector is lost."""
    rng = np.random.default_rng(SEED)
    refusals: Counter[str] = Counter()
    size, started = 26, time.perf_counter()
    for n in range(outages):
        key = f"k{n}"
        for do, duration in DURATIONS.items():
            if do == "update":
                size += 2
                assert worker.call(call="change", key=key) == ["done", [size]]
            assert worker.call(call="persist", do=do, key=key) == ["started"]
            time.sleep(duration * rng.uniform(0, 1.2))
            server.kill()
            restart = threading.Timer(DOWN_SECONDS, server.start)
            restart.start()
            kind, refused = worker.receive()
            restart.join()
            assert kind == "done"
            refusals[do] += bool(refused)
            assert worker.call(call="check", key=key) == ["done", size]
        assert worker.call(call="delete", key=key) == ["done", None]
    seconds = time.perf_counter() - started
    return f"{3 * outages} kills, work that was refused: {dict(refusals)}, {seconds:.0f} s"


def test_work_is_refused_in_one_sentence_and_resumes(
    server: DatabaseServer, worker: Worker, extent: Any, report: Callable[[str], None]
) -> None:
    resumes = (
        "then run it again with the same brain_key, which resumes it; no stored vector is lost"
    )
    # Before the first step.
    server.kill()
    assert_unreachable(worker.call(call="build", key="k"), server, resumes)
    server.start()
    # After the first step, a build needs no database.
    assert worker.call(call="build", key="k", pause=True) == ["paused"]
    server.kill()
    assert worker.call() == ["done", [24, 24]]
    for call in ("search", "list"):
        assert_unreachable(worker.call(call=call, key="k"), server, "then try again")
    assert_unreachable(worker.call(call="update", key="k"), server, resumes)
    server.start()
    assert worker.call(call="build", key="k") == ["done", [24, 0]]
    assert worker.call(call="check", key="k") == ["done", 24]
    # In the middle of an update.
    assert worker.call(call="change", key="k") == ["done", [26]]
    assert worker.call(call="update", key="k", pause=True) == ["paused"]
    server.kill()
    assert worker.call() == ["done", [26, 4]]
    server.start()
    assert worker.call(call="check", key="k") == ["done", 26]
    kind, files = worker.call(call="search", key="k")
    assert (kind, files[0]) == ("done", "27.png")
    assert worker.call(call="list", key="k") == ["done", [None]]
    # A field of embeddings is in the database.
    assert worker.call(call="compute", key="field", pause=True) == ["paused"]
    server.kill()
    again = "then run it again, which resumes it"
    assert_unreachable(worker.call(), server, again)
    server.start()
    assert worker.call(call="compute", key="field") == ["done", [26, 0]]
    assert worker.call(call="compute", key="field") == ["done", [0, 26]]
    if extent.outages:
        report(kill_at_random_times(server, worker, extent.outages))
