"""The search panel, operated with the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from support.browser import cy, result_ids, shoot
from support.search_panel import search, wait_for_results, wait_until_ready

import fiftyone_faiss

FOCUSED = "document.activeElement.dataset.place ?? document.activeElement.dataset.cy"

pytestmark = pytest.mark.browser


def focused(page: Page, name: str) -> None:
    """Waits until a result, by its place, or an element, by its name, has the focus."""
    page.wait_for_function(f"name => ({FOCUSED}) === name", arg=name)


def test_the_panel_works_with_the_keyboard(book, open_app) -> None:
    page = wait_until_ready(open_app())
    line = cy(page, "faiss-query")
    # After loading, the keyboard focus stays in the App.
    expect(line).not_to_be_focused()
    cy(page, "faiss-k").fill("12")
    line.focus()
    page.keyboard.type("a car")
    page.keyboard.press("Enter")
    wait_for_results(page, 12)
    page.keyboard.press("ArrowDown")
    ids = result_ids(page)
    columns = page.locator(".ffs-grid").evaluate(
        "grid => getComputedStyle(grid).gridTemplateColumns.split(' ').length"
    )
    for key, place in (
        ("ArrowRight", 1),
        ("ArrowLeft", 0),
        ("ArrowLeft", 0),
        ("End", 11),
        ("Home", 0),
        ("+", 0),
        ("ArrowRight", 1),
        ("-", 1),
    ):
        page.keyboard.press(key)
        focused(page, str(place))
    assert columns > 1
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked, 1 disliked")
    page.keyboard.press("r")
    expected = fiftyone_faiss.search(book, "a car", k=12, liked=[ids[0]], disliked=[ids[1]]).ids
    page.wait_for_function(
        "ids => [...document.querySelectorAll('[data-cy=faiss-result]')]"
        ".every((tile, i) => tile.dataset.id === ids[i])",
        arg=expected,
    )
    page.keyboard.press("Shift+T")
    focused(page, "faiss-tag-name")
    page.keyboard.press("Escape")
    focused(page, "faiss-query")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("?")
    expect(cy(page, "faiss-help-shown")).to_be_visible()
    shoot(page, "help")
    page.keyboard.press("Escape")
    expect(cy(page, "faiss-help-shown")).to_have_count(0)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(cy(page, "modal")).to_contain_text(expected[0])
    page.keyboard.press("Escape")
    expect(cy(page, "modal")).to_have_count(0)


def test_arrow_keys_keep_the_column_across_the_score_cutoff(book, open_app) -> None:
    page = wait_until_ready(open_app())
    search(page, "a kite", k=25)
    expect(cy(page, "faiss-cutoff")).to_be_visible()
    lefts = cy(page, "faiss-result").evaluate_all(
        "tiles => tiles.map(tile => Math.round(tile.getBoundingClientRect().left))"
    )
    # Every row has a first column, also the last row above the score cutoff.
    cy(page, "faiss-result").first.focus()
    seen = [0]
    for _ in range(30):
        page.keyboard.press("ArrowDown")
        place = int(page.evaluate(FOCUSED))
        if place == seen[-1]:
            break
        seen.append(place)
    assert len(seen) > 3
    assert {lefts[place] for place in seen} == {lefts[0]}
    page.keyboard.press("ArrowUp")
    assert int(page.evaluate(FOCUSED)) == seen[-2]
