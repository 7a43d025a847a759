"""The query line of the search panel: terms, errors, completion, uploads."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.browser import cy, result_ids, select, shoot
from support.search_panel import search, wait_for_results, wait_until_ready

import fiftyone_faiss

pytestmark = pytest.mark.browser


def chips(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in cy(page, "faiss-chip").all_inner_texts()]


def test_query_terms_are_shown_while_typing(book, open_app) -> None:
    page = wait_until_ready(open_app())
    line = cy(page, "faiss-query")
    line.press_sequentially('2: red car + beach - "a dog"')
    expect(cy(page, "faiss-chip")).to_have_count(3)
    assert chips(page) == ["+ 2 × red car ×", "+ beach ×", "− a dog ×"]
    shoot(page, "line-chips")
    # Typing does not search.
    expect(cy(page, "faiss-result")).to_have_count(0)
    cy(page, "faiss-chip-remove").nth(1).click()
    expect(line).to_have_value('2: red car - "a dog"')
    expect(cy(page, "faiss-chip")).to_have_count(2)


def test_emoji_do_not_shift_positions_in_the_line(open_app) -> None:
    page = wait_until_ready(open_app())
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


def test_a_syntax_error_is_marked_in_the_line(open_app) -> None:
    page = wait_until_ready(open_app())
    cy(page, "faiss-query").fill("a car + @nobody")
    mistake = cy(page, "faiss-mistake")
    expect(mistake).to_be_visible()
    expect(mistake).to_contain_text("'@nobody' is not known")
    expect(mistake.locator("mark")).to_have_text("@nobody")
    expect(cy(page, "faiss-query")).to_have_attribute("aria-invalid", "true")
    expect(cy(page, "faiss-query")).to_have_accessible_description(re.compile("'@nobody' is not"))
    shoot(page, "line-mistake")
    # The sentence shows once.
    cy(page, "faiss-query").press("Enter")
    expect(cy(page, "faiss-status")).to_contain_text("'@nobody' is not known")
    expect(mistake.locator("mark")).to_be_visible()
    expect(mistake.locator("span")).to_be_hidden()
    expect(cy(page, "faiss-query")).to_have_accessible_description(re.compile("'@nobody' is not"))
    cy(page, "faiss-query").fill("a car")
    expect(mistake).to_have_count(0)
    expect(cy(page, "faiss-chip")).to_have_count(1)


def test_weights_and_negative_terms_change_the_search(book, open_app) -> None:
    page = wait_until_ready(open_app())
    line = '2: car + beach - "red"'
    search(page, line)
    assert result_ids(page) == fiftyone_faiss.search(book, line, k=6).ids
    cy(page, "faiss-explain").click()
    expect(cy(page, "faiss-explanation")).to_contain_text('Results like "red" rank lower.')


def test_the_selection_is_completed_and_combined_with_text(book, open_app) -> None:
    page = wait_until_ready(open_app())
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
    wait_for_results(page, 5)
    expected = fiftyone_faiss.search(book, "snow + @selected", k=5, selected=[third])
    assert result_ids(page) == expected.ids
    # The grid shows the results now, without a selection; the line keeps its selected samples.
    line.press("Enter")
    wait_for_results(page, 5)
    assert result_ids(page) == expected.ids


def test_several_uploads_are_terms_with_thumbnails(book, open_app) -> None:
    page = wait_until_ready(open_app())
    cy(page, "faiss-k").fill("4")
    paths = [Path(path) for path in book[9:11].values("filepath")]
    cy(page, "faiss-upload").set_input_files(paths)
    wait_for_results(page, 4)
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


def test_an_image_can_be_pasted_or_dropped(book, open_app) -> None:
    page = wait_until_ready(open_app())
    cy(page, "faiss-k").fill("3")
    for way, place in (("paste", 20), ("drop", 21)):
        path = Path(book.skip(place).first().filepath)
        cy(page, "faiss-query").evaluate(
            """(line, [way, content]) => {
                const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
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
        wait_for_results(page, 3)
        assert result_ids(page) == fiftyone_faiss.search(book, path, k=3).ids
        cy(page, "faiss-clear").click()
        expect(cy(page, "faiss-result")).to_have_count(0)
