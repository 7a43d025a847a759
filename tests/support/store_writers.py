"""Writers that run a reproducible sequence of steps, and a model of the rows they write."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.core.metrics import row_distances
from fiftyone_faiss.brain.store.store import Store
from support.searchers import SMALL_POLICY
from support.stores import ALL_ROWS, contents, ids_of, make_batch, unused_files

DIM, SIZE = 8, 24
KINDS = ("add", "replace", "delete", "compact", "maintain")
# The vector and the media size of each number, in the order of the rows.
Rows = dict[int, tuple[bytes, int]]


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        kind: one of ``KINDS``
        numbers: the numbers of the rows it changes
        vectors: their vectors
    """

    kind: str
    numbers: list[int]
    vectors: np.ndarray

    @classmethod
    def of(cls, seed: int, n: int) -> Step:
        """Returns the ``n``-th step of a seed."""
        rng = np.random.default_rng([seed, n])
        kind = KINDS[n % len(KINDS)] if n else "add"
        # Numbers of the last 24 steps that added rows; deletions also remove older ones.
        old = np.arange(max(0, n - 120) * SIZE, max(1, n) * SIZE)
        numbers = rng.choice(old, min(SIZE, len(old)), replace=False)
        if kind == "add":
            numbers = np.arange(n * SIZE, n * SIZE + SIZE)
        if kind == "delete":
            numbers = np.unique(np.r_[numbers, np.arange(max(0, n - 130), max(0, n - 114)) * SIZE])
        vectors = rng.normal(size=(len(numbers), DIM)).astype(np.float32)
        return cls(kind, numbers.tolist(), vectors)

    def apply_to_model(self, rows: Rows) -> None:
        """Changes the model."""
        if self.kind in ("add", "replace"):
            for number, vector in zip(self.numbers, self.vectors, strict=True):
                rows.pop(number, None)
                rows[number] = (vector.tobytes(), 10 * number)
        if self.kind == "delete":
            for number in self.numbers:
                rows.pop(number, None)

    def run(self, searcher: VectorSearcher) -> None:
        """Changes the store."""
        if self.kind in ("add", "replace"):
            searcher.store.commit(make_batch(self.vectors, self.numbers))
        elif self.kind == "delete":
            searcher.store.commit(delete=ids_of(self.numbers))
        elif self.kind == "compact":
            searcher.store.compact()
        else:
            searcher.maintenance.maintain(force=True)


def model_after(seed: int, steps: int) -> Rows:
    """Returns the model after a number of steps."""
    rows: Rows = {}
    for n in range(steps):
        Step.of(seed, n).apply_to_model(rows)
    return rows


def write(path: Path, seed: int, finished: int, until: int, sender: Connection) -> None:
    """Checks the state that the previous writer left, and continues from there.

    Args:
        path: the directory of the store
        seed: determines the steps
        finished: the number of steps that the previous writers reported as done
        until: the step to stop before
        sender: receives ``("checked", steps)``, then ``("started", n)`` and ``("done", n)`` for
            each step, and ``("end", steps)`` or ``("failed", traceback)``
    """
    try:
        store = Store.create(path, has_labels=False, metadata={})
        searcher = VectorSearcher(store, "euclidean", "IVF4,SQ8", policy=SMALL_POLICY)
        n = check(searcher, seed, finished)
        sender.send(("checked", n))
        first = n
        while n < until:
            sender.send(("started", n))
            Step.of(seed, n).run(searcher)
            sender.send(("done", n))
            n += 1
            if n == first + 1:
                check_unused_files(searcher, seed, n)
        check(searcher, seed, n)
        sender.send(("end", n))
    except BaseException:  # noqa: BLE001
        sender.send(("failed", traceback.format_exc()))


def check(searcher: VectorSearcher, seed: int, finished: int) -> int:
    """Asserts that a store holds exactly the rows after the finished steps, or after one more.

    Returns:
        the number of steps that the store holds
    """
    stored = contents(searcher.store.snapshot())
    steps = [n for n in (finished, finished + 1) if stored == rows_after(seed, n)]
    assert steps, f"{len(stored)} rows are neither those after {finished} steps nor after one more"
    assert searcher.store.verify() == []
    if stored:
        check_neighbors(searcher)
    return steps[0]


def rows_after(seed: int, steps: int) -> list[tuple[int, bytes, int]]:
    """Returns the contents of the store after a number of steps."""
    return [(number, *row) for number, row in model_after(seed, steps).items()]


def check_neighbors(searcher: VectorSearcher) -> None:
    """Asserts that exact search finds the rows that NumPy finds, and that distances are exact."""
    snapshot = searcher.store.snapshot()
    rows = snapshot.live_rows
    matrix = snapshot.vectors_at(rows).astype(np.float64)
    queries = matrix[:: max(1, len(rows) // 16)].astype(np.float32)
    hits = searcher.search(snapshot, queries, 5, ALL_ROWS)
    for query, hit in zip(queries, hits, strict=True):
        exact = row_distances(query.astype(np.float64), matrix, "euclidean")
        order = np.lexsort((rows, exact))[:5]
        if searcher.maintenance.ann_index_of(snapshot) is None:
            assert hit.rows.tolist() == rows[order].tolist()
            assert hit.distances.tobytes() == exact[order].tobytes()
        (hit,) = searcher.search(snapshot, query[None], 5, ALL_ROWS)
        assert hit.distances.tobytes() == exact[np.searchsorted(rows, hit.rows)].tobytes()
        assert hit.rows[0] == rows[order[0]]


def check_unused_files(searcher: VectorSearcher, seed: int, steps: int) -> None:
    """Asserts that writers remove the files that a killed writer left."""
    # The files that the first call replaces are removed by the second one.
    searcher.store.remove_index_file("ann_index")
    searcher.store.remove_index_file("ann_index")
    assert unused_files(searcher.store) == set()
    assert contents(searcher.store.snapshot()) == rows_after(seed, steps)
