"""The page of the panel "FAISS Curate"."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from support.browser import PATIENCE, cy

CURATE_PANEL = "similarity_curate_faiss"


def choose_tab(page: Page, name: str) -> None:
    """Shows a tab."""
    cy(page, f"curate-tab-{name}").click()
    expect(cy(page, f"curate-tab-{name}")).to_have_attribute("aria-selected", "true")


def find(page: Page) -> str:
    """Clicks the button that finds, and waits until its job is done; returns how it ended."""
    # A page also lists jobs that ended within the last minute.
    jobs, dismiss = cy(page, "faiss-job"), cy(page, "faiss-job-dismiss")
    while dismiss.count():
        dismiss.first.click()
    expect(jobs).to_have_count(0)
    cy(page, "curate-find").click()
    # The server may import the model first.
    expect(dismiss).to_be_visible(timeout=3 * PATIENCE)
    message: str = cy(page, "faiss-job-label").inner_text()
    dismiss.click()
    expect(jobs).to_have_count(0)
    return message


def forget_result(page: Page, dataset: str, tab: str) -> None:
    """Makes a page believe that the server lost its result of a tab: it was restarted."""
    page.evaluate(
        """([dataset, tab]) => {
            const key = `fiftyone-faiss.curate/${dataset}`;
            const view = JSON.parse(localStorage.getItem(key) ?? "{}");
            const runs = { ...view.runs, [tab]: "lost" };
            localStorage.setItem(key, JSON.stringify({ ...view, tab, runs }));
        }""",
        [dataset, tab],
    )
    page.reload()


def undo_last(page: Page, text: str) -> None:
    """Undoes the newest action, and waits for what the page says then."""
    cy(page, "curate-undo-action").click()
    expect(cy(page, "curate-message")).to_have_text(text)
