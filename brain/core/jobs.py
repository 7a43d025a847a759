"""Long work in this process that others may watch and cancel: a panel that of an operator, say."""

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
# Those that ended stay listed for so many seconds, for whoever watches to read how.
LISTED_SECONDS = 60.0


class CancelledError(Exception):
    """Work that somebody cancelled; what it had done by then is kept."""


@dataclass
class Job:
    """A piece of long work.

    Attributes:
        dataset: the name of the dataset that it is about
        name: what is worked on, such as a brain key
        progress: how far it is, None before the first step
        state: whether it runs, or how it ended
        message: how it ended, in a sentence
    """

    dataset: str
    name: str
    progress: Progress | None = None
    state: State = "running"
    message: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False)
    _ended: float | None = None

    def cancel(self) -> None:
        """Ends it after the step it is at; what is done is kept."""
        self._cancelled.set()

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values, with the progress in words."""
        step = self.progress
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "message": self.message,
            "fraction": step.fraction if step else 0.0,
            "label": str(step) if step else "Starting…",
        }

    def _end(self, state: State, message: str) -> None:
        # The state last: whoever reads it, then reads how.
        self.message, self._ended = message, time.monotonic()
        self.state = state


_jobs: dict[str, Job] = {}
_starting = threading.Lock()


def list_jobs(dataset: str) -> list[Job]:
    """The jobs of a dataset that run, or ended within the last minute, oldest first."""
    now = time.monotonic()
    for job in list(_jobs.values()):
        if job._ended is not None and now - job._ended > LISTED_SECONDS:
            _jobs.pop(job.id, None)
    return [job for job in list(_jobs.values()) if job.dataset == dataset]


def tracked(steps: Steps[Report], dataset: str, name: str) -> Steps[Report]:
    """The same steps, listed as a job from the first to the last of them.

    Raises:
        CancelledError: if it was cancelled
        ValueError: with the first step, if there is a job on the same already
    """
    return (yield from _stepped(_new_job(dataset, name), steps))


def start_job(steps: Steps[Any], dataset: str, name: str) -> Job:
    """Runs steps in a thread of their own: they may take longer than a request may.

    Raises:
        ValueError: if there is a job on the same already
    """
    job = _new_job(dataset, name)

    def run() -> None:
        try:
            for _ in _stepped(job, steps):
                pass
        except (CancelledError, ValueError):
            # Told by the job.
            pass
        except Exception:
            logger.exception("The work on '%s' failed", name)

    threading.Thread(target=run, name=f"job {name}", daemon=True).start()
    return job


def _new_job(dataset: str, name: str) -> Job:
    with _starting:
        if any(job.name == name and job.state == "running" for job in list_jobs(dataset)):
            raise ValueError(f"'{name}' is being worked on already; wait for that, or cancel it.")
        job = Job(dataset, name)
        _jobs[job.id] = job
    return job


def _stepped(job: Job, steps: Steps[Report]) -> Steps[Report]:
    try:
        while True:
            try:
                job.progress = next(steps)
            except StopIteration as stop:
                report: Report = stop.value
                job._end("done", str(report))
                return report
            if job._cancelled.is_set():
                raise CancelledError(f"Cancelled at {job.progress}; what is done is kept.")
            yield job.progress
    except CancelledError as error:
        steps.close()
        job._end("cancelled", str(error))
        raise
    except Exception as error:
        job._end("failed", str(error) or type(error).__name__)
        raise
    except BaseException:
        # Whoever took the steps went away, such as a browser that was closed.
        steps.close()
        job._end("cancelled", "Stopped; what is done is kept.")
        raise
