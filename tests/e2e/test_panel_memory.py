"""What the search panel keeps when the page is reloaded or the browser restarted, and links."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, quote, urlsplit

import fiftyone as fo
import pytest
from playwright.sync_api import Page, expect
from support.browser import cy, open_page, result_ids, shoot, shows
from support.grid import kept_search
from support.messages import Messages
from support.search_panel import enter_query, search, wait_for_results, wait_until_ready

import fiftyone_faiss

pytestmark = pytest.mark.browser


def reload(page: Page) -> Messages:
    """Reloads the page; returns the messages from then on."""
    messages = Messages(page)
    page.reload()
    expect(cy(page, "looker").first).to_be_visible()
    return messages


def test_a_search_survives_a_reload_and_a_restart(book, open_app, session, browser) -> None:
    page = wait_until_ready(open_app(view=book[:100], height=700))
    search(page, "a car", k=60)
    ids = result_ids(page)
    cy(page, "faiss-like").nth(1).click()
    cy(page, "faiss-view-menu").click()
    cy(page, "faiss-cutoff-slider").fill("7")
    page.keyboard.press("Escape")
    cy(page, "faiss-result").nth(28).scroll_into_view_if_needed()
    scrolled = page.locator(".ffs-panel").evaluate("panel => panel.scrollTop")
    assert scrolled > 300
    page.wait_for_function("Number(localStorage.getItem('fiftyone-faiss.scroll/book')) > 300")

    messages = reload(page)
    expect(cy(page, "faiss-result")).to_have_count(60)
    assert result_ids(page) == ids
    expect(cy(page, "faiss-status")).to_have_text("60 results, searched just now")
    expect(cy(page, "faiss-query")).to_have_value("a car")
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked")
    expect(cy(page, "faiss-cutoff")).to_be_attached()
    # The bars above the results may be a few pixels higher or lower until the grid has loaded.
    expect(cy(page, "faiss-result").nth(28)).to_be_in_viewport()
    # Nothing was searched again, and the grid shows the results.
    assert messages.of("search") == []
    expect(cy(page, "faiss-not-in-grid")).to_have_count(0)
    shoot(page, "restored")

    # Another browser with the same storage: the App's server has not restarted, its view is kept.
    state = page.context.storage_state()
    context = browser.new_context(storage_state=state, viewport={"width": 1600, "height": 900})
    try:
        again = context.new_page()
        again.goto(session.url)
        expect(cy(again, "faiss-result")).to_have_count(60)
        assert result_ids(again) == ids
        # The view from before the search comes back.
        cy(again, "faiss-clear").click()
        shows(again, 100)
    finally:
        context.close()


def test_damaged_and_outdated_states_are_not_shown(book, open_app) -> None:
    dataset = book[:12].clone()
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist")
    page = open_app(dataset)
    enter_query(page, f"@{dataset.first().id}", k=4)
    wait_for_results(page, 4)
    page.wait_for_function(
        "name => localStorage.getItem(`fiftyone-faiss.search/${name}`)?.includes('results')",
        arg=dataset.name,
    )
    # An index that has changed is named, and a click searches again.
    dataset.add_sample(fo.Sample(dataset.first().filepath))
    fiftyone_faiss.update_index(dataset, "colors")
    reload(page)
    note = cy(page, "faiss-outdated")
    expect(note).to_contain_text("The index has changed since this search.")
    shoot(page, "outdated")
    note.get_by_role("button", name="Search again").click()
    wait_for_results(page, 4)
    expect(note).to_have_count(0)
    assert dataset.last().id in result_ids(page)

    kept = kept_search(page, dataset.name)
    assert kept is not None
    damaged = json.dumps({**json.loads(kept), "neighbors": {"results": 3}})
    page.add_init_script(
        f"localStorage.setItem('fiftyone-faiss.search/{dataset.name}', {json.dumps(damaged)})"
    )
    reload(page)
    expect(cy(page, "faiss-query")).to_have_value("")
    expect(cy(page, "faiss-result")).to_have_count(0)
    enter_query(page, f"@{dataset.first().id}", k=3)
    wait_for_results(page, 3)


def link_of(page: Page) -> str:
    """Copies the link of the results, and returns it."""
    cy(page, "faiss-save-menu").click()
    # Away from https, the browser copies what is selected.
    page.evaluate(
        "() => { document.execCommand = () => {"
        " window.copied = document.querySelector('body > textarea').value; return true; } }"
    )
    cy(page, "faiss-copy-link").click()
    expect(cy(page, "faiss-status")).to_have_text("Copied the link")
    copied: str = page.evaluate("window.copied")
    return copied


def test_a_link_fills_the_line_and_searches_by_text(book, open_app, session, browser) -> None:
    page = wait_until_ready(open_app())
    search(page, "a dog - snow", k=4)
    ids = result_ids(page)
    link = link_of(page)
    stored = json.loads(parse_qs(urlsplit(link).query)["faiss"][0])
    assert (stored["query"], stored["k"]) == ("a dog - snow", "4")
    cy(page, "faiss-clear").click()
    shows(page, 160)

    # The panel opens where it is closed.
    session.spaces = fo.Space(children=[fo.Panel(type="Samples")])
    expect(cy(page, "faiss-query")).to_have_count(0)
    other = open_page(browser, link, 1600, 900)
    try:
        wait_for_results(other, 4)
        expect(cy(other, "faiss-query")).to_have_value("a dog - snow")
        assert result_ids(other) == ids
        assert "faiss=" in other.url
        shoot(other, "link")
        # A reload shows what was done since.
        search(other, "a boat", k=3)
        reload(other)
        expect(cy(other, "faiss-query")).to_have_value("a boat")
        expect(cy(other, "faiss-result")).to_have_count(3)
    finally:
        other.context.close()


@pytest.mark.parametrize("query", ["/etc/hostname", "a car - http://127.0.0.1:1/a.jpg"])
def test_a_link_opens_no_file_and_no_address_by_itself(
    open_app, session, browser, query: str
) -> None:
    wait_until_ready(open_app())
    params = json.dumps({"query": query, "k": 4})
    page = open_page(browser, f"{session.url}?faiss={quote(params)}", 1600, 900)
    messages = Messages(page)
    try:
        expect(cy(page, "faiss-query")).to_have_value(query)
        expect(cy(page, "faiss-status")).to_have_text(
            "This search is from a link. Press Enter to run it."
        )
        assert messages.of("search") == []
        with messages.response_to("search"):
            cy(page, "faiss-query").press("Enter")
        expect(cy(page, "faiss-status")).to_have_attribute("role", "alert")
        assert len(messages.of("search")) == 1
    finally:
        page.context.close()
