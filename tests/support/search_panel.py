"""The search panel in the App, operated as a person does."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from fiftyone_faiss.demo import MODEL_NAME
from support.browser import PATIENCE, cy

READY = f"Ready: {MODEL_NAME}"
RESULTS_SHOWN = re.compile(r"^\d+ results? in \d+ ms")


def wait_until_ready(page: Page) -> Page:
    """Waits until the panel can search, and returns the page."""
    # At the first search of a server, it imports torch and loads the model.
    expect(cy(page, "faiss-status")).to_have_text(READY, timeout=3 * PATIENCE)
    return page


def enter_query(page: Page, query: str, k: int | None = None) -> None:
    """Types a query and presses Enter, without waiting for the results."""
    expect(cy(page, "faiss-query")).to_be_enabled()
    if k is not None:
        cy(page, "faiss-k").fill(str(k))
    cy(page, "faiss-query").fill(query)
    cy(page, "faiss-query").press("Enter")


def search(page: Page, query: str, k: int = 6, count: int | None = None) -> None:
    """Searches, and waits for ``count`` results, by default ``k``."""
    enter_query(page, query, k)
    wait_for_results(page, k if count is None else count)


def wait_for_results(page: Page, count: int) -> None:
    """Waits until the panel shows the results of the last search."""
    expect(cy(page, "faiss-status")).to_have_text(re.compile(rf"^{count} results? in \d+ ms"))
    expect(page.locator(".ffs-stale")).to_have_count(0)


def wait_for_error(page: Page, message: str) -> None:
    """Waits until the panel shows an error message that contains a text."""
    expect(cy(page, "faiss-status")).to_contain_text(message)
    expect(cy(page, "faiss-status")).to_have_attribute("role", "alert")
