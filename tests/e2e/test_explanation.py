"""Why a result matches: the dialog of the search panel, used as a person does."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import pytest
from playwright.sync_api import Page, expect
from support.axe import load_axe, violations
from support.browser import PATIENCE, cy, result_ids, shoot
from support.search_panel import search, wait_until_ready

import fiftyone_faiss

pytestmark = pytest.mark.browser

# The mean opacity of a canvas in a part of it, 0 to 255.
OPACITY = """(canvas, [left, top, right, bottom]) => {
    const { width, height } = canvas;
    const [x0, y0] = [Math.floor(left * width), Math.floor(top * height)];
    const [x1, y1] = [Math.ceil(right * width), Math.ceil(bottom * height)];
    const { data } = canvas.getContext("2d").getImageData(x0, y0, x1 - x0, y1 - y0);
    let sum = 0;
    for (let i = 3; i < data.length; i += 4) sum += data[i];
    return (4 * sum) / data.length;
}"""


@pytest.fixture(scope="module")
def dataset(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """A copy of the book; the last test takes away a file."""
    clone = book.clone()
    clone.persistent = True
    yield clone
    clone.delete()


def done(page: Page) -> None:
    expect(cy(page, "why")).to_have_attribute("data-state", "done", timeout=4 * PATIENCE)


def opacity(page: Page, name: str, box: list[float]) -> float:
    """How opaque a map is in a box ``[left, top, width, height]`` of its picture."""
    left, top, width, height = box
    value: float = cy(page, name).evaluate(OPACITY, [left, top, left + width, top + height])
    return value


def test_a_text_result_is_explained_by_key_and_saved(dataset: fo.Dataset, open_app) -> None:
    page = wait_until_ready(open_app(dataset, width=1600, height=900))
    search(page, "a red car", k=6)
    best = result_ids(page)[0]
    cy(page, "faiss-result").first.focus()
    page.keyboard.press("e")
    done(page)
    expect(cy(page, "why-badge")).to_have_text("✓ Faithful")
    expect(cy(page, "why-query")).to_have_count(0)
    car = next(thing for thing in dataset[best].objects.detections if thing.label == "car")
    whole = opacity(page, "why-heat-match", [0, 0, 1, 1])
    assert opacity(page, "why-heat-match", list(car.bounding_box)) > 1.5 * whole > 0
    load_axe(page)
    assert violations(page) == []
    shoot(page, "explanation-text")
    # Another method is computed at once.
    cy(page, "why-method").select_option("patches")
    expect(cy(page, "why-notes")).to_contain_text("The patches sum to the score of")
    cy(page, "why-save").click()
    expect(cy(page, "why-message")).to_have_text("Saved the heatmap in the field “why_similar”.")
    dataset.reload()
    assert dataset.exists("why_similar").values("id") == [best]
    cy(page, "why-undo").click()
    expect(cy(page, "why-message")).to_have_text("The field is as it was before.")
    dataset.reload()
    assert not dataset.has_field("why_similar")
    page.keyboard.press("Escape")
    expect(cy(page, "why")).to_have_count(0)
    # The keyboard goes on from the same result.
    expect(cy(page, "faiss-result").first).to_be_focused()


def test_regions_of_a_pair_show_their_partners_and_near_duplicates_lines(
    dataset: fo.Dataset, open_app
) -> None:
    copy = dataset.match(fo.ViewField("near_duplicate_kind") == "jpeg").first()
    path = fo.ViewField("filepath")
    original = dataset.match(path.ends_with(copy.near_duplicate_of)).first()
    page = wait_until_ready(open_app(dataset, width=1600, height=900, dark=False))
    search(page, str(original.id), k=3)
    place = result_ids(page).index(copy.id)
    tile = cy(page, "faiss-result").nth(place)
    tile.hover()
    cy(page, "faiss-why-one").nth(place).click()
    done(page)
    expect(cy(page, "why-lines").locator("line").first).to_be_attached()
    shoot(page, "explanation-copies")
    cy(page, "why-show-lines").uncheck()
    expect(cy(page, "why-lines")).to_have_count(0)
    query = cy(page, "why-query")
    bounds = query.bounding_box()
    assert bounds is not None
    # The top left of the nine regions; the same region of the copy is its best partner.
    page.mouse.move(bounds["x"] + bounds["width"] / 6, bounds["y"] + bounds["height"] / 6)
    expect(cy(page, "why-partners-match")).to_be_visible()
    expect(cy(page, "why-pointed")).to_contain_text("This region of the query adds")
    index = dataset.load_brain_results("clip")
    explanation = fiftyone_faiss.explain_match(dataset, original.id, copy.id, "clip", "patches")
    assert index is not None and explanation.pairs is not None
    partners = explanation.pairs.partners(0, 0)
    row, column = divmod(int(partners.argmax()), 3)
    inside = opacity(page, "why-partners-match", [column / 3, row / 3, 1 / 3, 1 / 3])
    assert inside == pytest.approx(184, abs=2)
    shoot(page, "explanation-partners")
    page.mouse.move(5, 5)
    cy(page, "why-match").focus()
    page.keyboard.press("ArrowDown")
    expect(cy(page, "why-pointed")).to_contain_text("This region of the result adds")
    expect(cy(page, "why-partners-query")).to_be_visible()
    load_axe(page)
    assert violations(page) == []
    page.set_viewport_size({"width": 420, "height": 900})
    shoot(page, "explanation-narrow")
    cy(page, "why-close").click()
    expect(cy(page, "why")).to_have_count(0)


def test_a_failure_is_a_sentence(dataset: fo.Dataset, open_app, tmp_path) -> None:
    page = wait_until_ready(open_app(dataset, width=1600, height=900))
    search(page, "a red car", k=3)
    best = result_ids(page)[0]
    dataset.set_values("filepath", {best: str(tmp_path / "gone.jpg")}, key_field="id")
    cy(page, "faiss-result").first.focus()
    page.keyboard.press("e")
    expect(cy(page, "why-error")).to_contain_text("cannot be explained: reading its file failed")
    expect(cy(page, "why")).to_have_attribute("data-state", "failed")
    shoot(page, "explanation-failed")
    page.keyboard.press("Escape")
    expect(cy(page, "why")).to_have_count(0)
