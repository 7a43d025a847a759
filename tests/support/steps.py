"""A sequence of steps that a seed decides, a model of what they do, and writers that take them."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from fiftyone_faiss.brain.ann import factory, searcher
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.core import metrics
from fiftyone_faiss.brain.store.store import Store
from support.stores import ALL, batch, contents, ids_of, leftovers

DIM, SIZE = 8, 24
KINDS = ("add", "overwrite", "remove", "compact", "maintain")
# Rows by their number, in the order they were written: ``(vector, media size)``.
Rows = dict[int, tuple[bytes, int]]


@dataclass(frozen=True)
class Step:
    """The ``n``-th step of a seed: what it does, to which numbers, with which vectors."""

    kind: str
    numbers: list[int]
    vectors: np.ndarray

    @classmethod
    def of(cls, seed: int, n: int) -> Step:
        rng = np.random.default_rng([seed, n])
        kind = KINDS[n % len(KINDS)] if n else "add"
        # Numbers of the last 20 steps that added; older rows go whenever some are removed.
        old = np.arange(max(0, n - 120) * SIZE, max(1, n) * SIZE)
        numbers = rng.choice(old, min(SIZE, len(old)), replace=False)
        if kind == "add":
            numbers = np.arange(n * SIZE, n * SIZE + SIZE)
        if kind == "remove":
            numbers = np.unique(np.r_[numbers, np.arange(max(0, n - 130), max(0, n - 114)) * SIZE])
        vectors = rng.normal(size=(len(numbers), DIM)).astype(np.float32)
        return cls(kind, numbers.tolist(), vectors)

    def change(self, rows: Rows) -> None:
        """What it does to the model."""
        if self.kind in ("add", "overwrite"):
            for number, vector in zip(self.numbers, self.vectors, strict=True):
                rows.pop(number, None)
                rows[number] = (vector.tobytes(), 10 * number)
        if self.kind == "remove":
            for number in self.numbers:
                rows.pop(number, None)

    def take(self, vectors: VectorSearcher) -> None:
        """Does it to a store."""
        if self.kind in ("add", "overwrite"):
            vectors.store.commit(batch(self.vectors, self.numbers))
        elif self.kind == "remove":
            vectors.store.commit(delete=ids_of(self.numbers))
        elif self.kind == "compact":
            vectors.store.compact()
        else:
            vectors.maintenance.maintain(force=True)


def after(seed: int, steps: int) -> Rows:
    """The model after so many steps."""
    rows: Rows = {}
    for n in range(steps):
        Step.of(seed, n).change(rows)
    return rows


def write(path: Path, seed: int, finished: int, until: int, told: Connection) -> None:
    """A writer: checks what the one before has left behind, and goes on from there.

    Args:
        path: the store's folder
        seed: decides the steps
        finished: the steps that were reported as finished
        until: the step to stop before
        told: is told ``("found", steps)``, then ``("begun", n)`` and ``("done", n)`` of each step,
            or ``("failed", why)``
    """
    factory.MIN_ROWS = 32
    searcher.WIDEST = 1 / 4
    try:
        store = Store.create(path, has_labels=False, metadata={})
        vectors = VectorSearcher(store, "euclidean", "IVF4,SQ8")
        n = check(vectors, seed, finished)
        told.send(("found", n))
        first = n
        while n < until:
            told.send(("begun", n))
            Step.of(seed, n).take(vectors)
            told.send(("done", n))
            n += 1
            if n == first + 1:
                check_tidy(vectors, seed, n)
        check(vectors, seed, n)
        told.send(("end", n))
    except BaseException:  # noqa: BLE001
        told.send(("failed", traceback.format_exc()))


def check(vectors: VectorSearcher, seed: int, finished: int) -> int:
    """Fails unless a store is as after the finished steps, or one more, bit by bit.

    Returns:
        the number of steps it is after
    """
    snapshot = vectors.store.snapshot()
    found = contents(snapshot)
    steps = [n for n in (finished, finished + 1) if found == rows_after(seed, n)]
    assert steps, f"{len(found)} rows are neither those after {finished} steps nor after one more"
    assert vectors.store.verify() == []
    if found:
        check_answers(vectors)
    return steps[0]


def rows_after(seed: int, steps: int) -> list[tuple[int, bytes, int]]:
    return [(number, *row) for number, row in after(seed, steps).items()]


def check_answers(vectors: VectorSearcher) -> None:
    """Fails unless searches find what NumPy finds, and derived ones give exact distances."""
    snapshot = vectors.store.snapshot()
    rows = snapshot.live_rows
    matrix = snapshot.vectors_at(rows).astype(np.float64)
    queries = matrix[:: max(1, len(rows) // 16)].astype(np.float32)
    many = vectors.search(snapshot, queries, 5, ALL)
    for query, hit in zip(queries, many, strict=True):
        exact = metrics.row_distances(query.astype(np.float64), matrix, "euclidean")
        order = np.lexsort((rows, exact))[:5]
        if len(queries) >= searcher.MANY_QUERIES:
            assert hit.rows.tolist() == rows[order].tolist()
            assert hit.distances.tobytes() == exact[order].tobytes()
        (one,) = vectors.search(snapshot, query[None], 5, ALL)
        assert one.distances.tobytes() == exact[np.searchsorted(rows, one.rows)].tobytes()
        assert one.rows[0] == rows[order[0]]


def check_tidy(vectors: VectorSearcher, seed: int, steps: int) -> None:
    """Fails unless the next writer has left nothing but what its own step replaced."""
    vectors.store.remove_ann_index()
    vectors.store.remove_ann_index()
    assert leftovers(vectors.store) == set()
    assert contents(vectors.store.snapshot()) == rows_after(seed, steps)
