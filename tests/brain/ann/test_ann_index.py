"""Search parameters and candidates of ANN indexes."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from support.searchers import DIM, ROWS, searcher_with_index
from support.stores import create_store

from fiftyone_faiss.brain.ann.ann_index import AnnIndex, SearchParameters, max_nprobe
from fiftyone_faiss.brain.store.store import Store


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    return create_store(tmp_path / "s", rng.normal(size=(ROWS, DIM)).astype(np.float32))


def trained(factory: str, rng: np.random.Generator) -> faiss.Index:
    index = faiss.index_factory(DIM, factory, faiss.METRIC_INNER_PRODUCT)
    vectors = rng.normal(size=(ROWS, DIM)).astype(np.float32)
    index.train(vectors)
    index.add(vectors)
    return index


def test_one_neighbor_is_searched_as_widely_as_ten(store: Store) -> None:
    searcher = searcher_with_index(store, "hnsw")
    ann_index = searcher.maintenance.ann_index_of(store.snapshot())
    parameters = ann_index.parameters_for(1)
    assert parameters == ann_index.parameters_for(10)
    assert parameters.nprobe >= 10 * parameters.k_factor
    query = store.snapshot().vectors_at(np.array([7]))
    candidates = 10 * parameters.k_factor
    for k in (1, 10):
        assert ann_index.propose(query, k).shape == (1, candidates)


def test_parameters_are_extrapolated_beyond_the_largest_tuned_k(rng: np.random.Generator) -> None:
    tuned = (SearchParameters(10, 2, 4), SearchParameters(100, 6, 2))
    ann_index = AnnIndex(trained("IVF16,Flat", rng), "cosine", tuned)
    assert ann_index.parameters_for(10) == tuned[0]
    assert ann_index.parameters_for(11) == tuned[1]
    assert ann_index.parameters_for(101) == SearchParameters(101, 7, 2)
    assert ann_index.parameters_for(1_000) == SearchParameters(1_000, 16, 2)


def test_visited_rows_are_estimated_by_type(rng: np.random.Generator) -> None:
    tuned = (SearchParameters(10, 4, 2),)
    for factory, visited in (("SQ8", 400.0), ("IVF16,Flat", 100.0), ("HNSW32", 128.0)):
        assert AnnIndex(trained(factory, rng), "cosine", tuned).rows_visited(10) == visited
    assert [max_nprobe(trained(factory, rng)) for factory in ("SQ8", "IVF16,Flat", "HNSW32")] == [
        0,
        16,
        4_096,
    ]


def test_nprobe_is_passed_to_nested_indexes(rng: np.random.Generator) -> None:
    index = trained("PCA8,IVF16,Flat", rng)
    query = rng.normal(size=(1, DIM)).astype(np.float32)
    ann_index = AnnIndex(index, "dotproduct", ())
    few, _ = ann_index.search(query, ROWS, 1)
    every, _ = ann_index.search(query, ROWS, 16)
    assert 0 < np.count_nonzero(few >= 0) < ROWS
    assert sorted(every[0].tolist()) == list(range(ROWS))


def test_stored_search_parameters_keep_their_names() -> None:
    values = {"depth": 100, "probes": 12, "overfetch": 4}
    assert SearchParameters.from_json(values) == SearchParameters(100, 12, 4)
    assert SearchParameters(100, 12, 4).to_json() == values
