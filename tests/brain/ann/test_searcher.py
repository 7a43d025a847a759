"""Search with exact and ANN indexes, in whole stores and in views, while rows change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.distances import reference
from support.hits import nearest_rows
from support.searchers import ANN_TYPES, DIM, ROWS, searcher_with_index, small_searcher
from support.stores import ALL_ROWS, create_store, ids_of, make_batch

from fiftyone_faiss.brain.ann import exact_search
from fiftyone_faiss.brain.ann.row_filter import RowFilter
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.core.metrics import METRICS
from fiftyone_faiss.brain.store.store import Store


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(ROWS, DIM)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path, vectors: np.ndarray) -> Store:
    return create_store(tmp_path / "s", vectors)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("index_type", ANN_TYPES)
def test_each_type_returns_exact_distances_and_most_neighbors(
    store: Store, vectors: np.ndarray, rng: np.random.Generator, index_type: str, metric: str
) -> None:
    searcher = searcher_with_index(store, index_type, metric)
    tuning = searcher.maintenance.tuning(store.snapshot())
    assert tuning is not None and tuning.recall >= 0.95
    queries = rng.normal(size=(30, DIM)).astype(np.float32)
    common = 0
    for query, distances in zip(queries, reference(queries, vectors, metric), strict=True):
        (hit,) = searcher.search(store.snapshot(), query[None], 10, ALL_ROWS)
        assert len(set(hit.rows.tolist())) == 10 and (np.diff(hit.distances) >= 0).all()
        exact = exact_search.distances(store.snapshot(), query, metric, hit.rows)
        assert hit.distances.tobytes() == exact.tobytes()
        np.testing.assert_allclose(hit.distances, distances[hit.rows], rtol=1e-9, atol=1e-9)
        common += len(set(hit.rows.tolist()) & set(nearest_rows(distances, 10)))
    assert common / 300 >= (1.0 if index_type in ("sqfp16", "sq8") else 0.85)


@pytest.mark.parametrize("index_type", ANN_TYPES)
def test_queries_that_need_all_rows_are_exact_for_each_type(
    store: Store, vectors: np.ndarray, index_type: str
) -> None:
    searcher = searcher_with_index(store, index_type)
    expected = reference(vectors[:20], vectors, "cosine")
    # The farthest rows, all rows, and more neighbors than an ANN index serves.
    for n, k, reverse in ((20, 10, True), (2, None, False), (2, 5, True), (2, 150, False)):
        hits = searcher.search(store.snapshot(), vectors[:n], k, ALL_ROWS, reverse)
        for hit, distances in zip(hits, expected, strict=False):
            assert hit.rows.tolist() == nearest_rows(-distances if reverse else distances, k)
    (near,) = searcher.range_search(store.snapshot(), vectors[:1], 0.6, ALL_ROWS)
    assert sorted(near.rows.tolist()) == np.flatnonzero(expected[0] <= 0.6).tolist()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("index_type", ANN_TYPES)
def test_many_queries_find_what_each_finds_alone(
    store: Store, rng: np.random.Generator, index_type: str, metric: str
) -> None:
    searcher = searcher_with_index(store, index_type, metric)
    recall = searcher.maintenance.tuning(store.snapshot()).recall
    # New rows that the index does not hold, and deleted rows that it does.
    store.commit(make_batch(rng.normal(size=(15, DIM)).astype(np.float32), range(ROWS, ROWS + 15)))
    store.commit(delete=ids_of(range(0, ROWS, 40)))
    snapshot = store.snapshot()
    rows = np.flatnonzero(snapshot.live)[::2]
    half = RowFilter(lambda tested: np.isin(tested, rows), lambda: rows)
    listed = RowFilter(lambda tested: np.ones(len(tested), bool), lambda: rows, listed=True)
    queries = rng.normal(size=(40, DIM)).astype(np.float32)
    for row_filter, allowed in ((ALL_ROWS, snapshot.live_rows), (half, rows), (listed, rows)):
        together = searcher.search(snapshot, queries, 10, row_filter)
        common = 0
        for query, hit in zip(queries, together, strict=True):
            (alone,) = searcher.search(snapshot, query[None], 10, row_filter)
            assert len(set(hit.rows.tolist())) == 10 and np.isin(hit.rows, allowed).all()
            exact = exact_search.distances(snapshot, query, metric, hit.rows)
            assert hit.distances.tobytes() == exact.tobytes()
            assert np.lexsort((hit.rows, exact)).tolist() == list(range(10))
            common += len(np.intersect1d(hit.rows, alone.rows))
        # One query may rank all rows where many ask the index, or the other way round.
        assert common >= (recall - 0.1) * 400


@pytest.mark.parametrize("index_type", ANN_TYPES)
def test_new_rows_are_found_and_deleted_rows_are_not(
    store: Store, vectors: np.ndarray, rng: np.random.Generator, index_type: str
) -> None:
    searcher = searcher_with_index(store, index_type)
    new = rng.normal(size=(30, DIM)).astype(np.float32)
    store.commit(make_batch(new, range(ROWS, ROWS + 30)))
    for i, query in enumerate(new):
        (hit,) = searcher.search(store.snapshot(), query[None], 1, ALL_ROWS)
        assert hit.rows.tolist() == [ROWS + i]
    query = vectors[:1]
    (before,) = searcher.search(store.snapshot(), query, 20, ALL_ROWS)
    store.commit(delete=store.snapshot().ids[before.rows[:15]])
    assert store.snapshot().manifest.ann_index.rows == ROWS
    (after,) = searcher.search(store.snapshot(), query, 20, ALL_ROWS)
    assert after.rows[:5].tolist() == before.rows[15:].tolist() and len(after.rows) == 20
    assert not set(before.rows[:15].tolist()) & set(after.rows.tolist())


@pytest.mark.parametrize("index_type", ["flat", "sqfp16", "ivf_sq8"])
@pytest.mark.parametrize("n_queries", [1, 20])
def test_rejected_rows_are_replaced_by_others(
    store: Store, vectors: np.ndarray, index_type: str, n_queries: int
) -> None:
    searcher = small_searcher(store, index_type)
    searcher.maintenance.maintain()
    queries = vectors[:n_queries]
    hits = searcher.search(store.snapshot(), queries, 10, all_but(range(0, ROWS, 2)))
    for hit, distances in zip(hits, reference(queries, vectors, "cosine"), strict=True):
        distances[::2] = np.inf
        assert hit.rows.tolist() == nearest_rows(distances, 10) or index_type == "ivf_sq8"
        assert len(set(hit.rows.tolist())) == 10 and (hit.rows % 2 == 1).all()
    (hit,) = searcher.search(store.snapshot(), queries[:1], 10, all_but(range(3, ROWS)))
    assert sorted(hit.rows.tolist()) == [0, 1, 2]
    (hit,) = searcher.search(store.snapshot(), queries[:1], 10, all_but(range(ROWS)))
    assert hit.rows.tolist() == []


def all_but(rejected: range) -> RowFilter:
    """Returns a filter that lists no rows and rejects some when it is called."""
    return RowFilter(contains=lambda rows: ~np.isin(rows, rejected), rows=lambda: None)


@pytest.mark.parametrize("index_type", ["flat", "sqfp16", "hnsw"])
@pytest.mark.parametrize("size", [4, 20, 130, 300])
@pytest.mark.parametrize("listed", [True, False])
def test_views_of_each_size_are_searched_completely(
    store: Store,
    vectors: np.ndarray,
    rng: np.random.Generator,
    index_type: str,
    size: int,
    listed: bool,
) -> None:
    searcher = small_searcher(store, index_type, "euclidean")
    searcher.maintenance.maintain()
    rows = np.sort(rng.choice(ROWS, size, replace=False))
    row_filter = RowFilter(lambda tested: np.isin(tested, rows), lambda: rows, listed)
    queries = rng.normal(size=(20, DIM)).astype(np.float32)
    expected = reference(queries, vectors, "euclidean")
    expected[:, np.setdiff1d(np.arange(ROWS), rows)] = np.inf
    alone = [searcher.search(store.snapshot(), query[None], 6, row_filter)[0] for query in queries]
    together = searcher.search(store.snapshot(), queries, 6, row_filter)
    for single, batched, distances in zip(alone, together, expected, strict=True):
        assert batched.rows.tolist() == nearest_rows(distances, 6)
        assert set(single.rows.tolist()) <= set(rows.tolist())
        assert len(single.rows) == min(6, size)
        if index_type != "hnsw":
            assert single.rows.tolist() == batched.rows.tolist()
            assert single.distances.tobytes() == batched.distances.tobytes()


@pytest.mark.parametrize("listed", [True, False])
def test_rows_deleted_after_a_view_was_listed_are_replaced(
    store: Store, vectors: np.ndarray, listed: bool
) -> None:
    for rows in (np.arange(20), np.arange(300)):
        existing = rows[1::3]
        row_filter = RowFilter(
            lambda tested, existing=existing: np.isin(tested, existing),
            lambda rows=rows: rows,
            listed,
        )
        distances = reference(vectors[:1], vectors, "cosine")[0]
        distances[~np.isin(np.arange(ROWS), existing)] = np.inf
        searcher = small_searcher(store, "flat")
        (hit,) = searcher.search(store.snapshot(), vectors[:1], 6, row_filter)
        assert hit.rows.tolist() == nearest_rows(distances, 6)


@pytest.mark.parametrize("index_type", ["flat", "sq8", "ivf_sq8"])
def test_many_queries_test_only_their_neighbors(
    store: Store, vectors: np.ndarray, index_type: str
) -> None:
    """Each test is a lookup in the database."""
    searcher = searcher_with_index(store, index_type) if index_type != "flat" else None
    searcher = searcher or small_searcher(store, "flat")
    tested: list[int] = []

    def contains(rows: np.ndarray) -> np.ndarray:
        tested.extend(rows.tolist())
        return np.ones(len(rows), bool)

    hits = searcher.search(
        store.snapshot(), vectors[:20], 5, RowFilter(contains, rows=lambda: None)
    )
    assert sorted(tested) == np.unique([hit.rows for hit in hits]).tolist()


def test_combined_distances_rank_all_rows(store: Store, vectors: np.ndarray) -> None:
    searcher = VectorSearcher(store, "euclidean", "flat")
    means = reference(vectors[:2], vectors, "euclidean").mean(axis=0)
    hit = searcher.search_combined(store.snapshot(), vectors[:2], 9, ALL_ROWS, np.mean)
    assert hit.rows.tolist() == nearest_rows(means, 9)
    np.testing.assert_allclose(hit.distances, means[hit.rows], rtol=1e-9)
    farthest = searcher.search_combined(
        store.snapshot(), vectors[:2], 9, ALL_ROWS, np.mean, reverse=True
    )
    assert farthest.rows.tolist() == nearest_rows(-means, 9)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_queries_may_have_any_memory_layout_but_not_another_dimension(
    tmp_path: Path, vectors: np.ndarray, dtype: str
) -> None:
    store = create_store(tmp_path / "t", vectors, dtype)
    searcher = VectorSearcher(store, "cosine", "flat")
    for n in (1, 40):
        with pytest.raises(ValueError, match="query has 5 dimensions but the index has 16"):
            searcher.search(store.snapshot(), np.ones((n, 5), np.float32), 3, ALL_ROWS)
        strided = np.asfortranarray(np.repeat(vectors[:40], 2, axis=1).astype(np.float64))[:n, ::2]
        hits = searcher.search(store.snapshot(), vectors[:n], 3, ALL_ROWS)
        strided_hits = searcher.search(store.snapshot(), strided, 3, ALL_ROWS)
        for hit, strided_hit in zip(hits, strided_hits, strict=True):
            assert hit.rows.tolist() == strided_hit.rows.tolist()
            assert hit.distances.tobytes() == strided_hit.distances.tobytes()
        assert [hit.rows[0] for hit in hits] == list(range(n))


def test_an_empty_store_and_k_of_zero_give_no_hits(tmp_path: Path, store: Store) -> None:
    empty = Store.create(tmp_path / "e", has_labels=False, metadata={})
    for searcher, k in ((small_searcher(empty, "sq8"), 5), (searcher_with_index(store, "sq8"), 0)):
        searcher.maintenance.maintain()
        for n in (1, 40):
            queries = np.ones((n, DIM), np.float32)
            hits = searcher.search(searcher.store.snapshot(), queries, k, ALL_ROWS)
            assert [hit.rows.tolist() for hit in hits] == [[]] * n


def test_mostly_deleted_neighbors_lead_to_an_exact_search(
    store: Store, vectors: np.ndarray, rng: np.random.Generator
) -> None:
    """The ANN index proposes only deleted rows, so the searcher has to ask for more."""
    searcher = searcher_with_index(store, "sq8")
    query = vectors[:1]
    distances = reference(query, vectors, "cosine")[0]
    by_distance = nearest_rows(distances, None)
    store.commit(delete=ids_of(by_distance[:200]))
    (hit,) = searcher.search(store.snapshot(), query, 10, ALL_ROWS)
    assert hit.rows.tolist() == by_distance[200:210]
