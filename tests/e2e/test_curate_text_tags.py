"""The tab "Text tags", used as a person would on drawn images with known objects."""

from __future__ import annotations

import re
from collections.abc import Iterator

import fiftyone as fo
import pytest
from playwright.sync_api import Locator, Page, expect
from support.axe import load_axe, violations
from support.browser import cy, shoot, shows
from support.curate import CURATE_PANEL, choose_tab, find, forget_result, undo_last

import fiftyone_faiss

PROMPTS = {
    "dog": "a dog",
    "in the park": "in the park",
    "a zebra": "a zebra",
    "a car": "a car",
    "the car": "the car",
}
LINES = "dog: a dog\nin the park\na zebra\na car\nthe car"


@pytest.fixture(scope="module")
def album(book: fo.Dataset) -> Iterator[fo.Dataset]:
    dataset = book.clone("text-tags-album", persistent=True)
    yield dataset
    dataset.delete()


def row_of(page: Page, tag: str) -> Locator:
    return page.locator(f'[data-cy="curate-text-tag"][data-tag="{tag}"]')


def answer_next(page: Page, dogs: set[str], place: int) -> str:
    """Answers the shown question by its key; returns the id."""
    text = cy(page, "curate-question-text")
    expect(text).to_contain_text(f"{place} of 10: does it show a dog?")
    id: str = cy(page, "curate-question-image").get_attribute("data-id") or ""
    page.keyboard.press("y" if id in dogs else "n")
    return id


def test_texts_are_found_asked_and_saved(album: fo.Dataset, open_app) -> None:
    page: Page = open_app(album, panel=CURATE_PANEL, width=1600, height=900)
    choose_tab(page, "text_tags")
    expect(cy(page, "curate-nothing")).to_contain_text("Nothing is changed before you save")
    expect(cy(page, "curate-incomplete")).to_have_text("Enter at least one text.")
    load_axe(page)
    assert violations(page) == []
    shoot(page, "text-tags-empty")
    cy(page, "curate-prompts").fill(LINES)
    find(page)
    expected = fiftyone_faiss.tag_by_text(album, PROMPTS, "clip")
    expect(cy(page, "curate-summary")).to_contain_text(
        "5 texts compared with 160 samples: 2 found, 1 absent, 2 refused."
    )
    for prompt in expected.prompts:
        row = row_of(page, prompt.tag)
        expect(row).to_have_attribute("data-status", prompt.status)
        expect(cy(row, "curate-tag-status")).to_contain_text(prompt.reason)
        expect(cy(row, "curate-tag-threshold")).to_contain_text(f"{prompt.threshold.score:.3f}")
        expect(cy(row, "curate-tag-best")).to_have_count(6)
    dog = row_of(page, "dog")
    count = len(expected.ids("dog"))
    expect(cy(dog, "curate-tag-status")).to_have_text(f"{count} samples. Its scores have a gap.")
    best = cy(dog, "curate-tag-best").evaluate_all("all => all.map(image => image.dataset.id)")
    assert best == expected.ids("dog")[:6]
    shoot(page, "text-tags-full")
    load_axe(page)
    assert violations(page) == []

    # Ten answers by keyboard; they survive a reload of the page.
    labels = dict(zip(*album.values(["id", "objects.detections.label"]), strict=True))
    dogs = {id for id, kinds in labels.items() if "dog" in kinds}
    cy(dog, "curate-ask").focus()
    page.keyboard.press("Enter")
    expect(cy(page, "curate-questions")).to_be_focused()
    ids = [answer_next(page, dogs, 1), answer_next(page, dogs, 2)]
    page.keyboard.press("ArrowLeft")
    said = "yes" if ids[1] in dogs else "no"
    expect(cy(page, "curate-question-text")).to_contain_text(f"You said {said}.")
    page.keyboard.press("u")
    expect(cy(page, "curate-learn")).to_have_text("Learn from 1 answer")
    page.reload()
    expect(cy(page, "curate-learn")).to_have_text("Learn from 1 answer")
    shoot(page, "text-tags-questions")
    load_axe(page)
    assert violations(page) == []
    cy(page, "curate-questions").focus()
    page.keyboard.press("ArrowRight")
    ids = [ids[0], *(answer_next(page, dogs, place) for place in range(2, 11))]
    assert ids == expected.questions("dog")
    page.keyboard.press("Enter")
    refined = expected.refine({"dog": {id: id in dogs for id in ids}})
    message, count = cy(page, "curate-message"), len(refined.ids("dog"))
    expect(message).to_have_text(
        f"Learned from 10 answers about “dog”: it tags {count} samples now."
    )
    expect(cy(dog, "curate-ask")).to_be_focused()
    precision = refined.precisions["dog"]
    expect(cy(dog, "curate-tag-precision")).to_contain_text(
        re.compile(rf"^Precision {100 * precision.value:.0f} % \({100 * precision.low:.0f} to ")
    )
    undo_last(page, "“dog” is as it was before the answers.")
    expect(cy(dog, "curate-tag-precision")).to_have_count(0)

    # The grid shows a tag, and what it showed before.
    park = row_of(page, "in the park")
    cy(park, "curate-show-tag").click()
    shows(page, len(expected.ids("in the park")))
    cy(page, "curate-restore-grid").click()
    shows(page, len(album))

    # Only the chosen tags are added, and removed again.
    cy(park, "curate-tag-select").uncheck()
    save = cy(page, "curate-save-tags")
    expect(save).to_have_text("Save 1 tag")
    cy(page, "curate-save-tags-name").fill("has ")
    save.click()
    count = len(expected.ids("dog"))
    expect(message).to_have_text(f"Tagged {count} samples with the tag “has dog”.")
    assert set(album.match_tags("has dog").values("id")) == set(expected.ids("dog"))
    undo_last(page, "Removed the tag “has dog” again.")
    assert album.count_sample_tags() == {}
    cy(park, "curate-tag-select").check()
    cy(page, "curate-save-kind").select_option("classifications")
    save.click()
    expect(message).to_have_text("Saved 160 samples in the field “text_tags”.")
    album.reload()
    names = album.count_values("text_tags.classifications.label")
    assert names == {tag: len(expected.ids(tag)) for tag in ("dog", "in the park")}
    undo_last(page, "The field “text_tags” is as it was before.")


def test_a_single_label_is_evaluated(album: fo.Dataset, open_app) -> None:
    page: Page = open_app(album, panel=CURATE_PANEL, width=1140, height=900, dark=False)
    choose_tab(page, "text_tags")
    scenes = sorted(album.distinct("scene.label"))
    cy(page, "curate-prompts").fill("\n".join(f"{name}: in the {name}" for name in scenes))
    find(page)
    expect(cy(page, "curate-text-tag")).to_have_count(len(scenes))
    cy(page, "curate-save-kind").select_option("single")
    cy(page, "curate-save-tags-name").fill("place")
    cy(page, "curate-other").fill("elsewhere")
    cy(page, "curate-gt-field").select_option("scene")
    shoot(page, "text-tags-narrow")
    load_axe(page)
    assert violations(page) == []
    cy(page, "curate-save-tags").click()
    expect(cy(page, "curate-message")).to_contain_text(
        "The panel Model Evaluation shows its evaluation “eval_place”."
    )
    album.reload()
    assert album.list_evaluations() == ["eval_place"]
    evaluation: Page = open_app(album, panel="model_evaluation_panel_builtin", width=1600)
    expect(evaluation.get_by_text("eval_place", exact=True).first).to_be_visible()
    # All pages of a session have the layout of the last one.
    page = open_app(album, panel=CURATE_PANEL, width=1140, height=900, dark=False)
    choose_tab(page, "text_tags")
    undo_last(page, "The field “place” is as it was before.")
    album.reload()
    assert album.list_evaluations() == [] and not album.has_field("place")


def test_after_a_restart_the_page_says_what_is_lost(album: fo.Dataset, open_app) -> None:
    alone = album.clone("text-tags-restart", persistent=True)
    page: Page = open_app(alone, panel=CURATE_PANEL, width=1600, height=900)
    expect(cy(page, "curate-find")).to_be_visible()
    forget_result(page, alone.name, "text_tags")
    expect(cy(page, "curate-nothing")).to_contain_text("The server was restarted, so its result is")
    alone.delete()
