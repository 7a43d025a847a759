"""The exact tree, against NumPy: ties, zero vectors, inner products, large values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import BallTree, KDTree
from support.distances import reference
from support.searchers import searcher_with_index, small_searcher
from support.stores import ALL_ROWS, create_store, ids_of

from fiftyone_faiss.brain.ann.tree_index import TreeIndex
from fiftyone_faiss.brain.core.metrics import METRICS

ROWS = 300


def special(rng: np.random.Generator, dim: int) -> np.ndarray:
    """Vectors with copies, zero vectors, opposite ones and norms of 0.001 to 1000."""
    vectors = rng.normal(size=(ROWS, dim)) * 10 ** rng.uniform(-3, 3, (ROWS, 1))
    vectors[50:90] = vectors[3]
    vectors[100:103] = 0
    vectors[110:120] = -vectors[130:140]
    vectors[140:150] = 2 * vectors[150:160]
    return vectors.astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dim", [1, 3, 40])
def test_all_that_are_as_near_as_the_last_are_proposed(
    tmp_path: Path, rng: np.random.Generator, metric: str, dim: int
) -> None:
    vectors = special(rng, dim)
    snapshot = create_store(tmp_path / "s", vectors).snapshot()
    tree = TreeIndex(snapshot, metric, ROWS)
    queries = np.concatenate([vectors[[0, 3, 60, 100, 145]], rng.normal(size=(5, dim))])
    queries = queries.astype(np.float32)
    distances = reference(queries, vectors, metric)
    for k in (1, 7, 45, ROWS - 1, ROWS, 2 * ROWS):
        proposed = tree.propose(queries, k)
        for rows, exact in zip(proposed, distances, strict=True):
            limit = np.sort(exact)[min(k, ROWS) - 1]
            scale = np.abs(exact).max()
            assert set(np.flatnonzero(exact <= limit - 1e-9 * scale)) <= set(rows.tolist())
            assert len(set(rows[rows >= 0].tolist())) == np.count_nonzero(rows >= 0) >= min(k, ROWS)


@pytest.mark.parametrize("metric", METRICS)
def test_a_search_gives_the_same_as_an_exact_one(
    tmp_path: Path, rng: np.random.Generator, metric: str
) -> None:
    vectors = special(rng, 8)
    store = create_store(tmp_path / "s", vectors)
    with_tree = searcher_with_index(store, "tree", metric)
    store.commit(delete=ids_of(range(40, 60)))
    snapshot = store.snapshot()
    assert isinstance(with_tree.maintenance.ann_index_of(snapshot), TreeIndex)
    exact = small_searcher(store, "flat", metric)
    queries = np.concatenate([vectors[[0, 3, 100]], rng.normal(size=(9, 8)).astype(np.float32)])
    for k in (1, 10, 60):
        for query in queries:
            (hits,) = with_tree.search(snapshot, query[None], k, ALL_ROWS)
            (expected,) = exact.search(snapshot, query[None], k, ALL_ROWS)
            np.testing.assert_array_equal(hits.rows, expected.rows)
            np.testing.assert_array_equal(hits.distances, expected.distances)
        many = with_tree.search(snapshot, queries, k, ALL_ROWS)
        others = exact.search(snapshot, queries, k, ALL_ROWS)
        for hits, expected in zip(many, others, strict=True):
            np.testing.assert_array_equal(hits.rows, expected.rows)


def test_the_tree_is_built_again_from_the_store(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(ROWS, 8)).astype(np.float32)
    store = create_store(tmp_path / "s", vectors)
    searcher = searcher_with_index(store, "tree")
    tuning = searcher.maintenance.tuning(store.snapshot())
    assert tuning is not None and tuning.recall == 1.0 and tuning.latency_ms > 0
    (path,) = (tmp_path / "s").glob("*.derived")
    assert path.read_text().startswith("A tree over the rows of this store")
    opened = small_searcher(store, "tree").maintenance.ann_index_of(store.snapshot())
    assert isinstance(opened, TreeIndex) and opened.rows == ROWS
    path.write_text("A tree over something else.\n")
    damaged = small_searcher(store, "tree")
    assert damaged.maintenance.ann_index_of(store.snapshot()) is None
    (hits,) = damaged.search(store.snapshot(), vectors[:1], 5, ALL_ROWS)
    expected = np.argsort(reference(vectors[:1], vectors, "cosine")[0])[:5]
    np.testing.assert_array_equal(hits.rows, expected)


def test_few_dimensions_have_a_k_d_tree(tmp_path: Path, rng: np.random.Generator) -> None:
    for dim, kind in ((15, KDTree), (16, BallTree)):
        vectors = rng.normal(size=(40, dim)).astype(np.float32)
        snapshot = create_store(tmp_path / str(dim), vectors).snapshot()
        assert isinstance(TreeIndex(snapshot, "euclidean", 40)._tree, kind)
