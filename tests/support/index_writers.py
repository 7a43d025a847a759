"""Writers that replace the FAISS index of a store all the time, and searchers beside them."""

from __future__ import annotations

import logging
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

import faiss
import numpy as np

from fiftyone_faiss.brain.ann import maintenance
from fiftyone_faiss.brain.ann.factory import prepared
from fiftyone_faiss.brain.core.metrics import row_distances
from fiftyone_faiss.brain.store.store import Store
from support.searchers import small_searcher
from support.stores import ALL_ROWS, ids_of, make_batch

TUNING = {
    "factory": "SQ8",
    "efforts": [{"depth": 100, "probes": 0, "overfetch": 4}],
    "recall": 1.0,
    "latency_ms": 0.1,
    "target_recall": 0.99,
}


class Warnings(logging.Handler):
    """Counts log records."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def replace_for(path: Path, writer: int, seconds: float, sender: Connection) -> None:
    """Replaces rows and the FAISS index for some seconds, and sends the number of indexes."""
    try:
        store, rng = Store(path), np.random.default_rng(writer)
        stop, count = time.monotonic() + seconds, 0
        while count == 0 or time.monotonic() < stop:
            numbers = [1_000 * (writer + 1) + count % 7]
            vectors = rng.normal(size=(1, store.snapshot().dim)).astype(np.float32)
            store.commit(make_batch(vectors, numbers), delete=ids_of([numbers[0] + 1]))
            snapshot = store.snapshot()
            index = faiss.index_factory(snapshot.dim, "SQ8", faiss.METRIC_INNER_PRODUCT)
            rows = snapshot.vectors_at(np.arange(snapshot.total_rows))
            index.train(prepared(rows, "cosine"))
            index.add(prepared(rows, "cosine"))
            store.save_index_file(
                "ann_index",
                snapshot,
                TUNING,
                lambda file, index=index: faiss.write_index(index, str(file)),
            )
            count += 1
            if len(snapshot.deleted) > 100:
                store.compact()
        sender.send(count)
    except BaseException:  # noqa: BLE001
        sender.send(traceback.format_exc())


def search_for(path: Path, seed: int, seconds: float, sender: Connection) -> None:
    """Searches for some seconds, and sends the number of queries."""
    try:
        faiss.omp_set_num_threads(1)
        warnings = Warnings()
        maintenance.logger.addHandler(warnings)
        searcher, rng = small_searcher(Store(path), "sq8"), np.random.default_rng([seed, 51])
        stop, count = time.monotonic() + seconds, 0
        while count == 0 or time.monotonic() < stop:
            snapshot = searcher.store.snapshot()
            query = rng.normal(size=(1, snapshot.dim)).astype(np.float32)
            (hit,) = searcher.search(snapshot, query, 5, ALL_ROWS)
            vectors = snapshot.vectors_at(hit.rows)
            exact = row_distances(query[0].astype(np.float64), vectors, "cosine")
            assert len(hit.rows) == 5 and snapshot.live[hit.rows].all()
            np.testing.assert_allclose(hit.distances, exact, rtol=1e-6, atol=1e-7)
            count += 1
        assert warnings.count == 0, "nothing is damaged"
        sender.send(count)
    except BaseException:  # noqa: BLE001
        sender.send(traceback.format_exc())
