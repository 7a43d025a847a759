"""Queries by region, file and URL; searches in patches, saved views and other datasets."""

from __future__ import annotations

import http.server
import re
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import pytest
from playwright.sync_api import Locator, Page, expect
from support.browser import cy, repeat_until_visible, result_ids, shoot, shows, view_ids
from support.search_panel import enter_query, search, wait_for_error

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

pytestmark = pytest.mark.browser


def shown_boxes(page: Page, place: int, box: list[float]) -> list[list[float]]:
    """Returns a box of an image and its outline: ``[x, y, width, height]`` within the tile."""
    image = cy(page, "faiss-result").nth(place).locator(".ffs-image")
    expect(image.locator("img")).to_have_attribute("style", re.compile("left"))
    shown: list[list[float]] = image.evaluate(
        """(tile, [x, y, w, h]) => {
            const boxOf = (element) => element.getBoundingClientRect();
            const [outer, inner] = [boxOf(tile), boxOf(tile.firstChild)];
            const left = (inner.left + x * inner.width - outer.left) / outer.width;
            const top = (inner.top + y * inner.height - outer.top) / outer.height;
            const outline = boxOf(tile.querySelector("[data-cy=faiss-box]"));
            return [
              [left, top, (w * inner.width) / outer.width, (h * inner.height) / outer.height],
              [
                (outline.left - outer.left) / outer.width,
                (outline.top - outer.top) / outer.height,
                outline.width / outer.width,
                outline.height / outer.height,
              ],
            ];
        }""",
        box,
    )
    return shown


@pytest.fixture
def address(book: fo.Dataset) -> Iterator[str]:
    """The URL of an image on this machine; the test fails if it is requested."""
    folder = str(Path(book.first().filepath).parent)

    class Server(http.server.SimpleHTTPRequestHandler):
        requested: list[str] = []

        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=folder)  # type: ignore[arg-type]

        def do_GET(self) -> None:
            self.requested.append(self.path)
            super().do_GET()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{Path(book.first().filepath).name}"
        server.shutdown()
    assert Server.requested == []


def test_a_path_is_searched_and_a_local_url_is_rejected(book, open_app, address, tmp_path) -> None:
    page = open_app()
    sample = book.skip(9).first()
    search(page, f'{sample.filepath} - "a dog"')
    expected = fiftyone_faiss.search(book, f'{sample.filepath} - "a dog"', k=6)
    assert result_ids(page) == expected.ids
    expect(cy(page, "faiss-chip").first).to_contain_text(Path(sample.filepath).name)
    shoot(page, "path")
    (tmp_path / "notes.txt").write_text("not an image")
    for query in (f"{tmp_path}/notes.txt", f"{tmp_path}/none.jpg", address):
        enter_query(page, query)
        wait_for_error(page, urllib.parse.urlsplit(query).hostname or Path(query).name)
    shoot(page, "address-refused")
    # The earlier results are still shown.
    assert result_ids(page) == expected.ids


def test_a_label_is_searched_by_its_region(book, open_app) -> None:
    page = open_app()
    label = book.skip(4).first().objects.detections[0]
    search(page, f"@{label.id}")
    assert result_ids(page) == fiftyone_faiss.search(book, f"@{label.id}", k=6).ids
    kinds = book.select(result_ids(page)).values("objects.detections.label")
    assert sum(label.label in labels for labels in kinds) >= 3


def test_find_similar_uses_a_selected_detection(book, open_app, session) -> None:
    page = open_app(panel=None)
    sample = book.skip(4).first()
    label = sample.objects.detections[0]
    cy(page, "looker").nth(4).click()
    modal = cy(page, "modal")
    expect(modal).to_be_visible()
    canvas = modal.locator("canvas").first
    expect(canvas).to_be_visible()
    tooltip = cy(page, "sample-canvas-tooltip-content").filter(has_text=label.id)

    def point() -> None:
        page.mouse.move(0, 0)
        page.mouse.move(*_center(canvas, label))

    repeat_until_visible(point, tooltip)
    page.mouse.click(*_center(canvas, label))
    expect(cy(modal, "action-manage-selected")).to_have_text("1")
    shoot(page, "viewer-label")
    page.locator('#modal span.material-icons:text("image_search")').click()
    shows(page, 25)
    expect(modal).to_have_count(0)
    expected = fiftyone_faiss.search(book, f"@{label.id}").ids
    assert view_ids(session) == expected


def _center(canvas: Locator, label: fo.Detection) -> tuple[float, float]:
    """Returns the center of a label of a square image, on the page."""
    box = canvas.bounding_box()
    assert box is not None
    # The canvas centers the image.
    side = min(box["width"], box["height"])
    left = box["x"] + (box["width"] - side) / 2
    top = box["y"] + (box["height"] - side) / 2
    x, y, width, height = label.bounding_box
    return left + (x + width / 2) * side, top + (y + height / 2) * side


def test_patches_are_searched_and_tagged(book, open_app) -> None:
    dataset = book[:30].clone()
    fiftyone_faiss.build_index(dataset, "things", model=MODEL_NAME, patches_field="objects")
    page = open_app(dataset)
    search(page, "a car", k=4)
    neighbors = fiftyone_faiss.search(dataset, "a car", k=4)
    assert result_ids(page) == neighbors.ids
    expect(cy(page, "entry-counts")).to_contain_text("4 patches")
    # Each tile shows the surroundings of the label, and its box.
    for place, row in enumerate(neighbors.to_dict()["results"]):
        box, outline = shown_boxes(page, place, row["bounding_box"])
        assert outline == pytest.approx(box, abs=0.01)
        x, y, width, height = box
        assert min(x, y) >= -0.01 and max(x + width, y + height) <= 1.01
        assert 0.4 < max(width, height) <= 1.01
    cy(page, "faiss-tag-name").fill("car?")
    cy(page, "faiss-result").first.press("Control+a")
    # The grid shows the same selection of patches.
    expect(cy(page, "action-manage-selected")).to_have_text("4")
    cy(page, "faiss-tag").click()
    expect(cy(page, "faiss-status")).to_contain_text("4 of them new")
    shoot(page, "patches")
    dataset.reload()
    tagged = dataset.match_labels(tags="car?").select_labels(tags="car?")
    assert set(tagged.values("objects.detections.id", unwind=True)) == set(neighbors.ids)
    cy(page, "faiss-untag").click()
    expect(cy(page, "faiss-status")).to_contain_text("Removed the tag “car?” from 4")


def test_a_saved_view_is_searched(book, open_app) -> None:
    dataset = book.clone()
    dataset.save_view("beach", dataset.match(fo.ViewField("scene.label") == "beach"))
    page = open_app(dataset)
    cy(page, "faiss-scope").select_option("beach")
    search(page, "a boat", k=5)
    expected = fiftyone_faiss.search(dataset.load_saved_view("beach"), "a boat", k=5).ids
    assert result_ids(page) == expected
    assert set(dataset.select(expected).values("scene.label")) == {"beach"}


def test_results_of_another_dataset_are_compared(book, open_app) -> None:
    dataset = book.clone()
    other = book[80:].clone("other-book")
    fiftyone_faiss.build_index(other, "clip2", model=MODEL_NAME, progress=False)
    page = open_app(dataset)
    search(page, "a red car", k=4)
    choices = cy(page, "faiss-compare").locator("option")
    label = choices.filter(has_text="other-book").first.inner_text()
    cy(page, "faiss-compare").select_option(label=label)
    results = cy(page, "faiss-compared").locator('[data-cy="faiss-result"]')
    expect(results).to_have_count(4)
    title = re.compile(r"^\d+\.jpg: relevance .*, score .*; opens the dataset other-book$")
    expect(results.first).to_have_attribute("title", title)
    ids = results.evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")
    expected = fiftyone_faiss.search_several([dataset, (other, "clip2")], "a red car", k=4)
    assert ids == expected[1].ids
    assert result_ids(page)[:4] == expected[0].ids
    shoot(page, "compare-dataset")
