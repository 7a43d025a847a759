"""Help with the query line: examples, suggestions, chips that are edited, a second image."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.browser import cy, result_ids, select, shoot
from support.search_panel import enter_query, search, wait_for_results, wait_until_ready

import fiftyone_faiss

pytestmark = pytest.mark.browser


def drag(page: Page, name: str, by: int) -> None:
    """Drags an element to the right."""
    box = cy(page, name).first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=4)
    page.mouse.up()


def test_an_example_is_searched_by_a_click(book, open_app) -> None:
    page = wait_until_ready(open_app())
    examples = cy(page, "faiss-example")
    expect(examples).to_have_count(4)
    shoot(page, "examples")
    cy(page, "faiss-k").fill("5")
    query = examples.nth(2).inner_text()
    thing, scene = query.split(" + ")
    assert thing.split(" ", 1)[1] in book.distinct("objects.detections.label")
    assert scene in book.distinct("scene.label")
    examples.nth(2).click()
    wait_for_results(page, 5)
    expect(cy(page, "faiss-query")).to_have_value(query)
    assert result_ids(page) == fiftyone_faiss.search(book, query, k=5).ids
    expect(examples).to_have_count(0)


def test_negations_and_misspelled_words_are_suggested(open_app) -> None:
    page = wait_until_ready(open_app())
    line = cy(page, "faiss-query")
    suggestions = cy(page, "faiss-suggestion")
    line.fill("a beach without boats")
    expect(suggestions).to_have_text(['"a beach" - "boats"'])
    shoot(page, "suggestion")
    suggestions.click()
    expect(line).to_have_value('"a beach" - "boats"')
    expect(suggestions).to_have_count(0)
    expect(cy(page, "faiss-chip")).to_have_count(2)
    line.fill("a red umbrela")
    expect(suggestions).to_have_text(["a red umbrella"])
    suggestions.click()
    expect(line).to_have_value("a red umbrella")
    expect(suggestions).to_have_count(0)


def test_chips_are_edited_and_mark_the_results_as_changed(book, open_app) -> None:
    page = wait_until_ready(open_app())
    search(page, "a car + snow", k=5)
    line, changed = cy(page, "faiss-query"), cy(page, "faiss-changed")
    expect(changed).to_have_count(0)
    signs = cy(page, "faiss-chip-sign")
    signs.nth(1).click()
    expect(line).to_have_value("a car - snow")
    expect(changed).to_have_text("Query changed – Search")
    expect(signs.nth(1)).to_have_accessible_name("Less of snow, weight 1")
    expect(signs.nth(0)).to_have_attribute("aria-disabled", "false")
    signs.nth(0).press("ArrowUp")
    expect(line).to_have_value("1.25: a car - snow")
    expect(signs.nth(0)).to_have_attribute("aria-disabled", "false")
    drag(page, "faiss-chip-sign", 30)
    expect(line).to_have_value("2: a car - snow")
    shoot(page, "chips-edited")
    changed.get_by_role("button").click()
    wait_for_results(page, 5)
    expect(changed).to_have_count(0)
    assert result_ids(page) == fiftyone_faiss.search(book, "2: a car - snow", k=5).ids
    cy(page, "faiss-chip-remove").nth(1).click()
    expect(line).to_have_value("2: a car")
    expect(changed).to_have_text("Query changed – Search")


def test_selected_samples_are_shown_in_their_chip(book, open_app) -> None:
    page = wait_until_ready(open_app())
    select(page, 1)
    select(page, 4)
    cy(page, "faiss-k").fill("5")
    cy(page, "faiss-use-selection").click()
    wait_for_results(page, 5)
    images = cy(page, "faiss-chip").locator("img")
    expect(images).to_have_count(2)
    loaded = "images => images.every(image => image.complete && image.naturalWidth > 0)"
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-cy=faiss-chip] img')]"
        ".every(image => image.complete && image.naturalWidth > 0)"
    )
    assert images.evaluate_all(loaded)
    shoot(page, "selected-chip")


def test_a_second_image_replaces_the_first_or_is_added(book, open_app) -> None:
    page = wait_until_ready(open_app())
    cy(page, "faiss-k").fill("3")
    paths = [Path(path) for path in book[9:12].values("filepath")]
    upload, choice = cy(page, "faiss-upload"), cy(page, "faiss-image-choice")
    upload.set_input_files(paths[0])
    wait_for_results(page, 3)
    upload.set_input_files(paths[1])
    expect(choice).to_contain_text("The query has an image.")
    shoot(page, "second-image")
    cy(page, "faiss-image-replace").click()
    expect(choice).to_have_count(0)
    expect(cy(page, "faiss-query")).to_have_value("@upload")
    page.wait_for_function(
        "first => document.querySelector('[data-cy=faiss-result]').dataset.id === first",
        arg=book.skip(10).first().id,
    )
    wait_for_results(page, 3)
    assert result_ids(page) == fiftyone_faiss.search(book, paths[1], k=3).ids
    upload.set_input_files(paths[2])
    cy(page, "faiss-image-add").click()
    expect(cy(page, "faiss-query")).to_have_value("@upload + @upload2")
    expect(cy(page, "faiss-chip").locator("img")).to_have_count(2)
    wait_for_results(page, 3)
    upload.set_input_files(paths[0])
    expect(choice).to_be_visible()
    page.keyboard.press("Escape")
    expect(choice).to_have_count(0)
    expect(cy(page, "faiss-query")).to_have_value("@upload + @upload2")


def test_scrolling_loads_more_and_the_histogram_shows_the_cutoff(book, open_app) -> None:
    page = wait_until_ready(open_app(height=600))
    search(page, "a car", k=20)
    cy(page, "faiss-view-menu").click()
    bars = cy(page, "faiss-histogram").locator("rect.ffs-included")
    expect(bars).to_have_count(24)
    tallest = "bars => bars.filter(bar => Number(bar.getAttribute('height')) > 0).length"
    cy(page, "faiss-cutoff-slider").fill("0")
    assert bars.evaluate_all(tallest) == 0
    cy(page, "faiss-cutoff-slider").fill("20")
    assert bars.evaluate_all(tallest) > 3
    page.keyboard.press("Escape")
    # Nothing is loaded before the first scrolling.
    expect(cy(page, "faiss-result")).to_have_count(20)
    panel = page.locator(".ffs-panel")
    panel.hover()
    page.mouse.wheel(0, 5_000)
    expect(cy(page, "faiss-result")).to_have_count(40)
    assert result_ids(page) == fiftyone_faiss.search(book, "a car", k=40).ids
    expect(cy(page, "faiss-more")).to_be_visible()


def test_the_arrow_keys_of_a_sign_are_not_those_of_the_panel(open_app) -> None:
    page = wait_until_ready(open_app())
    enter_query(page, "a car", k=3)
    wait_for_results(page, 3)
    sign = cy(page, "faiss-chip-sign")
    sign.focus()
    sign.press("ArrowDown")
    expect(cy(page, "faiss-query")).to_have_value("0.75: a car")
    expect(sign).to_be_focused()
