"""The panel "FAISS Map", used as a person would, with WebGL in software."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect
from support.axe import load_axe, violations
from support.browser import cy, launch, shoot, shows, view_ids
from support.search_panel import search, wait_until_ready

import fiftyone_faiss
from fiftyone_faiss.brain import IndexMap, get_embedder, place_query
from fiftyone_faiss.demo import MODEL_NAME

PANEL = "similarity_map_faiss"
# How much of the canvas the map fills at first.
FIT = 0.92


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright, webgl=True)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def mapped(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """120 drawn images with an index of the demo's model."""
    dataset = book.limit(120).clone("mapped", persistent=True)
    exact = get_embedder(MODEL_NAME, precision="float32")
    fiftyone_faiss.build_index(dataset, "clip", model=exact, progress=False)
    yield dataset
    dataset.delete()


@pytest.fixture
def own_map(mapped: fo.Dataset) -> IndexMap:
    """The map "clip_umap", which the first test has made if it ran."""
    if not mapped.has_brain_run("clip_umap"):
        fiftyone_faiss.visualize_index(mapped, "clip", vis_key="clip_umap", progress=False)
    return fiftyone_faiss.load_map(mapped, "clip_umap")


def places_on(page: Page, own_map: IndexMap) -> np.ndarray:
    """``(n, 2)`` where the points of a map of two dimensions are on the page."""
    box = cy(page, "map-points").bounding_box()
    assert box is not None
    low, high = own_map.points.min(axis=0), own_map.points.max(axis=0)
    scaled = (own_map.points - (low + high) / 2) / ((high - low) / 2).max()
    unit = FIT * min(box["width"], box["height"]) / 2
    x = box["x"] + box["width"] / 2 + unit * scaled[:, 0]
    y = box["y"] + box["height"] / 2 - unit * scaled[:, 1]
    return np.stack([x, y], axis=1)


def lonely_places(places: np.ndarray, count: int) -> list[int]:
    """The points that are farthest from their nearest ones on the page."""
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    lonely: list[int] = np.argsort(-apart.min(axis=1))[:count].tolist()
    return lonely


def check_colors(page: Page, mapped: fo.Dataset, own_map: IndexMap, places: np.ndarray) -> None:
    """Compares the pixels of some points with the colors of their scenes in the legend."""
    dots = cy(page, "map-class").evaluate_all(
        "all => all.map(own => [own.title, getComputedStyle(own.firstChild).backgroundColor])"
    )
    color_of = {name: np.array(re.findall(r"\d+", text), int) for name, text in dots}
    scene_of = dict(zip(*mapped.values(["id", "scene.label"]), strict=True))
    screen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), int)
    for place in lonely_places(places, 12):
        x, y = places[place].round().astype(int)
        # Points are a little transparent.
        assert np.abs(screen[y, x] - color_of[scene_of[own_map.ids[place]]]).max() < 40


def wait_until_drawn(page: Page) -> None:
    expect(cy(page, "map-canvas")).to_have_attribute("data-state", "ready")


def encircle(page: Page, left: float, top: float, right: float, bottom: float) -> None:
    """Draws a rectangle with the lasso."""
    cy(page, "map-lasso").click()
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 1)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    cy(page, "map-lasso").click()


def inside(places: np.ndarray, left: float, top: float, right: float, bottom: float) -> np.ndarray:
    x, y = places.T
    return np.flatnonzero((x >= left) & (x <= right) & (y >= top) & (y <= bottom))


def test_a_map_is_made_colored_hovered_and_encircled(mapped: fo.Dataset, open_app, session) -> None:
    page: Page = open_app(mapped, panel=PANEL, width=1600, height=900)
    expect(cy(page, "map-nothing")).to_contain_text("This dataset has no map")
    shoot(page, "map-empty")
    cy(page, "map-make").click()
    expect(cy(page, "map-choice")).to_have_value("clip_umap")
    wait_until_drawn(page)
    mapped.reload()
    own_map = fiftyone_faiss.load_map(mapped, "clip_umap")
    expect(cy(page, "map-quality")).to_contain_text(
        "of the 15 nearest neighbors of a point are near it"
    )
    cy(page, "map-color").select_option("field:scene")
    expect(cy(page, "map-class").first).to_be_visible()
    expect(page.locator("[data-colored=done]")).to_be_visible()
    shoot(page, "map-colored")
    places = places_on(page, own_map)
    check_colors(page, mapped, own_map, places)
    middle = np.median(places, axis=0)
    box = cy(page, "map-points").bounding_box()
    assert box is not None
    rectangle = (box["x"] + 5, box["y"] + 5, float(middle[0]), float(middle[1]))
    encircle(page, *rectangle)
    wanted = inside(places, *rectangle)
    shows(page, len(wanted))
    shoot(page, "map-lasso")
    assert sorted(view_ids(session)) == sorted(own_map.ids[i] for i in wanted)
    cy(page, "curate-restore-grid").click()
    shows(page, 120)


def open_map(page: Page) -> None:
    """Opens the map panel beside the search panel."""
    given = {"name": PANEL, "isActive": True, "layout": "horizontal"}
    page.evaluate("given => window.__foo__.executeOperator('open_panel', given)", given)
    wait_until_drawn(page)


def test_the_search_and_the_selection_are_on_the_map(
    mapped: fo.Dataset, own_map: IndexMap, open_app, session
) -> None:
    page: Page = wait_until_ready(open_app(mapped, width=2000, height=1000))
    search(page, "a red car", k=25)
    open_map(page)
    hits = fiftyone_faiss.search(mapped, "a red car", "clip", k=25)
    note = cy(page, "map-search")
    expect(note).to_contain_text("of the 25 nearest hits of ")
    places = [list(own_map.ids).index(id) for id in hits.ids]
    expect(note).to_have_attribute("data-hits", " ".join(map(str, places)))
    expect(cy(page, "map-query")).to_be_visible()
    shoot(page, "map-search")
    cy(page, "map-color").select_option("query")
    expect(cy(page, "map-ramp")).to_contain_text("score")
    cy(page, "map-nearest-count").fill("10")
    cy(page, "map-nearest").click()
    shows(page, 10)
    center = place_query(own_map, places, hits.distances).point
    nearest = np.argsort(np.linalg.norm(own_map.points - center, axis=1))[:10]
    assert sorted(view_ids(session)) == sorted(own_map.ids[i] for i in nearest)
    cy(page, "curate-restore-grid").click()
    shows(page, 120)
    assert not session.view


def test_points_are_selected_by_clicks_and_keys_and_shown_by_the_legend(
    mapped: fo.Dataset, own_map: IndexMap, open_app
) -> None:
    page: Page = open_app(mapped, panel=PANEL, width=1600, height=900)
    wait_until_drawn(page)
    places = places_on(page, own_map)
    # A click means this one alone.
    (lonely,) = lonely_places(places, 1)
    x, y = places[lonely].tolist()
    page.mouse.move(x, y)
    expect(cy(page, "map-card")).to_have_attribute("data-place", str(lonely))
    expect(cy(page, "map-card")).to_contain_text("of its neighbors are near it")
    shoot(page, "map-hover")
    page.mouse.click(x, y)
    expect(cy(page, "map-selected-count")).to_contain_text("1 point of the map is selected")
    cy(page, "map-points").focus()
    cy(page, "map-points").press("ArrowLeft")
    expect(cy(page, "map-card")).to_be_visible()
    cy(page, "map-points").press("Enter")
    expect(cy(page, "map-selected-count")).to_contain_text("2 points of the map are selected")
    for _ in range(6):
        cy(page, "map-points").press("+")
    expect(cy(page, "map-thumbnail").first).to_be_visible()
    shoot(page, "map-thumbnails")
    cy(page, "map-points").press("0")
    cy(page, "map-color").select_option("field:scene")
    first = cy(page, "map-class").first
    name = first.get_attribute("title")
    first.click()
    shoot(page, "map-legend")
    cy(page, "map-classes-act").click()
    count = mapped.match(fo.ViewField("scene.label") == name).count()
    shows(page, count)
    load_axe(page)
    assert violations(page) == []
    # What was chosen is there after a reload, and the way back, too.
    page.reload()
    wait_until_drawn(page)
    expect(cy(page, "map-color")).to_have_value("field:scene")
    cy(page, "curate-restore-grid").click()
    shows(page, 120)


def test_a_map_of_three_dimensions_turns_and_comes_back_after_a_reset(
    mapped: fo.Dataset, open_app
) -> None:
    fiftyone_faiss.visualize_index(mapped, "clip", "pca", 3, "deep", progress=False)
    page: Page = open_app(mapped, panel=PANEL, width=1100, height=900, dark=False)
    cy(page, "map-choice").select_option("deep")
    wait_until_drawn(page)
    cy(page, "map-color").select_option("quality:")
    expect(cy(page, "map-ramp")).to_contain_text("neighbors kept")
    points = cy(page, "map-points")
    points.focus()
    before = points.screenshot()
    points.press("ArrowLeft")
    page.wait_for_function("() => new Promise(done => requestAnimationFrame(() => done(true)))")
    assert points.screenshot() != before
    shoot(page, "map-narrow")
    points.evaluate(
        "canvas => { window.reset = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');"
        " window.reset.loseContext(); }"
    )
    expect(cy(page, "map-problem")).to_contain_text("The graphics card was reset")
    page.evaluate("window.reset.restoreContext()")
    wait_until_drawn(page)
    load_axe(page)
    assert violations(page) == []


def test_a_browser_without_webgl_says_so(mapped: fo.Dataset, own_map: IndexMap, open_app) -> None:
    page: Page = open_app(mapped, panel=PANEL, width=1600, height=900)
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        "  return kind === 'webgl2' ? null : get.call(this, kind, ...more); }"
    )
    page.reload()
    expect(cy(page, "map-problem")).to_contain_text("This browser draws no maps: WebGL 2 is")
