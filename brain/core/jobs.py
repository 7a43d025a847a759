"""Jobs: long work in this process that other code can list and cancel.

For example, a panel shows the work that an operator started.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from fiftyone_faiss.brain.core.progress import Progress, Report, Steps

logger = logging.getLogger(__name__)

State = Literal["running", "done", "cancelled", "failed"]
Topic = Literal["index", "curation", "map"]
# Finished jobs stay in the list for this long, so that their result can be read.
LISTED_SECONDS = 60.0


class CancelledError(Exception):
    """Raised when work is cancelled; finished steps are kept."""


@dataclass
class Job:
    """A piece of long work.

    Attributes:
        dataset: the name of its dataset
        name: what it works on, for example a brain key
        topic: what it is about; the progress of an index matters everywhere, that of a map only
            where maps are shown
        progress: its progress, None before the first step
        state: whether it is running, or how it ended
        message: how it ended, in a sentence
        id: its id
        ended_at: when it ended, in seconds of the monotonic clock, None while it is running
    """

    dataset: str
    name: str
    topic: Topic = "index"
    progress: Progress | None = None
    state: State = "running"
    message: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    ended_at: float | None = None
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False)

    def cancel(self) -> None:
        """Ends the job after its current step; finished steps are kept."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._cancelled.is_set()

    def to_dict(self) -> dict[str, Any]:
        """Returns JSON values: the job, with its progress as a text."""
        progress = self.progress
        return {
            "id": self.id,
            "name": self.name,
            "topic": self.topic,
            "state": self.state,
            "message": self.message,
            "fraction": progress.fraction if progress else 0.0,
            "label": str(progress) if progress else "Starting…",
        }

    def end(self, state: State, message: str) -> None:
        """Marks the job as ended."""
        # The state comes last: other threads read the message once the state has changed.
        self.message, self.ended_at = message, time.monotonic()
        self.state = state


_jobs: dict[str, Job] = {}
_registration = threading.Lock()


def list_jobs(dataset: str) -> list[Job]:
    """Lists the jobs of a dataset that are running or ended within the last minute.

    Args:
        dataset: the name of the dataset

    Returns:
        the jobs, oldest first
    """
    now = time.monotonic()
    for job in list(_jobs.values()):
        if job.ended_at is not None and now - job.ended_at > LISTED_SECONDS:
            _jobs.pop(job.id, None)
    return [job for job in list(_jobs.values()) if job.dataset == dataset]


def tracked(steps: Steps[Report], dataset: str, name: str) -> Steps[Report]:
    """Lists steps as a job while the caller runs them.

    Args:
        steps: the steps
        dataset: the name of their dataset
        name: what they work on

    Yields:
        the same steps; their report is returned

    Raises:
        CancelledError: if the job was cancelled
        ValueError: at the first step, if a job of this name is running
    """
    return (yield from _run_as(_new_job(dataset, name), steps))


def start_job(steps: Steps[Any], dataset: str, name: str, topic: Topic = "index") -> Job:
    """Runs steps in a thread, because requests of the App time out.

    Args:
        steps: the steps
        dataset: the name of their dataset
        name: what they work on
        topic ("index"): see :class:`Job`

    Raises:
        ValueError: if a job of this name is running
    """
    job = _new_job(dataset, name, topic)

    def run() -> None:
        try:
            for _ in _run_as(job, steps):
                pass
        except (CancelledError, ValueError):
            # The message of the job says so.
            pass
        except Exception:
            logger.exception("The work on '%s' failed", name)

    threading.Thread(target=run, name=f"job {name}", daemon=True).start()
    return job


def _new_job(dataset: str, name: str, topic: Topic = "index") -> Job:
    with _registration:
        if any(job.name == name and job.state == "running" for job in list_jobs(dataset)):
            raise ValueError(
                f"Work on '{name}' is already running; wait until it ends, or cancel it."
            )
        job = Job(dataset, name, topic)
        _jobs[job.id] = job
    return job


def _run_as(job: Job, steps: Steps[Report]) -> Steps[Report]:
    """Runs steps, and records their progress and their end in a job."""
    try:
        while True:
            try:
                job.progress = next(steps)
            except StopIteration as stop:
                report: Report = stop.value
                job.end("done", str(report))
                return report
            if job.is_cancelled:
                raise CancelledError(f"Cancelled at {job.progress.counts}; finished work is kept.")
            yield job.progress
    except CancelledError as error:
        steps.close()
        job.end("cancelled", str(error))
        raise
    except Exception as error:
        job.end("failed", str(error) or type(error).__name__)
        raise
    except BaseException:
        # The consumer went away, for example because a browser was closed.
        steps.close()
        job.end("cancelled", "Stopped; finished work is kept.")
        raise
