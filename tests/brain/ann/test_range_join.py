"""Range joins against NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from support.distances import reference_distances
from support.stores import create_store

from fiftyone_faiss.brain.ann import range_join
from fiftyone_faiss.brain.ann.joined_pairs import MAX_LISTED, JoinedPairs
from fiftyone_faiss.brain.ann.range_join import join_steps
from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors


def vectors_of(path: Path, vectors: np.ndarray, metric: str) -> ScaledVectors:
    snapshot = create_store(path / "store", vectors).snapshot()
    return ScaledVectors(snapshot, metric, snapshot.live_rows)


def join(vectors: ScaledVectors, thresh: float, is_right: np.ndarray | None = None) -> JoinedPairs:
    steps = join_steps(vectors, thresh, is_right)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def clusters(rng: np.random.Generator, n: int, dim: int = 16) -> np.ndarray:
    centers = rng.normal(size=(60, dim))
    return (centers[rng.integers(60, size=n)] + 0.5 * rng.normal(size=(n, dim))).astype(np.float32)


def pair_set(pairs: JoinedPairs) -> set[tuple[int, int]]:
    return set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


@pytest.fixture
def small_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Joins of a few thousand vectors are done by cells."""
    monkeypatch.setattr(range_join, "MAX_ONE_CELL", 500)


@pytest.mark.usefixtures("small_cells")
@pytest.mark.parametrize(("metric", "thresh"), [("cosine", 0.05), ("euclidean", 1.6)])
def test_pairs_are_those_of_numpy(
    tmp_path: Path, rng: np.random.Generator, metric: str, thresh: float
) -> None:
    vectors = clusters(rng, 3_000)
    vectors[2_000:2_100] = vectors[:100] * (1 + 0.001 * rng.normal(size=(100, 16)))
    pairs = join(vectors_of(tmp_path, vectors, metric), thresh)
    distances = reference_distances(vectors, metric)
    first, second = np.nonzero(np.triu(distances <= thresh, 1))
    assert len(first) > 300
    assert pair_set(pairs) == set(zip(first.tolist(), second.tolist(), strict=True))
    np.testing.assert_allclose(pairs.distances, distances[pairs.first, pairs.second], atol=1e-9)
    assert (np.diff(pairs.distances) >= 0).all()
    assert (pairs.count, pairs.recall, pairs.sampled) == (len(first), 1.0, 0)
    degrees = np.bincount(np.concatenate([first, second]), minlength=3_000)
    np.testing.assert_array_equal(pairs.degrees, degrees)
    _, labels = connected_components(
        coo_matrix((np.ones(len(first)), (first, second)), (3_000,) * 2)
    )
    for a in (pairs.groups, labels):
        assert len(np.unique(a)) == len(np.unique(labels))
    assert len({*zip(pairs.groups.tolist(), labels.tolist(), strict=True)}) == len(
        np.unique(labels)
    )


@pytest.mark.usefixtures("small_cells")
def test_two_sets_are_compared_with_each_other_only(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    vectors = clusters(rng, 2_500)
    is_right = rng.random(2_500) < 0.3
    pairs = join(vectors_of(tmp_path, vectors, "cosine"), 0.08, is_right)
    near = reference_distances(vectors, "cosine") <= 0.08
    first, second = np.nonzero(near & ~is_right[:, None] & is_right)
    assert len(first) > 500
    assert pair_set(pairs) == set(zip(first.tolist(), second.tolist(), strict=True))
    assert pairs.count == len(first)


def test_a_dense_group_is_listed_in_part_and_grouped_as_a_whole(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    dense = np.ones(16) + 0.01 * rng.normal(size=(3_000, 16))
    vectors = np.concatenate([clusters(rng, 500), dense]).astype(np.float32)
    pairs = join(vectors_of(tmp_path, vectors, "cosine"), 0.01)
    distances = reference_distances(vectors, "cosine")
    near = np.triu(distances <= 0.01, 1)
    assert pairs.count == np.count_nonzero(near) > 4_000_000
    assert not pairs.is_complete
    assert len(pairs.first) <= 3_000 * (MAX_LISTED + 200)
    assert len(np.unique(pairs.groups[500:])) == 1
    np.testing.assert_array_equal(pairs.degrees, (near | near.T).sum(axis=1))
    np.testing.assert_allclose(pairs.distances, distances[pairs.first, pairs.second], atol=1e-9)
    # Of each, some are listed.
    listed = np.bincount(np.concatenate([pairs.first, pairs.second]), minlength=3_500)
    assert listed[500:].min() >= MAX_LISTED


@pytest.mark.usefixtures("small_cells")
def test_fewer_guests_have_a_measured_recall(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(range_join, "MAX_PROVEN_ROWS", 1_000)
    monkeypatch.setattr(range_join, "MAX_GUEST_CELLS", 0)
    monkeypatch.setattr(range_join, "TUNED_RECALL", 0.9)
    vectors = clusters(rng, 4_000)
    pairs = join(vectors_of(tmp_path, vectors, "cosine"), 0.1)
    count = np.count_nonzero(np.triu(reference_distances(vectors, "cosine") <= 0.1, 1))
    assert pairs.count < count
    assert pairs.sampled > 100
    assert abs(pairs.recall - pairs.count / count) < 0.03


def test_no_pairs_and_zero_vectors(tmp_path: Path) -> None:
    vectors = np.eye(6, dtype=np.float32)
    vectors[4] = vectors[5] = 0
    compared = vectors_of(tmp_path, vectors, "cosine")
    pairs = join(compared, 0.5)
    assert (pairs.count, len(pairs.first), len(np.unique(pairs.groups))) == (0, 0, 6)
    # A zero vector has no direction: its distance to all is 1.
    assert join(compared, 1.0).count == 15
