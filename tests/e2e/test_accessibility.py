"""The panel in both themes, checked by axe-core."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from support.axe import load_axe, violations
from support.browser import cy, shows
from support.search_panel import search, wait_until_ready

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
def test_the_panel_has_no_violations(open_app, dark: bool) -> None:
    page = wait_until_ready(open_app(dark=dark))
    load_axe(page)
    assert violations(page) == []
    search(page, '2: car + beach - "red"', k=12)
    shows(page, 12)
    cy(page, "faiss-result").nth(1).click(modifiers=["Control"])
    expect(cy(page, "faiss-selection")).to_be_visible()
    cy(page, "faiss-result").nth(2).press("+")
    cy(page, "faiss-result").nth(2).press("p")
    expect(cy(page, "faiss-preview")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    for menu in ("view-menu", "save-menu", "explain"):
        cy(page, f"faiss-{menu}").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert violations(page) == [], menu
        page.keyboard.press("Escape")
    for drawer in ("history", "health", "help"):
        cy(page, f"faiss-{drawer}").click()
        expect(page.locator("#ffs-drawer")).to_be_visible()
        assert violations(page) == [], drawer
