"""Errors of a lost database become one sentence; errors of other connections stay as they are."""

from __future__ import annotations

import pymongo
import pytest
from support.points import one_sentence

from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.data.connection import (
    DatabaseUnreachableError,
    explain_outage,
    explain_outage_in_steps,
)

REASON = "127.0.0.1:1: [Errno 111] Connection refused"


def ask_a_server_that_is_down() -> None:
    uri = "mongodb://user:secret@127.0.0.1:1/?serverSelectionTimeoutMS=20"
    with pymongo.MongoClient(uri) as client:
        client.admin.command("ping")


def ask_as_fiftyone_does() -> None:
    try:
        ask_a_server_that_is_down()
    except pymongo.errors.ServerSelectionTimeoutError as error:
        raise ConnectionError("Could not connect to `mongod`") from error


@pytest.mark.parametrize("ask", [ask_a_server_that_is_down, ask_as_fiftyone_does])
def test_the_sentence_names_the_server_and_the_outermost_action(ask) -> None:
    with (
        pytest.raises(DatabaseUnreachableError) as error,
        explain_outage("then build again"),
        explain_outage(),
    ):
        ask()
    assert str(error.value) == (
        f"FiftyOne's database cannot be reached ({REASON}); start it or check the network, then "
        "build again."
    )
    assert one_sentence(error.value)


def test_steps_are_explained_at_any_step() -> None:
    @explain_outage_in_steps()
    def steps(fail_at: int) -> Steps[str]:
        for n in range(3):
            if n == fail_at:
                ask_a_server_that_is_down()
            yield Progress(n, 3, 0, 0.0)
        return "done"

    running = steps(2)
    assert [next(running).done, next(running).done] == [0, 1]
    with pytest.raises(DatabaseUnreachableError, match="which resumes it; no stored vector is"):
        next(running)
    running = steps(5)
    assert [step.done for step in running] == [0, 1, 2]


@pytest.mark.parametrize("error", [ConnectionError("no route"), ValueError("k"), OSError("disk")])
def test_other_errors_stay_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, explain_outage():
        raise error
    assert caught.value is error
