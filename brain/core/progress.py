"""Progress of long work.

A *steps* function is a generator: it yields a :class:`Progress` after every batch and returns a
report. The caller draws the progress.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

Report = TypeVar("Report")


@dataclass(frozen=True)
class Progress:
    """The progress of long work.

    Attributes:
        done: the number of finished items, failed ones included
        total: the number of items
        failed: the number of failed items
        seconds: the time since the start, in seconds
        what: the participle that describes a finished item
    """

    done: int
    total: int
    failed: int
    seconds: float
    what: str = "embedded"

    @property
    def fraction(self) -> float:
        """The finished share, 0 to 1."""
        return self.done / self.total if self.total else 1.0

    @property
    def counts(self) -> str:
        """How many items are finished, of how many."""
        return f"{self.done:,} of {self.total:,} {self.what}"

    def __str__(self) -> str:
        rate = self.done / self.seconds if self.seconds else 0.0
        remaining = (self.total - self.done) / rate if rate else 0.0
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.counts}, {rate:.0f} a second, {_duration(remaining)} left{failed}"


def _duration(seconds: float) -> str:
    """Formats a duration in seconds, minutes or hours, depending on its length."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


Steps = Generator[Progress, None, Report]


def timed_steps(steps: Generator[tuple[int, int], None, Report], what: str) -> Steps[Report]:
    """Runs steps that yield how many items are done and how many there are.

    Args:
        steps: the steps
        what: the participle that describes a finished item

    Yields:
        their progress; their report is returned
    """
    started = time.perf_counter()
    while True:
        try:
            done, total = next(steps)
        except StopIteration as stop:
            report: Report = stop.value
            return report
        yield Progress(done, total, 0, time.perf_counter() - started, what)
