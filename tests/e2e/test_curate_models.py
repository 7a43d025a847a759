"""The tab "Models" of the panel "FAISS Curate", used as a person would."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import pytest
from playwright.sync_api import Page, expect
from support.axe import load_axe, violations
from support.browser import cy, shoot, shows

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

PANEL = "similarity_curate_faiss"


@pytest.fixture(scope="module")
def indexed(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """The drawn images with an index of the demo's model and one by color."""
    dataset = book.view().clone("two-models", persistent=True)
    fiftyone_faiss.build_index(dataset, "clip", model=MODEL_NAME, progress=False)
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist", progress=False)
    yield dataset
    dataset.delete()


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
def test_models_are_compared_and_their_difference_is_shown(indexed, open_app, dark: bool) -> None:
    page: Page = open_app(indexed, panel=PANEL, width=1600, height=900, dark=dark)
    cy(page, "curate-tab-models").click()
    choices = cy(page, "curate-index-choice")
    expect(choices).to_have_count(2)
    if dark:
        expect(cy(page, "curate-nothing")).to_contain_text("Each sample is a query once")
        shoot(page, "models-empty")
    choices.first.uncheck()
    expect(cy(page, "curate-incomplete")).to_have_text("Choose two or more indexes.")
    choices.first.check()
    cy(page, "curate-label-field").select_option("scene")
    dismiss = cy(page, "faiss-job-dismiss")
    while dismiss.count():
        dismiss.first.click()
    cy(page, "curate-find").click()
    expect(dismiss).to_be_visible()
    dismiss.click()

    expected = fiftyone_faiss.compare_models(indexed, ["clip", "colors"], "scene", progress=False)
    winner, loser = (model.brain_key for model in expected.models)
    summary = cy(page, "curate-summary")
    if expected.winner:
        expect(summary).to_contain_text(f"“{expected.winner}” is the best by mAP@R on")
    else:
        expect(summary).to_contain_text("This data can show no difference by mAP@R on")
    rows = cy(page, "curate-model")
    expect(rows.locator("th")).to_have_text([winner, loser])
    cells = rows.first.locator("td")
    best = expected.models[0].map_at_r
    expect(cells.first).to_have_text(f"{best.value:.3f}{best.low:.3f} to {best.high:.3f}")
    limits = cy(page, "curate-limit")
    expect(limits.first.locator("td").first).to_have_text(f"{expected.chance['map_at_r']:.3f}")
    expect(limits.nth(1).locator("td").first).to_have_text("1.000")
    pair = expected.pair("clip", "colors")
    verdict = f"{pair.better} is better" if pair.better else "no difference that this data can show"
    expect(cy(page, "curate-verdict")).to_have_text(verdict)
    cy(page, "curate-measure").select_option("precision")
    pair = expected.pair("clip", "colors", "precision")
    expect(cy(page, "curate-difference").locator("td").first).to_contain_text(
        f"{abs(pair.difference.value):.3f}"
    )
    expect(cy(page, "curate-class")).to_have_count(len(expected.models[0].by_class))
    shoot(page, f"models-{'dark' if dark else 'light'}")
    load_axe(page)
    assert violations(page) == []

    ids = expected.ids(winner, loser)
    assert ids
    cy(page, "curate-right").select_option(winner)
    cy(page, "curate-wrong").select_option(loser)
    button = cy(page, "curate-show-difference")
    expect(button).to_have_text(f"Show {len(ids)} samples in the grid")
    button.click()
    shows(page, len(ids))
    expect(cy(page, "curate-message")).to_have_text(
        f"The grid shows the {len(ids)} samples that “{winner}” retrieves right and "
        f"“{loser}” wrong."
    )
    cy(page, "curate-restore-grid").click()
    shows(page, len(indexed))
    # The result survives a reload of the page.
    page.reload()
    expect(rows).to_have_count(2)
