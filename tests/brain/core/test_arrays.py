"""Norms of vectors."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.core.arrays import is_extreme, row_norms


def test_norms_are_exact_where_float32_squares_underflow_or_overflow() -> None:
    vectors = np.array([[3, 4], [0, 0], [3e-30, 4e-30], [3e25, 4e25]], np.float32)
    norms = row_norms(vectors)
    assert norms.dtype == np.float32
    np.testing.assert_allclose(norms, [5, 0, 5e-30, 5e25], rtol=1e-6)
    assert row_norms(np.array([[6.0, 8.0]])).tolist() == [10.0]


def test_norms_are_extreme_outside_of_the_range_of_float32_products() -> None:
    norms = np.array([0, 1e-20, 1e-14, 1, 1e14, 1e20], np.float32)
    assert is_extreme(norms).tolist() == [False, True, False, False, False, True]
