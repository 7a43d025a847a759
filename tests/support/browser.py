"""Chromium, driven as a person would use it."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = Path(__file__).resolve().parents[2] / ".test" / "screenshots"
# How long a state may take to come about on a busy machine, in milliseconds.
PATIENCE = 60_000

expect.set_options(timeout=PATIENCE)


def launch(playwright: Playwright) -> Browser:
    """Starts the Chromium that is installed."""
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))


def open_page(browser: Browser, url: str, width: int, height: int, dark: bool = True) -> Page:
    """Opens the App at an address, in a new browser profile, and waits for its first samples."""
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_init_script(f"localStorage.setItem('mui-mode', '{'dark' if dark else 'light'}')")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    expect(cy(page, "looker").first).to_be_visible()
    promotion = page.get_by_text("Dismiss", exact=True)
    if promotion.count():
        promotion.first.click()
    return page


def cy(page: Page, name: str) -> Locator:
    """The elements of a ``data-cy`` name."""
    return page.locator(f'[data-cy="{name}"]')


def result_ids(page: Page) -> list[str]:
    """The ids of the panel's results, in order."""
    ids: list[str] = cy(page, "faiss-result").evaluate_all("all => all.map(one => one.dataset.id)")
    return ids


def select(page: Page, place: int) -> None:
    """Selects a sample of the grid, as a click on its corner does."""
    looker = cy(page, "looker").nth(place)
    looker.hover()
    looker.click(position={"x": 14, "y": 14})


def shows(page: Page, count: int) -> None:
    """Waits until the grid shows so many samples."""
    expect(cy(page, "entry-counts")).to_contain_text(f"{count} sample")


def shoot(page: Page, name: str) -> None:
    """Writes a screenshot to ``.test/screenshots``."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
