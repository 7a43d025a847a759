"""Exact search, by ids and values, against formulas written out in NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bson import ObjectId
from support.distances import reference

from fiftyone_faiss.brain import index
from fiftyone_faiss.brain.ids import pack_ids
from fiftyone_faiss.brain.store import Snapshot, Store


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    vectors = rng.normal(size=(300, 8)).astype(np.float32)
    vectors *= rng.uniform(0.2, 3, (300, 1)).astype(np.float32)
    vectors[17] = 0
    vectors[40] = vectors[41]
    return vectors


@pytest.fixture
def snapshot(tmp_path: Path, vectors: np.ndarray) -> Snapshot:
    store = Store.create(tmp_path / "s", has_labels=False, facts={})
    ids = [str(ObjectId(f"{i:024x}")) for i in range(300)]
    for part in (slice(0, 100), slice(100, 101), slice(101, 300)):
        store.commit(vectors[part], pack_ids(ids[part]))
    return store.snapshot()


@pytest.mark.parametrize("metric", index.METRICS)
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
    queries = rng.normal(size=(n_queries, 8)).astype(np.float32)
    queries[0] = vectors[41]
    expected = reference(queries, vectors, metric)
    for found, hit in zip(
        expected, index.search(snapshot, queries, metric, k, reverse=reverse), strict=True
    ):
        order = np.lexsort((np.arange(300), -found.round(9) if reverse else found.round(9)))[:k]
        np.testing.assert_allclose(hit.distances, found[order], atol=1e-6)
        # Equal vectors may change places; all others have one place.
        assert [41 if r == 40 else r for r in hit.rows] == [41 if r == 40 else r for r in order]


@pytest.mark.parametrize("metric", index.METRICS)
@pytest.mark.parametrize("n_queries", [1, 40])
def test_only_rows_of_the_mask_are_found(
    snapshot: Snapshot,
    vectors: np.ndarray,
    rng: np.random.Generator,
    metric: str,
    n_queries: int,
) -> None:
    mask = rng.random(300) < 0.3
    queries = rng.normal(size=(n_queries, 8)).astype(np.float32)
    expected = reference(queries, vectors, metric)
    expected[:, ~mask] = np.inf
    for found, hit in zip(expected, index.search(snapshot, queries, metric, 5, mask), strict=True):
        assert hit.rows.tolist() == np.argsort(found)[:5].tolist()


def test_blocks_are_merged(
    snapshot: Snapshot, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "BLOCK_ROWS", 7)
    expected = np.argsort(reference(vectors[5:6], vectors, "euclidean")[0])[:9]
    (found,) = index.search(snapshot, vectors[5:6], "euclidean", 9)
    assert found.rows.tolist() == expected.tolist()


def test_a_vector_of_zeros_is_at_a_right_angle_to_all(snapshot: Snapshot) -> None:
    hits = index.search(snapshot, np.zeros((1, 8), np.float32), "cosine", None)[0]
    np.testing.assert_array_equal(hits.distances, 1.0)
    assert hits.rows.tolist() == list(range(300))


def test_within_finds_all_up_to_the_threshold(snapshot: Snapshot, vectors: np.ndarray) -> None:
    expected = reference(vectors[41:42], vectors, "euclidean")[0]
    hit = index.within(snapshot, vectors[41], "euclidean", 2.0)
    assert sorted(hit.rows.tolist()) == np.flatnonzero(expected <= 2.0).tolist()
    np.testing.assert_allclose(hit.distances, np.sort(expected[expected <= 2.0]), atol=1e-6)


def test_a_query_of_another_dimension_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(ValueError, match="query has 5 dimensions but the index has 8"):
        index.search(snapshot, np.ones((1, 5), np.float32), "cosine", 3)
