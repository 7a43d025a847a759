"""The layout of the search panel, at several widths, dark and light."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from support.browser import cy, shoot
from support.search_panel import RESULTS_SHOWN, enter_query, search, wait_until_ready

pytestmark = pytest.mark.browser

TOP_OF_RESULTS = """panel => {
    const top = (element) => element.getBoundingClientRect().top;
    return top(panel.querySelector(".ffs-grid")) - top(panel);
}"""


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("width", [320, 2000])
def test_every_part_fits_the_panel(book, open_app, width: int, dark: bool) -> None:
    page = wait_until_ready(open_app(width=2400, dark=dark))
    # The App does not support windows this narrow; the panel does.
    page.add_style_tag(content=f".ffs-panel {{ width: {width}px; }}")
    if width == 2000:
        page.add_style_tag(content=".ffs-panel { position: fixed; inset: 0; z-index: 9999; }")
    cy(page, "faiss-options-more").click()
    search(page, '2: red car + beach - "a dog"', k=25)
    cy(page, "faiss-result").first.focus()
    page.keyboard.press("+")
    panel = page.locator(".ffs-panel")
    name = f"fits-{'dark' if dark else 'light'}-{width}"
    parts = {
        "filters": "facets",
        "history": "history-item",
        "health": "health-shown",
        "help": "help-shown",
    }
    for drawer, part in parts.items():
        cy(page, f"faiss-{drawer}").click()
        expect(cy(page, f"faiss-{part}").first).to_be_visible()
        assert panel.evaluate("panel => panel.scrollWidth - panel.clientWidth") == 0
        shoot(page, f"{name}-{drawer}")
    page.keyboard.press("Escape")
    box = panel.bounding_box()
    assert box
    menus = {"save-menu": "Save and export", "explain": "Why these results", "view-menu": "View"}
    for menu, label in menus.items():
        cy(page, f"faiss-{menu}").click()
        popover = page.get_by_role("dialog", name=label).bounding_box()
        assert popover
        assert box["x"] <= popover["x"] and box["y"] <= popover["y"]
        assert popover["x"] + popover["width"] <= box["x"] + box["width"]
        assert popover["y"] + popover["height"] <= box["y"] + box["height"]
        shoot(page, f"{name}-{menu}")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name=label)).to_have_count(0)


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("width", [900, 1600])
def test_the_panel_looks_right(open_app, dark, width) -> None:
    page = open_app(width=width, dark=dark)
    name = f"look-{'dark' if dark else 'light'}-{width}"
    wait_until_ready(page)
    shoot(page, f"{name}-ready")
    expect(cy(page, "faiss-icon")).to_be_visible()
    enter_query(page, "a bicycle in the snow")
    expect(cy(page, "faiss-result")).to_have_count(25)
    expect(cy(page, "faiss-status")).to_have_text(RESULTS_SHOWN)
    shoot(page, f"{name}-full")
    # Nothing overflows sideways.
    panel = page.locator(".ffs-panel")
    assert panel.evaluate("panel => panel.scrollWidth - panel.clientWidth") == 0
    if width == 1600:
        assert panel.evaluate(TOP_OF_RESULTS) <= 140
    # A drawer lies over the results.
    before = panel.evaluate(TOP_OF_RESULTS)
    cy(page, "faiss-history").click()
    expect(cy(page, "faiss-history-item").first).to_be_visible()
    assert panel.evaluate(TOP_OF_RESULTS) == before
    # The bar of the results stays while they scroll.
    page.keyboard.press("Escape")
    cy(page, "faiss-result").last.scroll_into_view_if_needed()
    assert panel.evaluate("panel => panel.scrollTop") > 0
    expect(cy(page, "faiss-tag")).to_be_in_viewport()
