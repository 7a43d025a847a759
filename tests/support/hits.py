"""Exact search of stores with several segments, and checks of its results."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fiftyone_faiss.brain.ann.exact_search import RowHits
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store
from support.stores import ALL_ROWS, create_store, make_batch

DIM = 8


def varied_vectors(rng: np.random.Generator) -> np.ndarray:
    """Returns 300 vectors of different norms: row 17 is zero, rows 40, 41 and 200 are equal."""
    vectors = rng.normal(size=(300, DIM)).astype(np.float32)
    vectors *= rng.uniform(0.2, 3, (300, 1)).astype(np.float32)
    vectors[17] = 0
    vectors[40] = vectors[41] = vectors[200]
    return vectors


def create_segmented_store(path: Path, vectors: np.ndarray) -> Store:
    """Creates a store of vectors in three segments."""
    store = create_store(path, vectors[:200])
    store.commit(make_batch(vectors[200:201], [200]))
    store.commit(make_batch(vectors[201:], range(201, len(vectors))))
    return store


def search_exactly(
    snapshot: Snapshot, queries: np.ndarray, metric: str, k: int | None, reverse: bool = False
) -> list[RowHits]:
    """Searches without an ANN index."""
    # Only the maintenance of an ANN index needs the store, so its path does not matter.
    searcher = VectorSearcher(Store(Path()), metric, "flat")
    return searcher.search(snapshot, queries, k, ALL_ROWS, reverse)


def assert_nearest(
    hits: RowHits, distances: np.ndarray, k: int | None, reverse: bool = False
) -> None:
    """Asserts that hits are the nearest rows, ties by row, with their distances.

    Args:
        hits: the hits of one query
        distances: ``(total_rows,)`` reference distances, infinite for rows that are not allowed
        k: the number of hits, None for all
        reverse (False): whether the hits are the farthest rows
    """
    rows = np.flatnonzero(distances < np.inf)
    # Equal distances differ by rounding in the reference.
    rounded = distances[rows].round(10)
    order = rows[np.lexsort((rows, -rounded if reverse else rounded))][:k]
    assert hits.rows.tolist() == order.tolist()
    np.testing.assert_allclose(hits.distances, distances[order], rtol=1e-12, atol=1e-12)


def nearest_rows(distances: np.ndarray, k: int | None) -> list[int]:
    """Returns the rows of the smallest finite distances, ties by row."""
    rows = np.flatnonzero(distances < np.inf)
    return rows[np.argsort(distances[rows], kind="stable")][:k].tolist()
