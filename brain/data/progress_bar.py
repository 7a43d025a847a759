"""Runs the steps of long work with FiftyOne's progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import fiftyone.core.utils as fou

from fiftyone_faiss.brain.core.progress import Progress, Report, Steps

ProgressOption = bool | Callable[[Any], None] | None
"""What ``progress=`` takes, as in FiftyOne: whether to show a bar, or a callback."""


def run_steps(steps: Steps[Report], progress: ProgressOption) -> Report:
    """Runs all steps and shows a FiftyOne progress bar for each kind of work.

    Args:
        steps: the steps
        progress: whether to show the bars, or a callback

    Returns:
        the report of the steps
    """
    report: list[Report] = []

    def collect() -> Iterator[Progress]:
        report.append((yield from steps))

    bar, what = None, None
    with ExitStack() as stack:
        for step in collect():
            if bar is None or step.what != what:
                stack.close()
                bar = stack.enter_context(
                    fou.ProgressBar(total=step.total, progress=progress, iters_str="images")
                )
                what = step.what
            suffix = f"{step.failed:,} failed" if step.failed else None
            bar.set_iteration(step.done, suffix=suffix)
    return report[0]
