"""Reviewing results: by keyboard, by mouse, and in the sample viewer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from support.browser import cy, result_ids, shoot, shows
from support.search_panel import search, wait_until_ready

pytestmark = pytest.mark.browser

COUNT = 25


class Inputs:
    """Counts keystrokes and clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def press(self, key: str) -> None:
        self.count += 1
        self.page.keyboard.press(key)

    def click(self, name: str, place: int) -> None:
        self.count += 1
        cy(self.page, name).nth(place).click()


def test_results_are_reviewed_by_keyboard_and_by_mouse(book, open_app) -> None:
    dataset = book.clone()
    # Of a view without further results, which would be loaded at the end.
    page = wait_until_ready(open_app(dataset, view=dataset[:COUNT]))
    search(page, "a car", k=COUNT)
    ids = result_ids(page)
    wanted = ids[::2]
    cy(page, "faiss-tag-name").fill("wanted")
    cy(page, "faiss-result").first.focus()
    keys = Inputs(page)
    for id in ids:
        keys.press("t" if id in wanted else "ArrowRight")
    assert keys.count <= 2 * COUNT
    expect(page.locator(".ffs-tagged")).to_have_count(len(wanted))
    expect(cy(page, "faiss-status")).to_have_text("Result 25 tagged “wanted”")
    assert set(dataset.match_tags("wanted").values("id")) == set(wanted)
    # The same key takes it back.
    page.keyboard.press("t")
    expect(cy(page, "faiss-status")).to_have_text("Result 25: removed the tag “wanted”")
    assert dataset.count_sample_tags() == {"wanted": len(wanted) - 1}
    shoot(page, "reviewed")

    cy(page, "faiss-tag-name").fill("clicked")
    expect(page.locator(".ffs-tagged")).to_have_count(0)
    clicks = Inputs(page)
    for place in range(COUNT):
        clicks.click("faiss-tag-one", place)
    assert clicks.count <= 2 * COUNT
    expect(page.locator(".ffs-tagged")).to_have_count(COUNT)
    expect(cy(page, "faiss-status")).to_contain_text("tagged “clicked”")
    page.wait_for_function(
        "text => document.querySelector('[data-cy=faiss-status]').textContent.includes(text)",
        arg="Result 25",
    )
    assert dataset.count_sample_tags()["clicked"] == COUNT


def test_the_viewer_follows_the_order_of_the_results(book, open_app) -> None:
    dataset = book.clone()
    page = wait_until_ready(open_app(dataset))
    search(page, "a car", k=6)
    shows(page, 6)
    ids = result_ids(page)
    modal, bar = cy(page, "modal"), cy(page, "faiss-viewer-bar")
    cy(page, "faiss-tag-name").fill("seen")
    cy(page, "faiss-result").nth(1).press("Enter")
    expect(modal).to_contain_text(ids[1])
    expect(bar).to_contain_text("Result 2 of 6")
    shoot(page, "viewer-bar")
    page.keyboard.press("ArrowRight")
    expect(modal).to_contain_text(ids[2])
    expect(bar).to_contain_text("Result 3 of 6")
    # The key tags the result, and shows the next one.
    page.keyboard.press("t")
    expect(modal).to_contain_text(ids[3])
    page.keyboard.press("g")
    expect(cy(page, "faiss-viewer-like")).to_have_attribute("aria-pressed", "true")
    cy(page, "faiss-viewer-tag").click()
    expect(modal).to_contain_text(ids[4])
    expect(bar).to_contain_text("Result 5 of 6")
    page.keyboard.press("ArrowRight")
    expect(modal).to_contain_text(ids[5])
    expect(page.get_by_test_id("nav-right-button")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    expect(modal).to_contain_text(ids[4])
    page.keyboard.press("Escape")
    expect(modal).to_have_count(0)
    expect(bar).to_have_count(0)
    # The focus is where the viewer was.
    expect(cy(page, "faiss-result").nth(4)).to_be_focused()
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked")
    assert set(dataset.match_tags("seen").values("id")) == {ids[2], ids[3]}
