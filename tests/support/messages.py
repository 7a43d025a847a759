"""Observes the messages of the panel's page to the server, and delays or answers them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, Request, Response, Route

from support.browser import PATIENCE

Params = dict[str, Any]


class Messages:
    """The messages of a page, from the creation of this object.

    Attributes:
        sent: the methods and their parameters, in order
        bodies: the whole messages, with the state of the App
        answers: by method, a function that answers instead of the server; a result of None passes
            the message to the server
        held: by method, the messages that wait; see :meth:`hold`
        data: by method, values that are added to the panel data in the server's answer
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self.sent: list[tuple[str, Params]] = []
        self.bodies: list[Params] = []
        self.answers: dict[str, Callable[[Params], Params | None]] = {}
        self.held: dict[str, list[Route]] = {}
        self.data: dict[str, Params] = {}
        page.route("**/operators/execute*", self._handle)

    def of(self, method: str) -> list[Params]:
        """Returns the parameters of each message to a method."""
        return [params for name, params in self.sent if name == method]

    @contextmanager
    def response_to(self, method: str) -> Iterator[None]:
        """Waits, at the end of the context, for the next response to a method."""

        def matches(response: Response) -> bool:
            return _params(response.request)["__method__"] == method

        with self._page.expect_response(matches):
            yield

    def wait_for_filters(self, filters: Params) -> None:
        """Waits until the App's last message has these filters of the sidebar."""
        deadline = time.monotonic() + PATIENCE / 1000
        while (sent := self.bodies[-1].get("filters") or {}) != filters:
            assert time.monotonic() < deadline, f"the last message has the filters {sent}"
            # Playwright handles messages only while it waits.
            self._page.wait_for_timeout(10)

    def hold(self, method: str) -> None:
        """Holds the messages to a method until :meth:`release`."""
        self.held[method] = []

    def take(self, method: str) -> Route:
        """Waits for a held message and returns it; later messages are not held."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not self.held[method]:
            assert time.monotonic() < deadline, f"no message to '{method}'"
            # Playwright handles messages only while it waits.
            self._page.wait_for_timeout(10)
        (waiting,) = self.held.pop(method)
        return waiting

    def release(self, method: str) -> None:
        """Passes the held messages to the server."""
        for route in self.held.pop(method):
            route.continue_()

    def _handle(self, route: Route, request: Request) -> None:
        params = _params(request)
        method = params["__method__"]
        self.sent.append((method, params))
        self.bodies.append(request.post_data_json or {})
        if method in self.held:
            self.held[method].append(route)
            return
        if method in self.data:
            body = route.fetch().json()
            for call in body["executor"]["requests"]:
                if call["operator_uri"] == "patch_panel_data":
                    call["params"]["data"].update(self.data[method])
            route.fulfill(json=body)
            return
        answer = self.answers[method](params) if method in self.answers else None
        if answer is None:
            route.continue_()
        else:
            executor = {"requests": [], "logs": []}
            route.fulfill(json={"result": answer, "executor": executor, "delegated": False})


def _params(request: Request) -> Params:
    """Returns the parameters of a message; ``__method__`` is empty if the panel is not called."""
    body = request.post_data_json if "/operators/execute" in request.url else None
    return {"__method__": "", **((body or {}).get("params") or {})}
