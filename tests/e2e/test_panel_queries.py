"""Queries in the search panel: text, samples, uploads, views, errors, a missing index."""

from __future__ import annotations

import re
from pathlib import Path

import fiftyone as fo
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from support.browser import cy, result_ids, select, shoot, shows
from support.messages import Messages
from support.search_panel import enter_query, search, wait_until_ready

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

pytestmark = pytest.mark.browser


def test_a_typed_query_is_searched(book, open_app) -> None:
    page = open_app()
    wait_until_ready(page)
    shoot(page, "panel-ready")
    enter_query(page, "a red car", k=6)
    expect(cy(page, "faiss-result")).to_have_count(6)
    expect(cy(page, "faiss-status")).to_have_text(re.compile(r"^6 results in \d+ ms"))
    assert result_ids(page) == fiftyone_faiss.search(book, "a red car", k=6).ids
    # The grid shows the same samples.
    expect(cy(page, "looker")).to_have_count(6)
    shows(page, 6)
    shoot(page, "panel-results")

    # The next search replaces the results.
    enter_query(page, "a dog with a ball")
    expected = fiftyone_faiss.search(book, "a dog with a ball", k=6).ids
    page.wait_for_function(
        "first => document.querySelector('[data-cy=faiss-result]')?.dataset.id === first",
        arg=expected[0],
    )
    assert result_ids(page) == expected


def test_a_result_opens_its_sample(book, open_app) -> None:
    page = open_app()
    enter_query(page, "an umbrella", k=3)
    expect(cy(page, "faiss-result")).to_have_count(3)
    cy(page, "faiss-result").nth(1).click()
    expect(cy(page, "modal")).to_be_visible()
    second = fiftyone_faiss.search(book, "an umbrella", k=3).ids[1]
    expect(cy(page, "modal")).to_contain_text(second)
    shoot(page, "panel-opened-sample")


def test_the_selected_samples_are_a_query(book, open_app) -> None:
    page = open_app()
    wait_until_ready(page)
    select(page, 2)
    cy(page, "faiss-k").fill("5")
    expect(cy(page, "faiss-use-selection")).to_have_text("Use the selected sample")
    cy(page, "faiss-use-selection").click()
    expect(cy(page, "faiss-result")).to_have_count(5)
    expected = fiftyone_faiss.search(book, book.skip(2).first().id, k=5).ids
    assert result_ids(page) == expected
    shoot(page, "panel-selection")


def test_an_uploaded_image_is_a_query(book, open_app) -> None:
    page = open_app()
    wait_until_ready(page)
    cy(page, "faiss-k").fill("4")
    path = Path(book.skip(9).first().filepath)
    cy(page, "faiss-upload").set_input_files(path)
    expect(cy(page, "faiss-result")).to_have_count(4)
    assert result_ids(page) == fiftyone_faiss.search(book, path, k=4).ids
    assert result_ids(page)[0] == book.skip(9).first().id
    shoot(page, "panel-upload")


def test_unreadable_uploads_are_rejected_with_a_message(open_app, tmp_path) -> None:
    page = open_app()
    wait_until_ready(page)
    text = tmp_path / "notes.txt"
    text.write_text("not an image")
    cy(page, "faiss-upload").set_input_files(text)
    expect(cy(page, "faiss-status")).to_contain_text("notes.txt is not an image; choose a JPEG")

    whole = tmp_path / "whole.jpg"
    Image.new("RGB", (300, 300), "red").save(whole)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(whole.read_bytes()[:200])
    cy(page, "faiss-upload").set_input_files(broken)
    expect(cy(page, "faiss-status")).to_contain_text("broken.jpg")
    shoot(page, "panel-broken-upload")

    large = tmp_path / "large.png"
    large.write_bytes(b"\x89PNG" + bytes(60 * 2**20))
    cy(page, "faiss-upload").set_input_files(large)
    expect(cy(page, "faiss-status")).to_contain_text("choose an image of at most 20 MB")
    assert cy(page, "faiss-result").count() == 0


def test_results_are_tagged_untagged_and_cleared(book, open_app) -> None:
    page = open_app()
    enter_query(page, "a blue boat", k=5)
    expect(cy(page, "faiss-result")).to_have_count(5)
    ids = result_ids(page)
    cy(page, "faiss-tag-name").fill("boats")
    shows(page, 5)
    cy(page, "faiss-result").first.press("Control+a")
    cy(page, "faiss-tag").click()
    expect(cy(page, "faiss-status")).to_contain_text("5 results tagged")
    shoot(page, "panel-tagged")
    assert set(book.match_tags("boats").values("id")) == set(ids)
    cy(page, "faiss-untag").click()
    expect(cy(page, "faiss-status")).to_contain_text("Removed the tag “boats” from 5 results")
    assert book.count_sample_tags() == {}
    cy(page, "faiss-clear").click()
    expect(cy(page, "faiss-result")).to_have_count(0)
    shows(page, 160)


def test_the_current_view_can_be_searched(book, open_app, session) -> None:
    page = open_app()
    view = book.match(fo.ViewField("scene.label") == "beach")
    session.view = view
    shows(page, len(view))
    cy(page, "faiss-scope").select_option("view")
    enter_query(page, "a dog", k=4)
    expect(cy(page, "faiss-result")).to_have_count(4)
    assert result_ids(page) == fiftyone_faiss.search(view, "a dog", k=4).ids
    # A second search uses the chosen view, not the view of the results.
    enter_query(page, "a house", k=5)
    expect(cy(page, "faiss-result")).to_have_count(5)
    assert result_ids(page) == fiftyone_faiss.search(view, "a house", k=5).ids
    cy(page, "faiss-clear").click()
    shows(page, len(view))


INVALID = [
    (" ", 5, "The query is empty; type what to look for, such as 'a red car'."),
    ("a" * 10_000, 5, "The query has 10,000 characters; shorten it to 1,000 or fewer."),
    ("a car", 0, "k must be at least 1, got 0."),
    ("a car", -1, "k must be at least 1, got -1."),
]


def test_an_invalid_query_shows_an_error_and_the_next_query_works(open_app) -> None:
    page = wait_until_ready(open_app())
    for query, k, message in INVALID:
        enter_query(page, query, k)
        expect(cy(page, "faiss-status")).to_have_text(message)
        shoot(page, f"panel-error-{k}-{len(query)}")
        search(page, "a car", 3)
        expect(cy(page, "faiss-result")).to_have_count(3)


def test_a_large_k_and_unsupported_text_add_notes(open_app) -> None:
    page = open_app()
    enter_query(page, "狗 🐕", 500)
    expect(cy(page, "faiss-result")).to_have_count(160)
    expect(cy(page, "faiss-status")).to_contain_text("write the query in English")
    expect(cy(page, "faiss-status")).to_contain_text("has only 160 indexed; all are shown")
    shoot(page, "panel-notes")


def choose_model(page: Page, field: Locator, name: str) -> None:
    """Chooses a model in the form that builds an index, and waits until the form describes it."""
    with page.expect_response("**/operators/resolve-type"):
        field.fill(name)
        page.get_by_role("option", name=name).first.click()


def test_the_panel_builds_a_missing_index(book, open_app) -> None:
    fresh = book[:12].clone()
    page = open_app(fresh)
    expect(cy(page, "faiss-status")).to_contain_text("This dataset has no FAISS index")
    shoot(page, "panel-no-index")
    messages = Messages(page)
    messages.answers["build"] = lambda params: {"error": "The form is locked; try again."}
    cy(page, "faiss-build").click()
    expect(page.get_by_role("alert")).to_contain_text("The form is locked; try again.")
    messages.answers.clear()
    cy(page, "faiss-build").click()
    form = page.get_by_role("dialog")
    expect(form).to_contain_text("Build a FAISS index")
    # The brain key follows the model until a person edits it.
    key, model = form.get_by_role("textbox").first, form.get_by_role("combobox").first
    expect(key).to_have_value("picture_book_clip")
    for name, expected in (("colorhist", "colorhist"), ("picture-book-clip", "picture_book_clip")):
        choose_model(page, model, name)
        expect(key).to_have_value(expected)
    shoot(page, "build-form")
    key.fill("mine")
    choose_model(page, model, "colorhist")
    choose_model(page, model, "picture-book-clip")
    expect(key).to_have_value("mine")
    page.get_by_role("button", name="Execute").click()
    expect(form).to_contain_text("12 of 12 embedded")
    shoot(page, "build-progress")
    page.get_by_role("button", name="Done").click()
    expect(cy(page, "faiss-query")).to_be_visible()
    enter_query(page, "a car", 4)
    expect(cy(page, "faiss-result")).to_have_count(4)
    fresh.reload()
    assert result_ids(page) == fiftyone_faiss.search(fresh, "a car", k=4).ids
    (built,) = fiftyone_faiss.list_indexes(fresh)
    assert (built.brain_key, built.model, built.size) == ("mine", MODEL_NAME, 12)
