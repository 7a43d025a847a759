"""The similarity operators and FiftyOne's own similarity features in the App."""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo
import pytest
from playwright.sync_api import expect
from support.browser import cy, select, shoot, shows, view_ids

import fiftyone_faiss

pytestmark = pytest.mark.browser


def test_find_similar_runs_from_the_sample_viewer(book, open_app, session) -> None:
    page = open_app(panel=None)
    cy(page, "looker").nth(4).click()
    expect(cy(page, "modal")).to_be_visible()
    shoot(page, "viewer")
    page.locator('#modal span.material-icons:text("image_search")').click()
    shows(page, 25)
    expect(cy(page, "modal")).to_have_count(0)
    expected = fiftyone_faiss.search(book, book.skip(4).first().id).ids
    assert view_ids(session) == expected


def test_the_similarity_button_searches_by_text(book, open_app, session) -> None:
    page = open_app(panel=None)
    cy(page, "action-sort-by-similarity").click()
    page.get_by_placeholder("Type anything!").fill("a red car")
    page.get_by_placeholder("Type anything!").press("Enter")
    # FiftyOne's own panel lists the search; a click shows its results in the grid.
    page.get_by_text("a red car · clip").first.click(force=True)
    shows(page, 25)
    shoot(page, "similarity-button-text")
    assert view_ids(session) == fiftyone_faiss.search(book, "a red car").ids


def test_the_similarity_button_searches_by_selection(book, open_app, session) -> None:
    page = open_app(panel=None)
    select(page, 6)
    cy(page, "action-sort-by-similarity").click()
    page.get_by_text("Show similar samples").click()
    page.get_by_text("Image similarity (1 prompt)").first.click(force=True)
    shows(page, 25)
    shoot(page, "similarity-button-selection")
    assert view_ids(session) == most_similar(book, book.skip(6).first().id)


def most_similar(book: fo.Dataset, id: str) -> list[str]:
    """What FiftyOne's own search finds: the sample itself, and the 24 most similar to it."""
    return [id, *fiftyone_faiss.search(book, id, k=24).ids]


@pytest.mark.parametrize("kind", ["text", "upload", "selection"])
def test_the_builtin_panel_searches_the_index(book, open_app, session, kind) -> None:
    page = open_app(panel="similarity_search_panel", height=1300)
    seventh = book.skip(7).first()
    page.get_by_role("button", name="New Search").click()
    if kind == "text":
        page.get_by_placeholder("Enter a text prompt...").fill("a red car")
        expected = fiftyone_faiss.search(book, "a red car").ids
    elif kind == "upload":
        page.get_by_role("button", name="Upload Image").click()
        page.locator("input[type=file]").last.set_input_files(seventh.filepath)
        expected = fiftyone_faiss.search(book, Path(seventh.filepath)).ids
    else:
        select(page, 7)
        page.get_by_role("button", name="Image Search").click()
        expected = most_similar(book, seventh.id)
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("menuitem", name="Execute").click()
    expect(page.get_by_text("25 results").first).to_be_visible()
    shows(page, 25)
    shoot(page, f"builtin-panel-{kind}")
    assert view_ids(session) == expected
