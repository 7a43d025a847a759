"""Selecting results: shared with the App's grid, and what can be done with them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from support.browser import cy, result_ids, select, shoot, shows, view_ids
from support.messages import Messages
from support.search_panel import search, wait_for_results, wait_until_ready

import fiftyone_faiss

pytestmark = pytest.mark.browser


def selected(page: Page, *places: int) -> None:
    """Waits until the results in these places are selected, and no others."""
    page.wait_for_function(
        """places => {
            const boxes = [...document.querySelectorAll("[data-cy=faiss-select]")];
            const checked = boxes.flatMap((box, place) => (box.checked ? [place] : []));
            return checked.join() === places.join();
        }""",
        arg=list(places),
    )


def test_results_are_selected_by_mouse_and_keyboard(open_app) -> None:
    page = wait_until_ready(open_app())
    search(page, "a car", k=12)
    tiles = cy(page, "faiss-result")
    shows(page, 12)
    tiles.nth(1).hover()
    cy(page, "faiss-select").nth(1).check()
    selected(page, 1)
    tiles.nth(4).click(modifiers=["Shift"])
    selected(page, 1, 2, 3, 4)
    tiles.nth(2).click(modifiers=["Control"])
    selected(page, 1, 3, 4)
    tiles.nth(6).press("x")
    tiles.nth(7).press(" ")
    selected(page, 1, 3, 4, 6, 7)
    expect(cy(page, "modal")).to_have_count(0)
    # The grid shows the same selection, and changes it.
    expect(cy(page, "action-manage-selected")).to_have_text("5")
    select(page, 0)
    selected(page, 0, 1, 3, 4, 6, 7)
    expect(cy(page, "faiss-selection")).to_contain_text("6 selected")
    expect(tiles.first).to_have_accessible_name(re.compile("selected$"))
    cy(page, "faiss-selection-clear").click()
    selected(page)
    expect(cy(page, "faiss-selection")).to_have_count(0)
    # A rectangle over the first two results, from the gap above them.
    box, second = tiles.first.bounding_box(), tiles.nth(1).bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] - 3)
    page.mouse.down()
    page.mouse.move(second["x"] + 20, second["y"] + 30, steps=4)
    shoot(page, "rectangle")
    page.mouse.up()
    selected(page, 0, 1)


def test_a_selection_made_while_the_view_loads_stays(open_app) -> None:
    page = wait_until_ready(open_app())
    messages = Messages(page)
    # The page asks what the grid shows once the view is loaded.
    with messages.response_to("look"):
        search(page, "a car", k=12)
        cy(page, "faiss-result").nth(1).click(modifiers=["Control"])
        cy(page, "faiss-result").nth(3).click(modifiers=["Control"])
    shows(page, 12)
    selected(page, 1, 3)
    expect(cy(page, "action-manage-selected")).to_have_text("2")
    # A selection from before belongs to the results before.
    with messages.response_to("look"):
        search(page, "a dog", k=12)
    shows(page, 12)
    selected(page)


def test_selected_results_are_tagged_liked_excluded_and_searched(book, open_app, session) -> None:
    dataset = book.clone()
    page = wait_until_ready(open_app(dataset))
    search(page, "a car", k=8)
    ids = result_ids(page)
    shows(page, 8)
    tiles = cy(page, "faiss-result")
    for place in (1, 3, 5):
        tiles.nth(place).click(modifiers=["Control"])
    chosen = [ids[1], ids[3], ids[5]]
    cy(page, "faiss-tag-name").fill("wanted")
    expect(cy(page, "faiss-tag")).to_have_text("Tag 3 selected")
    cy(page, "faiss-selection-tag").click()
    expect(cy(page, "faiss-status")).to_have_text("3 results tagged “wanted”, 3 of them new")
    assert set(dataset.match_tags("wanted").values("id")) == set(chosen)
    selected(page, 1, 3, 5)
    cy(page, "faiss-selection-untag").click()
    expect(cy(page, "faiss-status")).to_have_text("Removed the tag “wanted” from 3 results")
    assert dataset.count_sample_tags() == {}
    cy(page, "faiss-undo-untag").click()
    expect(cy(page, "faiss-status")).to_have_text("3 results tagged “wanted” again")
    assert dataset.count_sample_tags() == {"wanted": 3}
    cy(page, "faiss-selection-like").click()
    expect(cy(page, "faiss-feedback")).to_contain_text("3 liked")
    cy(page, "faiss-clear-feedback").click()

    cy(page, "faiss-selection-exclude").click()
    rest = [id for id in ids if id not in chosen]
    expect(tiles).to_have_count(5)
    assert result_ids(page) == rest
    expect(cy(page, "faiss-exclusion")).to_contain_text("3 results excluded from this query")
    shows(page, 5)
    assert view_ids(session) == rest
    shoot(page, "excluded")
    # A reload keeps them out.
    page.reload()
    expect(tiles).to_have_count(5)
    expect(cy(page, "faiss-exclusion")).to_contain_text("3 results excluded from this query")
    # The same query leaves them out, and finds others; further results do not bring them back.
    search(page, "a car", k=8)
    every = fiftyone_faiss.search(dataset, "a car", k=30).ids
    left = [id for id in every if id not in chosen]
    assert result_ids(page) == left[:8]
    cy(page, "faiss-more").click()
    wait_for_results(page, 16)
    assert result_ids(page) == left[:16]
    cy(page, "faiss-exclusion-clear").click()
    wait_for_results(page, 8)
    assert result_ids(page) == ids
    expect(cy(page, "faiss-exclusion")).to_have_count(0)

    shows(page, 8)
    tiles.nth(2).click(modifiers=["Control"])
    selected(page, 2)
    cy(page, "faiss-use-selection").click()
    expect(cy(page, "faiss-query")).to_have_value("@selected")
    # The sample of the query is pinned before its results.
    pinned = cy(page, "faiss-pinned").locator("[data-id]")
    expect(pinned).to_have_count(1)
    expect(pinned).to_have_attribute("data-id", ids[2])
    assert result_ids(page) == fiftyone_faiss.search(dataset, ids[2], k=8).ids
