"""Chromium, driven by tests and benchmarks of the App."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

if TYPE_CHECKING:
    import fiftyone as fo

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
# Draws WebGL in software, which the other tests do without.
WEBGL_FLAGS = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
SCREENSHOTS = Path(__file__).resolve().parents[2] / ".test" / "screenshots"
# The timeout of every wait, in ms. A busy machine needs a long one.
PATIENCE = 60_000

expect.set_options(timeout=PATIENCE)


def launch(playwright: Playwright, webgl: bool = False) -> Browser:
    """Starts the installed Chromium."""
    flags = [*FLAGS, *WEBGL_FLAGS] if webgl else list(FLAGS)
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)


def open_page(browser: Browser, url: str, width: int, height: int, dark: bool = True) -> Page:
    """Opens the App at an address, in a new browser profile, and waits for its first samples."""
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_init_script(f"localStorage.setItem('mui-mode', '{'dark' if dark else 'light'}')")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    # A promotion can appear at any time. FiftyOne's panels have buttons of this name, too.
    promotion = page.locator(".MuiPopover-root").get_by_text("Dismiss", exact=True).first
    page.add_locator_handler(promotion, lambda: promotion.click())
    page.goto(url)
    expect(cy(page, "looker").first).to_be_visible()
    return page


def cy(page: Page | Locator, name: str) -> Locator:
    """Returns the elements with a ``data-cy`` name, on the page or in an element."""
    return page.locator(f'[data-cy="{name}"]')


def repeat_until_visible(act: Callable[[], object], sign: Locator) -> None:
    """Repeats an action until an element is visible, because the page may not react at first."""
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        act()
        try:
            expect(sign).to_be_visible(timeout=2_000)
            return
        except AssertionError:
            if time.monotonic() > deadline:
                raise


def result_ids(page: Page) -> list[str]:
    """Returns the IDs of the results in the panel, in order."""
    tiles = cy(page, "faiss-result")
    ids: list[str] = tiles.evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")
    return ids


def select(page: Page, place: int) -> None:
    """Selects a sample in the grid by a click on its corner."""
    looker = cy(page, "looker").nth(place)

    def hover() -> None:
        page.mouse.move(0, 0)
        looker.hover()

    # A click selects only once the checkbox is shown.
    repeat_until_visible(hover, looker.locator("label"))
    looker.click(position={"x": 14, "y": 14})
    expect(looker.get_by_role("checkbox")).to_be_checked()
    expect(cy(page, "action-manage-selected")).to_contain_text(re.compile(r"\d"))


def shows(page: Page, count: int) -> None:
    """Waits until the grid shows ``count`` samples."""
    expect(cy(page, "entry-counts")).to_contain_text(f"{count} sample")


def view_ids(session: fo.Session) -> list[str]:
    """Returns the sample IDs of the view in the App, once the session has received it."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not session.view._stages and time.monotonic() < deadline:
        time.sleep(0.1)
    ids: list[str] = session.view.values("id")
    return ids


def shoot(page: Page, name: str, always: bool = False) -> None:
    """Writes a screenshot to ``.test/screenshots``, unless ``SCREENSHOTS=off``."""
    if not always and os.environ.get("SCREENSHOTS") == "off":
        return
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
