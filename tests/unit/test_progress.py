"""How far long work is, in words."""

from __future__ import annotations

import pytest

from fiftyone_faiss.brain.core.progress import Progress


@pytest.mark.parametrize(
    ("seconds", "left"),
    [(0.5, "50 s"), (0.8, "80 s"), (10, "17 min"), (53, "88 min"), (90, "2.5 h")],
)
def test_the_time_that_is_left_is_told_in_a_fitting_unit(seconds: float, left: str) -> None:
    step = Progress(done=10, total=1_010, failed=0, seconds=seconds)
    assert str(step).endswith(f" a second, {left} left")
