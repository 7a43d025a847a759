"""The layout of the search panel, at several widths, dark and light."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from support.browser import cy, shoot, shows
from support.search_panel import RESULTS_SHOWN, enter_query, search, wait_until_ready

pytestmark = pytest.mark.browser

TOP_OF_RESULTS = """panel => {
    const top = (element) => element.getBoundingClientRect().top;
    return top(panel.querySelector(".ffs-grid")) - top(panel);
}"""


THEMES = pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
DRAWERS = {
    "options-more": "templates",
    "filters": "facets",
    "history": "history-item",
    "health": "health-shown",
    "help": "help-shown",
}
MENUS = {"save-menu": "Save and export", "explain": "Why these results", "view-menu": "View"}


@THEMES
def test_every_part_fits_the_panel(open_app, dark: bool) -> None:
    page = wait_until_ready(open_app(width=2400, dark=dark))
    search(page, '2: red car + beach - "a dog"', k=25)
    cy(page, "faiss-result").first.focus()
    page.keyboard.press("+")
    panel = page.locator(".ffs-panel")
    for width in (320, 2000):
        # The App does not support windows this narrow; the panel does.
        position = "position: fixed; inset: 0; z-index: 9999;" if width == 2000 else ""
        page.add_style_tag(content=f".ffs-panel {{ width: {width}px; {position} }}")
        name = f"fits-{'dark' if dark else 'light'}-{width}"
        for drawer, part in DRAWERS.items():
            cy(page, f"faiss-{drawer}").click()
            expect(cy(page, f"faiss-{part}").first).to_be_visible()
            assert panel.evaluate("panel => panel.scrollWidth - panel.clientWidth") == 0
            shoot(page, f"{name}-{drawer}")
        page.keyboard.press("Escape")
        box = panel.bounding_box()
        assert box
        for menu, label in MENUS.items():
            cy(page, f"faiss-{menu}").click()
            popover = page.get_by_role("dialog", name=label).bounding_box()
            assert popover
            assert box["x"] <= popover["x"] and box["y"] <= popover["y"]
            assert popover["x"] + popover["width"] <= box["x"] + box["width"]
            assert popover["y"] + popover["height"] <= box["y"] + box["height"]
            shoot(page, f"{name}-{menu}")
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog", name=label)).to_have_count(0)


@THEMES
def test_the_panel_looks_right(open_app, dark: bool) -> None:
    page = wait_until_ready(open_app(width=1600, height=900, dark=dark))
    panel = page.locator(".ffs-panel")
    for width in (900, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        name = f"look-{'dark' if dark else 'light'}-{width}"
        shoot(page, f"{name}-ready")
        expect(cy(page, "faiss-icon")).to_be_visible()
        enter_query(page, "a bicycle in the snow")
        expect(cy(page, "faiss-result")).to_have_count(25)
        expect(cy(page, "faiss-status")).to_have_text(RESULTS_SHOWN)
        # Once the grid has loaded, the bars keep their height.
        shows(page, 25)
        shoot(page, f"{name}-full")
        # Nothing overflows sideways.
        assert panel.evaluate("panel => panel.scrollWidth - panel.clientWidth") == 0
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
        panel.evaluate("panel => panel.scrollTo(0, 0)")
    assert panel.evaluate(TOP_OF_RESULTS) <= 140


def test_the_controls_leave_room_for_the_results(book, open_app) -> None:
    """Also with the chips of the query and of a filter, and the bar with the scope."""
    page = wait_until_ready(open_app(width=1600, height=900, view=book[:100]))
    search(page, "2: car - red", k=3)
    cy(page, "faiss-filters").click()
    cy(page, "faiss-facet").first.click()
    expect(cy(page, "faiss-filter-chip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(cy(page, "faiss-scope-bar")).to_be_visible()
    expect(cy(page, "faiss-chip")).to_have_count(2)
    expect(cy(page, "faiss-status")).to_have_text(RESULTS_SHOWN)
    shoot(page, "controls-1600")
    assert page.locator(".ffs-panel").evaluate(TOP_OF_RESULTS) <= 140
