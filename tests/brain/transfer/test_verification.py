"""The figures of a verification, against NumPy and written out."""

from __future__ import annotations

import numpy as np
import pytest

from fiftyone_faiss.brain.core.metrics import METRICS, row_distances
from fiftyone_faiss.brain.data.embeddings_fields import Embeddings
from fiftyone_faiss.brain.transfer.verification import (
    Answers,
    BothAnswers,
    ExactLimits,
    distances_to_all,
    shared,
)


@pytest.mark.parametrize("metric", METRICS)
def test_distances_are_exact(rng: np.random.Generator, metric: str) -> None:
    queries, vectors = rng.normal(size=(4, 9)), rng.normal(size=(30, 9))
    vectors[3] = 0
    expected = np.stack([row_distances(query, vectors, metric) for query in queries])
    np.testing.assert_allclose(distances_to_all(queries, vectors, metric), expected, atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_limits_leave_out_the_query_and_ignore_the_blocks(rng, metric: str) -> None:
    vectors = rng.normal(size=(50, 8)).astype(np.float32)
    ids = np.array([f"id{i}" for i in range(50)])
    limits = ExactLimits(["id7", "id40"], vectors[[7, 40]], metric, 5)
    for start in (0, 13, 41):
        stop = {0: 13, 13: 41, 41: 50}[start]
        limits.add(Embeddings(vectors[start:stop], ids[start:stop], None))
    exact = vectors.astype(np.float64)
    expected = []
    for place in (7, 40):
        others = np.delete(row_distances(exact[place], exact, metric), place)
        expected.append(np.sort(others)[4])
    np.testing.assert_allclose(limits.limits, expected, atol=1e-5)
    assert (limits.limits >= expected).all()


def test_what_both_sides_return_is_shared() -> None:
    near, far = np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.2, 0.4])
    source = Answers([["a", "b", "c"]] * 3, [near] * 3, 1.0)
    target = Answers(
        [["b", "a", "x"], ["a", "b", "y"], ["a"]],
        # The last of the first query is as far as "c"; that of the second is farther.
        [np.array([0.2, 0.1, 0.3]), far, np.array([0.1])],
        0.7,
    )
    np.testing.assert_allclose(shared(source, target), [1, 2 / 3, 1 / 3])
    both = BothAnswers(source, target, 3)
    checked = both.verification(12, 0.0)
    assert (checked.queries, checked.k, checked.compared) == (3, 3, 12)
    assert checked.overlap == pytest.approx(2 / 3) and checked.min_overlap == pytest.approx(1 / 3)
    assert (checked.recall, checked.source_recall) == (0.7, 1.0)
    assert both.notes("old", "new") == [
        "Of the exact 3 nearest, 'new' finds 70.0 % and 'old' 100.0 %."
    ]
    assert BothAnswers(source, source, 3).notes("old", "new") == []
