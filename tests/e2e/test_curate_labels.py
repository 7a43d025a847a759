"""The tab "Labels" of the panel "FAISS Curate", used as a person would on planted wrong labels."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from support.axe import load_axe, violations
from support.browser import cy, shoot, shows
from support.indexes import index_of

import fiftyone_faiss

PANEL = "similarity_curate_faiss"
FLIPS = 12


@pytest.fixture(scope="module")
def labeled(book: fo.Dataset) -> Iterator[tuple[fo.Dataset, dict[str, str]]]:
    """The drawn images with twelve wrong scenes, and the right ones by id.

    The index "colors" sees them; "blind" has vectors by chance.
    """
    dataset = book.view().clone("wrong-scenes", persistent=True)
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist", progress=False)
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(len(dataset), 16)).astype(np.float32)
    index_of(dataset, noise, brain_key="blind")
    scenes = dict(zip(*dataset.values(["id", "scene.label"]), strict=True))
    names = sorted(set(scenes.values()))
    chosen = rng.choice(list(scenes), FLIPS, replace=False).tolist()
    wrong = {id: names[(names.index(scenes[id]) + 3) % len(names)] for id in chosen}
    dataset.set_values("scene.label", wrong, key_field="id")
    yield dataset, {id: scenes[id] for id in chosen}
    dataset.delete()


def scenes_of(dataset: fo.Dataset) -> dict[str, str]:
    return dict(zip(*dataset.values(["id", "scene.label"]), strict=True))


def audit(page: Page) -> None:
    """Clicks the button, and waits until the job is done."""
    jobs, dismiss = cy(page, "faiss-job"), cy(page, "faiss-job-dismiss")
    while dismiss.count():
        dismiss.first.click()
    cy(page, "curate-find").click()
    expect(dismiss).to_be_visible()
    dismiss.click()
    expect(jobs).to_have_count(0)
    expect(cy(page, "curate-summary")).to_be_visible()


def decision(page: Page, id: str) -> str:
    tile = page.locator(f'[data-cy="curate-issue"][data-id="{id}"]')
    return cy(tile, "curate-issue-decision").inner_text()


def test_wrong_labels_are_decided_by_keyboard_and_applied(labeled, open_app) -> None:
    dataset, truth = labeled
    page: Page = open_app(dataset, panel=PANEL, width=1600, height=900)
    cy(page, "curate-tab-labels").click()
    expect(cy(page, "curate-nothing")).to_contain_text("No label changes before you apply")
    cy(page, "curate-label-field").select_option("scene")
    cy(page, "curate-index").select_option("colors")
    shoot(page, "labels-empty")
    load_axe(page)
    assert violations(page) == []
    audit(page)

    expected = fiftyone_faiss.audit_labels(dataset, "scene", "colors", progress=False)
    assert set(expected.ids) == set(truth)
    count = FLIPS
    expect(cy(page, "curate-summary")).to_contain_text(
        f"{count} of {len(dataset)} labels of “scene” are probably wrong"
    )
    expect(cy(page, "curate-details")).to_contain_text("would be by chance")
    tiles = cy(page, "curate-issue")
    expect(tiles).to_have_count(count)
    shown = tiles.evaluate_all("all => all.map(tile => tile.dataset.id)")
    assert shown == expected.ids
    issue = expected.issues[0]
    expect(cy(page, "curate-issue-labels").first).to_have_text(f"{issue.label} → {issue.suggested}")
    cy(page, "curate-noise").locator("summary").click()
    assert expected.noise_rate is not None
    expect(cy(page, "curate-noise-pair")).to_have_count(len(expected.noise_rate.pairs))
    shoot(page, "labels-full")
    assert violations(page) == []
    cy(page, "curate-noise").locator("summary").click()

    # Each decision moves on to the next issue; nothing changes yet.
    before = scenes_of(dataset)
    first, second, third, fourth = expected.ids[:4]
    tiles.first.click()
    page.keyboard.press("r")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(tiles.nth(2)).to_be_focused()
    page.keyboard.press("n")
    page.keyboard.press("l")
    other = cy(page, "curate-other-label")
    expect(other).to_be_focused()
    other.fill("volcano")
    page.keyboard.press("Enter")
    expect(tiles.nth(4)).to_be_focused()
    assert decision(page, first) == f"You: {issue.suggested}"
    assert decision(page, second) == "You: keep"
    assert decision(page, third) == "You: not sure"
    assert decision(page, fourth) == "You: volcano"
    plan = cy(page, "curate-label-plan")
    expect(plan).to_contain_text("Applying changes 2 labels of “scene”")
    expect(plan).to_contain_text("change nothing: 1 to keep, 1 not sure")
    page.keyboard.press("u")
    expect(tiles.nth(3)).to_be_focused()
    assert decision(page, fourth) == "Not decided"
    expect(plan).to_contain_text("Applying changes 1 label of “scene”")
    page.keyboard.press("ArrowLeft")
    expect(tiles.nth(2)).to_be_focused()
    assert scenes_of(dataset) == before

    # The decisions are in fields, and the page shows them again.
    page.reload()
    expect(cy(page, "curate-issue").first).to_be_visible()
    assert decision(page, first) == f"You: {issue.suggested}"
    assert decision(page, second) == "You: keep"
    dataset.reload()
    assert dataset[first].scene_audit_action == "relabel"
    assert dataset[first].scene_audit_new_label == issue.suggested

    expect(cy(page, "curate-apply")).to_have_text("Apply 1 decision")
    cy(page, "curate-apply").click()
    message = cy(page, "curate-message")
    expect(message).to_have_text("Changed 1 label of “scene”.")
    assert scenes_of(dataset) == {**before, first: issue.suggested}
    expect(cy(page, "curate-issue-decision").first).to_have_text(f"Now: {issue.suggested}")
    shoot(page, "labels-applied")
    cy(page, "curate-undo-action").click()
    expect(message).to_have_text("Restored 1 label of “scene”.")
    assert scenes_of(dataset) == before

    # Tag and show the issues, and undo both.
    cy(page, "curate-tag-issues-name").fill("check")
    cy(page, "curate-tag-issues").click()
    expect(message).to_have_text(f"Tagged {count} of {count} “check”.")
    assert set(dataset.match_tags("check").values("id")) == set(expected.ids)
    cy(page, "curate-undo-action").click()
    expect(message).to_contain_text("Removed the tag “check”")
    cy(page, "curate-show-issues").click()
    shows(page, count)
    cy(page, "curate-restore-grid").click()
    shows(page, len(dataset))


def test_an_index_that_sees_no_scenes_and_wrong_input_are_told(labeled, open_app) -> None:
    dataset, _ = labeled
    page: Page = open_app(dataset, panel=PANEL, width=1600, height=900, dark=False)
    cy(page, "curate-tab-labels").click()
    cy(page, "curate-label-field").select_option("scene")
    cy(page, "curate-index").select_option("blind")
    audit(page)
    summary = cy(page, "curate-summary")
    expect(summary).to_contain_text("The audit is not conclusive. The neighbors in 'blind' do not")
    expect(cy(page, "curate-issue")).to_have_count(0)
    shoot(page, "labels-doubt")
    load_axe(page)
    assert violations(page) == []
    cy(page, "curate-audit-options").locator("summary").click()
    cy(page, "curate-audit-thresh").fill("-1")
    # The browser itself refuses a number below the least one.
    cy(page, "curate-audit-thresh").evaluate("field => field.removeAttribute('min')")
    cy(page, "curate-find").click()
    expect(cy(page, "curate-message")).to_contain_text("thresh is -1; give a distance")
    shoot(page, "labels-failing")
