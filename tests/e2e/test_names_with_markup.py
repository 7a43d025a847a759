"""Names with markup are shown as text: in the panel, in forms and in messages of the App."""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from support.browser import cy, shoot, shows
from support.search_panel import search, wait_for_results, wait_until_ready

import fiftyone_faiss

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=markup=1>"
# Forms show Markdown.
FIELD = f"![*a*](x) | {MARKUP}"


def has_no_markup(page: Page) -> None:
    """Asserts that no name has become an element, or has run."""
    assert page.locator('img[src="x"]').count() == 0
    assert page.evaluate("window.markup") is None


def test_names_with_markup_are_shown_as_text(book, open_app, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        fiftyone_faiss.build_index(book, MARKUP, model="colorhist")
    dataset = book.clone(MARKUP)
    dataset.clone_sample_field("objects", FIELD)
    dataset.save_view(MARKUP, dataset[:50])
    fiftyone_faiss.build_index(dataset[:3], "things", model="colorhist", patches_field=FIELD)
    path = tmp_path / f"{MARKUP}.png"
    Image.open(book.first().filepath).save(path)
    dataset.add_sample(fo.Sample(str(path)))
    fiftyone_faiss.update_index(dataset, "clip")

    page = wait_until_ready(open_app(dataset))
    cy(page, "faiss-scope").select_option(label=MARKUP)
    cy(page, "faiss-scope").select_option(label="the dataset")
    cy(page, "faiss-k").fill("3")
    cy(page, "faiss-upload").set_input_files(path)
    wait_for_results(page, 3)
    expect(page.get_by_text(path.name).first).to_be_visible()
    has_no_markup(page)
    cy(page, "faiss-tag-name").fill(MARKUP)
    shows(page, 3)
    cy(page, "faiss-result").first.press("Control+a")
    cy(page, "faiss-tag").click()
    expect(cy(page, "faiss-status")).to_contain_text("3 results tagged")
    has_no_markup(page)
    search(page, MARKUP, k=4)
    # Judged results can be saved with the search.
    cy(page, "faiss-result").first.focus()
    page.keyboard.press("+")
    cy(page, "faiss-save-search").click()
    cy(page, "faiss-save-search-name").fill(f"my {MARKUP}")
    cy(page, "faiss-save-search-done").click()
    expect(cy(page, "faiss-status")).to_contain_text(f"Saved as “my {MARKUP}”")
    cy(page, "faiss-history").click()
    expect(cy(page, "faiss-history-item").first).to_contain_text(f"my {MARKUP}")
    shoot(page, "markup-panel")
    has_no_markup(page)

    page.keyboard.press("`")
    page.get_by_placeholder("Search operations by name...").fill("FAISS: manage indexes")
    page.get_by_text("FAISS: manage indexes", exact=True).last.click()
    form = page.get_by_role("dialog")
    form.get_by_role("combobox").first.click()
    expect(page.get_by_role("option", name="things")).to_be_visible()
    has_no_markup(page)
    page.get_by_role("option", name="things").click()
    expect(form.get_by_role("table")).to_contain_text(f"5 patches of {FIELD}, colorhist")
    expect(form).to_contain_text(f"Indexpatches of {FIELD}, colorhist")
    shoot(page, "markup-form")
    has_no_markup(page)
