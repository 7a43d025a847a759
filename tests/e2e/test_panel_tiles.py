"""The tiles of results: whole images, near-duplicates, frames, fields, the preview."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import fiftyone as fo
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from support.browser import cy, result_ids, shoot
from support.search_panel import search, wait_until_ready

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

pytestmark = pytest.mark.browser

# The place of an image in its tile, in percent of the tile's size.
PLACE = """tile => {
    const [outer, inner] = [tile, tile.querySelector("img")].map((e) => e.getBoundingClientRect());
    return [
      inner.left - outer.left, inner.top - outer.top, inner.width, inner.height
    ].map((n) => Math.round((100 * n) / outer.width));
}"""


def place_of(page: Page, place: int) -> list[int]:
    image = cy(page, "faiss-result").nth(place).locator(".ffs-image")
    expect(image.locator("img")).not_to_have_css("visibility", "hidden")
    shown: list[int] = image.evaluate(PLACE)
    return shown


@pytest.fixture
def wide(book: fo.Dataset, tmp_path: Path) -> fo.Dataset:
    """Eight transparent images, twice as wide as high, with an index."""
    samples = []
    for i, sample in enumerate(book[:8]):
        image = Image.open(sample.filepath).convert("RGBA").resize((256, 128))
        image.putalpha(160)
        image.save(tmp_path / f"{i}.png")
        samples.append(fo.Sample(str(tmp_path / f"{i}.png"), scene=sample.scene, tags=["wide"]))
    dataset = fo.Dataset("wide", persistent=True)
    dataset.add_samples(samples)
    fiftyone_faiss.build_index(dataset, "clip", model=MODEL_NAME, progress=False)
    return dataset


def test_tiles_show_whole_images_and_fields_and_keep_their_look(wide, open_app) -> None:
    page = open_app(wide)
    search(page, "2: a beach - snow", k=6)
    assert place_of(page, 0) == [0, 25, 100, 50]
    image = cy(page, "faiss-result").first.locator("img")
    expect(image).to_have_css("background-image", re.compile("repeating-conic-gradient"))
    cy(page, "faiss-view-menu").click()
    cy(page, "faiss-tile-cover").check()
    assert place_of(page, 0) == [0, 0, 100, 100]
    cy(page, "faiss-tile-size").fill("200")
    cy(page, "faiss-field-scene").check()
    cy(page, "faiss-field-tags").check()
    scenes = wide.select(result_ids(page), ordered=True).values("scene.label")
    lines = page.locator(".ffs-line[data-field=scene]")
    expect(lines).to_have_text(scenes)
    expect(page.locator(".ffs-line[data-field=tags]")).to_have_text(["wide"] * 6)
    # The color is that of the field in the sidebar.
    color = page.evaluate(
        """() => {
            const value = document.querySelector(".ffs-line[data-field=scene] .ffs-value");
            return getComputedStyle(value).getPropertyValue("--ffs-value");
        }"""
    )
    assert re.fullmatch(r"#[0-9a-f]{6}", color.lower())
    shoot(page, "tiles-fields")
    page.keyboard.press("Escape")
    width = cy(page, "faiss-result").first.bounding_box()["width"]
    assert width >= 200
    page.reload()
    search(page, "a beach", k=6)
    assert place_of(page, 0) == [0, 0, 100, 100]
    expect(lines).to_have_count(6)
    assert cy(page, "faiss-result").first.bounding_box()["width"] == width


def test_the_preview_shows_what_each_term_contributes(book, open_app) -> None:
    page = wait_until_ready(open_app())
    line = '2: car + beach - "red"'
    search(page, line)
    neighbors = fiftyone_faiss.search(book, line, k=6).to_dict()
    first = cy(page, "faiss-result").first
    preview = cy(page, "faiss-preview")
    first.press("p")
    expect(preview).to_have_attribute("data-id", result_ids(page)[0])
    expect(preview.locator("dt")).to_have_text(['2 x "car"', '"beach"', '− "red"'])
    values = [f"{value:.2f}" for value in neighbors["results"][0]["contributions"]]
    expect(preview.locator("output")).to_have_text(values)
    shoot(page, "preview")
    # It follows the focus until it is closed.
    page.keyboard.press("ArrowRight")
    expect(preview).to_have_attribute("data-id", result_ids(page)[1])
    page.keyboard.press("Escape")
    expect(preview).to_have_count(0)
    page.mouse.move(0, 0)
    cy(page, "faiss-result").nth(2).hover()
    expect(preview).to_have_attribute("data-id", result_ids(page)[2])
    panel, box = page.locator(".ffs-panel").bounding_box(), preview.bounding_box()
    assert panel["x"] <= box["x"] and box["x"] + box["width"] <= panel["x"] + panel["width"]
    page.mouse.move(0, 0)
    expect(preview).to_have_count(0)


def test_near_duplicates_open_in_place(book, open_app) -> None:
    dataset = book[:12].clone()
    path = book.first().filepath
    dataset.add_samples([fo.Sample(path), fo.Sample(path)])
    fiftyone_faiss.build_index(dataset, "doubled", model=MODEL_NAME, progress=False)
    page = open_app(dataset)
    cy(page, "faiss-index").select_option("doubled")
    cy(page, "faiss-options-more").click()
    cy(page, "faiss-collapse").check()
    page.keyboard.press("Escape")
    search(page, "a house in a park", k=8)
    badge = cy(page, "faiss-near-duplicates")
    expect(badge).to_have_text("+2 duplicates")
    tile = page.locator("li.ffs-stack .ffs-open")
    neighbors = fiftyone_faiss.search(dataset, "a house in a park", "doubled", k=8, collapse=True)
    (expected,) = neighbors.near_duplicates.values()
    tile.press("d")
    duplicates = cy(page, "faiss-duplicate")
    expect(duplicates).to_have_count(2)
    ids = duplicates.evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")
    assert ids == expected
    # Each has a score of its own.
    scores = duplicates.locator(".ffs-score").all_inner_texts()
    assert scores == [f"{neighbors.near_duplicate_scores[id]:.2f}" for id in ids]
    expect(duplicates.first).to_have_attribute(
        "title", f"{Path(path).name}: score {neighbors.near_duplicate_scores[ids[0]]:.4f}"
    )
    expect(duplicates.first.locator("img")).not_to_have_css("visibility", "hidden")
    expect(badge).to_have_attribute("aria-expanded", "true")
    shoot(page, "near-duplicates")
    # The arrow keys reach them. The mouse is not over the viewer, which would take the keys.
    page.mouse.move(0, 0)
    page.keyboard.press("ArrowRight")
    expect(duplicates.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(cy(page, "modal")).to_contain_text(ids[0])
    page.keyboard.press("Escape")
    expect(cy(page, "modal")).to_have_count(0)
    badge.click()
    expect(duplicates).to_have_count(0)
    assert len(result_ids(page)) == 8
    # The near-duplicates of a sample of the query are in its stack, not among the results.
    first = dataset.first().id
    search(page, f"@{first}", k=8)
    assert not {first, *ids} & {*result_ids(page)}
    stack = cy(page, "faiss-pinned-duplicates")
    expect(stack).to_have_text("+2")
    stack.click()
    expect(duplicates).to_have_count(2)
    shown = duplicates.evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")
    assert set(shown) == set(dataset.match(fo.ViewField("filepath") == path).values("id")[1:])
    shoot(page, "pinned-near-duplicates")


def test_frames_are_decoded(book, open_app, tmp_path) -> None:
    path = str(tmp_path / "film.webm")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"VP80"), 5, (320, 240))
    for sample in book[:4]:
        image = cv2.resize(cv2.imread(sample.filepath), (320, 240))
        for _ in range(5):
            writer.write(image)
    writer.release()
    dataset = fo.Dataset("film", persistent=True)
    dataset.add_sample(fo.Sample(path))
    frames = fiftyone_faiss.video_frames(dataset, every=1.0)
    fiftyone_faiss.build_index(frames, "frames", model=MODEL_NAME, progress=False)
    page = open_app(dataset)
    search(page, "a house", k=4)
    images = cy(page, "faiss-result").locator("img")
    expect(images).to_have_count(4)
    for place in range(4):
        assert place_of(page, place) == [0, 12, 100, 75] or place_of(page, place)[2:] == [100, 75]
    sources = images.evaluate_all("images => images.map(image => [image.src, image.naturalWidth])")
    assert len({source for source, _ in sources}) == 4
    assert {(source[:23], width) for source, width in sources} == {("data:image/jpeg;base64,", 320)}
    number = fiftyone_faiss.search(dataset, "a house", k=4).to_dict()["results"][0]["frame_number"]
    expect(cy(page, "faiss-result").first).to_have_accessible_name(
        re.compile(rf"^Result 1 of 4, film\.webm, frame {number}, ")
    )
    shoot(page, "frames")
