"""Exact search for many queries, and range search, compared with formulas in NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.distances import reference
from support.hits import (
    DIM,
    assert_nearest,
    create_segmented_store,
    search_exactly,
    varied_vectors,
)
from support.stores import create_store, ids_of

from fiftyone_faiss.brain.ann.batch_search import BATCH_QUERIES, search_many
from fiftyone_faiss.brain.ann.exact_search import BLOCK_ROWS, distances
from fiftyone_faiss.brain.ann.range_search import range_search
from fiftyone_faiss.brain.core.metrics import METRICS, row_distances
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return varied_vectors(rng)


@pytest.fixture
def store(tmp_path: Path, vectors: np.ndarray) -> Store:
    return create_segmented_store(tmp_path / "s", vectors)


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    return store.snapshot()


@pytest.mark.parametrize("metric", METRICS)
def test_blocks_of_rows_and_batches_of_queries_are_merged(
    tmp_path: Path, rng: np.random.Generator, metric: str
) -> None:
    vectors = rng.normal(size=(BLOCK_ROWS + 500, DIM)).astype(np.float32)
    snapshot = create_segmented_store(tmp_path / "s", vectors).snapshot()
    queries = rng.normal(size=(BATCH_QUERIES + 4, DIM)).astype(np.float32)
    checked = [0, BATCH_QUERIES - 1, BATCH_QUERIES, BATCH_QUERIES + 3]
    hits = search_many(snapshot, queries, metric, 9, snapshot.live)
    exact = [
        row_distances(queries[i].astype(np.float64), vectors.astype(np.float64), metric)
        for i in checked
    ]
    thresh = float(np.sort(exact[0])[100])
    in_range = range_search(snapshot, queries, metric, thresh, snapshot.live)
    assert len(hits) == len(in_range) == len(queries)
    for i, all_distances in zip(checked, exact, strict=True):
        assert_nearest(hits[i], all_distances, 9)
        near = np.where(all_distances <= thresh, all_distances, np.inf)
        assert_nearest(in_range[i], near, None)
    assert len(in_range[0].rows) == 101


@pytest.mark.parametrize("n_queries", [1, 40])
def test_deleted_and_masked_rows_are_skipped(
    store: Store, vectors: np.ndarray, rng: np.random.Generator, n_queries: int
) -> None:
    store.commit(delete=ids_of(range(0, 300, 2)))
    snapshot = store.snapshot()
    queries = rng.normal(size=(n_queries, DIM)).astype(np.float32)
    expected = reference(queries, vectors, "cosine")
    expected[:, ::2] = np.inf
    hits = search_exactly(snapshot, queries, "cosine", 200)
    for all_distances, hit in zip(expected, hits, strict=True):
        assert_nearest(hit, all_distances, 200)
    mask = np.arange(300) % 3 == 1
    expected[:, ~mask] = np.inf
    hits = search_many(snapshot, queries, "cosine", 7, mask & snapshot.live)
    for all_distances, hit in zip(expected, hits, strict=True):
        assert_nearest(hit, all_distances, 7)


def test_a_block_without_allowed_rows_is_skipped(snapshot: Snapshot, vectors: np.ndarray) -> None:
    # The second segment is row 200.
    mask = np.arange(300) != 200
    expected = reference(vectors[:20], vectors, "euclidean")
    expected[:, 200] = np.inf
    hits = search_many(snapshot, vectors[:20], "euclidean", 5, mask)
    for all_distances, hit in zip(expected, hits, strict=True):
        assert_nearest(hit, all_distances, 5)


@pytest.mark.parametrize("metric", METRICS)
def test_range_search_includes_rows_at_the_threshold(
    snapshot: Snapshot, vectors: np.ndarray, metric: str
) -> None:
    expected = reference(vectors[41:43], vectors, metric)
    exact = distances(snapshot, vectors[41], metric, np.arange(300))
    thresh = float(np.sort(exact)[60])
    hits = range_search(snapshot, vectors[41:43], metric, thresh, snapshot.live)
    assert len(hits[0].rows) == np.count_nonzero(exact <= thresh) >= 61
    for all_distances, hit in zip(expected, hits, strict=True):
        near = np.where(all_distances <= thresh + 1e-9, all_distances, np.inf)
        assert_nearest(hit, near, None)
    below_all = float(exact.min()) - 0.1
    (hit,) = range_search(snapshot, vectors[41:42], metric, below_all, snapshot.live)
    assert hit.rows.tolist() == [] and hit.distances.tolist() == []


@pytest.mark.parametrize("n_queries", [1, 40])
def test_range_search_of_distant_queries_is_exact(
    tmp_path: Path, rng: np.random.Generator, n_queries: int
) -> None:
    vectors = rng.normal(size=(2_000, DIM)).astype(np.float32)
    queries = (rng.normal(size=(n_queries, DIM)) * 3e4).astype(np.float32)
    snapshot = create_store(tmp_path / "s", vectors).snapshot()
    expected = [
        row_distances(query.astype(np.float64), vectors.astype(np.float64), "euclidean")
        for query in queries
    ]
    thresh = float(np.sort(expected[0])[50])
    hits = range_search(snapshot, queries, "euclidean", thresh, snapshot.live)
    for exact, hit in zip(expected, hits, strict=True):
        assert sorted(hit.rows.tolist()) == np.flatnonzero(exact <= thresh).tolist()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1e-30, 1e-42, 1e25])
def test_range_search_finds_vectors_of_extreme_norms(
    tmp_path: Path, rng: np.random.Generator, metric: str, scale: float
) -> None:
    vectors = rng.normal(size=(300, DIM)).astype(np.float32)
    vectors[::3] = (vectors[::3].astype(np.float64) * scale).astype(np.float32)
    queries = rng.normal(size=(2, DIM)).astype(np.float32)
    queries[0] = (queries[0].astype(np.float64) * scale).astype(np.float32)
    snapshot = create_segmented_store(tmp_path / "s", vectors).snapshot()
    for query in queries:
        exact = row_distances(query.astype(np.float64), vectors.astype(np.float64), metric)
        thresh = float(np.sort(exact)[30])
        (hit,) = range_search(snapshot, query[None], metric, thresh, snapshot.live)
        assert sorted(hit.rows.tolist()) == np.flatnonzero(exact <= thresh).tolist()
