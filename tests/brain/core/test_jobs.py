"""Jobs: long work that can be listed and cancelled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fiftyone_faiss.brain.core import jobs
from fiftyone_faiss.brain.core.jobs import CancelledError, Job, list_jobs, start_job, tracked
from fiftyone_faiss.brain.core.progress import Progress, Steps


@pytest.fixture(autouse=True)
def _no_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_jobs", {})


class Gate:
    """Blocks steps until it is opened."""

    def __init__(self) -> None:
        self.arrived, self.opened = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.arrived.set()
        assert self.opened.wait(60)


def counting(total: int, ended: list[str], gate: Gate | None = None) -> Steps[str]:
    """Yields steps, waits at a gate after the first one, and records how it ended."""
    try:
        for done in range(total + 1):
            yield Progress(done, total, 0, 1.0)
            if gate is not None and done == 1:
                gate.wait()
        ended.append("all")
        return f"{total} things"
    finally:
        ended.append("closed")


def test_tracked_steps_are_unchanged_and_listed() -> None:
    ended: list[str] = []
    steps = tracked(counting(3, ended), "book", "clip")
    assert next(steps).done == 0 and next(steps).done == 1
    (job,) = list_jobs("book")
    assert (job.name, job.state, job.progress) == ("clip", "running", Progress(1, 3, 0, 1.0))
    assert job.to_dict()["fraction"] == 1 / 3
    assert job.to_dict()["topic"] == "index"
    assert job.to_dict()["label"] == "1 of 3 embedded, 1 a second, 2 s left"
    assert list_jobs("other") == []
    assert run(steps) == ([2, 3], "3 things") and ended == ["all", "closed"]
    assert (job.state, job.message) == ("done", "3 things")


def run(steps: Steps[str]) -> tuple[list[int], str]:
    """Returns the numbers of finished items, and the report."""
    done = []
    while True:
        try:
            done.append(next(steps).done)
        except StopIteration as end:
            return done, end.value


def test_cancelled_steps_end_after_the_current_one() -> None:
    ended: list[str] = []
    steps = tracked(counting(3, ended), "book", "clip")
    next(steps)
    (job,) = list_jobs("book")
    job.cancel()
    with pytest.raises(CancelledError, match=r"Cancelled at 1 of 3 .*; finished work is kept"):
        next(steps)
    assert ended == ["closed"]
    assert job.state == "cancelled" and job.message.startswith("Cancelled at 1 of 3")


def test_a_failed_job_has_the_message_of_the_error() -> None:
    def failing() -> Iterator[Progress]:
        yield Progress(0, 1, 0, 0.0)
        raise ValueError("the disk is full")

    steps = tracked(failing(), "book", "clip")  # type: ignore[arg-type]
    next(steps)
    with pytest.raises(ValueError, match="the disk is full"):
        next(steps)
    (job,) = list_jobs("book")
    assert (job.state, job.message) == ("failed", "the disk is full")


def test_steps_are_closed_when_their_consumer_stops() -> None:
    ended: list[str] = []
    steps = tracked(counting(3, ended), "book", "clip")
    next(steps)
    steps.close()
    assert ended == ["closed"]
    (job,) = list_jobs("book")
    assert (job.state, job.message) == ("cancelled", "Stopped; finished work is kept.")


def test_steps_are_listed_from_the_first_one() -> None:
    steps = tracked(counting(3, []), "book", "clip")
    assert list_jobs("book") == []
    steps.close()
    assert list_jobs("book") == []
    assert run(tracked(counting(0, []), "book", "clip")) == ([0], "0 things")


def test_of_two_jobs_that_start_at_once_one_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one starts after the first one has read the list, before it is in the list."""
    gate, end = Gate(), Gate()

    def slow_list(dataset: str) -> list[Job]:
        listed = list_jobs(dataset)
        if threading.current_thread() is not threading.main_thread():
            gate.wait()
        return listed

    monkeypatch.setattr(jobs, "list_jobs", slow_list)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(start_job, counting(1, [], end), "book", "clip")
        assert gate.arrived.wait(60)
        threading.Timer(0.2, gate.opened.set).start()
        with pytest.raises(ValueError, match="Work on 'clip' is already running"):
            start_job(counting(1, []), "book", "clip")
        assert first.result().state == "running"
    end.opened.set()


def test_a_job_has_its_message_when_its_state_changes() -> None:
    seen: list[tuple[str, str]] = []

    class RecordingJob(Job):
        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value)
            seen.append((self.__dict__.get("state", ""), self.__dict__.get("message", "")))

    RecordingJob("book", "clip").end("done", "2 things")
    assert {message for state, message in seen if state == "done"} == {"2 things"}


def test_a_job_runs_in_a_thread_and_can_be_cancelled() -> None:
    ended: list[str] = []
    gate = Gate()
    job = start_job(counting(5, ended, gate), "book", "clip")
    with pytest.raises(ValueError, match="Work on 'clip' is already running"):
        start_job(counting(5, []), "book", "clip")
    other = start_job(counting(2, []), "book", "other")
    wait_for(lambda: other.state == "done")
    assert other.message == "2 things"
    assert gate.arrived.wait(60)
    job.cancel()
    gate.opened.set()
    wait_for(lambda: job.state == "cancelled")
    assert ended == ["closed"] and job.progress == Progress(2, 5, 0, 1.0)
    again = start_job(counting(1, []), "book", "clip")
    wait_for(lambda: again.state == "done")


def wait_for(condition) -> None:  # type: ignore[no-untyped-def]
    deadline = threading.Event()
    for _ in range(6_000):
        if condition():
            return
        deadline.wait(0.01)
    pytest.fail("the condition was never met")


def test_a_failure_in_a_thread_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def failing() -> Iterator[Progress]:
        yield Progress(0, 1, 0, 0.0)
        raise RuntimeError("the model is broken")

    job = start_job(failing(), "book", "clip")  # type: ignore[arg-type]
    wait_for(lambda: "The work on 'clip' failed" in caplog.text)
    assert (job.state, job.message) == ("failed", "the model is broken")


def test_ended_jobs_are_listed_for_a_minute() -> None:
    run(tracked(counting(1, []), "book", "clip"))
    (job,) = list_jobs("book")
    assert job.state == "done" and job.ended_at is not None
    job.ended_at -= jobs.LISTED_SECONDS - 5
    assert list_jobs("book") == [job]
    job.ended_at -= 10
    assert list_jobs("book") == []
