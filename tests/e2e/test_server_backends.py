"""The search panel on an index that was copied to PostgreSQL with pgvector and to Milvus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import fiftyone as fo
import pytest
from playwright.sync_api import expect
from support.browser import cy, result_ids, shoot
from support.search_panel import search, wait_until_ready
from support.servers import SERVERS, running

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

pytestmark = [pytest.mark.browser, pytest.mark.backends]


# Fixtures of the session come before the App's server, which reads the addresses as it starts.
@pytest.fixture(scope="session", autouse=True)
def copied(book: fo.Dataset, tmp_path_factory) -> Iterator[fo.Dataset]:
    """The book with a copy of its index on each server, and no FAISS index."""
    dataset = book.clone()
    with ExitStack() as servers:
        for backend in SERVERS:
            servers.enter_context(running(backend, tmp_path_factory.mktemp(backend)))
            fiftyone_faiss.copy_index(dataset, "clip", f"on_{backend}", backend, progress=False)
        dataset.delete_brain_run("clip")
        yield dataset


@pytest.mark.parametrize("backend", SERVERS)
def test_a_copy_is_searched_shown_in_the_grid_and_tagged(copied, book, open_app, backend) -> None:
    page = wait_until_ready(open_app(copied))
    cy(page, "faiss-index").select_option(f"on_{backend}")
    expect(cy(page, "faiss-index").locator("option:checked")).to_have_text(
        f"on_{backend} · {backend} · {MODEL_NAME}"
    )
    search(page, "a red car - a dog", k=6)
    expected = fiftyone_faiss.search(book, "a red car - a dog", "clip", k=6).ids
    assert result_ids(page) == expected
    expect(cy(page, "looker")).to_have_count(6)
    shoot(page, f"panel-{backend}")
    cy(page, "faiss-tag-name").fill(f"cars_{backend}")
    cy(page, "faiss-result").first.press("Control+a")
    expect(cy(page, "faiss-tag")).to_have_text("Tag 6 selected")
    cy(page, "faiss-tag").click()
    expect(cy(page, "faiss-tag")).to_have_text("All 6 have this tag")
    copied.reload()
    assert set(copied.match_tags(f"cars_{backend}").values("id")) == set(expected)
