"""Long pieces of work, step by step so that they can show progress.

A function of steps is a generator: it yields a :class:`Progress` after every batch, and returns
its report. :func:`run_steps` runs one to the end with a progress bar.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

Report = TypeVar("Report")


@dataclass(frozen=True)
class Progress:
    """How far a long piece of work is.

    Attributes:
        done: things done, failures included
        total: things to do
        failed: things that failed
        seconds: the time since the start
        what: what is done to each
    """

    done: int
    total: int
    failed: int
    seconds: float
    what: str = "embedded"

    @property
    def fraction(self) -> float:
        """The part that is done, 0 to 1."""
        return self.done / self.total if self.total else 1.0

    def __str__(self) -> str:
        rate = self.done / self.seconds if self.seconds else 0.0
        left = (self.total - self.done) / rate if rate else 0.0
        failed = f", {self.failed:,} failed" if self.failed else ""
        return (
            f"{self.done:,} of {self.total:,} {self.what}, {rate:.0f} a second, "
            f"{_duration(left)} left{failed}"
        )


def _duration(seconds: float) -> str:
    """A time in the unit that a person would take."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


Steps = Generator[Progress, None, Report]
