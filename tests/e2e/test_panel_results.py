"""The results of the search panel: scores, feedback, score cutoff, options, verdict."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.browser import cy, result_ids, shoot, shows
from support.search_panel import search, wait_for_results, wait_until_ready

import fiftyone_faiss

pytestmark = pytest.mark.browser


def test_a_result_shows_its_score_and_band(book, open_app) -> None:
    page = wait_until_ready(open_app())
    search(page, "a red car", k=25)
    expected = fiftyone_faiss.search(book, "a red car", k=25)
    first = cy(page, "faiss-result").first
    band = expected.bands[0]
    assert band == "strong"
    expect(first).to_have_accessible_name(
        re.compile(
            rf"^Result 1 of 25, {Path(expected.to_dict()['results'][0]['filepath']).name}, "
            rf"Strong (>99|\d+) % top (<0\.1|\d\.\d) % {expected.scores[0]:.2f}$"
        )
    )
    bands = [text.lower() for text in cy(page, "faiss-band").all_inner_texts()]
    assert bands == expected.bands
    scores = page.locator(".ffs-score").all_inner_texts()
    assert scores == [f"{score:.2f}" for score in expected.scores]


def test_feedback_changes_the_order(book, open_app) -> None:
    page = wait_until_ready(open_app())
    search(page, "a car", k=8)
    before = result_ids(page)
    cy(page, "faiss-result").nth(2).hover()
    cy(page, "faiss-like").nth(2).click()
    cy(page, "faiss-result").nth(0).hover()
    cy(page, "faiss-dislike").nth(0).click()
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked, 1 disliked")
    # The order changes only on request.
    assert result_ids(page) == before
    shoot(page, "feedback")
    cy(page, "faiss-rerank").click()
    liked, disliked = [before[2]], [before[0]]
    expected = fiftyone_faiss.search(book, "a car", k=8, liked=liked, disliked=disliked).ids
    page.wait_for_function(
        "ids => [...document.querySelectorAll('[data-cy=faiss-result]')]"
        ".every((tile, i) => tile.dataset.id === ids[i])",
        arg=expected,
    )
    assert expected != before
    place = expected.index(before[2])
    expect(cy(page, "faiss-like").nth(place)).to_have_attribute("aria-pressed", "true")
    cy(page, "faiss-clear-feedback").click()
    expect(cy(page, "faiss-feedback")).to_have_count(0)


def test_actions_apply_to_results_above_the_score_cutoff(book, open_app) -> None:
    dataset = book.clone()
    page = wait_until_ready(open_app(dataset))
    search(page, "a kite", k=25)
    cutoff = fiftyone_faiss.search(dataset, "a kite", k=25).cutoff
    assert 0 < cutoff < 25
    expect(cy(page, "faiss-cutoff")).to_have_text(
        f"below the automatic score cutoff ({25 - cutoff})"
    )
    shoot(page, "score-cutoff")
    ids = result_ids(page)
    # Tagging applies to the results above it, and says how many before.
    expect(cy(page, "faiss-tag")).to_have_text(f"Tag {cutoff} samples")
    cy(page, "faiss-view-menu").click()
    cy(page, "faiss-cutoff-hide").check()
    expect(cy(page, "faiss-result")).to_have_count(cutoff)
    cy(page, "faiss-cutoff-slider").focus()
    page.keyboard.press("ArrowRight")
    expect(cy(page, "faiss-result")).to_have_count(cutoff + 1)
    expect(cy(page, "faiss-tag")).to_have_text(f"Tag {cutoff + 1} samples")
    cy(page, "faiss-tag-name").fill("above")
    cy(page, "faiss-tag").click()
    expect(cy(page, "faiss-status")).to_contain_text(f"{cutoff + 1} results tagged")
    assert set(dataset.match_tags("above").values("id")) == set(ids[: cutoff + 1])
    cy(page, "faiss-view-menu").click()
    cy(page, "faiss-cutoff-reset").click()
    expect(cy(page, "faiss-result")).to_have_count(cutoff)
    cy(page, "faiss-cutoff-show").click()
    expect(cy(page, "faiss-result")).to_have_count(25)


def test_more_results_are_loaded(book, open_app) -> None:
    page = wait_until_ready(open_app())
    search(page, "a tree", k=10)
    cy(page, "faiss-more").click()
    wait_for_results(page, 20)
    assert result_ids(page) == fiftyone_faiss.search(book, "a tree", k=20).ids
    expect(cy(page, "looker")).to_have_count(20)


def test_options_lie_over_the_results_and_change_the_search(book, open_app) -> None:
    page = wait_until_ready(open_app())
    more = cy(page, "faiss-options-more")
    search(page, "a car")
    expect(more).to_have_attribute("aria-expanded", "false")
    before = cy(page, "faiss-result").first.bounding_box()
    more.click()
    expect(page.get_by_role("region", name="More options")).to_be_visible()
    assert cy(page, "faiss-result").first.bounding_box() == before
    cy(page, "faiss-reverse").check()
    search(page, "a red car")
    assert result_ids(page) == fiftyone_faiss.search(book, "a red car", k=6, reverse=True).ids
    cy(page, "faiss-reverse").uncheck()
    cy(page, "faiss-diversity").fill("0.5")
    cy(page, "faiss-collapse").check()
    cy(page, "faiss-hubness").check()
    cy(page, "faiss-templates").select_option("ensemble")
    expect(more).to_have_text("More options (4)")
    shoot(page, "options")
    search(page, "a blue car")
    expected = fiftyone_faiss.search(
        book, "a blue car", k=6, diversity=0.5, collapse=True, hubness=True, templates="ensemble"
    )
    assert result_ids(page) == expected.ids
    page.keyboard.press("Escape")
    expect(more).to_have_attribute("aria-expanded", "false")
    # The options survive a reload.
    page.reload()
    expect(more).to_have_text("More options (4)")
    more.click()
    expect(cy(page, "faiss-collapse")).to_be_checked()
    cy(page, "faiss-thresh").fill("0.0001")
    cy(page, "faiss-query").fill("a car")
    cy(page, "faiss-query").press("Enter")
    wait_for_results(page, 0)
    expect(cy(page, "faiss-nothing")).to_contain_text("Increase the maximum distance")
    # Without results, there is nothing to tag, to save or to compare.
    expect(page.locator(".ffs-actions")).to_have_text(
        re.compile(r"^WhyView0 results in \d+ ms\s*$")
    )
    shoot(page, "nothing")


def test_an_irrelevant_query_gets_a_verdict(open_app) -> None:
    page = wait_until_ready(open_app())
    search(page, "an aircraft carrier made of cheese", k=6)
    expect(cy(page, "faiss-verdict")).to_contain_text("Nothing relevant found")
    shoot(page, "verdict")


def test_late_results_are_ignored(book, open_app) -> None:
    page = wait_until_ready(open_app())
    held = []

    def hold(route, request) -> None:
        params = (request.post_data_json or {}).get("params") or {}
        if params.get("query") == "a red car" and "search_id" in params:
            held.append(route)
        else:
            route.continue_()

    page.route("**/operators/execute*", hold)
    cy(page, "faiss-k").fill("7")
    cy(page, "faiss-query").fill("a red car")
    cy(page, "faiss-query").press("Enter")
    expect(cy(page, "faiss-search")).to_have_text("Searching…")
    search(page, "a blue boat", k=5)
    boats = fiftyone_faiss.search(book, "a blue boat", k=5).ids
    assert result_ids(page) == boats
    (late,) = held
    with page.expect_response("**/operators/execute*"):
        late.continue_()
    # This request is sent and answered later.
    cy(page, "faiss-history").click()
    expect(cy(page, "faiss-history-item").first).to_be_visible()
    assert result_ids(page) == boats
    # The grid does not show them either.
    shows(page, 5)
