"""The tabs "Scores" and "Select" of the curation panel, used as a person would."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from support.axe import load_axe, violations
from support.browser import cy, shoot, shows
from support.indexes import index_of
from support.scored import clusters

import fiftyone_faiss

PANEL = "similarity_curate_faiss"
N, STRANGE = 150, 6


@pytest.fixture(scope="module")
def odd(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """150 drawn images with vectors in three clusters, but for the last six, which are strange."""
    dataset = fo.Dataset("odd", persistent=True)
    paths = book.limit(N).values("filepath")
    rng = np.random.default_rng(51)
    vectors, numbers = clusters(rng, [48] * 3)
    vectors = np.concatenate([vectors, rng.normal(size=(STRANGE, 16))]).astype(np.float32)
    kinds = [fo.Classification(label="abc"[n]) for n in numbers]
    kinds += [fo.Classification(label="d")] * STRANGE
    dataset.add_samples(
        [fo.Sample(path, kind=kind) for path, kind in zip(paths, kinds, strict=True)]
    )
    index_of(dataset, vectors)
    yield dataset
    dataset.delete()


def find(page: Page) -> None:
    """Starts the job of a tab, and waits until it has ended."""
    jobs, dismiss = cy(page, "faiss-job"), cy(page, "faiss-job-dismiss")
    while dismiss.count():
        dismiss.first.click()
    expect(jobs).to_have_count(0)
    cy(page, "curate-find").click()
    expect(dismiss).to_be_visible()
    dismiss.click()
    expect(jobs).to_have_count(0)


def picture_ids(page: Page) -> list[str]:
    ids: list[str] = cy(page, "curate-picture").evaluate_all("all => all.map(p => p.dataset.id)")
    return ids


def forget_result(page: Page, tab: str) -> None:
    """Reloads the page as if the server had lost a result of a tab."""
    seen = json.dumps({"tab": tab, "runs": {tab: "lost"}})
    page.evaluate("seen => localStorage.setItem('fiftyone-faiss.curate/odd', seen)", seen)
    page.reload()


def test_scores_are_computed_looked_at_tagged_and_undone(odd: fo.Dataset, open_app) -> None:
    page: Page = open_app(odd, panel=PANEL, width=1600, height=900)
    cy(page, "curate-tab-scores").click()
    expect(cy(page, "curate-nothing")).to_contain_text("A score of 0 to 1 for each sample")
    shoot(page, "scores-empty")
    forget_result(page, "scores")
    expect(cy(page, "curate-nothing")).to_contain_text("The scores are still in their field")
    load_axe(page)
    assert violations(page) == []
    find(page)
    odd.reload()
    scores = dict(zip(*odd.values(["id", "outlier_score"]), strict=True))
    strange = odd.values("id")[-STRANGE:]
    summary = cy(page, "curate-summary")
    expect(summary).to_contain_text("150 scores of 0 to ")
    unusual = int(re.findall(r"(\d+) stand out", summary.inner_text())[0])
    assert re.search(
        r"about [\d.]+ \([\d.]+ to [\d.]+\) are expected by chance", summary.inner_text()
    )
    tiles = cy(page, "curate-picture")
    expect(tiles).to_have_count(unusual)
    shown = picture_ids(page)
    assert set(strange) <= set(shown)
    assert [scores[id] for id in shown] == sorted((scores[id] for id in shown), reverse=True)
    expect(cy(page, "scores-histogram").locator("svg")).to_be_visible()
    # The App has loaded the new field.
    expect(page.get_by_text("outlier_score", exact=True).first).to_be_visible()
    assert violations(page) == []
    shoot(page, "scores-dark")

    # Arrow keys move among the tiles, and Enter opens one.
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("Home")
    expect(tiles.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(cy(page, "modal")).to_contain_text(shown[0])
    page.keyboard.press("Escape")
    expect(cy(page, "modal")).to_have_count(0)

    # The lists, the grid and back.
    cy(page, "scores-list").select_option("lowest")
    expect(cy(page, "curate-tag")).to_have_text("Tag 100 samples")
    by_score = sorted(scores.values())
    expect(cy(page, "curate-picture-text").first).to_have_text(f"{by_score[0]:.3g}")
    cy(page, "scores-list").select_option("unusual")
    expect(cy(page, "curate-show")).to_have_text(f"Show {unusual} samples in the grid")
    cy(page, "curate-show").click()
    shows(page, unusual)
    cy(page, "curate-restore-grid").click()
    shows(page, N)

    # Tag, undo; the scores themselves, undo.
    cy(page, "curate-tag-name").fill("strange")
    cy(page, "curate-tag").click()
    message = cy(page, "curate-message")
    expect(message).to_have_text(f"Tagged {unusual} samples “strange”.")
    assert set(odd.match_tags("strange").values("id")) == set(shown)
    cy(page, "curate-undo-action").click()
    expect(message).to_contain_text("Removed the tag “strange”")
    page.reload()
    # The result survives a reload of the page.
    expect(tiles).to_have_count(unusual)
    expect(message).to_have_text("Saved 150 scores in the field “outlier_score”.")
    cy(page, "curate-undo-action").click()
    expect(message).to_have_text("The field “outlier_score” is as it was before.")
    expect(summary).to_contain_text("does not hold these scores any more")
    odd.reload()
    assert not odd.has_field("outlier_score")


def test_within_classes_nothing_stands_out_and_failures_are_told(odd: fo.Dataset, open_app) -> None:
    page: Page = open_app(odd, panel=PANEL, width=1600, height=900, dark=False)
    cy(page, "curate-tab-scores").click()
    cy(page, "scores-kind").select_option("uniqueness")
    cy(page, "scores-label-field").fill("kind")
    cy(page, "scores-field").fill("own_kind")
    find(page)
    summary = cy(page, "curate-summary")
    expect(summary).to_contain_text("scores of 0")
    expect(summary).to_contain_text("Compared within 4 classes.")
    expect(cy(page, "curate-picture").first).to_be_visible()
    load_axe(page)
    assert violations(page) == []
    shoot(page, "scores-light")
    cy(page, "scores-field").fill("kind")
    cy(page, "curate-find").click()
    expect(cy(page, "faiss-job")).to_contain_text("The field 'kind' holds other values")
    shoot(page, "scores-failed")
    cy(page, "scores-field").fill("no name")
    cy(page, "curate-find").click()
    expect(cy(page, "curate-message")).to_contain_text("'no name' is no field name")
    odd.reload()
    assert odd.count("own_kind") == N


def test_samples_are_selected_with_a_receipt(odd: fo.Dataset, open_app) -> None:
    page: Page = open_app(odd, panel=PANEL, width=1600, height=900)
    cy(page, "curate-tab-selection").click()
    expect(cy(page, "curate-nothing")).to_contain_text("A receipt compares them")
    shoot(page, "select-empty")
    forget_result(page, "selection")
    expect(cy(page, "curate-nothing")).to_contain_text("its selection is gone: select again")
    cy(page, "select-n").fill("12")
    cy(page, "select-balance").fill("kind")
    cy(page, "select-weights").locator("summary").click()
    cy(page, "select-typicality").fill("0.5")
    load_axe(page)
    assert violations(page) == []
    find(page)
    expected = fiftyone_faiss.select_samples(
        odd, 12, "given", balance_field="kind", typicality=0.5, progress=False
    )
    tiles = cy(page, "curate-picture")
    expect(tiles).to_have_count(12)
    assert picture_ids(page) == list(expected.ids)
    assert cy(page, "curate-picture-text").all_inner_texts() == [str(n) for n in range(1, 13)]
    summary, receipt = cy(page, "curate-summary"), expected.receipt
    expect(summary).to_contain_text("12 samples selected. They cover the others")
    figures = cy(page, "select-figure")
    expect(figures).to_have_count(4)
    for place, name in enumerate(receipt.random):
        expect(figures.nth(place)).to_have_attribute("data-verdict", receipt.verdict(name))
    expect(figures.first).to_contain_text(f"{receipt.figures.coverage_radius:.3g}")
    expect(cy(page, "select-example")).to_have_attribute("data-id", receipt.uncovered.id)
    values = cy(page, "select-value")
    expect(values).to_have_count(len(receipt.counts))
    expect(values.first).to_contain_text(str(max(receipt.counts.values())))
    shoot(page, "select-dark")
    assert violations(page) == []

    cy(page, "curate-show").click()
    shows(page, 12)
    cy(page, "curate-restore-grid").click()
    shows(page, N)
    cy(page, "curate-tag").click()
    message = cy(page, "curate-message")
    expect(message).to_have_text("Tagged 12 samples “to label”.")
    assert set(odd.match_tags("to label").values("id")) == set(expected.ids)
    # What was tagged counts as labeled, until that is undone.
    cy(page, "select-n").fill("6")
    find(page)
    expect(tiles).to_have_count(6)
    expect(cy(page, "select-note").first).to_contain_text("12 that were selected before")
    assert not set(picture_ids(page)) & set(expected.ids)
    cy(page, "curate-undo-action").click()
    expect(message).to_have_text("Removed the tag “to label” from 12 again.")
    assert fiftyone_faiss.list_judgments(odd) == []
    cy(page, "select-n").fill("1000")
    find(page)
    expect(tiles).to_have_count(6)
    # The form and the result survive a reload of the page.
    page.reload()
    expect(cy(page, "select-n")).to_have_value("1000")
    expect(tiles).to_have_count(6)


def test_both_tabs_fit_a_narrow_panel(odd: fo.Dataset, open_app) -> None:
    page: Page = open_app(odd, panel=PANEL, width=1090, height=900, dark=False)
    for tab in ("scores", "selection"):
        cy(page, f"curate-tab-{tab}").click()
        find(page)
        expect(cy(page, "curate-picture").first).to_be_visible()
        panel = cy(page, "curate-panel")
        overflow = panel.evaluate("panel => panel.scrollWidth - panel.clientWidth")
        assert overflow <= 1
        load_axe(page)
        assert violations(page) == []
        shoot(page, f"{tab}-narrow")
