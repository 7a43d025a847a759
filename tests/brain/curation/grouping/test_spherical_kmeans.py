"""k-means reads vectors of any length, and assigns them as NumPy does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.stores import make_batch

from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors
from fiftyone_faiss.brain.curation.grouping import spherical_kmeans
from fiftyone_faiss.brain.store.store import Store

DIM = 6
# Two segments; the blocks that are read lie in the first, in both and in the second.
FIRST, SECOND, BLOCK = 40, 11, 16


@pytest.fixture
def given(rng: np.random.Generator) -> np.ndarray:
    """Vectors with lengths of 0.1 to 50, and a zero vector."""
    vectors = rng.normal(size=(FIRST + SECOND, DIM)) * rng.uniform(0.1, 20, (FIRST + SECOND, 1))
    vectors[7] = 0
    return vectors.astype(np.float32)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_vectors_are_assigned_to_their_nearest_center(
    tmp_path: Path,
    given: np.ndarray,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    metric: str,
    dtype: str,
) -> None:
    monkeypatch.setattr(spherical_kmeans, "BLOCK", BLOCK)
    given = given.astype(dtype).astype(np.float32)
    store = Store.create(tmp_path / "store", has_labels=False, metadata={}, dtype=dtype)
    store.commit(make_batch(given[:FIRST], range(FIRST)))
    store.commit(make_batch(given[FIRST:], range(FIRST, len(given))))
    snapshot = store.snapshot()
    assert [segment.info.rows for segment in snapshot.segments] == [FIRST, SECOND]
    centers = rng.normal(size=(3, DIM))
    scaled = given.astype(np.float64)
    if metric == "cosine":
        centers /= np.linalg.norm(centers, axis=1, keepdims=True)
        scaled /= np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-12)
        distances = 1 - scaled @ centers.T
    else:
        distances = np.linalg.norm(scaled[:, None] - centers, axis=-1)
    vectors = ScaledVectors(snapshot, metric, snapshot.live_rows)
    steps = spherical_kmeans.assign_steps(vectors, centers.astype(np.float32))
    read = []
    while True:
        try:
            read.append(next(steps))
        except StopIteration as end:
            assignment, means = end.value
            break
    assert read == [16, 16, 16, 3]
    ordered = np.sort(distances, axis=1)
    np.testing.assert_allclose(assignment.nearest, ordered[:, 0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(assignment.second, ordered[:, 1], rtol=1e-5, atol=1e-5)
    # A zero vector is equally far from all spherical centers.
    tested = np.arange(len(given)) != 7
    np.testing.assert_array_equal(assignment.labels[tested], distances.argmin(axis=1)[tested])
    expected = [scaled[assignment.labels == i].mean(axis=0) for i in range(3)]
    np.testing.assert_allclose(means, expected, rtol=1e-4, atol=1e-5)
