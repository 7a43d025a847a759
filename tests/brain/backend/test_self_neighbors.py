"""FiftyOne's calls for the neighbors of all samples, by the neighbor graph and the range join."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from support.distances import reference_distances
from support.indexes import index_of

from fiftyone_faiss.brain.backend import self_neighbors
from fiftyone_faiss.brain.indexing.catalog import index_info
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex


@pytest.fixture
def large(rng: np.random.Generator) -> Iterator[tuple[FaissSimilarityIndex, np.ndarray]]:
    """An index of 3,000 samples, of which 40 are near duplicates of others."""
    centers = rng.normal(size=(30, 16))
    vectors = centers[rng.integers(30, size=3_000)] + 0.5 * rng.normal(size=(3_000, 16))
    vectors[2_960:] = vectors[:40] + 0.001 * rng.normal(size=(40, 16))
    vectors = vectors.astype(np.float32)
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(3_000)])
    yield index_of(dataset, vectors), vectors
    dataset.delete()


def test_neighbors_of_all_samples_come_from_the_graph(
    large, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, vectors = large
    exact = index._kneighbors(k=5)
    assert index.graphs.graph_of(index.snapshot) is None
    assert index_info(index.samples).graph_neighbors is None
    monkeypatch.setattr(self_neighbors, "MAX_COMPARED", 1_000)
    rows, distances = index._kneighbors(k=5, return_dists=True)
    graph = index.graphs.graph_of(index.snapshot)
    assert graph.k == 5
    info = index_info(index.samples)
    assert (info.graph_neighbors, info.graph_recall) == (5, graph.recall)
    same = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(rows, exact, strict=True)])
    assert same >= 0.95
    every = reference_distances(vectors, "cosine")
    for place in range(0, 3_000, 100):
        np.testing.assert_allclose(distances[place], every[place, rows[place]], atol=1e-9)
        assert place not in rows[place]
    # A view has no graph of its own.
    index.use_view(index._samples[:1_500])
    rows, distances = index._kneighbors(k=5, return_dists=True)
    part = every[:1_500, :1_500] + 9 * np.eye(1_500)
    np.testing.assert_allclose(np.stack(distances), np.sort(part, axis=1)[:, :5], atol=1e-9)


def test_samples_in_a_radius_come_from_the_join(large, monkeypatch: pytest.MonkeyPatch) -> None:
    index, _ = large
    before = index._radius_neighbors(thresh=0.1, return_dists=True)
    monkeypatch.setattr(self_neighbors, "MAX_ONE_CELL", 1_000)
    rows, distances = index._radius_neighbors(thresh=0.1, return_dists=True)
    for a, b in zip(before[0], rows, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(before[1], distances, strict=True):
        np.testing.assert_array_equal(a, b)
    assert sum(map(len, rows)) > 500


def test_near_duplicates_and_uniqueness_of_fiftyone(large, monkeypatch: pytest.MonkeyPatch) -> None:
    index, _ = large
    monkeypatch.setattr(self_neighbors, "MAX_COMPARED", 1_000)
    monkeypatch.setattr(self_neighbors, "MAX_ONE_CELL", 1_000)
    dataset = index._samples
    results = fob.compute_near_duplicates(dataset, similarity_index=index, threshold=1e-4)
    ids = dataset.values("id")
    assert sorted(results.duplicate_ids) == sorted(ids[2_960:])
    fob.compute_uniqueness(dataset, similarity_index=index)
    uniqueness = np.array(dataset.values("uniqueness"))
    assert np.median(uniqueness[2_960:]) < np.median(uniqueness[40:2_960])
