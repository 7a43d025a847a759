"""What the page shows and keeps when answers fail, come late, or others change something."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import fiftyone as fo
from playwright.sync_api import Page, expect
from support.browser import cy, result_ids, shoot, shows
from support.messages import Messages

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

READY = f"Ready: {MODEL_NAME}"


def search(page: Page, line: str, k: int) -> None:
    cy(page, "faiss-k").fill(str(k))
    cy(page, "faiss-query").fill(line)
    cy(page, "faiss-query").press("Enter")
    finished(page, k)


def finished(page: Page, count: int) -> None:
    expect(cy(page, "faiss-status")).to_have_text(re.compile(rf"^{count} results? in \d+ ms"))
    expect(page.locator(".ffs-stale")).to_have_count(0)


def refused(page: Page, sentence: str) -> None:
    expect(cy(page, "faiss-status")).to_have_text(sentence)
    expect(cy(page, "faiss-status")).to_have_attribute("role", "alert")


def test_the_focus_stays_and_enter_searches(book, open_app) -> None:
    dataset = book.clone()
    page = open_app(dataset)
    expect(cy(page, "faiss-status")).to_have_text(READY)
    messages = Messages(page)
    line, k = cy(page, "faiss-query"), cy(page, "faiss-k")

    # After the whole name of a picture the list is closed: Enter searches, Tab leads on.
    k.fill("5")
    cy(page, "faiss-upload").set_input_files(Path(dataset.first().filepath))
    finished(page, 5)
    line.click()
    page.keyboard.press("End")
    with messages.answered("search"):
        page.keyboard.press("Enter")
    finished(page, 5)
    page.keyboard.press("Tab")
    expect(cy(page, "faiss-choose")).to_be_focused()
    # What is chosen inside the line leaves the caret there.
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
    finished(page, 8)
    expect(cy(page, "faiss-changed")).to_have_count(0)

    cy(page, "faiss-tag-name").fill("boats")
    cy(page, "faiss-tag").focus()
    page.keyboard.press("Enter")
    expect(cy(page, "faiss-tag")).to_have_text("All 8 have this tag")
    expect(cy(page, "faiss-tag")).to_have_attribute("aria-disabled", "true")
    # Though the App has made the panel anew.
    expect(cy(page, "faiss-tag")).to_be_focused()
    cy(page, "faiss-more").focus()
    page.keyboard.press("Enter")
    finished(page, 16)
    expect(cy(page, "faiss-more")).to_be_focused()
    cy(page, "faiss-tag").click()
    expect(cy(page, "faiss-tag")).to_have_text("All 16 have this tag")
    assert set(dataset.match_tags("boats").values("id")) == set(ids)
    # One press takes back both.
    expect(cy(page, "faiss-untag")).to_have_text("Undo tag “boats”")
    cy(page, "faiss-untag").click()
    expect(cy(page, "faiss-status")).to_contain_text("Removed the tag “boats” from 16 results")
    assert dataset.count_sample_tags() == {}
    cy(page, "faiss-tag").click()
    expect(cy(page, "faiss-untag")).to_be_visible()
    search(page, "a red car", 4)
    expect(cy(page, "faiss-untag")).to_have_count(0)

    # An earlier query that comes late takes the place of nothing.
    messages.hold("history")
    line.fill("")
    page.keyboard.press("ArrowUp")
    page.keyboard.type("a kite")
    with messages.answered("history"):
        messages.release("history")
    expect(cy(page, "faiss-chip")).to_have_text(re.compile("a kite"))
    expect(line).to_have_value("a kite")
    # Words that are dragged, or copied with a picture of them, are the browser's.
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


def test_what_cannot_be_listed_is_told_and_tried_again(book, open_app) -> None:
    dataset = book.clone()
    dataset.save_view("beach", dataset.match(fo.ViewField("scene.label") == "beach"))
    dataset.save_view("view", dataset.match(fo.ViewField("scene.label") == "snow"))
    page = open_app(dataset)
    scope = cy(page, "faiss-scope")
    # A view may be called as another place is.
    scope.select_option("saved:view")
    search(page, "a red car", 4)
    expected = fiftyone_faiss.search(dataset.load_saved_view("view"), "a red car", k=4).ids
    assert result_ids(page) == expected
    scope.select_option("beach")
    dataset.delete_saved_view("beach")
    messages = Messages(page)
    messages.data["refresh"] = {"error": "The database is away; start it."}
    cy(page, "faiss-save-menu").click()
    cy(page, "faiss-save-view").click()
    looking = cy(page, "faiss-looking")
    expect(looking.get_by_role("alert")).to_have_text("The database is away; start it.")
    shoot(page, "looking-failed")
    # Meanwhile somebody else has begun to work on the index.
    job = {"id": "j", "name": "clip", "state": "running", "message": "", "fraction": 0.3}
    messages.data["refresh"] = {"jobs": [{**job, "label": "3 of 9 embedded"}]}
    messages.hold("jobs")
    cy(page, "faiss-again").click()
    expect(looking).to_have_count(0)
    assert result_ids(page) == expected
    expect(cy(page, "faiss-job-label")).to_have_text("clip: 3 of 9 embedded")

    # A place that is gone shows, and another can be chosen.
    expect(scope.locator("option:checked")).to_have_text("beach (deleted)")
    line = cy(page, "faiss-query")
    line.press("Enter")
    refused(page, "There is no saved view 'beach' any more; choose what to search in.")
    scope.select_option("dataset")
    expect(scope.locator("option", has_text="deleted")).to_have_count(0)
    search(page, "a red car", 4)

    # Clearing ends a search that still runs.
    messages.hold("search")
    line.press("Enter")
    expect(cy(page, "faiss-search")).to_have_text("Searching…")
    cy(page, "faiss-clear").click()
    shows(page, 160)
    searched = messages.of("search")[-1]
    (cleared,) = messages.of("clear")
    assert cleared["page"] == searched["page"]
    assert cleared["search_id"] > searched["search_id"]
    with messages.answered("search"):
        messages.release("search")
    expect(cy(page, "faiss-status")).to_have_text(READY)
    shows(page, 160)
    messages.answers["clear"] = lambda params: {"error": "The view is locked; try again."}
    search(page, "a red car", 4)
    cy(page, "faiss-clear").click()
    refused(page, "The view is locked; try again.")
    # How far the work is was asked again only once that was answered.
    assert len(messages.of("jobs")) == 1
    messages.release("jobs")
    expect(cy(page, "faiss-job")).to_have_count(0)


def test_each_index_has_facts_and_problems_of_its_own(book, open_app) -> None:
    dataset = book.clone()
    fiftyone_faiss.build_index(dataset, "colours", model="colorhist")
    lost = fiftyone_faiss.build_index(dataset, "lost", model="colorhist")
    assert lost.size == 160
    shutil.rmtree(dataset.load_brain_results("lost").path)
    page = open_app(dataset)
    expect(cy(page, "faiss-status")).to_have_text(READY)
    messages = Messages(page)
    index = cy(page, "faiss-index")

    index.select_option("lost")
    expect(cy(page, "faiss-problem")).to_contain_text("restore that folder, or run update_index")
    expect(cy(page, "faiss-status")).to_have_text("")
    shoot(page, "problem")
    index.select_option("clip")
    expect(cy(page, "faiss-problem")).to_have_count(0)
    expect(cy(page, "faiss-status")).to_have_text(READY)

    # The facts that come late are another index's.
    messages.hold("health")
    cy(page, "faiss-health").click()
    expect(page.get_by_text("Checking the index…")).to_be_visible()
    late = messages.take("health")
    index.select_option("colours")
    facts = page.locator(".ffs-health")
    expect(facts).to_contain_text("160 × 192")
    with messages.answered("health"):
        late.continue_()
    expect(facts).to_contain_text("160 × 192")
    index.select_option("clip")
    expect(facts).not_to_contain_text("160 × 192")
    expect(facts).to_contain_text("unchanged")

    # A comparison that failed leaves nothing behind, neither old results nor the sentence.
    search(page, f"@{dataset.first().id}", 5)
    cy(page, "faiss-compare").select_option(label="colours · colorhist")
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
