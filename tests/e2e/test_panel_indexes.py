"""The indexes in the search panel: comparison, health, rebuilding."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from support.browser import cy, shoot
from support.search_panel import search, wait_until_ready

import fiftyone_faiss

pytestmark = pytest.mark.browser

REBUILD = re.compile(
    r"Embed 159 samples again with picture-book-clip\? The last build embedded [\d,.]+ a second, "
    r"so this takes about \d+ seconds?\. Searches use .* until new ones replace them\. "
    r"You can cancel it; what is finished is kept\."
)


def test_results_of_another_index_are_compared(book, open_app) -> None:
    dataset = book.clone()
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist")
    page = wait_until_ready(open_app(dataset))
    first = dataset.skip(5).first()
    search(page, f"@{first.id}", k=6)
    cy(page, "faiss-compare").select_option(label="colors · colorhist")
    other = cy(page, "faiss-compared")
    expect(other.locator('[data-cy="faiss-result"]')).to_have_count(6)
    ids = other.locator('[data-cy="faiss-result"]').evaluate_all(
        "tiles => tiles.map(tile => tile.dataset.id)"
    )
    assert ids == fiftyone_faiss.search(dataset, first.id, brain_key="colors", k=6).ids
    expect(other.get_by_role("heading")).to_have_text("colors")
    shoot(page, "compare")
    # The comparison follows the next search.
    second = dataset.skip(8).first()
    search(page, f"@{second.id}", k=4)
    expect(other.locator('[data-cy="faiss-result"]')).to_have_count(4)
    cy(page, "faiss-compare-stop").click()
    expect(other).to_have_count(0)


def test_index_health_is_shown_and_the_index_is_rebuilt(book, open_app) -> None:
    dataset = book.clone()
    gone = dataset.first().id
    page = wait_until_ready(open_app(dataset))
    dataset.delete_samples(gone)
    cy(page, "faiss-health").click()
    shown = cy(page, "faiss-health-shown")
    expect(shown).to_contain_text("160 × ")
    expect(shown.locator(".ffs-bad")).to_have_text("Orphaned1")
    shoot(page, "health")
    cy(page, "faiss-health-update").click()
    expect(shown).to_contain_text("159 × ")
    expect(shown.locator(".ffs-bad")).to_have_count(0)
    expect(cy(page, "faiss-health-update")).to_have_attribute("aria-disabled", "true")
    expect(cy(page, "faiss-health-update")).to_have_attribute(
        "title", "Nothing is missing, orphaned or changed"
    )
    for name in ("faiss-rebuild", "faiss-tune"):
        # Only finished jobs can be dismissed.
        cy(page, "faiss-job-dismiss").click()
        expect(cy(page, "faiss-job")).to_have_count(0)
        cy(page, name).click()
        if name == "faiss-rebuild":
            question = cy(page, "faiss-rebuild-question")
            expect(question).to_have_text(REBUILD)
            cy(page, "faiss-rebuild-start").click()
            expect(question).to_have_count(0)
        expect(cy(page, "faiss-job-label")).to_have_text(re.compile(r"^clip: "))
        expect(cy(page, "faiss-job-dismiss")).to_be_visible()
        expect(cy(page, "faiss-status")).not_to_have_class(re.compile("ffs-error"))
