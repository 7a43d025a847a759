"""What the panel's page asks of the server, which a test may answer itself, or keep waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, Request, Route

from support.browser import PATIENCE

Params = dict[str, Any]


class Messages:
    """The messages of a page, from when this is made.

    Attributes:
        asked: the methods and their parameters, in order
        answers: for a method, what answers in the place of the server; None leaves it to that
        held: for a method, the messages that wait; see :meth:`hold`
        data: for a method, what is put into the panel's data that the server's answer sets
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self.asked: list[tuple[str, Params]] = []
        self.answers: dict[str, Callable[[Params], Params | None]] = {}
        self.held: dict[str, list[Route]] = {}
        self.data: dict[str, Params] = {}
        page.route("**/operators/execute*", self._handle)

    def of(self, method: str) -> list[Params]:
        """The parameters of each message to a method."""
        return [params for name, params in self.asked if name == method]

    @contextmanager
    def answered(self, method: str) -> Iterator[None]:
        """Waits at its end for the next answer to a method."""
        with self._page.expect_response(lambda one: _params(one.request)["__method__"] == method):
            yield

    def hold(self, method: str) -> None:
        """Lets the messages to a method wait until :meth:`release`."""
        self.held[method] = []

    def take(self, method: str) -> Route:
        """The message that waits, once it does; those that come after it are not held."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not self.held[method]:
            assert time.monotonic() < deadline, f"nothing was asked of '{method}'"
            # What the page asks is heard of while Playwright waits.
            self._page.wait_for_timeout(10)
        (waiting,) = self.held.pop(method)
        return waiting

    def release(self, method: str) -> None:
        """Lets the server answer what waits."""
        for route in self.held.pop(method):
            route.continue_()

    def _handle(self, route: Route, request: Request) -> None:
        params = _params(request)
        method = params["__method__"]
        self.asked.append((method, params))
        if method in self.held:
            self.held[method].append(route)
            return
        if method in self.data:
            body = route.fetch().json()
            for one in body["executor"]["requests"]:
                if one["operator_uri"] == "patch_panel_data":
                    one["params"]["data"].update(self.data[method])
            route.fulfill(json=body)
            return
        answer = self.answers[method](params) if method in self.answers else None
        if answer is None:
            route.continue_()
        else:
            executor = {"requests": [], "logs": []}
            route.fulfill(json={"result": answer, "executor": executor, "delegated": False})


def _params(request: Request) -> Params:
    """What a message says; its ``__method__`` is empty where it is none to the panel."""
    given = request.post_data_json if "/operators/execute" in request.url else None
    return {"__method__": "", **((given or {}).get("params") or {})}
