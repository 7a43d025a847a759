"""The App on a real server, in a real Chromium."""

from __future__ import annotations

import re
import socket
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator

import fiftyone as fo
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from support.browser import PATIENCE, launch, open_page, shoot

HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tells fixtures whether their test has failed."""
    report = yield
    if report.when == "call":
        item.stash[HAS_FAILED] = report.failed
    return report


# The scope ends with these tests: while Playwright runs, this thread has a running event loop, in
# which FiftyOne executes operators differently.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def session(book: fo.Dataset) -> Iterator[fo.Session]:
    """The server of the App, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    session = fo.launch_app(book, remote=True, port=port)
    _repeat_until_connected(lambda: _find_server(session))
    yield session
    session.close()


def _repeat_until_connected(act: Callable[[], object]) -> None:
    """Repeats an action until FiftyOne's client, which tries every 10 seconds, has its server.

    The client also loses its connection when it cannot handle an event of a page, for example of
    one whose dataset is deleted.
    """
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            act()
            return
        except (OSError, RuntimeError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _find_server(session: fo.Session) -> None:
    urllib.request.urlopen(f"http://localhost:{session.server_port}/fiftyone").close()
    session.refresh()


def panels(name: str) -> fo.Space:
    """Returns a layout with the grid on the left and a panel on the right."""
    samples, panel = fo.Panel(type="Samples", pinned=True), fo.Panel(type=name)
    return fo.Space(
        children=[
            fo.Space(children=[samples], active_child=samples.component_id),
            fo.Space(children=[panel], active_child=panel.component_id),
        ],
        orientation="horizontal",
    )


OpenApp = Callable[..., Page]


@pytest.fixture
def open_app(
    browser: Browser, session: fo.Session, book: fo.Dataset, request: pytest.FixtureRequest
) -> Iterator[OpenApp]:
    """Opens the App on a dataset with a panel beside the grid, without view or selection."""
    pages = []

    def open_here(
        dataset: fo.Dataset | None = None,
        panel: str | None = "similarity_search_faiss",
        width: int = 2000,
        height: int = 1000,
        dark: bool = True,
        view: fo.DatasetView | None = None,
    ) -> Page:
        def show() -> None:
            session.dataset = dataset or book
            session.view = view
            session.selected = []
            grid_alone = fo.Space(children=[fo.Panel(type="Samples")])
            session.spaces = panels(panel) if panel else grid_alone

        _repeat_until_connected(show)
        page = open_page(browser, session.url, width, height, dark)
        pages.append(page)
        return page

    yield open_here
    for page in pages:
        # The last state of a page explains why its test failed.
        if request.node.stash.get(HAS_FAILED, True):
            shoot(page, f"end-{re.sub('[^a-z0-9]+', '-', request.node.name.lower())}", always=True)
        page.context.close()
