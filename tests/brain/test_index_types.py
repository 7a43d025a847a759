"""Every index type through its whole life, for every metric, against NumPy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from support.clusters import (
    Large,
    all_distances,
    check_found,
    check_holds,
    create,
    joined,
    nearest_ids,
    replaced,
    without,
)
from support.points import Points, answer

import fiftyone_faiss
from fiftyone_faiss.brain import derived
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
}
# The part of a recall that chance may take: it is measured with other queries.
MARGIN = 0.06


@pytest.fixture(scope="module")
def large() -> Iterator[Large]:
    large = Large.make(samples=16_620, labelled=5_730)
    yield large
    large.dataset.delete()


def _mean_recall(results: FaissSimilarityIndex, queries: np.ndarray, points: Points) -> float:
    """The recall of these queries by vector; every distance must be exact."""
    recalls = []
    for query in queries:
        ids, distances = answer(results, query, 10)
        recalls.append(check_found(ids, distances, query, points, results.config.metric))
    return float(np.mean(recalls))


def _floor(results: FaissSimilarityIndex) -> float:
    """The recall that must be reached: what was measured, or all where search is exact."""
    tuning = results.vectors.tuning(results.snapshot)
    return 1.0 if tuning is None else tuning.recall - MARGIN


def _built(results: FaissSimilarityIndex) -> tuple[str, int] | None:
    """The FAISS index of a store, and the rows it covers."""
    info = results.snapshot.manifest.derived
    return None if info is None else (info.facts["factory"], info.rows)


def _queries(points: Points, count: int) -> np.ndarray:
    """Vectors halfway between two points, so that they are no point's own."""
    rng = np.random.default_rng(7)
    return points.vectors[rng.choice(len(points.ids), (count, 2))].mean(axis=1)


@pytest.mark.parametrize("kind", ["samples", "patches"])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("index_type", TYPES)
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
        assert _built(results) == (factory and (factory, count))
        check_holds(results, points)
        queries = _queries(points, 6)
        assert _mean_recall(results, queries, points) >= _floor(results)
        # Many queries at once go another way, which is exact for every type.
        _, _, many = results._kneighbors(
            query=np.repeat(queries, 3, axis=0), k=5, return_dists=True
        )
        exact = [np.sort(all_distances(query, points.vectors, metric))[:5] for query in queries]
        np.testing.assert_allclose(many, np.repeat(exact, 3, axis=0), rtol=1e-6, atol=1e-7)

        # By id, with the SDK's own search.
        for i in (3, count // 2):
            found = fiftyone_faiss.search(dataset, points.ids[i], "given", k=10)
            recall = check_found(found.ids, found.distances, points.vectors[i], points, metric)
            assert recall >= _floor(results) - 0.1
            if metric != "dotproduct":
                assert found.ids[0] == points.ids[i]

        # What is new is found at once; three times as long, it is among the best dot products.
        new = new.with_vectors(3 * new.vectors)
        results.add_to_index(*new.added)
        points = joined(points, new)
        for vector in new.vectors[:3]:
            best = nearest_ids(vector, points, metric, 1)
            assert best[0] in new.ids
            assert answer(results, vector, 1)[0] == best
        changed = [0, 1, 2]
        points = replaced(points, changed, -4 * points.vectors[changed])
        results.add_to_index(*points.at(changed).added)
        for i in changed:
            assert answer(results, points.vectors[i], 1)[0] == [points.ids[i]]
        assert _built(results) == (factory and (factory, count))
        assert _mean_recall(results, queries, points) >= _floor(results)

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
        assert _mean_recall(results, queries, points) >= _floor(results)

        _check_views(large, results, queries, points)

        dataset.clear_cache()
        loaded = dataset.load_brain_results("given")
        assert loaded is not results
        for query in queries[:2]:
            assert answer(loaded, query, 10) == answer(results, query, 10)
        check_holds(loaded, stored)

        loaded.vectors.maintain(force=True)
        assert _built(loaded) == (factory and (factory, loaded.snapshot.total_rows))
        check_holds(loaded, stored)
        assert _mean_recall(results, queries, points) >= _floor(results)
        path = results.path
    assert not path.exists()


def _check_views(
    large: Large, results: FaissSimilarityIndex, queries: np.ndarray, points: Points
) -> None:
    """Searches in half of the samples and in a few; the few are always searched exactly."""
    number = dict(zip(*large.dataset.values(["id", "number"]), strict=True))
    numbers = np.array([number[one] for one in points.sample_ids])
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
            found = fiftyone_faiss.search(view, query, "given", k=10)
            recalls.append(
                check_found(found.ids, found.distances, query, part, results.config.metric)
            )
        assert np.mean(recalls) >= (1.0 if name == "few" else _floor(results) - 0.04)


def test_the_sizes_above_are_those_that_the_types_need() -> None:
    for factory, rows in TYPES.values():
        if factory is not None:
            for metric in METRICS:
                assert derived.rows_needed(factory, 64, metric) <= rows
