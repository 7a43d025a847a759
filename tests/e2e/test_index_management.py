"""Updating and managing indexes from the operator browser and from the panel."""

from __future__ import annotations

import re

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from support.browser import cy, shoot
from support.indexes import index_of
from support.messages import Messages

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

pytestmark = pytest.mark.browser


def choose(page: Page, label: str) -> None:
    """Opens the form of an operator from the operator browser."""
    page.keyboard.press("`")
    page.get_by_placeholder("Search operations by name...").fill(label)
    page.get_by_text(label, exact=True).last.click()


def shoot_both(page: Page, name: str) -> None:
    """Takes a screenshot of a wide page and of a narrow page."""
    for width in (900, 2000):
        page.set_viewport_size({"width": width, "height": 1000})
        shoot(page, f"{name}-{width}")


def test_the_operator_updates_an_index(book, open_app) -> None:
    dataset = book[:20].clone()
    fiftyone_faiss.build_index(dataset, "kept", model=MODEL_NAME)
    lost = dataset.values("id")[3:6]
    dataset.load_brain_results("kept").remove_from_index(sample_ids=lost)
    gone = dataset.skip(10).first().id
    dataset.delete_samples(gone)
    page = open_app(dataset, panel=None)
    choose(page, "FAISS: update index")
    form = page.get_by_role("dialog")
    form.get_by_text("Check health").click()
    expect(form).to_contain_text("Missing3")
    expect(form).to_contain_text("Orphaned1")
    shoot(page, "update-index")
    form.get_by_role("button", name="Execute").click()
    expect(page.get_by_text("Index 'kept' holds 19 vectors, 3 new.")).to_be_visible()
    shoot(page, "update-index-done")
    assert sorted(dataset.load_brain_results("kept").sample_ids) == sorted(dataset.values("id"))


def test_the_operator_deletes_indexes_of_deleted_datasets(book, open_app, rng) -> None:
    # Datasets of other tests leave orphaned indexes.
    for orphan in fiftyone_faiss.list_orphaned_indexes():
        fiftyone_faiss.delete_orphaned_index(orphan.run_id)
    doomed = fo.Dataset("doomed")
    doomed.add_samples([fo.Sample(f"/{i}.png") for i in range(12)])
    folder = index_of(doomed, rng.normal(size=(12, 4)).astype(np.float32), "lost").path
    doomed.delete()
    page = open_app(book, panel=None)
    choose(page, "FAISS: manage indexes")
    form = page.get_by_role("dialog")
    expect(form).to_contain_text("160 images")
    expect(form).to_contain_text("doomed")
    shoot(page, "manage-indexes")
    form.get_by_text("Delete the indexes of deleted datasets").click()
    form.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("indexes of deleted datasets.")).to_be_visible()
    assert not folder.exists()
    assert fiftyone_faiss.list_orphaned_indexes() == []
    assert fiftyone_faiss.list_indexes(book)[0].size == 160


def test_the_panel_updates_an_index_and_shows_the_progress(book, open_app) -> None:
    dataset = book[:30].clone()
    fiftyone_faiss.build_index(dataset[:20], "part", model=MODEL_NAME)
    page = open_app(dataset)
    expect(cy(page, "faiss-missing")).to_contain_text("10 samples are missing in this index.")
    shoot(page, "panel-missing")
    cy(page, "faiss-update").click()
    label = cy(page, "faiss-job-label")
    expect(label).to_have_text("part: Index 'part' holds 30 vectors, 10 new.")
    expect(cy(page, "faiss-missing")).to_have_count(0)
    shoot(page, "panel-updated")
    assert dataset.load_brain_results("part").total_index_size == 30
    cy(page, "faiss-job-dismiss").click()
    expect(cy(page, "faiss-job")).to_have_count(0)


def test_a_canceled_update_keeps_its_vectors(book, tmp_path, open_app) -> None:
    """The server runs in its own process, so large images slow it down, not a patch."""
    dataset = book[:4].clone()
    fiftyone_faiss.build_index(dataset, "slow", model=MODEL_NAME)
    large = np.random.default_rng(51).integers(0, 256, (3_000, 4_000, 3), np.uint8)
    Image.fromarray(large).save(tmp_path / "large.png", compress_level=1)
    # More images than any machine embeds before the cancellation.
    paths = [tmp_path / f"{i:05}.png" for i in range(8_000)]
    for path in paths:
        path.hardlink_to(tmp_path / "large.png")
    dataset.add_samples([fo.Sample(str(path)) for path in paths])
    # A small view keeps the page itself fast.
    page = open_app(dataset, view=dataset[:4])
    cy(page, "faiss-update").click()
    label = cy(page, "faiss-job-label")
    expect(label).to_have_text(
        re.compile(r"slow: [1-9][\d,]* of 8,000 embedded, [\d,]+ a second, .*left")
    )
    bar = page.get_by_role("progressbar", name="Progress of slow")
    expect(bar).to_have_attribute("aria-valuetext", re.compile(r"of 8,000 embedded"))
    # Screen readers announce only the end.
    expect(label.get_by_role("status")).to_have_text("")
    shoot_both(page, "panel-working")
    # A reloaded page shows the running job.
    page.reload()
    expect(cy(page, "faiss-job-label")).to_have_text(re.compile(r"of 8,000 embedded"))
    messages = Messages(page)
    messages.hold("cancel")
    cy(page, "faiss-job-cancel").click()
    expect(cy(page, "faiss-job-cancel")).to_have_text("Canceling…")
    messages.release("cancel")
    expect(label.get_by_role("status")).to_have_text(
        re.compile(r"slow: Cancelled at [\d,]+ of 8,000")
    )
    shoot_both(page, "panel-canceled")
    dataset.clear_cache()
    kept = dataset.load_brain_results("slow").total_index_size
    assert 4 < kept < 8_004
    expect(cy(page, "faiss-missing")).to_contain_text(
        f"{8_004 - kept:,} samples are missing in this index"
    )
    cy(page, "faiss-missing-dismiss").click()
    expect(cy(page, "faiss-missing")).to_have_count(0)
