"""Updating and managing indexes from the App's operator list, as a person does."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
from playwright.sync_api import Page, expect
from support.browser import shoot
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME


def choose(page: Page, label: str) -> None:
    """Opens an operator's form by way of the list behind the backtick."""
    page.keyboard.press("`")
    page.get_by_placeholder("Search operations by name...").fill(label)
    page.get_by_text(label, exact=True).last.click()


def test_updating_an_index(book, open_app) -> None:
    dataset = book[:20].clone()
    fiftyone_faiss.build_index(dataset, "kept", model=MODEL_NAME)
    lost = dataset.values("id")[3:6]
    dataset.load_brain_results("kept").remove_from_index(sample_ids=lost)
    gone = dataset.skip(10).first().id
    dataset.delete_samples(gone)
    page = open_app(dataset, panel=None)
    choose(page, "FAISS: update index")
    form = page.get_by_role("dialog")
    expect(form).to_contain_text("Missing3")
    expect(form).to_contain_text("Of deleted samples1")
    shoot(page, "update-index")
    form.get_by_role("button", name="Execute").click()
    expect(page.get_by_text("Index 'kept' holds 19 vectors, 3 new.")).to_be_visible()
    shoot(page, "update-index-done")
    assert sorted(dataset.load_brain_results("kept").sample_ids) == sorted(dataset.values("id"))


def test_removing_what_a_deleted_dataset_left(book, open_app, rng) -> None:
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
    form.get_by_text("Delete what deleted datasets left behind").click()
    form.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("indexes of deleted datasets removed")).to_be_visible()
    assert not folder.exists()
    assert fiftyone_faiss.list_orphaned_indexes() == []
    assert fiftyone_faiss.list_indexes(book)[0].size == 160
