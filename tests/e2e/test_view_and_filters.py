"""Where the search panel searches: views, filters of the sidebar, filter chips, and the grid."""

from __future__ import annotations

import re

import pytest
from fiftyone import ViewField as F
from playwright.sync_api import Page, expect
from support.browser import cy, open_page, result_ids, select, shoot, shows
from support.grid import clear_filters_by_hand, filters_of, set_filters
from support.messages import Messages
from support.search_panel import search, wait_for_results, wait_until_ready

import fiftyone_faiss

pytestmark = pytest.mark.browser

FIND_SIMILAR = "@fiftyone-faiss/similarity/find_similar_in_panel"
BEACH = filters_of(scene__label=["beach"])
SNOW = filters_of(scene__label=["snow"])


def test_a_search_stays_in_the_view_and_its_filters(book, open_app, session) -> None:
    half = book[:80]
    inside = half.match(F("scene.label") == "beach")
    page = wait_until_ready(open_app(view=half))
    messages = Messages(page)
    bar, switch = cy(page, "faiss-scope-bar"), cy(page, "faiss-scope-switch")
    expect(bar).to_have_text("Searching 80 of 160 – search everything")
    set_filters(page, BEACH)
    expect(bar).to_have_text(f"Searching {len(inside)} of 160 – search everything")
    counts = cy(page, "entry-counts")
    expect(counts).to_contain_text(f"{len(inside)} of 80 samples")

    search(page, "a car", k=5)
    expected = fiftyone_faiss.search(inside, "a car", k=5).ids
    assert result_ids(page) == expected
    shows(page, 5)
    expect(bar).to_have_text(f"Searching {len(inside)} of 160 – search everything")
    messages.wait_for_filters(BEACH)
    shoot(page, "scope-in-view")

    # One click searches everything, another one what was in view.
    switch.click()
    expect(bar).to_contain_text(f"Searching all 160 – search only the {len(inside)} in view")
    wait_for_results(page, 5)
    assert result_ids(page) == fiftyone_faiss.search(book, "a car", k=5).ids
    shows(page, 5)
    expect(bar).to_contain_text("The sidebar's filters return when you clear the results.")
    shoot(page, "scope-everything")
    switch.click()
    expect(bar).to_have_text(f"Searching {len(inside)} of 160 – search everything")
    wait_for_results(page, 5)
    assert result_ids(page) == expected
    # The explicit choice stays for the next search.
    switch.click()
    wait_for_results(page, 5)
    search(page, "a dog", k=4)
    assert result_ids(page) == fiftyone_faiss.search(book, "a dog", k=4).ids
    # The App drops filters that are set while it loads an earlier view.
    shows(page, 4)

    # The view and the filters come back.
    with messages.response_to("look"):
        cy(page, "faiss-clear").click()
    expect(counts).to_contain_text(f"{len(inside)} of 80 samples")
    expect(bar).to_have_text(f"Searching all 160 – search only the {len(inside)} in view")
    clear_filters_by_hand(page)
    shows(page, 80)


def test_filters_that_are_changed_while_a_view_loads_stay(book, open_app) -> None:
    page = wait_until_ready(open_app())
    messages = Messages(page)
    set_filters(page, BEACH)
    beach = book.match(F("scene.label") == "beach")
    expect(cy(page, "faiss-scope-bar")).to_contain_text(f"Searching {len(beach)} of 160")
    search(page, "a car", k=9)
    shows(page, 9)
    set_filters(page, SNOW)
    messages.wait_for_filters(SNOW)
    # They restrict the next search.
    search(page, "a dog", k=3)
    snow = book.match(F("scene.label") == "snow")
    assert result_ids(page) == fiftyone_faiss.search(snow, "a dog", k=3).ids


def test_facets_narrow_the_search_with_chips(book, open_app) -> None:
    page = wait_until_ready(open_app())
    search(page, "a car", k=12)
    cy(page, "faiss-filters").click()
    facets = cy(page, "faiss-facet")
    shown = book.select(result_ids(page))
    scene, count = max(shown.count_values("scene.label").items(), key=lambda pair: pair[1])
    value = facets.filter(has_text=re.compile(rf"^{scene}{count}$"))
    expect(value).to_have_count(1)
    shoot(page, "facets")
    value.click()
    chip = cy(page, "faiss-filter-chip")
    expect(chip).to_contain_text(f"scene: {scene}")
    inside = book.match(F("scene.label") == scene)
    expected = fiftyone_faiss.search(book, "a car", k=12, filters={"scene": [scene]}).ids
    assert set(expected) <= set(inside.values("id"))
    wait_for_results(page, len(expected))
    assert result_ids(page) == expected
    # The counts are those of the new results.
    expect(facets.filter(has_text=re.compile(rf"^{scene}{len(expected)}$"))).to_have_attribute(
        "aria-pressed", "true"
    )
    # The next query keeps the filter, and the history has it.
    with Messages(page).response_to("record"):
        search(page, "a dog", k=3)
    assert result_ids(page) == fiftyone_faiss.search(inside, "a dog", k=3).ids
    saved = fiftyone_faiss.list_searches(book)[0]
    assert (saved.params["query"], saved.params["filters"]) == ("a dog", {"scene": [scene]})
    cy(page, "faiss-filter-remove").click()
    expect(chip).to_have_count(0)
    wait_for_results(page, 3)
    assert result_ids(page) == fiftyone_faiss.search(book, "a dog", k=3).ids


def test_a_search_in_another_tab_is_noticed(book, open_app, session, browser) -> None:
    page = wait_until_ready(open_app())
    search(page, "a car", k=5)
    note = cy(page, "faiss-not-in-grid")
    expect(note).to_have_count(0)
    ids = result_ids(page)
    other = open_page(browser, session.url, 1600, 900)
    try:
        search(wait_until_ready(other), "a dog", k=4)
        assert result_ids(other) == fiftyone_faiss.search(book, "a dog", k=4).ids
        shows(page, 4)
        expect(note).to_contain_text("The grid shows something else.")
        assert result_ids(page) == ids
        shoot(page, "grid-shows-something-else")
        note.get_by_role("button", name="Show in grid").click()
        shows(page, 5)
        expect(note).to_have_count(0)
        expect(cy(other, "faiss-not-in-grid")).to_be_visible()
    finally:
        other.context.close()
    # Results of another tab are no view that somebody chose.
    cy(page, "faiss-clear").click()
    shows(page, 160)


def test_find_similar_searches_in_the_panel(book, open_app, session) -> None:
    page: Page = open_app(panel=None)
    button = page.locator(f'[data-item-id="{FIND_SIMILAR}"]')
    button.click()
    expect(page.get_by_text("Select one or more samples in the grid, then click")).to_be_visible()
    select(page, 3)
    button.click()
    expect(cy(page, "faiss-query")).to_have_value("@selected")
    wait_for_results(page, 25)
    first = book.skip(3).first().id
    assert result_ids(page) == fiftyone_faiss.search(book, first).ids
    shows(page, 25)
    shoot(page, "find-similar")
    # In the open panel, with the options that it used last.
    cy(page, "faiss-clear").click()
    shows(page, 160)
    cy(page, "faiss-k").fill("4")
    select(page, 5)
    # The toolbar beside the panel has no room for the button, so it is in a menu.
    page.evaluate("name => window.__foo__.executeOperator(name)", FIND_SIMILAR)
    wait_for_results(page, 4)
    assert result_ids(page) == fiftyone_faiss.search(book, book.skip(5).first().id, k=4).ids
