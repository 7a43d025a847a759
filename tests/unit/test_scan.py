"""Exact search, by rows and values, against formulas written out in NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.distances import reference
from support.stores import ALL, batch, filled, ids_of

from fiftyone_faiss.brain.ann import exact_search
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.core import metrics
from fiftyone_faiss.brain.store.snapshot import Snapshot
from fiftyone_faiss.brain.store.store import Store

DIM = 8
# What is computed from the same vectors in the same way differs by rounding alone.
CLOSE = {"rtol": 1e-12, "atol": 1e-12}


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    vectors = rng.normal(size=(300, DIM)).astype(np.float32)
    vectors *= rng.uniform(0.2, 3, (300, 1)).astype(np.float32)
    vectors[17] = 0
    vectors[40] = vectors[41] = vectors[200]
    return vectors


@pytest.fixture
def store(tmp_path: Path, vectors: np.ndarray) -> Store:
    return stored(tmp_path / "s", vectors)


@pytest.fixture
def snapshot(store: Store) -> Snapshot:
    return store.snapshot()


def stored(path: Path, vectors: np.ndarray) -> Store:
    """A store of these vectors in three segments."""
    store = filled(path, vectors[:200])
    store.commit(batch(vectors[200:201], [200]))
    store.commit(batch(vectors[201:], range(201, len(vectors))))
    return store


def expect(
    found: exact_search.RowHits, distances: np.ndarray, k: int | None, reverse: bool = False
) -> None:
    """Fails unless these are the rows of the nearest, ties by row, and their distances."""
    rows = np.flatnonzero(distances < np.inf)
    # What is equal is so in the reference only up to its rounding.
    keys = distances[rows].round(10)
    order = rows[np.lexsort((rows, -keys if reverse else keys))][:k]
    assert found.rows.tolist() == order.tolist()
    np.testing.assert_allclose(found.distances, distances[order], **CLOSE)


def search(
    snapshot: Snapshot, queries: np.ndarray, metric: str, k: int | None, reverse: bool = False
) -> list[exact_search.RowHits]:
    # Without an ANN index, the store itself is never asked.
    return VectorSearcher(Store(Path()), metric, "flat").search(snapshot, queries, k, ALL, reverse)


@pytest.mark.parametrize("metric", metrics.METRICS)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("n_queries", [1, 3, 40])
@pytest.mark.parametrize("k", [1, 10, 290, 1000, None])
def test_neighbours_are_those_of_the_formula(
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
    hits = search(snapshot, queries, metric, k, reverse)
    for distances, hit in zip(expected, hits, strict=True):
        expect(hit, distances, k, reverse)


@pytest.mark.parametrize("metric", metrics.METRICS)
def test_blocks_are_merged(
    snapshot: Snapshot, vectors: np.ndarray, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact_search, "BLOCK_ROWS", 7)
    monkeypatch.setattr(exact_search, "SCORE_ROWS", 5)
    monkeypatch.setattr(exact_search, "QUERIES_AT_ONCE", 6)
    expected = reference(vectors[:20], vectors, metric)
    for distances, hit in zip(expected, search(snapshot, vectors[:20], metric, 9), strict=True):
        expect(hit, distances, 9)
    thresh = float(np.median(expected))
    close = exact_search.range_search(snapshot, vectors[:20], metric, thresh, snapshot.live)
    for distances, hit in zip(expected, close, strict=True):
        expect(hit, np.where(distances <= thresh, distances, np.inf), None)


@pytest.mark.parametrize("metric", metrics.METRICS)
def test_a_distance_depends_on_nothing_but_the_pair(
    snapshot: Snapshot, rng: np.random.Generator, metric: str
) -> None:
    queries = rng.normal(size=(40, DIM)).astype(np.float32)
    together = search(snapshot, queries, metric, 12)
    everything = search(snapshot, queries[:3], metric, None)
    near = exact_search.range_search(snapshot, queries, metric, 100.0, snapshot.live)
    for i, query in enumerate(queries):
        (alone,) = search(snapshot, query[None], metric, 12)
        assert alone.rows.tolist() == together[i].rows.tolist() == near[i].rows[:12].tolist()
        assert alone.distances.tobytes() == together[i].distances.tobytes()
        assert alone.distances.tobytes() == near[i].distances[:12].tobytes()
        for row, distance in zip(alone.rows, alone.distances, strict=True):
            single = exact_search.distances(snapshot, query, metric, np.array([row]))
            assert single.tobytes() == distance.tobytes()
    assert everything[2].distances[:12].tobytes() == together[2].distances.tobytes()


@pytest.mark.parametrize("metric", metrics.METRICS)
@pytest.mark.parametrize("n_queries", [1, 40])
def test_neighbours_are_right_where_float32_cancels(
    tmp_path: Path, rng: np.random.Generator, metric: str, n_queries: int
) -> None:
    vectors = (1000 + 1e-3 * rng.normal(size=(400, DIM))).astype(np.float32)
    queries = (1000 + 1e-3 * rng.normal(size=(n_queries, DIM))).astype(np.float32)
    snapshot = stored(tmp_path / "s", vectors).snapshot()
    wide = queries.astype(np.float64), vectors.astype(np.float64)
    for i, hit in enumerate(search(snapshot, queries, metric, 10)):
        exact = metrics.row_distances(wide[0][i], wide[1], metric)
        assert hit.rows.tolist() == np.lexsort((np.arange(400), exact))[:10].tolist()
        np.testing.assert_array_equal(hit.distances, exact[hit.rows])
    keys = (vectors**2).sum(1) - 2 * vectors @ queries[0]
    wrong = np.argsort(keys, kind="stable")[:10].tolist()
    assert metric != "euclidean" or wrong != hit.rows.tolist(), "this data puts nothing to test"


@pytest.mark.parametrize("n_queries", [1, 40])
def test_neighbours_of_far_away_queries_are_right(
    tmp_path: Path, rng: np.random.Generator, n_queries: int
) -> None:
    vectors = rng.normal(size=(2_000, DIM)).astype(np.float32)
    queries = (rng.normal(size=(n_queries, DIM)) * 3e4).astype(np.float32)
    snapshot = filled(tmp_path / "s", vectors).snapshot()
    expected = np.stack(
        [
            metrics.row_distances(q, vectors.astype(float), "euclidean")
            for q in queries.astype(float)
        ]
    )
    thresh = float(np.sort(expected[0])[50])
    near = exact_search.range_search(snapshot, queries, "euclidean", thresh, snapshot.live)
    for hit, close, exact in zip(
        search(snapshot, queries, "euclidean", 10), near, expected, strict=True
    ):
        assert hit.rows.tolist() == np.lexsort((np.arange(2_000), exact))[:10].tolist()
        assert sorted(close.rows.tolist()) == np.flatnonzero(exact <= thresh).tolist()


@pytest.mark.parametrize("metric", metrics.METRICS)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("n_queries", [1, 40])
@pytest.mark.parametrize("scale", [1e-30, 1e-42, 1e25])
def test_tiny_and_huge_vectors_are_as_good_as_others(
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
    snapshot = stored(tmp_path / "s", vectors).snapshot()
    for query, hit in zip(queries, search(snapshot, queries, metric, 20, reverse), strict=True):
        exact = metrics.row_distances(query.astype(float), vectors.astype(float), metric)
        order = np.lexsort((np.arange(300), -exact if reverse else exact))[:20]
        assert hit.rows.tolist() == order.tolist()
        np.testing.assert_array_equal(hit.distances, exact[order])
    exact = metrics.row_distances(query.astype(float), vectors.astype(float), metric)
    thresh = float(np.sort(exact)[30])
    (near,) = exact_search.range_search(snapshot, query[None], metric, thresh, snapshot.live)
    assert sorted(near.rows.tolist()) == np.flatnonzero(exact <= thresh).tolist()


@pytest.mark.parametrize("metric", ["cosine", "dotproduct"])
@pytest.mark.parametrize("n_queries", [1, 40])
def test_a_query_of_zeros_is_as_far_from_all(
    snapshot: Snapshot, metric: str, n_queries: int
) -> None:
    distance = 1.0 if metric == "cosine" else 0.0
    for k in (5, None):
        for hit in search(snapshot, np.zeros((n_queries, DIM), np.float32), metric, k):
            assert hit.rows.tolist() == list(range(300))[:k]
            np.testing.assert_array_equal(hit.distances, distance)


@pytest.mark.parametrize("metric", metrics.METRICS)
@pytest.mark.parametrize("n_queries", [1, 40])
def test_equal_vectors_are_found_in_the_order_of_their_rows(
    tmp_path: Path, rng: np.random.Generator, metric: str, n_queries: int
) -> None:
    few = rng.normal(size=(3, DIM)).astype(np.float32)
    which = rng.integers(0, 3, 300)
    snapshot = stored(tmp_path / "s", few[which]).snapshot()
    queries = few[np.arange(n_queries) % 3]
    expected = reference(few, few, metric)
    for i, hit in enumerate(search(snapshot, queries, metric, 110)):
        expect(hit, expected[i % 3][which], 110)


def test_cosines_of_multiples_of_a_vector_are_one(tmp_path: Path) -> None:
    vector = np.array([[0.1, 0.2, 0.7]], np.float32)
    scales = np.array([1, 2, 0.5, 1e-20, 1e20], np.float32)
    snapshot = filled(tmp_path / "s", scales[:, None] * vector).snapshot()
    (hit,) = search(snapshot, vector, "cosine", 5)
    np.testing.assert_allclose(hit.distances, 0, atol=1e-7)
    (opposite,) = search(snapshot, -vector, "cosine", 5)
    np.testing.assert_allclose(opposite.distances, 2, atol=1e-7)
    assert sorted(hit.rows.tolist()) == sorted(opposite.rows.tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("metric", metrics.METRICS)
def test_within_finds_all_up_to_the_threshold_and_that_one(
    snapshot: Snapshot, vectors: np.ndarray, metric: str
) -> None:
    expected = reference(vectors[41:43], vectors, metric)
    exact = exact_search.distances(snapshot, vectors[41], metric, np.arange(300))
    thresh = float(np.sort(exact)[60])
    hits = exact_search.range_search(snapshot, vectors[41:43], metric, thresh, snapshot.live)
    assert len(hits[0].rows) == np.count_nonzero(exact <= thresh) >= 61
    for distances, hit in zip(expected, hits, strict=True):
        expect(hit, np.where(distances <= thresh + 1e-9, distances, np.inf), None)
    nothing = float(exact.min()) - 0.1
    (none,) = exact_search.range_search(snapshot, vectors[41:42], metric, nothing, snapshot.live)
    assert none.rows.tolist() == [] and none.distances.tolist() == []


@pytest.mark.parametrize("n_queries", [1, 40])
def test_deleted_and_masked_rows_are_passed_over(
    store: Store, vectors: np.ndarray, rng: np.random.Generator, n_queries: int
) -> None:
    store.commit(delete=ids_of(range(0, 300, 2)))
    fresh = store.snapshot()
    queries = rng.normal(size=(n_queries, DIM)).astype(np.float32)
    expected = reference(queries, vectors, "cosine")
    expected[:, ::2] = np.inf
    for distances, hit in zip(expected, search(fresh, queries, "cosine", 200), strict=True):
        expect(hit, distances, 200)
    mask = np.arange(300) % 3 == 1
    expected[:, ~mask] = np.inf
    hits = exact_search.search_many(fresh, queries, "cosine", 7, mask & fresh.live)
    for distances, hit in zip(expected, hits, strict=True):
        expect(hit, distances, 7)
