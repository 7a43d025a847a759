"""The tab "Clusters", used as a person would on drawn images with known scenes."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from support.axe import load_axe, violations
from support.browser import cy, shoot, shows
from support.curate import CURATE_PANEL, choose_tab, find, forget_result, undo_last
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.demo.world import SCENE_NAMES


@pytest.fixture(scope="module")
def scenes(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """The drawn images with the indexes "clip", "colors", which tells scenes apart, and "noise"."""
    dataset = book.clone("cluster-scenes", persistent=True)
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist", progress=False)
    noise = np.random.default_rng(51).normal(size=(len(dataset), 24))
    index_of(dataset, noise.astype(np.float32), "noise")
    yield dataset
    dataset.delete()


def fill(page: Page, index: str, number: str, texts: str | None = None) -> None:
    """Fills in the form."""
    cy(page, "curate-index").select_option(index)
    cy(page, "curate-number").fill(number)
    cy(page, "curate-vocabulary").select_option("none" if texts is None else "own")
    if texts is not None:
        cy(page, "curate-names-index").select_option("clip")
        cy(page, "curate-texts").fill(texts)


def row_of(page: Page, number: int) -> Locator:
    return page.locator(f'[data-cy="curate-cluster"][data-number="{number}"]')


def test_clusters_are_found_named_and_saved(scenes: fo.Dataset, open_app) -> None:
    page: Page = open_app(scenes, panel=CURATE_PANEL, width=1600, height=900)
    choose_tab(page, "clusters")
    expect(cy(page, "curate-nothing")).to_contain_text("Nothing is changed before you save or tag")
    cy(page, "curate-vocabulary").select_option("own")
    expect(cy(page, "curate-incomplete")).to_have_text("Enter the texts, one on each line.")
    load_axe(page)
    assert violations(page) == []
    shoot(page, "clusters-empty")

    fill(page, "colors", "8", "\n".join(SCENE_NAMES))
    assert "8 clusters of 160" in find(page)
    expected = fiftyone_faiss.cluster_samples(
        scenes, "colors", 8, vocabulary=list(SCENE_NAMES), names_key="clip"
    )
    named = sum(name is not None for name in expected.names)
    summary = cy(page, "curate-summary")
    expect(summary).to_contain_text(f"8 clusters of 160 samples, {named} of them with a name.")
    expect(summary).to_contain_text(
        f"5 runs with different seeds agree by {expected.agreement:.2f}"
    )
    expect(cy(page, "curate-cluster")).to_have_count(8)
    for each in expected.clusters:
        row = row_of(page, each.number)
        expect(cy(row, "curate-cluster-name")).to_have_text(each.name or f"No name ({each.label})")
        expect(cy(row, "curate-cluster-size")).to_have_text(f"{each.size} samples")
        expect(cy(row, "curate-cluster-stability")).to_have_text(f"stability {each.stability:.2f}")
        ids = cy(row, "curate-medoid").evaluate_all("all => all.map(image => image.dataset.id)")
        assert ids == each.medoids
        first = cy(row, "curate-border").first
        expect(first).to_contain_text(
            f"% sure, else {expected.clusters[each.borders[0].other].label}"
        )
    without = next(each for each in expected.clusters if each.name is None or each.evidence)
    expect(cy(row_of(page, without.number), "curate-cluster-reason")).to_contain_text("% sure).")
    shoot(page, "clusters-full")
    load_axe(page)
    assert violations(page) == []

    # A name is changed in its place by keyboard, survives another run, and is reset.
    old = expected.clusters[0].label
    name, message = cy(row_of(page, 0), "curate-cluster-name"), cy(page, "curate-message")
    cy(row_of(page, 0), "curate-rename").focus()
    page.keyboard.press("Enter")
    expect(cy(page, "curate-new-name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(cy(page, "curate-new-name")).to_have_count(0)
    expect(cy(row_of(page, 0), "curate-rename")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("my place")
    page.keyboard.press("Enter")
    expect(name).to_have_text("my place")
    expect(message).to_have_text(f"Renamed “{old}” to “my place”.")
    expect(cy(row_of(page, 0), "curate-cluster-reason")).to_have_text("A person named it.")
    find(page)
    expect(name).to_have_text("my place")
    page.reload()
    expect(name).to_have_text("my place")
    cy(row_of(page, 0), "curate-reset-name").click()
    expect(name).to_have_text(expected.clusters[0].name or f"No name ({old})")
    undo_last(page, "It is “my place” again.")
    expect(name).to_have_text("my place")
    undo_last(page, f"It is “{old}” again.")
    expect(name).to_have_text(expected.clusters[0].name or f"No name ({old})")
    # A name that another cluster has is refused.
    other = next(each for each in expected.clusters if each.number and each.name)
    cy(row_of(page, 0), "curate-rename").click()
    cy(page, "curate-new-name").fill(other.name)
    cy(page, "curate-rename-save").click()
    expect(message).to_contain_text(f"Cluster {other.number} is named '{other.name}' already")
    page.keyboard.press("Escape")

    # Keys move between the images of a row.
    images = cy(row_of(page, 1), "curate-medoid")
    images.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(images.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    # The viewer does not close by keys until it shows the sample.
    expect(cy(page, "modal")).to_contain_text(expected.clusters[1].medoids[1])
    page.keyboard.press("Escape")
    expect(cy(page, "modal")).to_have_count(0)

    # The grid shows a cluster, and what it showed before.
    cy(row_of(page, 1), "curate-show-cluster").click()
    shows(page, expected.clusters[1].size)
    cy(page, "curate-restore-grid").click()
    shows(page, len(scenes))

    # Tag and save, and undo both.
    cy(row_of(page, 1), "curate-tag-cluster").click()
    cy(page, "curate-tag-members-name").fill("second")
    cy(page, "curate-tag-members").click()
    size = expected.clusters[1].size
    expect(message).to_have_text(f"Tagged {size} samples “second”.")
    assert set(scenes.match_tags("second").values("id")) == set(expected.members(1))
    undo_last(page, f"Removed the tag “second” from {size} again.")
    assert scenes.count_sample_tags() == {}
    cy(page, "curate-save-clusters-name").fill("place")
    cy(page, "curate-save-clusters").click()
    expect(message).to_have_text("Saved 160 samples in the field “place”.")
    scenes.reload()
    saved = dict(zip(*scenes.values(["id", "place.cluster"]), strict=True))
    assert saved == expected.cluster_of
    undo_last(page, "The field “place” is as it was before.")
    scenes.reload()
    assert not scenes.has_field("place")


def test_a_proposal_none_and_a_failure(scenes: fo.Dataset, open_app) -> None:
    page: Page = open_app(scenes, panel=CURATE_PANEL, width=1140, height=900, dark=False)
    choose_tab(page, "clusters")
    fill(page, "noise", "500")
    assert "n_clusters is 500, but the index holds 160" in find(page)
    shoot(page, "clusters-failed")
    fill(page, "noise", "")
    find(page)
    summary = cy(page, "curate-summary")
    expect(summary).to_contain_text("No number of clusters stands out: runs with other seeds")
    expect(cy(page, "curate-cluster")).to_have_count(0)
    cy(page, "curate-candidates").locator("summary").click()
    expect(cy(page, "curate-candidate").first).to_be_visible()
    shoot(page, "clusters-none")
    fill(page, "colors", "")
    find(page)
    expected = fiftyone_faiss.cluster_samples(scenes, "colors", vocabulary="none")
    count = len(expected.clusters)
    proposal = expected.proposal
    expect(summary).to_contain_text(f"{count} clusters of 160 samples.")
    expect(summary).to_contain_text(
        f"{proposal.k} is the proposal of {len(proposal.candidates)} numbers"
    )
    if not cy(page, "curate-candidate").first.is_visible():
        cy(page, "curate-candidates").locator("summary").click()
    row = page.locator(f'[data-cy="curate-candidate"][data-k="{proposal.k}"]')
    gain = max(each.gain for each in proposal.candidates)
    expect(row).to_contain_text("(proposed)")
    expect(row).to_contain_text(f"{gain:.3f}")
    headings = cy(page, "curate-cluster-group")
    expect(headings).to_have_count(len(expected.groups))
    shoot(page, "clusters-narrow")
    load_axe(page)
    assert violations(page) == []
    # After a restart, the page says what is lost.
    scenes_alone = scenes.clone("cluster-restart", persistent=True)
    page = open_app(scenes_alone, panel=CURATE_PANEL, width=1600, height=900)
    expect(cy(page, "curate-find")).to_be_visible()
    forget_result(page, scenes_alone.name, "clusters")
    expect(cy(page, "curate-nothing")).to_contain_text("The server was restarted, so its result is")
    scenes_alone.delete()
