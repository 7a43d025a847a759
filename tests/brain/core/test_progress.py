"""The text of progress."""

from __future__ import annotations

import pytest

from fiftyone_faiss.brain.core.progress import Progress


@pytest.mark.parametrize(
    ("seconds", "remaining"),
    [(0.5, "50 s"), (0.8, "80 s"), (10, "17 min"), (53, "88 min"), (90, "2.5 h")],
)
def test_the_unit_of_the_remaining_time_depends_on_its_length(
    seconds: float, remaining: str
) -> None:
    progress = Progress(done=10, total=1_010, failed=0, seconds=seconds)
    assert str(progress).endswith(f" a second, {remaining} left")


def test_progress_counts_items_and_failures() -> None:
    progress = Progress(done=1_000, total=4_000, failed=2, seconds=10.0, what="copied")
    assert progress.fraction == 0.25
    assert str(progress) == "1,000 of 4,000 copied, 100 a second, 30 s left, 2 failed"


def test_progress_starts_at_zero_and_no_work_is_complete() -> None:
    assert str(Progress(0, 5, 0, 0.0)) == "0 of 5 embedded, 0 a second, 0 s left"
    assert Progress(0, 5, 0, 0.0).fraction == 0.0
    assert Progress(0, 0, 0, 0.0).fraction == 1.0
