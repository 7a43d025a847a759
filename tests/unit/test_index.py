"""The index: exact or ann_index, whole or in a row_filter, while rows come and go."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest
from support.distances import reference
from support.stores import ALL, batch, filled, flip, ids_of, numbers_of

from fiftyone_faiss.brain.ann import exact_search, factory, maintenance, searcher, tuning
from fiftyone_faiss.brain.ann.ann_index import SearchParameters
from fiftyone_faiss.brain.ann.factory import check_fits
from fiftyone_faiss.brain.ann.row_filter import RowFilter
from fiftyone_faiss.brain.ann.searcher import VectorSearcher
from fiftyone_faiss.brain.core import metrics
from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.store.store import Store

DIM, ROWS = 16, 400
FACTORIES = ("PQ4x4", "LSH", "IVF4,PQ4x4", "OPQ4,IVF4,PQ4x4fs,RFlat")
DERIVED = ("sqfp16", "sq8", "ivf_sq8", "hnsw", *FACTORIES)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "MIN_ROWS", 32)
    monkeypatch.setattr(maintenance, "TAIL_ROWS", 20)
    monkeypatch.setattr(maintenance, "DEAD_ROWS", 20)
    # On so few rows nearly everything would be beyond it.
    monkeypatch.setattr(searcher, "WIDEST", 1 / 4)
    monkeypatch.setattr(searcher, "GATHER_ROWS", 16)


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(ROWS, DIM)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path, vectors: np.ndarray) -> Store:
    return filled(tmp_path / "s", vectors)


def built(store: Store, index_type: str, metric: str = "cosine") -> VectorSearcher:
    """An index with an ANN index in use, and a file for it."""
    made = VectorSearcher(store, metric, index_type)
    made.maintenance.maintain()
    assert [path.suffix for path in store.path.glob("*.derived")] == [".derived"]
    return made


def nearest(distances: np.ndarray, k: int | None) -> list[int]:
    rows = np.flatnonzero(distances < np.inf)
    return rows[np.argsort(distances[rows], kind="stable")][:k].tolist()


@pytest.mark.parametrize("metric", metrics.METRICS)
@pytest.mark.parametrize("index_type", DERIVED)
def test_every_type_gives_the_exact_distance_and_most_neighbours(
    store: Store, vectors: np.ndarray, rng: np.random.Generator, index_type: str, metric: str
) -> None:
    made = built(store, index_type, metric)
    tuning = made.maintenance.tuning(store.snapshot())
    assert tuning is not None and tuning.recall >= 0.95
    queries = rng.normal(size=(30, DIM)).astype(np.float32)
    found, wanted = 0, 0
    for query, distances in zip(queries, reference(queries, vectors, metric), strict=True):
        (hit,) = made.search(store.snapshot(), query[None], 10, ALL)
        assert len(set(hit.rows.tolist())) == 10 and (np.diff(hit.distances) >= 0).all()
        exact = exact_search.distances(store.snapshot(), query, metric, hit.rows)
        assert hit.distances.tobytes() == exact.tobytes()
        np.testing.assert_allclose(hit.distances, distances[hit.rows], rtol=1e-9, atol=1e-9)
        found += len(set(hit.rows.tolist()) & set(nearest(distances, 10)))
        wanted += 10
    assert found / wanted >= (1.0 if index_type in ("sqfp16", "sq8") else 0.85)


@pytest.mark.parametrize("index_type", DERIVED)
def test_searches_that_need_all_rows_are_exact_for_every_type(
    store: Store, vectors: np.ndarray, index_type: str
) -> None:
    made = built(store, index_type)
    expected = reference(vectors[:20], vectors, "cosine")
    # Many queries, all rows, the farthest, and more than an ANN index is good for.
    for n, k, reverse in ((20, 10, False), (2, None, False), (2, 5, True), (2, 150, False)):
        hits = made.search(store.snapshot(), vectors[:n], k, ALL, reverse)
        for hit, distances in zip(hits, expected, strict=False):
            assert hit.rows.tolist() == nearest(-distances if reverse else distances, k)
    (near,) = made.range_search(store.snapshot(), vectors[:1], 0.6, ALL)
    assert sorted(near.rows.tolist()) == np.flatnonzero(expected[0] <= 0.6).tolist()


@pytest.mark.parametrize("index_type", DERIVED)
def test_rows_added_later_are_found_and_removed_ones_are_not(
    store: Store, vectors: np.ndarray, rng: np.random.Generator, index_type: str
) -> None:
    made = built(store, index_type)
    new = rng.normal(size=(30, DIM)).astype(np.float32)
    store.commit(batch(new, range(ROWS, ROWS + 30)))
    for i, query in enumerate(new):
        (hit,) = made.search(store.snapshot(), query[None], 1, ALL)
        assert hit.rows.tolist() == [ROWS + i]
    probe = vectors[:1]
    (before,) = made.search(store.snapshot(), probe, 20, ALL)
    store.commit(delete=store.snapshot().ids[before.rows[:15]])
    assert store.snapshot().manifest.ann_index.rows == ROWS
    (after,) = made.search(store.snapshot(), probe, 20, ALL)
    assert after.rows[:5].tolist() == before.rows[15:].tolist() and len(after.rows) == 20
    assert not set(before.rows[:15].tolist()) & set(after.rows.tolist())


@pytest.mark.parametrize("index_type", ["flat", "sqfp16", "ivf_sq8"])
@pytest.mark.parametrize("n_queries", [1, 20])
def test_rows_that_a_scope_rejects_are_made_up_for(
    store: Store, vectors: np.ndarray, index_type: str, n_queries: int
) -> None:
    made = VectorSearcher(store, "cosine", index_type)
    made.maintenance.maintain()
    queries = vectors[:n_queries]
    for hit, distances in zip(
        made.search(store.snapshot(), queries, 10, dying(range(0, ROWS, 2))),
        reference(queries, vectors, "cosine"),
        strict=True,
    ):
        distances[::2] = np.inf
        assert hit.rows.tolist() == nearest(distances, 10) or index_type == "ivf_sq8"
        assert len(set(hit.rows.tolist())) == 10 and (hit.rows % 2 == 1).all()
    (few,) = made.search(store.snapshot(), queries[:1], 10, dying(range(3, ROWS)))
    assert sorted(few.rows.tolist()) == [0, 1, 2]
    (none,) = made.search(store.snapshot(), queries[:1], 10, dying(range(ROWS)))
    assert none.rows.tolist() == []


def dying(dead: range) -> RowFilter:
    """A filter of all rows but those deleted since, which it learns when it is called."""
    return RowFilter(contains=lambda rows: ~np.isin(rows, dead), rows=lambda: None)


@pytest.mark.parametrize("index_type", ["flat", "sqfp16", "hnsw"])
@pytest.mark.parametrize("size", [4, 20, 130, 300])
@pytest.mark.parametrize("listed", [True, False])
def test_a_view_is_searched_in_full_whatever_its_size(
    store: Store,
    vectors: np.ndarray,
    rng: np.random.Generator,
    index_type: str,
    size: int,
    listed: bool,
) -> None:
    made = VectorSearcher(store, "euclidean", index_type)
    made.maintenance.maintain()
    rows = np.sort(rng.choice(ROWS, size, replace=False))
    row_filter = RowFilter(lambda asked: np.isin(asked, rows), lambda: rows, listed)
    queries = rng.normal(size=(20, DIM)).astype(np.float32)
    expected = reference(queries, vectors, "euclidean")
    expected[:, np.setdiff1d(np.arange(ROWS), rows)] = np.inf
    alone = [made.search(store.snapshot(), query[None], 6, row_filter)[0] for query in queries]
    together = made.search(store.snapshot(), queries, 6, row_filter)
    for one, other, distances in zip(alone, together, expected, strict=True):
        assert other.rows.tolist() == nearest(distances, 6)
        assert set(one.rows.tolist()) <= set(rows.tolist()) and len(one.rows) == min(6, size)
        if index_type != "hnsw":
            assert one.rows.tolist() == other.rows.tolist()
            assert one.distances.tobytes() == other.distances.tobytes()


@pytest.mark.parametrize("listed", [True, False])
def test_rows_of_a_view_that_died_since_it_was_listed_are_replaced(
    store: Store, vectors: np.ndarray, listed: bool
) -> None:
    for rows in (np.arange(20), np.arange(300)):
        row_filter = RowFilter(
            lambda asked, rows=rows: np.isin(asked, rows[1::3]), lambda rows=rows: rows, listed
        )
        distances = reference(vectors[:1], vectors, "cosine")[0]
        distances[~np.isin(np.arange(ROWS), rows[1::3])] = np.inf
        (hit,) = VectorSearcher(store, "cosine", "flat").search(
            store.snapshot(), vectors[:1], 6, row_filter
        )
        assert hit.rows.tolist() == nearest(distances, 6)


def test_combinations_rank_all_rows(store: Store, vectors: np.ndarray) -> None:
    made = VectorSearcher(store, "euclidean", "flat")
    both = reference(vectors[:2], vectors, "euclidean").mean(axis=0)
    hit = made.search_combined(store.snapshot(), vectors[:2], 9, ALL, np.mean)
    assert hit.rows.tolist() == nearest(both, 9)
    np.testing.assert_allclose(hit.distances, both[hit.rows], rtol=1e-9)
    farthest = made.search_combined(store.snapshot(), vectors[:2], 9, ALL, np.mean, reverse=True)
    assert farthest.rows.tolist() == nearest(-both, 9)


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], int]]:
    with caplog.at_level(logging.WARNING, maintenance.logger.name):
        yield lambda: sum("missing or damaged" in one.message for one in caplog.records)


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_derived_file_costs_time_but_no_answer(
    store: Store, vectors: np.ndarray, warnings: Callable[[], int], damage: str
) -> None:
    built(store, "PQ4x4")
    (path,) = store.path.glob("*.derived")
    if damage == "flip":
        flip(path, path.stat().st_size // 2)
    elif damage == "truncate":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    for openings in (1, 2):
        made = VectorSearcher(Store(store.path), "cosine", "PQ4x4")
        for query, distances in zip(
            vectors[:5], reference(vectors[:5], vectors, "cosine"), strict=True
        ):
            (hit,) = made.search(store.snapshot(), query[None], 8, ALL)
            assert hit.rows.tolist() == nearest(distances, 8)
        assert warnings() == openings
    made.maintenance.maintain()
    assert [one.sentence for one in made.store.verify()] == [f"{path} is missing or damaged."]
    made.maintenance.maintain(force=True)
    assert made.store.verify() == []
    made.search(made.store.snapshot(), vectors[:1], 8, ALL)
    assert warnings() == 2


def test_an_older_snapshot_outlives_its_derived_file(
    store: Store, vectors: np.ndarray, warnings: Callable[[], int]
) -> None:
    made = built(store, "PQ4x4")
    old = store.snapshot()
    made.maintenance.maintain(force=True)
    store.commit(metadata={"x": 1})
    made.search(store.snapshot(), vectors[:1], 3, ALL)
    (hit,) = made.search(old, vectors[:1], 8, ALL)
    assert hit.rows.tolist() == nearest(reference(vectors[:1], vectors, "cosine")[0], 8)
    assert warnings() == 0, "nothing is damaged"


def test_maintaining_does_what_has_become_due(store: Store, vectors: np.ndarray) -> None:
    made = built(store, "sq8")
    first = store.snapshot().manifest.ann_index
    made.maintenance.maintain()
    assert store.snapshot().manifest.ann_index == first
    store.commit(batch(vectors[:101] + 1, range(ROWS, ROWS + 101)))
    assert made.maintenance.is_stale(store.snapshot())
    assert list(made.maintenance.maintain_steps())[-1] == (ROWS + 101, ROWS + 101)
    assert store.snapshot().manifest.ann_index.rows == ROWS + 101
    store.commit(delete=ids_of(range(200)))
    made.maintenance.maintain()
    snapshot = store.snapshot()
    assert (
        snapshot.manifest.compaction_count,
        snapshot.total_rows,
        snapshot.manifest.ann_index.rows,
    ) == (
        1,
        ROWS - 99,
        ROWS - 99,
    )
    (hit,) = made.search(snapshot, vectors[300:301], 1, ALL)
    assert numbers_of(snapshot.ids[hit.rows]) == [300]
    VectorSearcher(store, "cosine", "flat").maintenance.maintain()
    assert store.snapshot().manifest.ann_index is None


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_queries_of_another_dimension_or_dtype(
    tmp_path: Path, vectors: np.ndarray, dtype: str
) -> None:
    store = filled(tmp_path / "t", vectors, dtype)
    made = VectorSearcher(store, "cosine", "flat")
    for n in (1, 40):
        with pytest.raises(ValueError, match="query has 5 dimensions but the index has 16"):
            made.search(store.snapshot(), np.ones((n, 5), np.float32), 3, ALL)
        wide = np.asfortranarray(np.repeat(vectors[:40], 2, axis=1).astype(np.float64))[:n, ::2]
        plain = made.search(store.snapshot(), vectors[:n], 3, ALL)
        for hit, other in zip(plain, made.search(store.snapshot(), wide, 3, ALL), strict=True):
            assert hit.rows.tolist() == other.rows.tolist()
            assert hit.distances.tobytes() == other.distances.tobytes()
        assert [hit.rows[0] for hit in plain] == list(range(n))


def test_an_empty_store_and_no_neighbours_at_all(tmp_path: Path, store: Store) -> None:
    empty = Store.create(tmp_path / "e", has_labels=False, metadata={})
    everything: Callable[[Rows], np.ndarray] = ALL.contains
    for made, k in ((VectorSearcher(empty, "cosine", "sq8"), 5), (built(store, "sq8"), 0)):
        made.maintenance.maintain()
        for n in (1, 40):
            hits = made.search(
                made.store.snapshot(),
                np.ones((n, DIM), np.float32),
                k,
                RowFilter(everything, lambda: None),
            )
            assert [hit.rows.tolist() for hit in hits] == [[]] * n


@pytest.mark.parametrize(
    ("enough", "low", "high", "found", "tried"),
    [
        (300, 256, 512, 304, [384, 320, 288, 304]),
        (400, 256, 512, 416, [384, 448, 416]),
        (500, 256, 512, 512, [384, 448, 480]),
        (40, 32, 64, 64, []),
        (100, 0, 512, 512, []),
    ],
)
def test_probes_are_refined_where_that_saves_much(
    enough: int, low: int, high: int, found: int, tried: list[int]
) -> None:
    asked = []

    def measured(nprobe: int) -> tuple[SearchParameters, float]:
        asked.append(nprobe)
        return SearchParameters(10, nprobe, 2), 1.0 if nprobe >= enough else 0.9

    best, recall = tuning._refined((SearchParameters(10, high, 2), 1.0), low, measured, 0.99)
    assert (best, recall, asked) == (SearchParameters(10, found, 2), 1.0, tried)


@pytest.mark.parametrize(
    ("factory", "ladder"),
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
def test_the_last_probes_to_try_are_all_there_are(factory: str, ladder: list[int]) -> None:
    assert tuning._ladder(faiss.index_factory(DIM, factory)) == ladder


@pytest.mark.parametrize("lists", [1, 2, 3, 100])
def test_any_number_of_lists_can_reach_a_full_recall(
    store: Store, vectors: np.ndarray, rng: np.random.Generator, lists: int
) -> None:
    made = VectorSearcher(store, "cosine", f"IVF{lists},Flat")
    made.maintenance.maintain(target_recall=1.0)
    found = made.maintenance.tuning(store.snapshot())
    assert found is not None and found.recall == 1.0
    queries = rng.normal(size=(9, DIM)).astype(np.float32)
    for query, distances in zip(queries, reference(queries, vectors, "cosine"), strict=True):
        (hit,) = made.search(store.snapshot(), query[None], 10, ALL)
        found = set(hit.rows.tolist()) & set(nearest(distances, 10))
        assert len(hit.rows) == 10 and len(found) >= (10 if lists < 4 else 9)


@pytest.mark.parametrize("factory", ["IDMap,Flat", "IDMap2,SQ8", "PCA8,IDMap,Flat"])
def test_a_type_that_keeps_ids_of_its_own_is_refused(factory: str) -> None:
    with pytest.raises(ValueError, match=f"'{factory}' keeps ids.* leave out its IDMap"):
        check_fits(factory, DIM, "cosine")


def test_what_faiss_cannot_build_is_searched_exactly_and_said_once(
    store: Store, vectors: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    # As an index of an earlier version may have been made.
    made = VectorSearcher(store, "cosine", "IDMap,Flat")
    sentence = (
        "FAISS could not build 'IDMap,Flat' (add does not make sense with IndexIDMap, use "
        "add_with_ids); "
    )
    with caplog.at_level(logging.WARNING, maintenance.logger.name):
        made.maintenance.maintain()
    (record,) = caplog.records
    assert record.message == sentence + (
        "vectors that no FAISS index holds are searched exactly until update_index builds it."
    )
    assert store.snapshot().manifest.ann_index is None
    (hit,) = made.search(store.snapshot(), vectors[5:6], 8, ALL)
    assert hit.rows.tolist() == nearest(reference(vectors[5:6], vectors, "cosine")[0], 8)
    with pytest.raises(ValueError) as error:
        made.maintenance.maintain(force=True)
    assert str(error.value) == sentence + "build an index of another type."


def test_few_neighbours_are_looked_for_as_widely_as_ten(store: Store) -> None:
    made = built(store, "hnsw")
    opened = made.maintenance.of(store.snapshot())
    parameters = opened.parameters_for(1)
    assert parameters == opened.parameters_for(10) and parameters.nprobe >= 10 * parameters.k_factor
    query = store.snapshot().vectors_at(np.array([7]))[0]
    assert (
        len(opened.propose(query, 1)) == len(opened.propose(query, 10)) == 10 * parameters.k_factor
    )


def test_texts_are_tuned_for_as_much_as_rows(tmp_path, rng) -> None:
    """As in a CLIP: the texts lie apart from all rows, so their neighbours are in many lists."""
    centres = rng.normal(size=(64, DIM))
    vectors = np.repeat(centres, 60, axis=0) + 0.2 * rng.normal(size=(3_840, DIM))
    texts = rng.normal(size=(40, DIM))
    vectors[:, 0] += 4
    texts[:, 0] -= 4
    vectors, texts = vectors.astype(np.float32), texts.astype(np.float32)
    without = VectorSearcher(filled(tmp_path / "without", vectors), "cosine", "IVF64,SQ8")
    tuned = VectorSearcher(
        filled(tmp_path / "tuned", vectors), "cosine", "IVF64,SQ8", texts=lambda: texts
    )
    found = {}
    for made in (without, tuned):
        made.maintenance.maintain()
        snapshot = made.store.snapshot()
        expected = np.argsort(reference(texts, vectors, "cosine"), axis=1)[:, :10]
        hits = [made.search(snapshot, text[None], 10, ALL)[0].rows for text in texts]
        shares = [len(np.intersect1d(*pair)) / 10 for pair in zip(hits, expected, strict=True)]
        found[made] = np.mean(shares)
        measured = made.maintenance.tuning(snapshot)
        assert measured is not None
    assert found[without] < 0.9
    assert found[tuned] >= 0.99
    assert measured.recall <= found[tuned] + 0.01
