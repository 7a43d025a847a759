"""Indexes that were copied: what they must hold; and a process that is killed as it copies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import fiftyone as fo

import fiftyone_faiss
from fiftyone_faiss.brain import load_index
from fiftyone_faiss.brain.transfer import verification
from support.backends import check_neighbors
from support.points import Points

# What the killed process does: it copies in small batches, and waits for its end within one.
COPY = """
import sys, time
import fiftyone as fo
import fiftyone_faiss
from fiftyone_faiss.brain.transfer import backend_vectors

cls, adds = backend_vectors._CLASSES[{backend!r}], 0
add = cls.add

def add_and_wait(self, rows):
    global adds
    add(self, rows)
    adds += 1
    if adds == {adds}:
        open({reached!r}, "w").close()
        time.sleep(600)

cls.batch_rows, cls.add = {rows}, add_and_wait
fiftyone_faiss.copy_index(fo.load_dataset({name!r}), {key!r}, {new_key!r}, {backend!r})
"""


def kill_copy(
    dataset: fo.Dataset, key: str, new_key: str, backend: str, folder: Path, adds: int, rows: int
) -> None:
    """Starts a copy in another process, and kills it after so many batches of so many rows."""
    reached = folder / f"reached-{new_key}"
    reached.unlink(missing_ok=True)
    code = COPY.format(
        backend=backend, adds=adds, rows=rows, reached=str(reached), name=dataset.name, key=key,
        new_key=new_key,
    )  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", code], env=os.environ) as process:
        while not reached.exists():
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    dataset.reload()


def check_copy(report: fiftyone_faiss.TransferReport, points: Points, metric: str) -> None:
    """Fails unless a copy holds these points bit by bit, and finds their exact neighbors."""
    count, dim = points.vectors.shape
    assert (report.action, report.count, report.dim) == ("copied", count, dim)
    checked = report.verification
    assert (checked.compared, checked.max_difference) == (count, 0)
    assert (checked.queries, checked.k) == (min(verification.QUERIES, count), 10)
    index = load_index(points.dataset, report.new_key)
    assert index.total_index_size == count
    vectors = index.vectors_of(points.ids)
    assert vectors.tobytes() == points.vectors.tobytes()
    query = points.vectors[3] + 0.1
    neighbors = fiftyone_faiss.search(points.dataset, query, report.new_key, k=12)
    check_neighbors(neighbors, query, points, metric, 12)


def stop_copy(steps: Any, count: int = 1) -> None:
    """Cancels a copy after so many steps."""
    for _ in range(count):
        next(steps)
    steps.close()
