"""The search panel on indexes of FiftyOne's other Brain backends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import fiftyone.brain as fob
import pytest
from playwright.sync_api import expect
from support.backends import BACKENDS
from support.browser import cy, result_ids, shoot
from support.search_panel import search

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def others(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """The book with one index of each other backend, of the same vectors, and no FAISS index."""
    dataset = book.clone()
    vectors, ids, _ = dataset.load_brain_results("clip").get_embeddings()
    for backend in BACKENDS:
        fob.compute_similarity(
            dataset,
            backend=backend,
            embeddings=dict(zip(ids.tolist(), vectors, strict=True)),
            brain_key=f"on_{backend}",
            model=MODEL_NAME,
            metric="cosine",
        )
    dataset.delete_brain_run("clip")
    yield dataset


def test_each_backend_is_searched_shown_in_the_grid_and_exported(
    others, book, open_app, tmp_path
) -> None:
    page = open_app(others)
    # The panel maintains FAISS indexes only.
    expect(cy(page, "faiss-history")).to_be_visible()
    expect(cy(page, "faiss-health")).to_have_count(0)
    expected = fiftyone_faiss.search(book, "a red car - a dog", "clip", k=6).ids
    for backend in BACKENDS:
        key = f"on_{backend}"
        cy(page, "faiss-index").select_option(key)
        expect(cy(page, "faiss-index").locator("option:checked")).to_have_text(
            f"{key} · {backend} · {MODEL_NAME}"
        )
        expect(cy(page, "faiss-health")).to_have_count(0)
        search(page, "a red car - a dog", k=6)
        assert result_ids(page) == expected
        assert fiftyone_faiss.search(others, "a red car - a dog", key, k=6).ids == expected
        expect(cy(page, "looker")).to_have_count(6)
        shoot(page, f"panel-{backend}")

        path = Path(tmp_path) / f"{backend}.csv"
        fiftyone_faiss.search(others, "a boat", key, k=5).export(path)
        search(page, "a boat", k=5)
        cy(page, "faiss-save-menu").click()
        with page.expect_download() as download:
            cy(page, "faiss-export-csv").click()
        assert Path(download.value.path()).read_text() == path.read_text()
        page.keyboard.press("Escape")
