"""Exact search, for one query and for many, compared with formulas in NumPy."""

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
from support.stores import create_store

from fiftyone_faiss.brain.ann import exact_search
from fiftyone_faiss.brain.ann.range_search import range_search
from fiftyone_faiss.brain.core.metrics import METRICS, row_distances
from fiftyone_faiss.brain.store.snapshot import Snapshot


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return varied_vectors(rng)


@pytest.fixture
def snapshot(tmp_path: Path, vectors: np.ndarray) -> Snapshot:
    return create_segmented_store(tmp_path / "s", vectors).snapshot()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("n_queries", [1, 3, 40])
@pytest.mark.parametrize("k", [1, 10, 290, 1000, None])
def test_neighbors_match_the_formula(
    snapshot: Snapshot,
    vectors: np.ndarray,
    rng: np.random.Generator,
    metric: str,
    reverse: bool,
    n_queries: int,
    k: int | None,
) -> None:
    queries = rng.normal(size=(n_queries, DIM)).astype(np.float32)
    queries[0] = vectors[41]
    expected = reference(queries, vectors, metric)
    hits = search_exactly(snapshot, queries, metric, k, reverse)
    for distances, hit in zip(expected, hits, strict=True):
        assert_nearest(hit, distances, k, reverse)


@pytest.mark.parametrize("metric", METRICS)
def test_a_distance_depends_only_on_its_two_vectors(
    snapshot: Snapshot, rng: np.random.Generator, metric: str
) -> None:
    queries = rng.normal(size=(40, DIM)).astype(np.float32)
    together = search_exactly(snapshot, queries, metric, 12)
    all_rows = search_exactly(snapshot, queries[:3], metric, None)
    in_range = range_search(snapshot, queries, metric, 100.0, snapshot.live)
    for i, query in enumerate(queries):
        (alone,) = search_exactly(snapshot, query[None], metric, 12)
        assert alone.rows.tolist() == together[i].rows.tolist() == in_range[i].rows[:12].tolist()
        assert alone.distances.tobytes() == together[i].distances.tobytes()
        assert alone.distances.tobytes() == in_range[i].distances[:12].tobytes()
        for row, distance in zip(alone.rows, alone.distances, strict=True):
            single = exact_search.distances(snapshot, query, metric, np.array([row]))
            assert single.tobytes() == distance.tobytes()
    assert all_rows[2].distances[:12].tobytes() == together[2].distances.tobytes()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("n_queries", [1, 40])
def test_neighbors_are_exact_where_float32_cancels(
    tmp_path: Path, rng: np.random.Generator, metric: str, n_queries: int
) -> None:
    vectors = (1000 + 1e-3 * rng.normal(size=(400, DIM))).astype(np.float32)
    queries = (1000 + 1e-3 * rng.normal(size=(n_queries, DIM))).astype(np.float32)
    snapshot = create_segmented_store(tmp_path / "s", vectors).snapshot()
    for query, hit in zip(queries, search_exactly(snapshot, queries, metric, 10), strict=True):
        exact = row_distances(query.astype(np.float64), vectors.astype(np.float64), metric)
        assert hit.rows.tolist() == np.lexsort((np.arange(400), exact))[:10].tolist()
        np.testing.assert_array_equal(hit.distances, exact[hit.rows])
    if metric == "euclidean":
        scores = (vectors**2).sum(1) - 2 * vectors @ queries[-1]
        by_score = np.argsort(scores, kind="stable")[:10].tolist()
        assert by_score != hit.rows.tolist(), "float32 would be exact enough for this data"


@pytest.mark.parametrize("n_queries", [1, 40])
def test_neighbors_of_distant_queries_are_exact(
    tmp_path: Path, rng: np.random.Generator, n_queries: int
) -> None:
    vectors = rng.normal(size=(2_000, DIM)).astype(np.float32)
    queries = (rng.normal(size=(n_queries, DIM)) * 3e4).astype(np.float32)
    snapshot = create_store(tmp_path / "s", vectors).snapshot()
    for query, hit in zip(queries, search_exactly(snapshot, queries, "euclidean", 10), strict=True):
        exact = row_distances(query.astype(np.float64), vectors.astype(np.float64), "euclidean")
        assert hit.rows.tolist() == np.lexsort((np.arange(2_000), exact))[:10].tolist()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("n_queries", [1, 40])
@pytest.mark.parametrize("scale", [1e-30, 1e-42, 1e25])
def test_vectors_of_extreme_norms_are_found(
    tmp_path: Path,
    rng: np.random.Generator,
    metric: str,
    reverse: bool,
    n_queries: int,
    scale: float,
) -> None:
    vectors = rng.normal(size=(300, DIM)).astype(np.float32)
    vectors[::3] = (vectors[::3].astype(np.float64) * scale).astype(np.float32)
    queries = rng.normal(size=(n_queries, DIM)).astype(np.float32)
    queries[::2] = (queries[::2].astype(np.float64) * scale).astype(np.float32)
    snapshot = create_segmented_store(tmp_path / "s", vectors).snapshot()
    hits = search_exactly(snapshot, queries, metric, 20, reverse)
    for query, hit in zip(queries, hits, strict=True):
        exact = row_distances(query.astype(np.float64), vectors.astype(np.float64), metric)
        order = np.lexsort((np.arange(300), -exact if reverse else exact))[:20]
        assert hit.rows.tolist() == order.tolist()
        np.testing.assert_array_equal(hit.distances, exact[order])


@pytest.mark.parametrize("metric", ["cosine", "dotproduct"])
@pytest.mark.parametrize("n_queries", [1, 40])
def test_a_zero_query_has_the_same_distance_to_all_rows(
    snapshot: Snapshot, metric: str, n_queries: int
) -> None:
    distance = 1.0 if metric == "cosine" else 0.0
    for k in (5, None):
        for hit in search_exactly(snapshot, np.zeros((n_queries, DIM), np.float32), metric, k):
            assert hit.rows.tolist() == list(range(300))[:k]
            np.testing.assert_array_equal(hit.distances, distance)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("n_queries", [1, 40])
def test_equal_vectors_are_ordered_by_row(
    tmp_path: Path, rng: np.random.Generator, metric: str, n_queries: int
) -> None:
    distinct = rng.normal(size=(3, DIM)).astype(np.float32)
    copied = rng.integers(0, 3, 300)
    snapshot = create_segmented_store(tmp_path / "s", distinct[copied]).snapshot()
    queries = distinct[np.arange(n_queries) % 3]
    expected = reference(distinct, distinct, metric)
    for i, hit in enumerate(search_exactly(snapshot, queries, metric, 110)):
        assert_nearest(hit, expected[i % 3][copied], 110)


def test_the_cosine_of_multiples_of_a_vector_is_one(tmp_path: Path) -> None:
    vector = np.array([[0.1, 0.2, 0.7]], np.float32)
    scales = np.array([1, 2, 0.5, 1e-20, 1e20], np.float32)
    snapshot = create_store(tmp_path / "s", scales[:, None] * vector).snapshot()
    (hit,) = search_exactly(snapshot, vector, "cosine", 5)
    np.testing.assert_allclose(hit.distances, 0, atol=1e-7)
    (opposite,) = search_exactly(snapshot, -vector, "cosine", 5)
    np.testing.assert_allclose(opposite.distances, 2, atol=1e-7)
    assert sorted(hit.rows.tolist()) == sorted(opposite.rows.tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("reverse", [False, True])
def test_exact_search_covers_a_tail_or_a_list_of_rows(
    snapshot: Snapshot, vectors: np.ndarray, reverse: bool
) -> None:
    distances = reference(vectors[:1], vectors, "euclidean")[0]
    sign = -1 if reverse else 1
    rows = np.array([250, 3, 40, 17, 201])
    tail = exact_search.ExactSearch(snapshot, vectors[0], "euclidean", start=199, reverse=reverse)
    listed = exact_search.ExactSearch(snapshot, vectors[0], "euclidean", rows=rows, reverse=reverse)
    for k in (1, 2, 4):
        nearest = 199 + np.argsort(sign * distances[199:], kind="stable")[:k]
        assert sorted(tail.top_k(k).tolist()) == sorted(nearest.tolist())
        nearest = rows[np.argsort(sign * distances[rows], kind="stable")[:k]]
        assert sorted(listed.top_k(k).tolist()) == sorted(nearest.tolist())
    assert sorted(listed.top_k(9).tolist()) == sorted(rows.tolist())


def test_a_large_store_is_searched_in_blocks(tmp_path: Path, rng: np.random.Generator) -> None:
    rows = exact_search.BLOCK_ROWS + 5_000
    vectors = rng.normal(size=(rows, DIM)).astype(np.float32)
    snapshot = create_segmented_store(tmp_path / "s", vectors).snapshot()
    query = vectors[exact_search.BLOCK_ROWS + 300]
    for metric in METRICS:
        exact = row_distances(query.astype(np.float64), vectors.astype(np.float64), metric)
        for k in (10, None):
            (hit,) = search_exactly(snapshot, query[None], metric, k)
            assert_nearest(hit, exact, k)
