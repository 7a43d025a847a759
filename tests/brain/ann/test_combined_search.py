"""Ranking of all rows by a function of their products with several vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.distances import reference
from support.hits import DIM, create_segmented_store, varied_vectors
from support.stores import ALL_ROWS, create_store, ids_of

from fiftyone_faiss.brain.ann.combined_search import best_rows, product_similarities
from fiftyone_faiss.brain.ann.row_filter import RowFilter
from fiftyone_faiss.brain.core.arrays import row_norms
from fiftyone_faiss.brain.core.metrics import METRICS, similarities


def smaller_product(products: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Scores a row by the smaller of its two cosines."""
    return (products / norms).min(axis=0)


@pytest.mark.parametrize("metric", METRICS)
def test_similarities_follow_from_products(rng: np.random.Generator, metric: str) -> None:
    vectors = varied_vectors(rng)
    vectors[3] = 0
    queries = rng.normal(size=(3, DIM)).astype(np.float32)
    queries[2] = 0
    products = queries @ vectors.T
    result = product_similarities(products, row_norms(vectors), queries, metric)
    expected = [similarities(query, vectors, metric) for query in queries]
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=2e-3 if metric == "euclidean" else 1e-4)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_best_live_rows_come_first(
    tmp_path: Path, rng: np.random.Generator, reverse: bool
) -> None:
    vectors = rng.normal(size=(900, DIM)).astype(np.float32)
    store = create_segmented_store(tmp_path / "s", vectors)
    store.commit(delete=ids_of(range(0, 900, 3)))
    queries = rng.normal(size=(2, DIM)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    scores = (1 - reference(queries, vectors, "cosine")).min(axis=0)
    scores[::3] = np.inf if reverse else -np.inf
    order = np.argsort(scores if reverse else -scores, kind="stable")
    snapshot = store.snapshot()
    for k in (1, 50, 600, 5_000):
        rows = best_rows(snapshot, queries, smaller_product, k, ALL_ROWS, reverse=reverse)
        assert rows.tolist() == order[: min(k, 600)].tolist()


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("size", [3, 60, 700])
def test_views_and_rejected_rows_are_respected(
    tmp_path: Path, rng: np.random.Generator, listed: bool, size: int
) -> None:
    vectors = rng.normal(size=(800, DIM)).astype(np.float32)
    snapshot = create_store(tmp_path / "s", vectors).snapshot()
    rows = np.sort(rng.choice(800, size, replace=False))
    row_filter = RowFilter(lambda tested: np.isin(tested, rows), lambda: rows, listed)
    queries = rng.normal(size=(2, DIM)).astype(np.float32)
    scores = (queries @ vectors.T / np.linalg.norm(vectors, axis=1)).min(axis=0)
    expected = rows[np.argsort(-scores[rows], kind="stable")]
    result = best_rows(snapshot, queries, smaller_product, 20, row_filter)
    assert result.tolist() == expected[:20].tolist()
    odd = RowFilter(lambda tested: tested % 2 == 1, lambda: None)
    result = best_rows(snapshot, queries, smaller_product, 390, odd)
    assert result.tolist() == [row for row in np.argsort(-scores) if row % 2 == 1][:390]


def test_rows_that_float32_cannot_score_are_always_candidates(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = rng.normal(size=(400, DIM)).astype(np.float32)
    vectors[[7, 300]] *= np.float32(1e-30)
    snapshot = create_store(tmp_path / "s", vectors).snapshot()
    queries = rng.normal(size=(2, DIM)).astype(np.float32)
    rows = best_rows(snapshot, queries, smaller_product, 10, ALL_ROWS)
    assert rows[:2].tolist() == [7, 300]
    scores = smaller_product(queries @ vectors.T, row_norms(vectors))
    scores[[7, 300]] = -np.inf
    assert rows[2:].tolist() == np.argsort(-scores)[:10].tolist()
    # For extreme vectors, all rows are candidates.
    rows = best_rows(snapshot, queries * np.float32(1e-25), smaller_product, 10, ALL_ROWS)
    assert sorted(rows.tolist()) == list(range(400))
