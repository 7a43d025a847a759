"""The state of the page when answers fail or are late, and when the dataset changes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import fiftyone as fo
import pytest
from playwright.sync_api import expect
from support.browser import cy, result_ids, shoot, shows
from support.messages import Messages
from support.search_panel import READY, search, wait_for_error, wait_for_results

import fiftyone_faiss

pytestmark = pytest.mark.browser


def test_the_focus_is_kept_and_enter_searches(book, open_app) -> None:
    dataset = book.clone()
    page = open_app(dataset)
    expect(cy(page, "faiss-status")).to_have_text(READY)
    messages = Messages(page)
    line, k = cy(page, "faiss-query"), cy(page, "faiss-k")

    # After a complete upload name the completion is closed: Enter searches, Tab moves on.
    k.fill("5")
    cy(page, "faiss-upload").set_input_files(Path(dataset.first().filepath))
    wait_for_results(page, 5)
    line.click()
    page.keyboard.press("End")
    with messages.response_to("search"):
        page.keyboard.press("Enter")
    wait_for_results(page, 5)
    page.keyboard.press("Tab")
    expect(cy(page, "faiss-choose")).to_be_focused()
    # A completion within the line keeps the caret there.
    line.fill("@se + a boat")
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(cy(page, "faiss-completion")).to_be_visible()
    page.keyboard.press("Enter")
    expect(line).to_have_value("@selected + a boat")
    expect(cy(page, "faiss-completion")).to_have_count(0)
    page.wait_for_function(
        "place => document.activeElement.selectionStart === place", arg=len("@selected")
    )

    search(page, "a blue boat", 6)
    ids = fiftyone_faiss.search(dataset, "a blue boat", k=16).ids
    k.fill("8")
    expect(cy(page, "faiss-changed")).to_have_text("Options changed – Search")
    k.press("Enter")
    wait_for_results(page, 8)
    expect(cy(page, "faiss-changed")).to_have_count(0)

    cy(page, "faiss-tag-name").fill("boats")
    # The App clears the selection when its grid shows other samples.
    shows(page, 8)
    cy(page, "faiss-result").first.press("Control+a")
    expect(cy(page, "faiss-tag")).to_have_text("Tag 8 selected")
    cy(page, "faiss-tag").focus()
    page.keyboard.press("Enter")
    expect(cy(page, "faiss-tag")).to_have_text("All 8 have this tag")
    expect(cy(page, "faiss-tag")).to_have_attribute("aria-disabled", "true")
    # The focus survives a rebuilt panel.
    expect(cy(page, "faiss-tag")).to_be_focused()
    cy(page, "faiss-more").focus()
    page.keyboard.press("Enter")
    wait_for_results(page, 16)
    expect(cy(page, "faiss-more")).to_be_focused()
    shows(page, 16)
    cy(page, "faiss-result").first.press("Control+a")
    expect(cy(page, "faiss-tag")).to_have_text("Tag 8 more of 16")
    cy(page, "faiss-tag").click()
    expect(cy(page, "faiss-tag")).to_have_text("All 16 have this tag")
    assert set(dataset.match_tags("boats").values("id")) == set(ids)
    # One click undoes both taggings.
    expect(cy(page, "faiss-untag")).to_have_accessible_name("Undo tag “boats”")
    cy(page, "faiss-untag").click()
    expect(cy(page, "faiss-status")).to_contain_text("Removed the tag “boats” from 16 results")
    assert dataset.count_sample_tags() == {}
    cy(page, "faiss-tag").click()
    expect(cy(page, "faiss-untag")).to_be_visible()
    search(page, "a red car", 4)
    expect(cy(page, "faiss-untag")).to_have_count(0)

    # A late answer of the history does not replace a typed query.
    messages.hold("history")
    line.fill("")
    page.keyboard.press("ArrowUp")
    page.keyboard.type("a kite")
    with messages.response_to("history"):
        messages.release("history")
    expect(cy(page, "faiss-chip")).to_have_text(re.compile("a kite"))
    expect(line).to_have_value("a kite")
    # The browser itself handles dropped text, and pasted text with an image of it.
    prevented = line.evaluate(
        """(line) => ["drop", "paste"].map((kind) => {
            const data = new DataTransfer();
            data.setData("text/plain", "beach");
            if (kind === "paste") data.items.add(new File(["x"], "i.png", { type: "image/png" }));
            const options = { bubbles: true, cancelable: true };
            const event = kind === "drop"
              ? new DragEvent("drop", { ...options, dataTransfer: data })
              : new ClipboardEvent("paste", { ...options, clipboardData: data });
            line.dispatchEvent(event);
            return event.defaultPrevented;
        })"""
    )
    assert prevented == [False, False]


def test_failed_requests_show_errors_and_can_be_repeated(book, open_app) -> None:
    dataset = book.clone()
    dataset.save_view("beach", dataset.match(fo.ViewField("scene.label") == "beach"))
    dataset.save_view("view", dataset.match(fo.ViewField("scene.label") == "snow"))
    page = open_app(dataset)
    search_in = cy(page, "faiss-scope")
    # A saved view can have the name of another choice.
    search_in.select_option("saved:view")
    search(page, "a red car", 4)
    expected = fiftyone_faiss.search(dataset.load_saved_view("view"), "a red car", k=4).ids
    assert result_ids(page) == expected
    search_in.select_option("beach")
    dataset.delete_saved_view("beach")
    messages = Messages(page)
    messages.data["refresh"] = {"error": "The database is away; start it."}
    cy(page, "faiss-save-menu").click()
    cy(page, "faiss-save-view").click()
    looking = cy(page, "faiss-looking")
    expect(looking.get_by_role("alert")).to_have_text("The database is away; start it.")
    shoot(page, "looking-failed")
    # Meanwhile, another session has started a job.
    job = {"id": "j", "name": "clip", "topic": "index", "state": "running", "message": ""}
    messages.data["refresh"] = {"jobs": [{**job, "fraction": 0.3, "label": "3 of 9 embedded"}]}
    messages.hold("jobs")
    cy(page, "faiss-again").click()
    expect(looking).to_have_count(0)
    assert result_ids(page) == expected
    expect(cy(page, "faiss-job-label")).to_have_text("clip: 3 of 9 embedded")

    # A deleted view is shown as deleted, and another choice works.
    expect(search_in.locator("option:checked")).to_have_text("beach (deleted)")
    line = cy(page, "faiss-query")
    line.press("Enter")
    wait_for_error(page, "There is no saved view 'beach' any more; choose what to search in.")
    search_in.select_option("dataset")
    expect(search_in.locator("option", has_text="deleted")).to_have_count(0)
    search(page, "a red car", 4)

    # Clearing cancels a running search.
    messages.hold("search")
    line.press("Enter")
    expect(cy(page, "faiss-search")).to_have_text("Searching…")
    cy(page, "faiss-clear").click()
    shows(page, 160)
    searched = messages.of("search")[-1]
    (cleared,) = messages.of("clear")
    assert cleared["page"] == searched["page"]
    assert cleared["search_id"] > searched["search_id"]
    with messages.response_to("search"):
        messages.release("search")
    expect(cy(page, "faiss-status")).to_have_text(READY)
    shows(page, 160)
    messages.answers["clear"] = lambda params: {"error": "The view is locked; try again."}
    search(page, "a red car", 4)
    cy(page, "faiss-clear").click()
    wait_for_error(page, "The view is locked; try again.")
    # The page polls the job again only after an answer.
    assert len(messages.of("jobs")) == 1
    messages.release("jobs")
    expect(cy(page, "faiss-job")).to_have_count(0)


def test_each_index_shows_its_own_health_and_errors(book, open_app) -> None:
    dataset = book.clone()
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist")
    lost = fiftyone_faiss.build_index(dataset, "lost", model="colorhist")
    assert lost.size == 160
    shutil.rmtree(dataset.load_brain_results("lost").path)
    page = open_app(dataset)
    expect(cy(page, "faiss-status")).to_have_text(READY)
    messages = Messages(page)
    index = cy(page, "faiss-index")

    index.select_option("lost")
    expect(cy(page, "faiss-problem")).to_contain_text("restore that directory, or run update_index")
    expect(cy(page, "faiss-status")).to_have_text("")
    shoot(page, "problem")
    index.select_option("clip")
    expect(cy(page, "faiss-problem")).to_have_count(0)
    expect(cy(page, "faiss-status")).to_have_text(READY)

    # Late health data of another index is ignored.
    messages.hold("health")
    cy(page, "faiss-health").click()
    expect(page.get_by_text("Checking the index…")).to_be_visible()
    late = messages.take("health")
    index.select_option("colors")
    health = page.locator(".ffs-health")
    expect(health).to_contain_text("160 × 192")
    with messages.response_to("health"):
        late.continue_()
    expect(health).to_contain_text("160 × 192")
    index.select_option("clip")
    expect(health).not_to_contain_text("160 × 192")
    expect(health).to_contain_text("unchanged")

    # A failed comparison removes the old results; its message disappears with the next one.
    search(page, f"@{dataset.first().id}", 5)
    cy(page, "faiss-compare").select_option(label="colors · colorhist")
    compared = cy(page, "faiss-compared")
    results = compared.locator('[data-cy="faiss-result"]')
    expect(results).to_have_count(5)
    messages.answers["compare"] = lambda params: {"error": "It cannot be read; update it."}
    search(page, f"@{dataset.last().id}", 4)
    expect(compared.get_by_role("alert")).to_have_text("It cannot be read; update it.")
    expect(results).to_have_count(0)
    del messages.answers["compare"]
    search(page, f"@{dataset.first().id}", 3)
    expect(results).to_have_count(3)
    expect(compared.get_by_role("alert")).to_have_count(0)
    shoot(page, "compared-again")
