"""A process that builds, updates and searches an index, while its database is killed.

It reads commands as JSON lines and answers each with one line: ``["done", <value>]``,
``["refused", <sentence>]`` or ``["failed", <traceback>]``. A command with ``"pause"`` also says
``["paused"]`` after its first step, and continues after the next line.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
from PIL import Image

import fiftyone_faiss
from fiftyone_faiss.brain import (
    EmbeddingReport,
    build_index_steps,
    compute_embeddings_steps,
    load_faiss_index,
    update_index_steps,
)
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.data.connection import DatabaseUnreachableError
from fiftyone_faiss.brain.indexing.embedding import Execution
from support.colors import MeanColor

COUNT = 24
RETRY_SECONDS = 60


def color_of(n: int) -> tuple[int, int, int]:
    return (10 * n % 256, 255 - 9 * n % 256, 40)


class Worker:
    """The dataset, and what can be done with its index.

    Args:
        folder: an empty folder for images and indexes
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dataset = fo.Dataset(persistent=True)
        self.next = 0
        self.add_samples(COUNT)

    def add_samples(self, count: int) -> None:
        paths = []
        for n in range(self.next, self.next + count):
            paths.append(self.folder / f"{n}.png")
            Image.new("RGB", (8, 8), color_of(n)).save(paths[-1])
        self.dataset.add_samples([fo.Sample(str(path)) for path in paths])
        self.next += count
        self.sync()

    def sync(self) -> None:
        # A killed server miscounts the samples that were added since its last checkpoint.
        foo.get_db_client().admin.command("fsync")

    def change(self, key: str) -> list[int]:
        """Adds four samples and deletes two."""
        self.add_samples(4)
        self.dataset.delete_samples(self.dataset.values("id")[:2])
        self.sync()
        return [len(self.dataset)]

    def build(self, key: str, pause: bool = False) -> Any:
        """Builds an index, or resumes its build."""
        return self.run(
            build_index_steps(
                self.dataset, key, MeanColor(), root_dir=str(self.folder / "indexes"),
                execution=Execution(batch_size=4),
            ),
            pause,
        )  # fmt: skip

    def update(self, key: str, pause: bool = False) -> Any:
        """Updates an index."""
        return self.run(update_index_steps(self.dataset, key), pause)

    def compute(self, key: str, pause: bool = False) -> Any:
        """Computes embeddings into a field."""
        steps = compute_embeddings_steps(
            self.dataset, MeanColor(), key, execution=Execution(batch_size=4)
        )
        return self.run(steps, pause)

    def run(self, steps: Steps[Any], pause: bool) -> Any:
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                report = end.value
                if isinstance(report, EmbeddingReport):
                    return [report.embedded, report.skipped]
                return [report.size, report.added]
            if pause and step.done:
                say("paused")
                sys.stdin.readline()
                pause = False

    def search(self, key: str) -> Any:
        """Returns the files of the nearest samples to the color of the last image."""
        vector = MeanColor().embed_images([Image.new("RGB", (8, 8), color_of(self.next - 1))])[0]
        neighbors = fiftyone_faiss.search(self.dataset, vector, brain_key=key, k=3)
        paths = self.dataset.select(neighbors.ids, ordered=True).values("filepath")
        return [Path(path).name for path in paths]

    def list(self, key: str) -> Any:
        """Returns the problems of all indexes."""
        return [info.problem for info in fiftyone_faiss.list_indexes(self.dataset)]

    def check(self, key: str) -> Any:
        """Returns the number of vectors, after comparing them with those of all images."""
        self.dataset.reload()
        self.dataset.clear_cache()
        index = load_faiss_index(self.dataset, key)
        assert index.store.verify() == []
        vectors, ids, _ = index.get_embeddings()
        held = dict(zip(ids.tolist(), vectors, strict=True))
        assert sorted(held) == sorted(self.dataset.values("id"))
        for sample in self.dataset:
            expected = MeanColor().embed_images([Image.open(sample.filepath)])[0]
            assert np.array_equal(held[sample.id], expected)
        return len(held)

    def persist(self, do: str, key: str) -> Any:
        """Repeats an operation until it ends, whatever the database does; returns the refusals."""
        say("started")
        refusals: list[str] = []
        stop = time.monotonic() + RETRY_SECONDS
        while time.monotonic() < stop:
            try:
                getattr(self, do)(key)
                return refusals
            except DatabaseUnreachableError:
                refusals.append("unreachable")
        raise AssertionError("the operation never ends")

    def delete(self, key: str) -> None:
        fiftyone_faiss.delete_index(self.dataset, key)


def say(*message: Any) -> None:
    sys.stdout.write(f"{json.dumps(message)}\n")
    sys.stdout.flush()


def reply(call: Callable[[], Any]) -> None:
    try:
        say("done", call())
    except ValueError as error:
        say("refused", str(error))
    except Exception:  # noqa: BLE001
        say("failed", traceback.format_exc())


def main() -> None:
    worker = Worker(Path(sys.argv[1]))
    say("ready")
    for line in sys.stdin:
        command = json.loads(line)
        method = getattr(worker, command.pop("call"))
        reply(lambda method=method, command=command: method(**command))


if __name__ == "__main__":
    main()
