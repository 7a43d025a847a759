"""Tuning of search parameters."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from support.distances import reference
from support.hits import nearest_rows
from support.searchers import DIM, ROWS, small_searcher
from support.stores import ALL_ROWS, create_store

from fiftyone_faiss.brain.ann.ann_index import SearchParameters, Tier
from fiftyone_faiss.brain.ann.tuning import Tuning, _bisect, _Measurement, _nprobe_values
from fiftyone_faiss.brain.ann.tuning_queries import QUERIES, TEXTS
from fiftyone_faiss.brain.store.store import Store


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(ROWS, DIM)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path, vectors: np.ndarray) -> Store:
    return create_store(tmp_path / "s", vectors)


@pytest.mark.parametrize(
    ("enough", "low", "high", "best", "tried"),
    [
        (300, 256, 512, 304, [384, 320, 288, 304]),
        (400, 256, 512, 416, [384, 448, 416]),
        (500, 256, 512, 512, [384, 448, 480]),
        (40, 32, 64, 64, []),
        (100, 0, 512, 512, []),
    ],
)
def test_a_large_nprobe_is_bisected(
    enough: int, low: int, high: int, best: int, tried: list[int]
) -> None:
    measured = []

    def measurement(nprobe: int) -> _Measurement:
        recall = 1.0 if nprobe >= enough else 0.9
        return _Measurement(SearchParameters(10, nprobe, 2), np.array([recall]), recall)

    def measure(nprobe: int) -> _Measurement:
        measured.append(nprobe)
        return measurement(nprobe)

    result = _bisect(measurement(high), low, measure, 0.99)
    assert (result.parameters, result.recall) == (SearchParameters(10, best, 2), 1.0)
    assert measured == tried


@pytest.mark.parametrize(
    ("factory", "values"),
    [
        ("IVF1,Flat", [1]),
        ("IVF2,Flat", [2]),
        ("IVF3,Flat", [3]),
        ("IVF4,Flat", [4]),
        ("IVF64,SQ8", [4, 8, 16, 32, 64]),
        ("IVF100,Flat", [4, 8, 16, 32, 64, 100]),
        ("HNSW32,SQfp16", [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]),
        ("SQ8", [0]),
    ],
)
def test_the_last_nprobe_to_try_is_the_largest(factory: str, values: list[int]) -> None:
    assert _nprobe_values(faiss.index_factory(DIM, factory)) == values


@pytest.mark.parametrize("lists", [1, 2, 3, 100])
def test_any_number_of_lists_can_reach_full_recall(
    store: Store, vectors: np.ndarray, rng: np.random.Generator, lists: int
) -> None:
    searcher = small_searcher(store, f"IVF{lists},Flat")
    searcher.maintenance.maintain(target_recall=1.0)
    tuning = searcher.maintenance.tuning(store.snapshot())
    assert tuning is not None and tuning.recall == 1.0
    queries = rng.normal(size=(9, DIM)).astype(np.float32)
    for query, distances in zip(queries, reference(queries, vectors, "cosine"), strict=True):
        (hit,) = searcher.search(store.snapshot(), query[None], 10, ALL_ROWS)
        common = set(hit.rows.tolist()) & set(nearest_rows(distances, 10))
        assert len(hit.rows) == 10 and len(common) >= (10 if lists < 4 else 9)


def test_texts_are_tuned_for_separately(tmp_path: Path, rng: np.random.Generator) -> None:
    """As in CLIP, texts are far from all rows, so their neighbors are in many lists."""
    centers = rng.normal(size=(64, DIM))
    vectors = np.repeat(centers, 60, axis=0) + 0.2 * rng.normal(size=(3_840, DIM))
    texts = rng.normal(size=(40, DIM))
    vectors[:, 0] += 4
    texts[:, 0] -= 4
    vectors, texts = vectors.astype(np.float32), texts.astype(np.float32)
    expected = np.argsort(reference(texts, vectors, "cosine"), axis=1)[:, :10]
    searcher = small_searcher(
        create_store(tmp_path / "s", vectors), "IVF64,SQ8", texts=lambda: texts
    )
    searcher.maintenance.maintain()
    snapshot = searcher.store.snapshot()
    tuning = searcher.maintenance.tuning(snapshot)
    # Texts visit most lists; rows do not pay for that.
    assert tuning.tiers[-1].parameters[0].nprobe >= 4 * tuning.parameters[0].nprobe
    for hits in (
        searcher.search(snapshot, texts, 10, ALL_ROWS),
        [searcher.search(snapshot, text[None], 10, ALL_ROWS)[0] for text in texts],
    ):
        recall = np.mean(
            [
                len(np.intersect1d(hit.rows, rows)) / 10
                for hit, rows in zip(hits, expected, strict=True)
            ]
        )
        assert recall >= 0.99
    assert tuning.recall_by_kind["texts"] >= 0.99
    assert set(tuning.recall_by_kind) == set(QUERIES) | {TEXTS}
    assert min(tuning.recall_by_kind.values()) >= 0.95


def test_texts_of_another_dimension_are_ignored(store: Store) -> None:
    searcher = small_searcher(store, "sq8", texts=lambda: np.ones((3, DIM + 1), np.float32))
    searcher.maintenance.maintain()
    assert searcher.maintenance.tuning(store.snapshot()).recall >= 0.99


def test_a_tuning_is_stored_under_the_names_of_the_format() -> None:
    values = {
        "efforts": [{"depth": 10, "probes": 16, "overfetch": 2}],
        "recall": 0.995,
        "latency_ms": 0.25,
        "target_recall": 0.99,
    }
    tuning = Tuning.from_json({"factory": "IVF64,SQ8", **values})
    assert tuning == Tuning((SearchParameters(10, 16, 2),), 0.995, 0.25, 0.99)
    assert tuning.to_json() == values
    values |= {
        "tiers": [{"limit": 0.5, "efforts": [{"depth": 10, "probes": 64, "overfetch": 4}]}],
        "recall_by_kind": {"rows": 0.995},
        "exact_ms": 2.5,
    }
    tuning = Tuning.from_json(values)
    assert tuning.tiers == (Tier(0.5, (SearchParameters(10, 64, 4),)),)
    assert (tuning.recall_by_kind, tuning.exact_ms) == ({"rows": 0.995}, 2.5)
    assert tuning.to_json() == values


def test_each_kind_of_query_reaches_its_recall(tmp_path: Path, rng: np.random.Generator) -> None:
    """Clusters whose members are in few lists, and queries between and beside the clusters."""
    centers = rng.normal(size=(80, DIM))
    vectors = (np.repeat(centers, 50, axis=0) + 0.15 * rng.normal(size=(4_000, DIM))).astype("f4")
    searcher = small_searcher(create_store(tmp_path / "s", vectors), "IVF64,SQ8")
    searcher.maintenance.maintain()
    snapshot = searcher.store.snapshot()
    tuning = searcher.maintenance.tuning(snapshot)
    first, second = rng.choice(4_000, (2, 100))
    kinds = {
        "perturbed rows": vectors[first] + 0.02 * rng.normal(size=(100, DIM)),
        "means": (vectors[first] + vectors[second]) / 2,
        "differences": vectors[first] - vectors[second],
        "directions": rng.normal(size=(100, DIM)),
    }
    for kind, queries in kinds.items():
        queries = queries.astype(np.float32)
        hits = searcher.search(snapshot, queries, 10, ALL_ROWS)
        nearest = np.argsort(reference(queries, vectors, "cosine"), axis=1)[:, :10]
        counts = [
            len(np.intersect1d(hit.rows, rows)) for hit, rows in zip(hits, nearest, strict=True)
        ]
        # 40 and 100 queries of 10 neighbors: three standard deviations of their difference.
        assert np.mean(counts) / 10 >= min(0.99, tuning.recall_by_kind[kind]) - 0.04
    assert tuning.tiers[-1].parameters[0].nprobe > tuning.parameters[0].nprobe
