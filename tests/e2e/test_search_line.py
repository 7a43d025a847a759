"""The panel's line and what surrounds its results: terms, feedback, the cut-off, history, keys."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import fiftyone as fo
import pytest
from playwright.sync_api import Page, expect
from support.browser import cy, result_ids, select, shoot, shows

import fiftyone_faiss

READY = "Ready: picture-book-clip"
FOCUSED = "document.activeElement.dataset.place ?? document.activeElement.dataset.cy"


def ready(page: Page) -> Page:
    expect(cy(page, "faiss-status")).to_have_text(READY)
    return page


def focused(page: Page, name: str) -> None:
    """Waits until a result, by its place, or an element, by its name, has the focus."""
    page.wait_for_function(f"name => ({FOCUSED}) === name", arg=name)


def search(page: Page, line: str, k: int = 6, found: int | None = None) -> None:
    """Searches, and waits for the answer."""
    cy(page, "faiss-k").fill(str(k))
    cy(page, "faiss-query").fill(line)
    cy(page, "faiss-query").press("Enter")
    finished(page, k if found is None else found)


def finished(page: Page, count: int) -> None:
    expect(cy(page, "faiss-status")).to_have_text(re.compile(rf"^{count} results? in \d+ ms"))
    expect(page.locator(".ffs-stale")).to_have_count(0)


def chips(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in cy(page, "faiss-chip").all_inner_texts()]


def copied(book: fo.Dataset) -> fo.Dataset:
    """A dataset of its own, with the same index."""
    return book.clone()


def test_the_line_is_read_while_it_is_typed(book, open_app) -> None:
    page = ready(open_app())
    line = cy(page, "faiss-query")
    line.press_sequentially('2: red car + beach - "a dog"')
    expect(cy(page, "faiss-chip")).to_have_count(3)
    assert chips(page) == ["+ 2 × red car ×", "+ beach ×", "− a dog ×"]
    shoot(page, "line-chips")
    # Nothing was searched for.
    expect(cy(page, "faiss-result")).to_have_count(0)
    cy(page, "faiss-chip-remove").nth(1).click()
    expect(line).to_have_value('2: red car - "a dog"')
    expect(cy(page, "faiss-chip")).to_have_count(2)


def test_an_emoji_before_a_term_moves_no_place(open_app) -> None:
    page = ready(open_app())
    line = cy(page, "faiss-query")
    line.fill("🐶 dog - a ball + snow")
    expect(cy(page, "faiss-chip")).to_have_count(3)
    assert chips(page) == ["+ 🐶 dog ×", "− a ball ×", "+ snow ×"]
    cy(page, "faiss-chip-remove").nth(1).click()
    expect(line).to_have_value("🐶 dog + snow")
    expect(cy(page, "faiss-chip")).to_have_count(2)
    line.fill("🐶🐶 dog + @nobody + 🐱")
    code = cy(page, "faiss-mistake").locator("code")
    expect(code.locator("mark")).to_have_text("@nobody")
    expect(code).to_have_text("🐶🐶 dog + @nobody + 🐱")


def test_the_place_of_a_mistake_is_marked(open_app) -> None:
    page = ready(open_app())
    cy(page, "faiss-query").fill("a car + @nobody")
    mistake = cy(page, "faiss-mistake")
    expect(mistake).to_be_visible()
    expect(mistake).to_contain_text("'@nobody' is not known")
    expect(mistake.locator("mark")).to_have_text("@nobody")
    expect(cy(page, "faiss-query")).to_have_attribute("aria-invalid", "true")
    expect(cy(page, "faiss-query")).to_have_accessible_description(re.compile("'@nobody' is not"))
    shoot(page, "line-mistake")
    cy(page, "faiss-query").fill("a car")
    expect(mistake).to_have_count(0)
    expect(cy(page, "faiss-chip")).to_have_count(1)


def test_weights_and_negative_terms_are_searched_with(book, open_app) -> None:
    page = ready(open_app())
    line = '2: car + beach - "red"'
    search(page, line)
    assert result_ids(page) == fiftyone_faiss.search(book, line, k=6).ids
    cy(page, "faiss-explain").click()
    expect(cy(page, "faiss-explanation")).to_contain_text('What is like "red" is pushed down.')


def test_the_selection_is_completed_and_mixed_with_words(book, open_app) -> None:
    page = ready(open_app())
    select(page, 2)
    third = book.skip(2).first().id
    line = cy(page, "faiss-query")
    cy(page, "faiss-k").fill("5")
    line.click()
    line.press_sequentially("snow + @se")
    options = cy(page, "faiss-completion").get_by_role("option")
    expect(options).to_have_text(["@selected 1 selected in the grid"])
    line.press("Enter")
    expect(line).to_have_value("snow + @selected")
    line.press("Enter")
    finished(page, 5)
    expected = fiftyone_faiss.search(book, "snow + @selected", k=5, selected=[third])
    assert result_ids(page) == expected.ids
    # The grid shows the answer now, and nothing is selected there; the line still means the same.
    line.press("Enter")
    finished(page, 5)
    assert result_ids(page) == expected.ids


def test_several_pictures_are_terms_with_thumbnails(book, open_app) -> None:
    page = ready(open_app())
    cy(page, "faiss-k").fill("4")
    paths = [Path(path) for path in book[9:11].values("filepath")]
    cy(page, "faiss-upload").set_input_files(paths)
    finished(page, 4)
    expect(cy(page, "faiss-query")).to_have_value("@upload + @upload2")
    uploads = dict(zip(("upload", "upload2"), paths, strict=True))
    expected = fiftyone_faiss.search(book, "@upload + @upload2", k=4, uploads=uploads).ids
    assert result_ids(page) == expected
    expect(cy(page, "faiss-chip").locator("img")).to_have_count(2)
    assert chips(page) == [f"+ {path.name} ×" for path in paths]
    shoot(page, "line-uploads")
    cy(page, "faiss-chip-remove").first.click()
    expect(cy(page, "faiss-query")).to_have_value("@upload2")
    cy(page, "faiss-query").press("Enter")
    page.wait_for_function(
        "first => document.querySelector('[data-cy=faiss-result]').dataset.id === first",
        arg=book.skip(10).first().id,
    )


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_picture_may_be_pasted_or_dropped(book, open_app, way: str) -> None:
    page = ready(open_app())
    cy(page, "faiss-k").fill("3")
    path = Path(book.skip(20).first().filepath)
    cy(page, "faiss-query").evaluate(
        """(line, [way, content]) => {
            const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], "image.png", { type: "image/png" }));
            const options = { bubbles: true, cancelable: true };
            line.dispatchEvent(
              way === "paste"
                ? new ClipboardEvent("paste", { ...options, clipboardData: data })
                : new DragEvent("drop", { ...options, dataTransfer: data }));
        }""",
        [way, base64.b64encode(path.read_bytes()).decode()],
    )
    finished(page, 3)
    assert result_ids(page) == fiftyone_faiss.search(book, path, k=3).ids


def test_a_result_tells_how_good_it_is(book, open_app) -> None:
    page = ready(open_app())
    search(page, "a red car", k=25)
    expected = fiftyone_faiss.search(book, "a red car", k=25)
    first = cy(page, "faiss-result").first
    band = expected.bands[0]
    assert band == "strong"
    expect(first).to_have_accessible_name(
        re.compile(
            rf"^Result 1 of 25, {Path(expected.rows()[0]['filepath']).name}, "
            rf"score {expected.scores[0]:.2f}, strong match, top (<0\.1|\d\.\d) %$"
        )
    )
    words = [text.lower() for text in cy(page, "faiss-band").all_inner_texts()]
    assert words == expected.bands
    scores = page.locator(".ffs-score").all_inner_texts()
    assert scores == [f"{score:.2f}" for score in expected.scores]


def test_feedback_changes_the_order(book, open_app) -> None:
    page = ready(open_app())
    search(page, "a car", k=8)
    before = result_ids(page)
    cy(page, "faiss-result").nth(2).hover()
    cy(page, "faiss-like").nth(2).click()
    cy(page, "faiss-result").nth(0).hover()
    cy(page, "faiss-dislike").nth(0).click()
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked, 1 disliked")
    # Until a person asks for it, nothing moves.
    assert result_ids(page) == before
    shoot(page, "feedback")
    cy(page, "faiss-rerank").click()
    liked, disliked = [before[2]], [before[0]]
    expected = fiftyone_faiss.search(book, "a car", k=8, liked=liked, disliked=disliked).ids
    page.wait_for_function(
        "ids => [...document.querySelectorAll('[data-cy=faiss-result]')]"
        ".every((one, i) => one.dataset.id === ids[i])",
        arg=expected,
    )
    assert expected != before
    place = expected.index(before[2])
    expect(cy(page, "faiss-like").nth(place)).to_have_attribute("aria-pressed", "true")
    cy(page, "faiss-clear-feedback").click()
    expect(cy(page, "faiss-feedback")).to_have_count(0)


def test_only_what_is_above_the_cut_off_is_acted_on(book, open_app) -> None:
    dataset = copied(book)
    page = ready(open_app(dataset))
    search(page, "a kite", k=25)
    cut = fiftyone_faiss.search(dataset, "a kite", k=25).cut
    assert 0 < cut < 25
    expect(cy(page, "faiss-cutoff")).to_have_text(f"below the automatic score cutoff ({25 - cut})")
    shoot(page, "cut-off")
    ids = result_ids(page)
    cy(page, "faiss-cutoff-hide").check()
    expect(cy(page, "faiss-result")).to_have_count(cut)
    cy(page, "faiss-cutoff-slider").focus()
    page.keyboard.press("ArrowRight")
    expect(cy(page, "faiss-result")).to_have_count(cut + 1)
    expect(cy(page, "faiss-tag")).to_have_text(f"Tag {cut + 1} samples")
    cy(page, "faiss-tag-name").fill("above")
    cy(page, "faiss-tag").click()
    expect(cy(page, "faiss-status")).to_contain_text(f"{cut + 1} results tagged")
    assert set(dataset.match_tags("above").values("id")) == set(ids[: cut + 1])
    cy(page, "faiss-cutoff-reset").click()
    expect(cy(page, "faiss-result")).to_have_count(cut)
    cy(page, "faiss-cutoff-show").click()
    expect(cy(page, "faiss-result")).to_have_count(25)


def test_more_results_follow(book, open_app) -> None:
    page = ready(open_app())
    search(page, "a tree", k=10)
    cy(page, "faiss-more").click()
    finished(page, 20)
    assert result_ids(page) == fiftyone_faiss.search(book, "a tree", k=20).ids
    expect(cy(page, "looker")).to_have_count(20)


def test_the_options_are_searched_with_and_stay_open(book, open_app) -> None:
    page = ready(open_app())
    more = cy(page, "faiss-options-more")
    expect(more).to_have_attribute("aria-expanded", "false")
    more.click()
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
        book, "a blue car", k=6, diversity=0.5, fold=True, hubness=True, templates="ensemble"
    )
    assert result_ids(page) == expected.ids
    page.reload()
    expect(more).to_have_attribute("aria-expanded", "true")
    cy(page, "faiss-thresh").fill("0.0001")
    cy(page, "faiss-query").fill("a car")
    cy(page, "faiss-query").press("Enter")
    finished(page, 0)
    expect(cy(page, "faiss-nothing")).to_contain_text("Increase the maximum distance")
    # There is nothing to tag, to save or to compare.
    expect(page.locator(".ffs-actions")).to_have_text("Clear")
    shoot(page, "nothing")


def test_everything_can_be_done_by_keys(book, open_app) -> None:
    page = ready(open_app())
    line = cy(page, "faiss-query")
    # A page that was loaded leaves the keys to the App.
    expect(line).not_to_be_focused()
    cy(page, "faiss-k").fill("12")
    line.focus()
    page.keyboard.type("a car")
    page.keyboard.press("Enter")
    finished(page, 12)
    page.keyboard.press("ArrowDown")
    ids = result_ids(page)
    columns = page.locator(".ffs-grid").evaluate(
        "one => getComputedStyle(one).gridTemplateColumns.split(' ').length"
    )
    for key, place in (
        ("ArrowRight", 1),
        ("ArrowLeft", 0),
        ("ArrowLeft", 0),
        ("End", 11),
        ("Home", 0),
        ("+", 0),
        ("ArrowRight", 1),
        ("-", 1),
    ):
        page.keyboard.press(key)
        focused(page, str(place))
    assert columns > 1
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked, 1 disliked")
    page.keyboard.press("r")
    expected = fiftyone_faiss.search(book, "a car", k=12, liked=[ids[0]], disliked=[ids[1]]).ids
    page.wait_for_function(
        "ids => [...document.querySelectorAll('[data-cy=faiss-result]')]"
        ".every((one, i) => one.dataset.id === ids[i])",
        arg=expected,
    )
    page.keyboard.press("t")
    focused(page, "faiss-tag-name")
    page.keyboard.press("Escape")
    focused(page, "faiss-query")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("?")
    expect(cy(page, "faiss-help-shown")).to_be_visible()
    shoot(page, "help")
    page.keyboard.press("Escape")
    expect(cy(page, "faiss-help-shown")).to_have_count(0)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(cy(page, "modal")).to_contain_text(expected[0])
    page.keyboard.press("Escape")
    expect(cy(page, "modal")).to_have_count(0)


def test_the_arrow_keys_keep_the_column_across_the_cut_off(book, open_app) -> None:
    page = ready(open_app())
    search(page, "a kite", k=25)
    expect(cy(page, "faiss-cutoff")).to_be_visible()
    lefts = cy(page, "faiss-result").evaluate_all(
        "all => all.map(one => Math.round(one.getBoundingClientRect().left))"
    )
    # The first column is the one that every row has, that above the cut-off too.
    cy(page, "faiss-result").first.focus()
    seen = [0]
    for _ in range(30):
        page.keyboard.press("ArrowDown")
        place = int(page.evaluate(FOCUSED))
        if place == seen[-1]:
            break
        seen.append(place)
    assert len(seen) > 3
    assert {lefts[place] for place in seen} == {lefts[0]}
    page.keyboard.press("ArrowUp")
    assert int(page.evaluate(FOCUSED)) == seen[-2]


def test_searches_are_kept_named_and_made_again(book, open_app) -> None:
    dataset = copied(book)
    page = ready(open_app(dataset))
    search(page, "a red car", k=5)
    search(page, "a blue boat", k=4)
    boats = result_ids(page)
    cy(page, "faiss-history").click()
    items = cy(page, "faiss-history-item")
    expect(items).to_have_count(2)
    expect(items.first).to_contain_text("a blue boat")
    items.nth(1).get_by_role("button", name="Pin a red car").click()
    expect(items.first).to_contain_text("a red car")
    items.first.get_by_role("button", name="Rename a red car").click()
    cy(page, "faiss-history-name").fill("the cars")
    cy(page, "faiss-history-name").press("Enter")
    expect(items.first).to_contain_text("the cars")
    shoot(page, "history")
    # A name that another has is refused, and can be changed; an empty one takes the name away.
    items.nth(1).get_by_role("button", name="Rename a blue boat").click()
    name = cy(page, "faiss-history-name")
    name.fill("the cars")
    name.press("Enter")
    expect(cy(page, "faiss-status")).to_have_attribute("role", "alert")
    expect(name).to_have_value("the cars")
    name.fill("the boats")
    name.press("Enter")
    expect(items.nth(1)).to_contain_text("the boats")
    items.nth(1).get_by_role("button", name="Rename the boats").click()
    name.fill("")
    name.press("Enter")
    expect(items.nth(1)).not_to_contain_text("the boats")

    cy(page, "faiss-history-edit").first.click()
    expect(cy(page, "faiss-query")).to_have_value("a red car")
    expect(cy(page, "faiss-query")).to_be_focused()
    expect(cy(page, "faiss-k")).to_have_value("5")
    assert result_ids(page) == boats
    cy(page, "faiss-history-apply").first.click()
    finished(page, 5)
    assert result_ids(page) == fiftyone_faiss.search(dataset, "a red car", k=5).ids

    cy(page, "faiss-history-delete").nth(1).click()
    expect(items).to_have_count(1)
    cy(page, "faiss-query").fill("")
    cy(page, "faiss-query").press("ArrowUp")
    expect(cy(page, "faiss-query")).to_have_value("a red car")


def test_feedback_is_saved_as_a_search(book, open_app) -> None:
    dataset = copied(book)
    page = ready(open_app(dataset))
    search(page, "a car", k=6)
    liked = result_ids(page)[3]
    cy(page, "faiss-result").nth(3).focus()
    page.keyboard.press("+")
    cy(page, "faiss-save-search").click()
    cy(page, "faiss-save-search-name").fill("cars like this")
    cy(page, "faiss-save-search-done").click()
    expect(cy(page, "faiss-status")).to_contain_text("Saved as “cars like this”")
    cy(page, "faiss-clear").click()
    expect(cy(page, "faiss-result")).to_have_count(0)
    cy(page, "faiss-history").click()
    cy(page, "faiss-history-apply").filter(has_text="cars like this").click()
    finished(page, 6)
    expected = fiftyone_faiss.search(dataset, "a car", k=6, liked=[liked]).ids
    assert result_ids(page) == expected
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked")
    # What is edited does not mix with what was found: it is searched for by Enter.
    search(page, "a boat", k=6)
    page.get_by_role("button", name="Edit cars like this before searching").click()
    expect(cy(page, "faiss-query")).to_have_value("a car")
    expect(cy(page, "faiss-feedback")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked")
    finished(page, 6)
    assert result_ids(page) == expected


def test_results_are_saved_and_exported(book, open_app, tmp_path) -> None:
    dataset = copied(book)
    page = ready(open_app(dataset))
    search(page, "a blue boat", k=5)
    expected = fiftyone_faiss.search(dataset, "a blue boat", k=5)

    cy(page, "faiss-save-menu").click()
    shoot(page, "save-menu")
    cy(page, "faiss-save-view-name").fill("blue boats")
    cy(page, "faiss-save-view").click()
    expect(cy(page, "faiss-status")).to_contain_text("Saved as the view “blue boats”")
    dataset.reload()
    assert dataset.load_saved_view("blue boats").values("id") == expected.ids
    expect(cy(page, "faiss-scope").locator("option")).to_have_text(
        ["the dataset", "the current view", "blue boats"]
    )

    cy(page, "faiss-save-menu").click()
    cy(page, "faiss-save-scores-name").fill("boat_score")
    cy(page, "faiss-save-scores").click()
    expect(cy(page, "faiss-status")).to_contain_text("5 scores saved in the field “boat_score”")
    dataset.reload()
    scored = dataset.select(expected.ids, ordered=True).values("boat_score")
    assert scored == pytest.approx(list(expected.scores), abs=1e-4)

    texts = {}
    for kind in ("csv", "json", "stages"):
        cy(page, "faiss-save-menu").click()
        with page.expect_download() as download:
            cy(page, f"faiss-export-{kind}").click()
        texts[kind] = Path(download.value.path()).read_text()
        expect(cy(page, "faiss-save-menu")).to_have_attribute("aria-expanded", "false")
    assert [line.split(",")[1] for line in texts["csv"].split()[1:]] == expected.ids
    assert [one["id"] for one in json.loads(texts["json"])["results"]] == expected.ids
    stages = json.loads(texts["stages"])["stages"]
    assert fo.DatasetView._build(dataset, stages).values("id") == expected.ids


def test_the_code_that_is_copied_finds_the_same(book, open_app) -> None:
    page = ready(open_app())
    search(page, "2: car - red", k=7)
    cy(page, "faiss-save-menu").click()
    cy(page, "faiss-copy-code").click()
    expect(cy(page, "faiss-status")).to_have_text("Copied the Python code")
    # The App is seldom reached by an address that a browser lets read the clipboard.
    page.evaluate("document.body.append(document.createElement('textarea'))")
    pasted = page.locator("body > textarea").last
    pasted.evaluate("one => one.focus()")
    page.keyboard.press("Control+V")
    code = pasted.input_value()
    expect(cy(page, "faiss-code")).to_have_text(code)
    shoot(page, "code")
    names: dict[str, object] = {}
    exec(code, names)
    found = [one for one in names.values() if isinstance(one, fiftyone_faiss.Neighbors)]
    assert [one.ids for one in found] == [result_ids(page)]


def test_another_index_answers_beside(book, open_app) -> None:
    dataset = copied(book)
    fiftyone_faiss.build_index(dataset, "colours", model="colorhist")
    page = ready(open_app(dataset))
    first = dataset.skip(5).first()
    search(page, f"@{first.id}", k=6)
    cy(page, "faiss-compare").select_option(label="colours · colorhist")
    other = cy(page, "faiss-compared")
    expect(other.locator('[data-cy="faiss-result"]')).to_have_count(6)
    ids = other.locator('[data-cy="faiss-result"]').evaluate_all(
        "all => all.map(one => one.dataset.id)"
    )
    assert ids == fiftyone_faiss.search(dataset, first.id, brain_key="colours", k=6).ids
    expect(other.get_by_role("heading")).to_have_text("colours")
    shoot(page, "compare")
    # It follows the next search.
    second = dataset.skip(8).first()
    search(page, f"@{second.id}", k=4)
    expect(other.locator('[data-cy="faiss-result"]')).to_have_count(4)
    cy(page, "faiss-compare-stop").click()
    expect(other).to_have_count(0)


def test_the_index_tells_how_it_is_and_is_made_anew(book, open_app) -> None:
    dataset = copied(book)
    gone = dataset.first().id
    page = ready(open_app(dataset))
    dataset.delete_samples(gone)
    cy(page, "faiss-health").click()
    shown = cy(page, "faiss-health-shown")
    expect(shown).to_contain_text("160 × ")
    expect(shown.locator(".ffs-bad")).to_have_text("Orphaned1")
    shoot(page, "health")
    cy(page, "faiss-health-update").click()
    expect(shown).to_contain_text("159 × ")
    expect(shown.locator(".ffs-bad")).to_have_count(0)
    for name in ("faiss-rebuild", "faiss-tune"):
        # Only what has ended can be dismissed.
        cy(page, "faiss-job-dismiss").click()
        expect(cy(page, "faiss-job")).to_have_count(0)
        cy(page, name).click()
        expect(cy(page, "faiss-job-label")).to_have_text(re.compile(r"^clip: "))
        expect(cy(page, "faiss-job-dismiss")).to_be_visible()
        expect(cy(page, "faiss-status")).not_to_have_class(re.compile("ffs-error"))


def test_a_query_that_fits_nothing_is_told_so(open_app) -> None:
    page = ready(open_app())
    search(page, "an aircraft carrier made of cheese", k=6)
    expect(cy(page, "faiss-verdict")).to_contain_text("Nothing relevant found")
    shoot(page, "verdict")


def test_a_late_answer_is_dropped(book, open_app) -> None:
    page = ready(open_app())
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
    # Asked and answered after it.
    cy(page, "faiss-history").click()
    expect(cy(page, "faiss-history-item").first).to_be_visible()
    assert result_ids(page) == boats
    # Nor did it reach the grid.
    shows(page, 5)


def test_nothing_is_lost_while_the_panel_is_closed(book, open_app) -> None:
    page = ready(open_app())
    search(page, "a red car", k=6)
    ids = result_ids(page)
    cy(page, "faiss-result").nth(1).focus()
    page.keyboard.press("+")
    cy(page, "faiss-query").fill("a blue")
    cy(page, "faiss-help").click()
    tab = page.locator('[data-cy="panel-tab-similarity_search_faiss"]')
    tab.locator('[data-cy="close-panel-btn"], svg').last.click()
    expect(cy(page, "faiss-query")).to_have_count(0)
    cy(page, "new-panel-btn").first.click()
    page.get_by_text("FAISS Search", exact=True).click()
    expect(cy(page, "faiss-query")).to_have_value("a blue")
    expect(cy(page, "faiss-query")).to_be_focused()
    assert result_ids(page) == ids
    expect(cy(page, "faiss-k")).to_have_value("6")
    expect(cy(page, "faiss-feedback")).to_contain_text("1 liked")
    expect(cy(page, "faiss-help-shown")).to_be_visible()


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("width", [360, 2000])
def test_every_part_fits(book, open_app, width: int, dark: bool) -> None:
    page = ready(open_app(width=2400, dark=dark))
    # The App itself is not made for windows this narrow, the panel is.
    page.add_style_tag(content=f".ffs-panel {{ width: {width}px; }}")
    if width == 2000:
        page.add_style_tag(content=".ffs-panel { position: fixed; inset: 0; z-index: 9; }")
    cy(page, "faiss-options-more").click()
    search(page, '2: red car + beach - "a dog"', k=25)
    cy(page, "faiss-result").first.focus()
    page.keyboard.press("+")
    cy(page, "faiss-explain").click()
    panel = page.locator(".ffs-panel")
    name = f"fits-{'dark' if dark else 'light'}-{width}"
    parts = {"history": "history-item", "health": "health-shown", "help": "help-shown"}
    for drawer, part in parts.items():
        cy(page, f"faiss-{drawer}").click()
        expect(cy(page, f"faiss-{part}").first).to_be_visible()
        assert panel.evaluate("one => one.scrollWidth - one.clientWidth") == 0
        shoot(page, f"{name}-{drawer}")
    page.keyboard.press("Escape")
    cy(page, "faiss-save-menu").click()
    popover = page.get_by_role("dialog", name="Save and export").bounding_box()
    box = panel.bounding_box()
    assert box and popover
    assert box["x"] <= popover["x"]
    assert popover["x"] + popover["width"] <= box["x"] + box["width"]
    shoot(page, f"{name}-menu")
