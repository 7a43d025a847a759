"""The connection to FiftyOne's database: an error in one sentence if it is lost."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import ParamSpec

from pymongo.errors import ConnectionFailure

from fiftyone_faiss.brain.core.progress import Report, Steps

Parameters = ParamSpec("Parameters")

# Longer messages of the driver are cut.
MAX_REASON = 80
RESUMES = "then run it again with the same brain_key, which resumes it; no stored vector is lost"
AGAIN = "then try again"


class DatabaseUnreachableError(ValueError):
    """Raised if FiftyOne's database cannot be reached.

    Args:
        reason: what the driver says
        action: what to do when the database can be reached again
    """

    def __init__(self, reason: str, action: str) -> None:
        super().__init__(
            f"FiftyOne's database cannot be reached ({reason}); start it or check the network, "
            f"{action}."
        )
        self.reason = reason


@contextlib.contextmanager
def explain_outage(action: str = AGAIN) -> Iterator[None]:
    """Converts errors of a lost connection to a :class:`DatabaseUnreachableError`.

    Also a decorator. If several are nested, the action of the outermost one is given.

    Args:
        action (AGAIN): what to do when the database can be reached again
    """
    try:
        yield
    except (ConnectionFailure, ConnectionError, DatabaseUnreachableError) as error:
        reason = _reason(error)
        if reason is None:
            raise
        raise DatabaseUnreachableError(reason, action) from error


def explain_outage_in_steps(
    action: str = RESUMES,
) -> Callable[[Callable[Parameters, Steps[Report]]], Callable[Parameters, Steps[Report]]]:
    """Decorates a function of steps in the same way; see :func:`explain_outage`."""

    def decorate(
        function: Callable[Parameters, Steps[Report]],
    ) -> Callable[Parameters, Steps[Report]]:
        @functools.wraps(function)
        def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Steps[Report]:
            with explain_outage(action):
                return (yield from function(*args, **kwargs))

        return call

    return decorate


def _reason(error: Exception) -> str | None:
    """Returns the host and the error of a lost connection; None for errors of other connections."""
    if isinstance(error, DatabaseUnreachableError):
        return error.reason
    # FiftyOne raises a ConnectionError while it connects. Other servers raise it, too.
    failure = error.__cause__ if isinstance(error, ConnectionError) else error
    if not isinstance(failure, ConnectionFailure):
        return None
    text = str(failure).partition(" (configured")[0].partition(", Timeout:")[0]
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}…"
