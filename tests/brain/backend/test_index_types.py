"""Every index type through its whole life, for every metric, against NumPy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import fiftyone as fo
import numpy as np
import psutil
import pytest
from support.clusters import (
    Large,
    check_holds,
    check_neighbors,
    create,
    joined,
    nearest_ids,
    replaced,
    without,
)
from support.points import Points, neighbors_of, one_sentence
from support.recall import built_index, mean_recall, queries_near, recall_floor

import fiftyone_faiss
from fiftyone_faiss.brain.ann import factory as factory_module
from fiftyone_faiss.brain.ann.policy import DEFAULT_POLICY
from fiftyone_faiss.brain.backend import sorting
from fiftyone_faiss.brain.data import result_views
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex

METRICS = ("cosine", "euclidean", "dotproduct")
OPQ = "OPQ32,IVF4096,PQ32x4fs,RFlat"
# Each type, the FAISS index it asks for, and rows enough to train it, but not many more.
TYPES = {
    "auto": (None, 1_500),
    "flat": (None, 1_500),
    "sqfp16": ("SQfp16", 1_500),
    "sq8": ("SQ8", 1_500),
    "ivf_sq8": ("IVF32,SQ8", 1_500),
    "hnsw": ("HNSW32,SQfp16", 1_500),
    "PQ64x8": ("PQ64x8", 1_050),
    "LSH": ("LSH", 1_500),
    "IVF1024,PQ64": ("IVF1024,PQ64", 4_110),
    OPQ: (OPQ, 16_400),
    "tree": ("tree", 1_500),
}
SLOW = ("IVF1024,PQ64", OPQ)


@pytest.fixture(scope="module")
def large() -> Iterator[Large]:
    large = Large.make(samples=16_620, labeled=5_730)
    yield large
    large.dataset.delete()


# Each type with two metrics and both kinds; tests/brain/ann checks each type with each metric.
LIVES = [
    (index_type, METRICS[(number + turn) % len(METRICS)], kind)
    for number, index_type in enumerate(TYPES)
    for turn, kind in enumerate(("samples", "patches"))
]


@pytest.mark.parametrize(("index_type", "metric", "kind"), LIVES)
def test_an_index_of_each_type_lives(large: Large, index_type: str, metric: str, kind: str) -> None:
    factory, rows = TYPES[index_type]
    some = large.points(kind, rows + 12)
    points, new = (
        some.at(range(len(some.ids) - 12)),
        some.at(range(len(some.ids) - 12, len(some.ids))),
    )
    by = "label_ids" if kind == "patches" else "sample_ids"
    dataset, count = large.dataset, len(points.ids)
    results = create(points, index_type=index_type, metric=metric)
    with contextlib.ExitStack() as after:
        after.callback(dataset.delete_brain_run, "given")
        assert built_index(results) == (factory and (factory, count))
        check_holds(results, points)
        queries = queries_near(points, 6)
        assert mean_recall(results, queries, points) >= recall_floor(results)
        # Many queries at once go another way.
        sample_ids, label_ids, many = results._kneighbors(
            query=np.repeat(queries, 3, axis=0), k=10, return_dists=True
        )
        answers = zip(label_ids or sample_ids, many, np.repeat(queries, 3, axis=0), strict=True)
        recalls = [check_neighbors(*answer, points, metric) for answer in answers]
        assert np.mean(recalls) >= recall_floor(results) - 0.1

        # By id, with the SDK's own search.
        for i in (3, count // 2):
            neighbors = fiftyone_faiss.search(dataset, points.ids[i], "given", k=10)
            others = without(points, [points.ids[i]])
            recall = check_neighbors(
                neighbors.ids, neighbors.distances, points.vectors[i], others, metric
            )
            assert recall >= recall_floor(results) - 0.1
            assert list(neighbors.pinned) == [points.ids[i]]

        # What is new is found at once; three times as long, it is among the best dot products.
        new = new.with_vectors(3 * new.vectors)
        results.add_to_index(*new.added)
        points = joined(points, new)
        for vector in new.vectors[:3]:
            best = nearest_ids(vector, points, metric, 1)
            assert best[0] in new.ids
            assert neighbors_of(results, vector, 1)[0] == best
        changed = [0, 1, 2]
        points = replaced(points, changed, -4 * points.vectors[changed])
        results.add_to_index(*points.at(changed).added)
        for i in changed:
            assert neighbors_of(results, points.vectors[i], 1)[0] == [points.ids[i]]
        assert built_index(results) == (factory and (factory, count))
        assert mean_recall(results, queries, points) >= recall_floor(results)

        # Neither what was removed nor what was deleted is found, and there are ten others.
        removed = nearest_ids(queries[0], points, metric, 3)
        results.remove_from_index(**{by: removed})
        points = without(points, removed)
        check_holds(results, points)
        stored = points
        deleted = nearest_ids(queries[0], points, metric, 3)
        if kind == "samples":
            dataset.delete_samples(deleted)
        else:
            dataset.delete_labels(ids=deleted, fields="things")
        points = without(points, deleted)
        assert mean_recall(results, queries, points) >= recall_floor(results)

        _check_views(large, results, queries, points)

        dataset.clear_cache()
        loaded = dataset.load_brain_results("given")
        assert loaded is not results
        for query in queries[:2]:
            assert neighbors_of(loaded, query, 10) == neighbors_of(results, query, 10)
        check_holds(loaded, stored)

        # Product quantizers take seconds to train, so they are rebuilt once.
        if index_type not in SLOW or kind == "samples":
            loaded.vectors.maintenance.maintain(force=True)
            assert built_index(loaded) == (factory and (factory, loaded.snapshot.total_rows))
        check_holds(loaded, stored)
        assert mean_recall(results, queries, points) >= recall_floor(results)
        path = results.path
    assert not path.exists()


def _check_views(
    large: Large, results: FaissSimilarityIndex, queries: np.ndarray, points: Points
) -> None:
    """Searches in half of the samples and in a few; the few are always searched exactly."""
    number = dict(zip(*large.dataset.values(["id", "number"]), strict=True))
    numbers = np.array([number[id] for id in points.sample_ids])
    few = np.sort(numbers)[40]
    inside = {
        "half": numbers % 2 == 0,
        "few": numbers < few,
    }
    views = {
        "half": large.dataset.match({"$expr": {"$eq": [{"$mod": ["$number", 2]}, 0]}}),
        "few": large.dataset.match({"number": {"$lt": int(few)}}),
    }
    for name, view in views.items():
        part = points.at(np.flatnonzero(inside[name]).tolist())
        recalls = []
        for query in queries[:3]:
            neighbors = fiftyone_faiss.search(view, query, "given", k=10)
            recalls.append(
                check_neighbors(
                    neighbors.ids, neighbors.distances, query, part, results.config.metric
                )
            )
        assert np.mean(recalls) >= (1.0 if name == "few" else recall_floor(results) - 0.04)


def test_the_sizes_above_are_those_that_the_types_need() -> None:
    for factory, rows in TYPES.values():
        if factory is not None:
            for metric in METRICS:
                assert factory_module.rows_needed(factory, 64, metric) <= rows


def test_what_is_stored_outlives_vectors_that_do_not_fit(large: Large) -> None:
    points = large.points("samples", 40)
    wide = points.at(range(30)).with_vectors(np.hstack([points.vectors[:30]] * 2)[:, :96])
    results = create(wide, "unfit", index_type="PQ48")
    generation = results.snapshot.manifest.generation
    with pytest.raises(ValueError, match="64 dimensions") as error:
        results.add_to_index(*points.at(range(30, 40)).added)
    assert one_sentence(error.value)
    assert results.snapshot.manifest.generation == generation
    check_holds(results, wide)
    large.dataset.delete_brain_run("unfit")


@pytest.mark.parametrize(
    ("index_type", "rows"),
    [("IVF4096,PQ32", 300), ("PQ64x8", 12), ("ivf_sq8", 255), ("hnsw", 1), ("tree", 255)],
)
def test_too_few_rows_for_a_type_are_searched_exactly(
    large: Large, index_type: str, rows: int, capfd: pytest.CaptureFixture[str]
) -> None:
    points = large.points("samples", rows)
    capfd.readouterr()
    results = create(points, "few", index_type=index_type)
    assert built_index(results) is None
    for query in queries_near(points, 3):
        assert neighbors_of(results, query, 10)[0] == nearest_ids(query, points, "cosine", 10)
    assert capfd.readouterr().err == ""
    large.dataset.delete_brain_run("few")


@pytest.mark.parametrize(
    ("index_type", "factory", "rows"),
    [
        ("sq8", "SQ8", 256),
        ("ivf_sq8", "IVF16,SQ8", 256),
        ("hnsw", "HNSW32,SQfp16", 256),
        ("tree", "tree", 256),
        ("IVF64,Flat", "IVF64,Flat", 256),
        ("IVF100,PQ16x4fs,RFlat", "IVF100,PQ16x4fs,RFlat", 400),
        ("PQ8x8", "PQ8x8", 1024),
        ("OPQ16,IVF64,PQ16x4fs", "OPQ16,IVF64,PQ16x4fs", 256),
        ("PCA32,IVF64,SQ8", "PCA32,IVF64,SQ8", 256),
    ],
)
def test_training_on_barely_enough_rows_is_quiet(
    large: Large, index_type: str, factory: str, rows: int, capfd: pytest.CaptureFixture[str]
) -> None:
    points = large.points("samples", rows)
    assert factory_module.rows_needed(factory, 64, "cosine") == rows
    capfd.readouterr()
    results = create(points, "few", index_type=index_type)
    assert capfd.readouterr().err == ""
    assert built_index(results) == (factory, rows)
    assert mean_recall(results, queries_near(points, 6), points) >= recall_floor(results)
    results.remove_from_index(sample_ids=points.ids[:1])
    results.vectors.maintenance.maintain()
    assert built_index(results) is None
    large.dataset.delete_brain_run("few")


# -- what "auto" chooses -----------------------------------------------------------------------

GIB = 2**30


@pytest.mark.parametrize(
    ("rows", "dim", "free_bytes", "chosen"),
    [
        (1, 64, 0, "flat"),
        (10_000_000, 1, 0, "flat"),
        (19_531, 512, 0, "flat"),
        (19_532, 512, 64 * GIB, "ivf_sq8"),
        (2**21, 512, 2 * GIB, "ivf_sq8"),
        (2**21 + 1, 512, 2 * GIB, "ivf_pq"),
        (2**21 + 1, 511, 2 * GIB - 2**22, "ivf_sq8"),
        (19_532, 512, 0, "ivf_pq"),
    ],
)
def test_auto_chooses_by_size_and_memory(rows: int, dim: int, free_bytes: int, chosen: str) -> None:
    assert factory_module.choose_type(rows, dim, free_bytes) == chosen


@pytest.mark.parametrize(
    ("free_bytes", "factory"), [(GIB, "IVF32,SQ8"), (100_000, "OPQ16,IVF32,PQ16")]
)
def test_auto_builds_what_it_chooses(
    large: Large, free_bytes: int, factory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = large.points("samples", 1_500)
    memory = SimpleNamespace(available=free_bytes)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    results = create(points, "auto")
    maintenance = results.vectors.maintenance
    maintenance.policy = replace(DEFAULT_POLICY, flat_values=1_500 * 64)
    maintenance.maintain()
    assert built_index(results) is None
    maintenance.policy = replace(DEFAULT_POLICY, flat_values=1_500 * 64 - 1)
    maintenance.maintain()
    assert built_index(results) == (factory, 1_500)
    assert mean_recall(results, queries_near(points, 6), points) >= recall_floor(results)
    large.dataset.delete_brain_run("auto")


# -- recall ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ivf(large: Large) -> Iterator[tuple[FaissSimilarityIndex, Points]]:
    points = large.points("samples", 16_384)
    yield create(points, "ivf", index_type="ivf_sq8", metric="euclidean"), points
    large.dataset.delete_brain_run("ivf")


def _fresh_recall(results: FaissSimilarityIndex, points: Points) -> float:
    """The recall of 100 queries as tuning has them, but others: halfway, and held-out rows."""
    rng = np.random.default_rng(3)
    own = rng.choice(len(points.ids), 50, replace=False)
    recalls = [mean_recall(results, queries_near(points, 50), points)]
    for i in own:
        ids, _ = neighbors_of(results, points.vectors[i], 11)
        true = nearest_ids(points.vectors[i], points, results.config.metric, 11)
        true.remove(points.ids[i])
        recalls.append(len(set(ids) & set(true)) / 10)
    return (50 * recalls[0] + sum(recalls[1:])) / 100


def test_the_recall_that_was_measured_is_that_of_other_queries(
    ivf: tuple[FaissSimilarityIndex, Points],
) -> None:
    results, points = ivf
    off, nprobe = {}, []
    for target in (0.8, 0.95, 0.999):
        results.vectors.maintenance.maintain(target, force=True)
        tuning = results.vectors.maintenance.tuning(results.snapshot)
        assert tuning.target_recall == target
        assert target <= tuning.recall <= 1
        assert [parameters.k for parameters in tuning.parameters] == [10, 100]
        assert tuning.latency_ms > 0
        nprobe.append(tuning.parameters[0].nprobe)
        off[target] = abs(_fresh_recall(results, points) - tuning.recall)
    assert max(off.values()) < 0.05, off
    assert off[0.999] < 0.01
    assert nprobe[0] <= nprobe[1] < nprobe[2]
    loaded = results._samples.load_brain_results("ivf", cache=False)
    assert loaded.vectors.maintenance.tuning(loaded.snapshot) == tuning
    health = fiftyone_faiss.index_health(results._samples, "ivf")
    assert (health.tuning, health.unindexed) == (tuning, 0)


@pytest.mark.parametrize("every", [2, 20, 200])
def test_recall_within_a_view_of_a_part(
    large: Large, ivf: tuple[FaissSimilarityIndex, Points], every: int
) -> None:
    results, points = ivf
    view = large.dataset.match(fo.ViewField("number") % every == 0)
    inside = set(view.values("id"))
    part = points.at([i for i, id in enumerate(points.ids) if id in inside])
    with results.use_view(view):
        recall = mean_recall(results, queries_near(points, 8), part)
    # Few rows are gathered and searched exactly.
    assert recall >= (recall_floor(results) if every == 2 else 1.0)


def test_recall_within_a_view_that_leaves_out_what_is_near(
    large: Large, ivf: tuple[FaissSimilarityIndex, Points]
) -> None:
    results, points = ivf
    recalls = []
    for query in queries_near(points, 4):
        near = nearest_ids(query, points, "euclidean", 500)
        neighbors = fiftyone_faiss.search(large.dataset.exclude(near), query, "ivf", k=10)
        part = without(points, near)
        recalls.append(
            check_neighbors(neighbors.ids, neighbors.distances, query, part, "euclidean")
        )
    assert np.mean(recalls) >= recall_floor(results)


# -- how many ----------------------------------------------------------------------------------


@pytest.mark.parametrize("index_type", ["flat", "sq8", "ivf_sq8", "hnsw", "tree"])
def test_all_of_them_and_the_farthest(large: Large, index_type: str) -> None:
    points = large.points("samples", 600)
    results = create(points, "all", index_type=index_type, metric="euclidean")
    query = queries_near(points, 1)[0]
    order = nearest_ids(query, points, "euclidean", 600)
    for k in (None, 600, 601, 10**7):
        assert neighbors_of(results, query, k)[0] == order
        assert neighbors_of(results, query, k, reverse=True)[0] == order[::-1]
        view = results.sort_by_similarity(query, k=k)
        assert view.values("id") == order
    assert neighbors_of(results, query, 7, reverse=True)[0] == order[:-8:-1]
    assert fiftyone_faiss.search(large.dataset, query, "all", k=10**7).ids == order
    large.dataset.delete_brain_run("all")


def test_more_than_a_view_can_hold_in_order_is_refused_with_the_way_out(
    large: Large, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = large.points("samples", 600)
    create(points, "all")
    query = queries_near(points, 1)[0]
    order = nearest_ids(query, points, "cosine", 600)
    for module in (result_views, sorting):
        monkeypatch.setattr(module, "MAX_ORDERED_IDS", 100)
    for k in (None, 101, 10**7):
        with pytest.raises(ValueError, match="give k, 100 at most") as error:
            large.dataset.sort_by_similarity(query, k=k, brain_key="all").values("id")
        assert one_sentence(error.value)
    view = large.dataset.sort_by_similarity(query, k=100, brain_key="all")
    assert view.values("id") == order[:100]
    neighbors = fiftyone_faiss.search(large.dataset, query, "all", k=500)
    assert neighbors.ids == order[:500]
    with pytest.raises(ValueError, match="give k, 100 at most"):
        neighbors.view()
    # A view that cannot hold that many needs no k.
    few = large.dataset.select(order[200:290])
    assert few.sort_by_similarity(query, brain_key="all").values("id") == order[200:290]
    large.dataset.delete_brain_run("all")
