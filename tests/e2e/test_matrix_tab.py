"""The tab "Matrix" of the panel "FAISS Map", used as a person would."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from support.axe import load_axe, violations
from support.browser import PATIENCE, cy, select, shoot

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

PANEL = "similarity_map_faiss"
COUNT = 40


@pytest.fixture(scope="module")
def few(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """Forty of the drawn images with an index."""
    dataset = book[:COUNT].clone("few-images", persistent=True)
    fiftyone_faiss.build_index(dataset, "clip", model=MODEL_NAME, progress=False)
    yield dataset
    dataset.delete()


def open_matrix(page: Page) -> Page:
    cy(page, "map-tab-matrix").click()
    expect(cy(page, "matrix")).to_have_attribute("data-state", "done")
    return page


def point_at(page: Page, row: int, column: int) -> dict[str, float]:
    """Moves the pointer to the middle of a cell; returns its place on the canvas."""
    cells = cy(page, "matrix-cells")
    cells.scroll_into_view_if_needed()
    count, origin = (int(cells.get_attribute(f"data-{name}") or 0) for name in ("count", "origin"))
    box = cells.bounding_box()
    assert box is not None
    unit = (box["width"] - origin) / count
    place = {"x": origin + (column + 0.5) * unit, "y": origin + (row + 0.5) * unit}
    cells.hover(position=place)
    expect(cells).to_have_attribute("data-cell", f"{row} {column}")
    return place


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
def test_a_matrix_leads_to_the_explanation_of_a_pair(few, open_app, dark: bool, tmp_path) -> None:
    page = open_matrix(open_app(few, panel=PANEL, width=1600, height=900, dark=dark))
    matrix = fiftyone_faiss.distance_matrix(few, brain_key="clip", label_field="scene")
    cells = cy(page, "matrix-cells")
    # Nothing is selected: all that the grid shows is compared.
    expect(cells).to_have_attribute("data-count", str(COUNT))
    expect(cy(page, "matrix-source")).to_have_value("grid")
    expect(cy(page, "matrix-notes")).to_contain_text("all 780 pairs of the index")

    # Pointing at a cell shows both pictures.
    point_at(page, 3, 11)
    a, b = (matrix.ids[matrix.order[place]] for place in (3, 11))
    expect(cells).to_have_attribute("data-ids", f"{a} {b}")
    shown = cy(page, "matrix-picture")
    assert [shown.nth(i).get_attribute("data-id") for i in range(2)] == [a, b]
    i, j = (matrix.ids.index(id) for id in (a, b))
    text = cy(page, "matrix-text")
    expect(text).to_contain_text(f"angle {matrix.angles[i, j]:.1f}°")
    expect(text).to_contain_text("random pairs are nearer")
    distance = float((text.text_content() or "").split("distance ")[1].split(",")[0])
    assert distance == pytest.approx(float(matrix.distances[i, j]), rel=2e-3)
    shoot(page, f"matrix-{'dark' if dark else 'light'}")

    # In the order of the labels, the strips name them.
    cy(page, "matrix-label").select_option("scene")
    expect(cy(page, "matrix-class")).to_have_count(len(set(matrix.labels)))
    cy(page, "matrix-order").select_option("label")
    place = point_at(page, 0, 1)
    first, second = (matrix.ids[place] for place in matrix.label_order[:2])
    expect(cells).to_have_attribute("data-ids", f"{first} {second}")
    shoot(page, f"matrix-by-label-{'dark' if dark else 'light'}")
    load_axe(page)
    assert violations(page) == []

    # A click opens the pair, Escape closes it, and keys walk on from the cell.
    cells.click(position=place)
    expect(cy(page, "why")).to_have_attribute("data-state", "done", timeout=4 * PATIENCE)
    shoot(page, f"matrix-pair-{'dark' if dark else 'light'}")
    i, j = (matrix.ids.index(id) for id in (first, second))
    score = float((cy(page, "why-score").text_content() or "").split()[-1])
    assert score == pytest.approx(1 - float(matrix.distances[i, j]), abs=2e-3)
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(cy(page, "why")).to_have_count(0)
    expect(cells).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect(cells).to_have_attribute("data-cell", f"2 {COUNT - 1}")
    page.keyboard.press("Enter")
    expect(cy(page, "why")).to_be_visible()
    page.keyboard.press("Escape")
    if not dark:
        return

    with page.expect_download() as download:
        cy(page, "matrix-save-csv").click()
    assert download.value.suggested_filename == "distances-clip.csv"
    download.value.save_as(tmp_path / "matrix.csv")
    rows = list(csv.reader((tmp_path / "matrix.csv").open(newline="")))
    order = matrix.label_order
    assert rows[0][3:] == [matrix.ids[place] for place in order]
    np.testing.assert_array_equal(
        np.array([row[3:] for row in rows[1:]], np.float32), matrix.distances[np.ix_(order, order)]
    )
    for kind in ("png", "svg"):
        with page.expect_download() as download:
            cy(page, f"matrix-save-{kind}").click()
        assert download.value.suggested_filename == f"distances-clip.{kind}"


def test_the_selection_of_the_grid_is_compared(few, open_app) -> None:
    page = open_matrix(open_app(few, panel=PANEL, width=1600, height=900))
    cy(page, "matrix-source").select_option("selection")
    expect(cy(page, "matrix-nothing")).to_contain_text("Select two or more in the grid")
    shoot(page, "matrix-empty")
    for place in (0, 2, 3):
        select(page, place)
    cells = cy(page, "matrix-cells")
    expect(cells).to_have_attribute("data-count", "3")
    cells.focus()
    page.keyboard.press("ArrowDown")
    ids = few.values("id")
    matrix = fiftyone_faiss.distance_matrix(few, [ids[0], ids[2], ids[3]], "clip")
    shown = [matrix.ids[matrix.order[1]]] * 2
    expect(cells).to_have_attribute("data-ids", " ".join(shown))
    expect(cy(page, "matrix-text")).to_have_text("The same sample.")
    # What a person chose is kept.
    page.reload()
    expect(cy(page, "matrix-source")).to_have_value("selection")


def test_a_narrow_panel_and_a_failure(few, open_app) -> None:
    from support.messages import Messages

    page = open_app(few, panel=PANEL, width=840, height=900)
    messages = Messages(page)
    messages.answers["matrix"] = lambda _: {"error": "The index holds none of these."}
    cy(page, "map-tab-matrix").click()
    expect(cy(page, "matrix-error")).to_have_text("The index holds none of these.")
    shoot(page, "matrix-failed")
    del messages.answers["matrix"]
    cy(page, "matrix-label").select_option("scene")
    expect(cy(page, "matrix-cells")).to_have_attribute("data-count", str(COUNT))
    point_at(page, 5, 6)
    shoot(page, "matrix-narrow")
    panel = cy(page, "map-panel")
    assert panel.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
