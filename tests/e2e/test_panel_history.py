"""Stored searches, saved and exported results, and the state of a reopened panel."""

from __future__ import annotations

import json
from pathlib import Path

import fiftyone as fo
import pytest
from playwright.sync_api import expect
from support.browser import cy, result_ids, shoot
from support.search_panel import search, wait_for_results, wait_until_ready

import fiftyone_faiss

pytestmark = pytest.mark.browser


def test_searches_are_stored_named_and_rerun(book, open_app) -> None:
    dataset = book.clone()
    page = wait_until_ready(open_app(dataset))
    search(page, "a red car", k=5)
    search(page, "a blue boat", k=4)
    boats = result_ids(page)
    cy(page, "faiss-history").click()
    items = cy(page, "faiss-history-item")
    expect(items).to_have_count(2)
    expect(items.first).to_contain_text("a blue boat")
    items.nth(1).get_by_role("button", name="Pin a red car").click()
    expect(items.first).to_contain_text("a red car")
    items.first.get_by_role("button", name="Rename a red car").click()
    cy(page, "faiss-history-name").fill("the cars")
    cy(page, "faiss-history-name").press("Enter")
    expect(items.first).to_contain_text("the cars")
    shoot(page, "history")
    # A name in use is rejected and can be changed; an empty name removes the name.
    items.nth(1).get_by_role("button", name="Rename a blue boat").click()
    name = cy(page, "faiss-history-name")
    name.fill("the cars")
    name.press("Enter")
    expect(cy(page, "faiss-status")).to_have_attribute("role", "alert")
    expect(name).to_have_value("the cars")
    name.fill("the boats")
    name.press("Enter")
    expect(items.nth(1)).to_contain_text("the boats")
    items.nth(1).get_by_role("button", name="Rename the boats").click()
    name.fill("")
    name.press("Enter")
    expect(items.nth(1)).not_to_contain_text("the boats")

    cy(page, "faiss-history-edit").first.click()
    expect(cy(page, "faiss-query")).to_have_value("a red car")
    expect(cy(page, "faiss-query")).to_be_focused()
    expect(cy(page, "faiss-k")).to_have_value("5")
    assert result_ids(page) == boats
    cy(page, "faiss-history-apply").first.click()
    wait_for_results(page, 5)
    assert result_ids(page) == fiftyone_faiss.search(dataset, "a red car", k=5).ids

    cy(page, "faiss-history-delete").nth(1).click()
    expect(items).to_have_count(1)
    cy(page, "faiss-query").fill("")
    cy(page, "faiss-query").press("ArrowUp")
    expect(cy(page, "faiss-query")).to_have_value("a red car")


def test_a_saved_search_includes_feedback(book, open_app) -> None:
    dataset = book.clone()
    page = wait_until_ready(open_app(dataset))
    search(page, "a car", k=6)
    liked = result_ids(page)[3]
    cy(page, "faiss-result").nth(3).focus()
    page.keyboard.press("+")
    cy(page, "faiss-save-search").click()
    cy(page, "faiss-save-search-name").fill("cars like this")
    cy(page, "faiss-save-search-done").click()
    expect(cy(page, "faiss-status")).to_contain_text("Saved as “cars like this”")
    cy(page, "faiss-clear").click()
    expect(cy(page, "faiss-result")).to_have_count(0)
    cy(page, "faiss-history").click()
    cy(page, "faiss-history-apply").filter(has_text="cars like this").click()
    wait_for_results(page, 6)
    expected = fiftyone_faiss.search(dataset, "a car", k=6, liked=[liked]).ids
    assert result_ids(page) == expected
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked")
    # The feedback of an edited search appears only after Enter.
    search(page, "a boat", k=6)
    page.get_by_role("button", name="Edit cars like this before searching").click()
    expect(cy(page, "faiss-query")).to_have_value("a car")
    expect(cy(page, "faiss-feedback")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked")
    wait_for_results(page, 6)
    assert result_ids(page) == expected


def test_results_are_saved_and_exported(book, open_app, tmp_path) -> None:
    dataset = book.clone()
    page = wait_until_ready(open_app(dataset))
    search(page, "a blue boat", k=5)
    expected = fiftyone_faiss.search(dataset, "a blue boat", k=5)

    cy(page, "faiss-save-menu").click()
    shoot(page, "save-menu")
    cy(page, "faiss-save-view-name").fill("blue boats")
    cy(page, "faiss-save-view").click()
    expect(cy(page, "faiss-status")).to_contain_text("Saved as the view “blue boats”")
    dataset.reload()
    assert dataset.load_saved_view("blue boats").values("id") == expected.ids
    expect(cy(page, "faiss-scope").locator("option")).to_have_text(
        ["what the grid shows", "the dataset", "blue boats"]
    )

    cy(page, "faiss-save-menu").click()
    cy(page, "faiss-save-scores-name").fill("boat_score")
    cy(page, "faiss-save-scores").click()
    expect(cy(page, "faiss-status")).to_contain_text("5 scores saved in the field “boat_score”")
    dataset.reload()
    scored = dataset.select(expected.ids, ordered=True).values("boat_score")
    assert scored == pytest.approx(list(expected.scores), abs=1e-4)

    texts = {}
    for kind in ("csv", "json", "stages"):
        cy(page, "faiss-save-menu").click()
        with page.expect_download() as download:
            cy(page, f"faiss-export-{kind}").click()
        texts[kind] = Path(download.value.path()).read_text()
        expect(cy(page, "faiss-save-menu")).to_have_attribute("aria-expanded", "false")
    assert [line.split(",")[1] for line in texts["csv"].split()[1:]] == expected.ids
    assert [row["id"] for row in json.loads(texts["json"])["results"]] == expected.ids
    stages = json.loads(texts["stages"])["stages"]
    assert fo.DatasetView._build(dataset, stages).values("id") == expected.ids


def test_the_copied_code_returns_the_same_results(book, open_app) -> None:
    page = wait_until_ready(open_app())
    search(page, "2: car - red", k=7)
    cy(page, "faiss-save-menu").click()
    cy(page, "faiss-copy-code").click()
    expect(cy(page, "faiss-status")).to_have_text("Copied the Python code")
    # Reading the clipboard requires a secure address, so the code is pasted instead.
    page.evaluate("document.body.append(document.createElement('textarea'))")
    pasted = page.locator("body > textarea").last
    pasted.evaluate("area => area.focus()")
    page.keyboard.press("Control+V")
    code = pasted.input_value()
    expect(cy(page, "faiss-code")).to_have_text(code)
    shoot(page, "code")
    names: dict[str, object] = {}
    exec(code, names)
    answers = [value for value in names.values() if isinstance(value, fiftyone_faiss.Neighbors)]
    assert [neighbors.ids for neighbors in answers] == [result_ids(page)]


def test_a_reopened_panel_keeps_its_state(book, open_app) -> None:
    page = wait_until_ready(open_app())
    search(page, "a red car", k=6)
    ids = result_ids(page)
    cy(page, "faiss-result").nth(1).focus()
    page.keyboard.press("+")
    cy(page, "faiss-query").fill("a blue")
    cy(page, "faiss-help").click()
    tab = page.locator('[data-cy="panel-tab-similarity_search_faiss"]')
    tab.locator('[data-cy="close-panel-btn"], svg').last.click()
    expect(cy(page, "faiss-query")).to_have_count(0)
    cy(page, "new-panel-btn").first.click()
    page.get_by_text("FAISS Search", exact=True).click()
    expect(cy(page, "faiss-query")).to_have_value("a blue")
    expect(cy(page, "faiss-query")).to_be_focused()
    assert result_ids(page) == ids
    expect(cy(page, "faiss-k")).to_have_value("6")
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked")
    expect(cy(page, "faiss-help-shown")).to_be_visible()
