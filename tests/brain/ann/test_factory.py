"""Index types and FAISS factory strings."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import faiss
import numpy as np
import pytest
from support.stores import create_store, ids_of

from fiftyone_faiss.brain.ann.factory import (
    MAX_POINTS,
    build_steps,
    check_fits,
    check_index_type,
    choose_type,
    factory_string,
    index_parts,
    prepared,
    rows_needed,
)
from fiftyone_faiss.brain.ann.policy import AnnPolicy

DIM = 16
SMALL = AnnPolicy(flat_values=1_000, min_rows=32)


def test_index_types_and_factory_strings_are_accepted() -> None:
    for index_type in (
        "auto",
        "flat",
        "sq8",
        "hnsw",
        "tree",
        "IVF1024,PQ64",
        "OPQ64,IVF256,PQ64x4fs",
    ):
        check_index_type(index_type)
    with pytest.raises(ValueError, match="'forest' is not an index_type; choose one of auto, flat"):
        check_index_type("forest")


def test_a_type_that_does_not_fit_the_dimension_is_rejected() -> None:
    check_fits("sq8", 7, "cosine")
    check_fits("PQ4", 16, "cosine")
    with pytest.raises(ValueError, match=r"'PQ4' does not fit vectors of 7 dimensions \(.+\);"):
        check_fits("PQ4", 7, "cosine")


@pytest.mark.parametrize("factory", ["IDMap,Flat", "IDMap2,SQ8", "PCA8,IDMap,Flat"])
def test_a_type_that_keeps_its_own_ids_is_rejected(factory: str) -> None:
    with pytest.raises(ValueError, match=f"'{factory}' keeps ids.* leave out its IDMap"):
        check_fits(factory, DIM, "cosine")


@pytest.mark.parametrize(
    ("index_type", "rows", "factory"),
    [
        ("flat", 100_000, None),
        ("sq8", 31, None),
        ("sq8", 32, "SQ8"),
        ("sqfp16", 100, "SQfp16"),
        ("hnsw", 100, "HNSW32,SQfp16"),
        ("ivf_sq8", 100, "IVF8,SQ8"),
        ("ivf_sq8", 100_000, "IVF1024,SQ8"),
        ("ivf_sq8", 1_000_000, "IVF4096,SQ8"),
        ("tree", 31, None),
        ("tree", 32, "tree"),
        ("IVF7,Flat", 100, "IVF7,Flat"),
    ],
)
def test_types_become_factory_strings(index_type: str, rows: int, factory: str | None) -> None:
    assert factory_string(index_type, rows, DIM, SMALL) == factory


def test_auto_depends_on_size_and_memory() -> None:
    assert choose_type(100, 10, 10**9, SMALL) == "flat"
    assert choose_type(101, 10, 10**9, SMALL) == "ivf_sq8"
    assert choose_type(101, 12, 100, SMALL) == "ivf_pq"
    # A tree is never chosen.
    assert {
        choose_type(rows, dim, free, SMALL)
        for rows in (1, 101, 10**6)
        for dim in (2, 8, 512)
        for free in (0, 10**12)
    } == {"flat", "ivf_sq8", "ivf_pq"}
    assert choose_type(101, 10, 100, SMALL) == "ivf_sq8", "10 dimensions have no groups of 4"
    assert factory_string("auto", 60, DIM, SMALL) is None


def test_training_needs_enough_rows() -> None:
    assert rows_needed("SQ8", DIM, "cosine", SMALL) == 32
    assert rows_needed("IVF64,SQ8", DIM, "cosine", SMALL) == 4 * 64
    assert rows_needed("PQ4", DIM, "cosine", SMALL) == 4 * 256
    assert rows_needed("PCA8,SQ8", 48, "cosine", SMALL) == 48


def test_vectors_are_normalized_for_the_cosine_metric_only() -> None:
    vectors = np.array([[3, 4], [0, 0], [0, 0.5]], np.float32)
    np.testing.assert_array_equal(prepared(vectors, "euclidean"), vectors)
    expected = np.array([[0.6, 0.8], [0, 0], [0, 1]], np.float32)
    np.testing.assert_array_equal(prepared(vectors, "cosine"), expected)
    halved = prepared(vectors, "cosine", np.array([10, 0, 1], np.float32))
    np.testing.assert_allclose(halved, [[0.3, 0.4], [0, 0], [0, 0.5]], rtol=1e-6)


def run_build(steps: Generator[int, None, faiss.Index]) -> tuple[list[int], faiss.Index]:
    """Returns what the steps yield, and the index."""
    yielded = []
    while True:
        try:
            yielded.append(next(steps))
        except StopIteration as end:
            return yielded, end.value


def test_an_index_is_trained_on_live_rows_and_holds_all(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = rng.normal(size=(500, DIM)).astype(np.float32)
    vectors[:100] += 1_000
    store = create_store(tmp_path / "s", vectors)
    store.commit(delete=ids_of(range(100)))
    steps = build_steps(store.snapshot(), "IVF4,Flat", "euclidean")
    added, index = run_build(steps)
    assert added == [0, 500] and index.ntotal == 500
    assert 4 * MAX_POINTS < 500, "training uses a sample"
    centroids = index_parts(index)[0].quantizer.reconstruct_n(0, 4)
    assert np.abs(centroids).max() < 100
    _, rows = index.search(vectors[300:301], 1)
    assert rows.tolist() == [[300]]


def test_rotations_are_trained_for_the_codes_of_the_index(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = rng.normal(size=(500, DIM)).astype(np.float32)
    snapshot = create_store(tmp_path / "s", vectors).snapshot()
    _, index = run_build(build_steps(snapshot, "OPQ4,IVF4,PQ4x4fs,RFlat", "cosine"))
    kinds = [type(part).__name__ for part in index_parts(index)]
    assert kinds == ["IndexRefineFlat", "IndexPreTransform", "IndexIVFPQFastScan"]
    parameters = faiss.IndexRefineSearchParameters(k_factor=4)
    _, rows = index.search(prepared(vectors[:50], "cosine"), 1, params=parameters)
    assert np.count_nonzero(rows[:, 0] == np.arange(50)) >= 45
