"""The panel "FAISS Curate", used as a person would on planted duplicates and leaks."""

from __future__ import annotations

import re
from pathlib import Path

import fiftyone as fo
import pytest
from playwright.sync_api import Page, expect
from support.axe import load_axe, violations
from support.browser import cy, shoot, shows
from support.curate import find

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.demo.duplicates_dataset import create_duplicates_dataset

PANEL = "similarity_curate_faiss"
N = 120


@pytest.fixture(scope="module")
def planted(book: fo.Dataset, tmp_path_factory: pytest.TempPathFactory) -> fo.Dataset:
    """A dataset with planted duplicates; ``book`` registers the model."""
    dataset = create_duplicates_dataset("planted", tmp_path_factory.mktemp("planted"), N)
    fiftyone_faiss.build_index(dataset, "clip", model=MODEL_NAME, progress=False)
    return dataset


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def state_of(page: Page, place: int) -> str:
    return cy(page, "curate-member-state").nth(place).inner_text()


def test_duplicates_are_found_judged_and_removed(planted: fo.Dataset, open_app) -> None:
    page: Page = open_app(planted, panel=PANEL, width=1600, height=1000)
    expect(cy(page, "curate-nothing")).to_contain_text("Nothing is changed before you confirm it")
    load_axe(page)
    assert violations(page) == []

    # The proposal is in force until the slider is moved, and again on request.
    estimate = cy(page, "curate-estimate")
    expect(estimate).to_contain_text("(proposed)")
    expect(cy(page, "curate-proposal")).to_have_count(1)
    proposed = estimate.inner_text()
    slider = cy(page, "curate-slider")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(cy(page, "curate-use-proposal")).to_be_visible()
    more = numbers(estimate.inner_text().split(":")[1])[0]
    assert more >= numbers(proposed.split(":")[1])[0] > 0
    expect(slider).to_have_attribute("aria-valuetext", re.compile(rf": {more} pairs"))
    cy(page, "curate-use-proposal").click()
    expect(estimate).to_have_text(proposed)

    find(page)
    expect(cy(page, "curate-summary")).to_be_visible()
    expected = fiftyone_faiss.find_near_duplicates(planted, "clip", verify=True)
    count, groups = len(expected.redundant), len(expected.members)
    assert groups >= 2
    summary = cy(page, "curate-summary")
    expect(summary).to_contain_text(
        f"{count} of {N} samples are redundant, in {groups} groups, at a distance of"
    )
    target = cy(page, "curate-target")
    expect(target).to_have_text(f"{count} redundant samples in all {groups} groups")
    expect(cy(page, "curate-group")).to_have_count(min(groups, 20))
    first = expected.members[0]
    members = cy(page, "curate-member")
    assert [members.nth(i).get_attribute("data-id") for i in range(len(first))] == [
        member.id for member in first
    ]
    shoot(page, "curate-results")
    assert violations(page) == []

    # Keys: the focus moves, the grid follows, decisions change the numbers and are undone.
    members.nth(0).focus()
    shows(page, len(first))
    expect(members.nth(0)).to_be_focused()
    assert state_of(page, 0) == "Kept"
    # A pan keeps several of its frames.
    kept = sum(member.id == member.keeper for member in first)
    for _ in range(kept):
        page.keyboard.press("ArrowRight")
    expect(members.nth(kept)).to_be_focused()
    assert re.match(r"Redundant · copy · 0\.\d", state_of(page, kept))
    page.keyboard.press("k")
    expect(cy(page, "curate-member-state").nth(kept)).to_have_text("Kept by you")
    expect(target).to_have_text(f"{count - 1} redundant samples in all {groups} groups")
    page.keyboard.press("u")
    expect(target).to_have_text(f"{count} redundant samples in all {groups} groups")
    page.keyboard.press("Home")
    page.keyboard.press("x")
    expect(cy(page, "curate-member-state").nth(0)).to_have_text("Removed by you")
    assert cy(page, "curate-group").nth(0).locator('[data-kept="true"]').count() > 0
    expect(target).to_have_text(re.compile(r"^\d+ redundant samples"))
    swapped = target.inner_text()
    page.reload()
    # The result and the decisions survive.
    expect(cy(page, "curate-member-state").nth(0)).to_have_text("Removed by you")
    expect(target).to_have_text(swapped)
    members.nth(0).focus()
    page.keyboard.press("u")
    expect(target).to_have_text(f"{count} redundant samples in all {groups} groups")
    page.keyboard.press("ArrowDown")
    expect(members.nth(len(first))).to_be_focused()
    shows(page, len(expected.members[1]))

    # Two pictures side by side, in turn, and their difference.
    page.keyboard.press("c")
    compare = cy(page, "curate-compare")
    expect(compare).to_have_attribute("data-mode", "side")
    expect(compare.locator("figure")).to_have_count(2)
    cy(page, "curate-compare-flicker").click()
    expect(compare.locator("figure")).to_have_count(1)
    cy(page, "curate-compare-difference").click()
    expect(compare).to_have_attribute("data-mode", "difference")
    page.keyboard.press("Escape")
    expect(compare).to_have_count(0)

    # A sampled pair is judged.
    cy(page, "curate-check-open").click()
    cy(page, "curate-yes").click()
    cy(page, "curate-no").click()
    expect(cy(page, "curate-precision")).to_have_text(
        "1 of 2 are the same picture: precision 50 % (9 to 91 %)"
    )
    cy(page, "curate-check-open").click()

    # Tag the redundant ones of one group, and undo that.
    cy(page, "curate-select").first.check()
    redundant = [member.id for member in first if member.id != member.keeper]
    noun = "sample" if len(redundant) == 1 else "samples"
    expect(target).to_have_text(f"{len(redundant)} redundant {noun} in 1 selected group")
    expect(cy(page, "curate-tag")).to_have_text(f"Tag {len(redundant)} {noun}")
    cy(page, "curate-tag-name").fill("twin")
    cy(page, "curate-tag").click()
    message = cy(page, "curate-message")
    expect(message).to_have_text(f"Tagged {len(redundant)} {noun} “twin”.")
    assert set(planted.match_tags("twin").values("id")) == set(redundant)
    cy(page, "curate-undo-action").click()
    expect(message).to_contain_text("Removed the tag “twin”")
    assert planted.count_sample_tags().get("twin") is None
    cy(page, "curate-select-none").click()
    expect(target).to_have_text(f"{count} redundant samples in all {groups} groups")

    # Nothing is removed before it is confirmed; then it is, and comes back.
    cy(page, "curate-remove-all").click()
    question = cy(page, "curate-question")
    expect(question).to_contain_text(f"Remove {count} samples from the dataset? The files stay")
    expect(cy(page, "curate-cancel-remove")).to_be_focused()
    shoot(page, "curate-question")
    load_axe(page)  # the page was reloaded
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    assert len(planted) == N
    cy(page, "curate-remove-all").click()
    cy(page, "curate-confirm-remove").click()
    expect(message).to_have_text(f"Removed {count} samples from the dataset. Files stay on disk.")
    # Only the pan has several frames left.
    several = [group for group in expected.members if sum(m.id == m.keeper for m in group) > 1]
    expect(cy(page, "curate-group")).to_have_count(len(several))
    expect(cy(page, "curate-gone")).to_have_text(f"{count} samples of them no longer exist.")
    assert set(planted.values("id")).isdisjoint(expected.redundant)
    assert len(planted) == N - count
    assert all(Path(path).exists() for path in expected.samples.values("filepath"))
    cy(page, "curate-undo-action").click()
    expect(message).to_have_text(f"Brought {count} samples back.")
    expect(target).to_have_text(f"{count} redundant samples in all {groups} groups")
    assert len(planted) == N


def test_leaks_are_listed_and_dropped(planted: fo.Dataset, open_app) -> None:
    page: Page = open_app(planted, panel=PANEL, width=1600, height=1000, dark=False)
    cy(page, "curate-tab-duplicates").focus()
    page.keyboard.press("ArrowRight")
    expect(cy(page, "curate-tab-leaks")).to_be_focused()
    expect(cy(page, "curate-incomplete")).to_have_text(
        "Choose the field with the names of the splits."
    )
    cy(page, "curate-split").select_option("split")
    find(page)
    expect(cy(page, "curate-summary")).to_be_visible()
    # The pairs are those of the vectors, whatever their images show.
    expected = fiftyone_faiss.find_leaks(planted, "split", "clip")
    leaking = numbers(cy(page, "curate-summary").inner_text())[0]
    assert 0 < leaking <= len(expected.ids)
    expect(cy(page, "curate-summary")).to_contain_text(f"{leaking} samples have copies in another")
    rows = cy(page, "curate-rate")
    expect(rows).to_have_count(len(expected.rates))
    expect(rows.first).to_contain_text(f"of {expected.rates[0].total}")
    verdicts = cy(page, "curate-verdict")
    copied = numbers(verdicts.locator("option[value=copy]").inner_text())[0]
    pairs = cy(page, "curate-pair")
    expect(pairs).to_have_count(min(20, copied))
    assert set(pairs.evaluate_all("all => all.map(pair => pair.dataset.verdict)")) == {"copy"}
    verdicts.select_option("")
    expect(pairs).to_have_count(min(20, len(expected.pairs)))
    splits = expected.pairs[0].split_a, expected.pairs[0].split_b
    expect(pairs.first.locator(".ffs-curate-split")).to_have_text(list(splits))
    shoot(page, "curate-leaks")
    load_axe(page)
    assert violations(page) == []
    pairs.first.click()
    expect(cy(page, "curate-compare")).to_contain_text(splits[0])
    cy(page, "curate-compare-close").click()
    expect(cy(page, "curate-tag-leaks")).to_have_text(f"Tag {leaking} samples")
    cy(page, "curate-tag-leaks").click()
    expect(cy(page, "curate-message")).to_have_text(f"Tagged {leaking} samples “leak”.")
    tagged = set(planted.match_tags("leak").values("id"))
    assert len(tagged) == leaking and tagged <= set(expected.ids)
    cy(page, "curate-undo-action").click()
    expect(cy(page, "curate-message")).to_contain_text("Removed the tag “leak”")
    clean = cy(page, "curate-clean")
    training = numbers(clean.inner_text())[1]
    expect(clean).to_contain_text(f"Show {N - training} samples, without {training} training")
    clean.click()
    shows(page, N - training)
    expect(cy(page, "curate-message")).to_contain_text(f"without {training} training sample")
