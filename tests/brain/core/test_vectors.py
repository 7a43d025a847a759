"""Checks of the vectors that callers pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fiftyone_faiss.brain.core.vectors import check_vectors


@pytest.mark.parametrize(
    "given",
    [
        [[1, 2], [3, 4]],
        np.array([[1, 2], [3, 4]], np.int8),
        np.array([[1, 2], [3, 4]], np.float64),
        np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]),
    ],
)
def test_real_numbers_become_float32(given: Any) -> None:
    vectors = check_vectors(given)
    assert vectors.dtype == np.float32 and vectors.tolist() == [[1, 2], [3, 4]]


def test_no_vectors_are_accepted() -> None:
    assert check_vectors(np.empty((0, 4))).shape == (0, 4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1, 2], [3]], "must be real numbers, in vectors of one length"),
        ([["a"]], "must be real numbers"),
        (np.array([[1j]]), "must be real numbers"),
        ([1.0, 2.0], r"must have the shape \(number, dimensions\), got \(2,\)"),
        (np.empty((3, 0)), r"must have the shape \(number, dimensions\), got \(3, 0\)"),
        ([[1.0, np.nan]], "not finite numbers of float32"),
        ([[np.inf, 0.0]], "not finite numbers of float32"),
        ([[1e39, 0.0]], "not finite numbers of float32"),
        ([[0.0, -2e18]], r"values above 1e\+18; scale them down first"),
    ],
)
def test_other_values_are_rejected(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_vectors(given)
