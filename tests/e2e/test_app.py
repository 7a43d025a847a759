"""Our operators and FiftyOne's own similarity features in the App, on our index."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from support.browser import cy, select

import fiftyone_faiss


def shown(page, count: int) -> None:
    expect(cy(page, "entry-count-all")).to_have_text(re.compile(rf"\b{count} samples"))


def test_find_similar_in_the_toolbar(book, open_app, session, shoot) -> None:
    page = open_app(panel=None)
    select(page, 3)
    page.locator('[data-item-id="@fiftyone-faiss/similarity/find_similar"]').click()
    shown(page, 25)
    shoot(page, "find-similar")
    expected = fiftyone_faiss.search(book, book.skip(3).first().id).ids
    assert session.view.values("id") == expected


def test_find_similar_in_the_sample_viewer(book, open_app, session, shoot) -> None:
    page = open_app(panel=None)
    cy(page, "looker").nth(4).click()
    expect(cy(page, "modal")).to_be_visible()
    shoot(page, "viewer")
    page.locator('#modal span.material-icons:text("image_search")').click()
    shown(page, 25)
    expect(cy(page, "modal")).to_have_count(0)
    expected = fiftyone_faiss.search(book, book.skip(4).first().id).ids
    assert session.view.values("id") == expected
