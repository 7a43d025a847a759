"""Points to index: of samples, of a list of detections, of single detections."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest

# Before it is imported, so that its assertions show what they compare.
pytest.register_assert_rewrite("support.points")
from support.points import KINDS, Points, points_of  # noqa: E402


@pytest.fixture(params=KINDS)
def points(request: pytest.FixtureRequest, dataset: fo.Dataset, rng: np.random.Generator) -> Points:
    """Random points of each kind."""
    return points_of(dataset, request.param, rng)


@pytest.fixture
def samples(dataset: fo.Dataset, rng: np.random.Generator) -> Points:
    """Random points of the twelve samples."""
    return points_of(dataset, "samples", rng)


@pytest.fixture
def patches(dataset: fo.Dataset, rng: np.random.Generator) -> Points:
    """Random points of the eighteen detections in the field "things"."""
    return points_of(dataset, "detections", rng)
