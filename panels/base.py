"""What every panel method has: a typed message, an answer, and errors as sentences."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import fiftyone.operators as foo

logger = logging.getLogger(__name__)

Self = TypeVar("Self")
Params = TypeVar("Params")
Answer = TypeVar("Answer", bound=Mapping[str, Any])
Method = Callable[[Self, foo.ExecutionContext, Params], Answer]
"""A panel method as it is written: its ``params`` are those of the context."""
PanelMethod = Callable[[Self, foo.ExecutionContext], Mapping[str, Any]]
"""A panel method as FiftyOne calls it."""


def panel_method(method: Method[Self, Params, Answer]) -> PanelMethod[Self]:
    """Makes a method that the page calls by its name.

    The method gets the context's ``params``, which its annotation describes for the page, and
    returns JSON values. The answer to an error is ``{"error": <a sentence>}``.
    """

    @functools.wraps(method)
    def call(self: Self, ctx: foo.ExecutionContext) -> Mapping[str, Any]:
        return answer_of(lambda: method(self, ctx, ctx.params))

    call.__dict__["panel_method"] = method
    return call


def answer_of(call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """What a call returns, or the sentence of its error."""
    try:
        return call()
    except ValueError as error:
        return {"error": str(error)}
    except Exception as error:
        logger.exception("A method of the panel failed")
        name = type(error).__name__
        message = str(error)[:150]
        return {"error": f"Something went wrong ({name}: {message}); see the server's log."}


def methods_of(panel: type) -> dict[str, Callable[..., Any]]:
    """The methods of a panel that the page calls, by their names, as they are written."""
    methods = {name: getattr(getattr(panel, name), "panel_method", None) for name in dir(panel)}
    return {name: method for name, method in methods.items() if method is not None}
