"""FiftyOne's Embeddings panel lists, shows and lassoes our maps."""

from __future__ import annotations

import re
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from skimage.measure import points_in_poly
from support.browser import cy, shoot

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME

pytestmark = pytest.mark.browser

MAPS: dict[str, dict[str, Any]] = {
    "clip_umap": {"method": "umap"},
    "clip_tsne": {"method": "tsne"},
    "clip_pca": {"method": "pca"},
    "named": {"method": "axes", "axes": ("snow - beach", "a dog - a car"), "vis_key": "named"},
    "clip_pca_3d": {"method": "pca", "num_dims": 3},
}


def open_map(page: Page, key: str) -> Any:
    """Opens a map from the panel's list; returns the run's description by the server."""
    card = page.locator(".emb-run-card", has=page.get_by_text(key, exact=True))
    expect(card).to_contain_text("Ready")
    with page.expect_response("**/embeddings/v2/run-info") as response:
        card.click()
    return response.value.json()


def counts(page: Page, count: int) -> None:
    """Waits until the grid shows so many samples, of all or of a part."""
    expect(cy(page, "entry-counts")).to_contain_text(re.compile(rf"\b{count}\b"))


def lasso(page: Page, corners: list[tuple[float, float]]) -> tuple[Any, Any]:
    """Draws a lasso through corners, as parts of the plot; returns the request and the answer."""
    page.locator(".emb-mode-segment", has_text="Select").click()
    box = page.locator(".emb-plot-scene").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    with page.expect_response("**/embeddings/v2/lasso-stage") as response:
        page.mouse.up()
    return response.value.request.post_data_json, response.value.json()


def test_the_embeddings_panel_opens_each_map_and_lassoes(book: fo.Dataset, open_app: Any) -> None:
    dataset = book.clone()
    for options in MAPS.values():
        fiftyone_faiss.visualize_index(dataset, "clip", progress=False, **options)
    page = open_app(dataset, "Embeddings")
    for key, options in MAPS.items():
        info = open_map(page, key)
        assert (info["n"], info["dims"]) == (160, options.get("num_dims", 2)), key
        expect(page.locator(".emb-plot-title")).to_contain_text(key)
        shoot(page, f"embeddings-{key}")
        page.get_by_label("Back to visualizations").click()

    open_map(page, "clip_umap")
    expect(page.locator(".emb-plot-scene canvas").first).to_be_visible()
    made = fiftyone_faiss.load_map(dataset, "clip_umap")
    sent, answer = lasso(page, [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98)])
    inside = points_in_poly(made.points, np.array(sent["polygon"]))
    assert set(answer["kwargs"]["sample_ids"]) == set(np.array(made.ids)[inside])
    assert 20 < inside.sum() < 140
    counts(page, int(inside.sum()))
    shoot(page, "embeddings-lasso")


def test_patches_are_lassoed_as_their_samples(book: fo.Dataset, open_app: Any) -> None:
    dataset = book[:40].clone()
    fiftyone_faiss.build_index(
        dataset, "patches", MODEL_NAME, patches_field="objects", progress=False
    )
    made = fiftyone_faiss.visualize_index(dataset, "patches", "pca", progress=False)
    page = open_app(dataset, "Embeddings")
    info = open_map(page, "patches_pca")
    assert (info["n"], info["patchesField"]) == (len(made), "objects")
    expect(page.locator(".emb-plot-scene canvas").first).to_be_visible()
    sent, answer = lasso(page, [(0.02, 0.02), (0.4, 0.02), (0.4, 0.98), (0.02, 0.98)])
    inside = points_in_poly(made.points, np.array(sent["polygon"]))
    chosen = set(np.array(made.ids)[inside])
    assert set(answer["kwargs"]["ids"]) == chosen and 0 < len(chosen) < len(made)
    counts(page, len({made.sample_ids[i] for i in np.flatnonzero(inside)}))
    expect(cy(page, "looker").first).to_be_visible()
