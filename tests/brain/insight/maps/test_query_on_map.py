"""Texts on a map of the drawn images."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest

import fiftyone_faiss
from fiftyone_faiss.brain import place_query
from fiftyone_faiss.demo.phrases import queries


@pytest.fixture
def drawn_images(book: fo.Dataset) -> Iterator[fo.Dataset]:
    dataset = book.clone("texts-on-a-map")
    yield dataset
    dataset.delete()


@pytest.mark.parametrize("method", ["pca", "umap"])
def test_the_points_around_a_text_hold_its_hits(drawn_images: fo.Dataset, method: str) -> None:
    index_map = fiftyone_faiss.visualize_index(
        drawn_images, "clip", method, seed=51, progress=False
    )
    position = {id: i for i, id in enumerate(index_map.ids)}
    texts = [query.text for query in queries()][::9]
    assert len(texts) > 20
    counts, predicted = [], []
    for text in texts:
        hits = fiftyone_faiss.search(drawn_images, text, "clip", k=25)
        places = [position[id] for id in hits.ids]
        placed = place_query(index_map, places, hits.distances.tolist())
        assert placed.nearest == 25
        counts.append(placed.hits_nearest)
        predicted.append(placed.predicted)
    chance = 25 * 25 / len(index_map)
    assert min(np.mean(counts), np.mean(predicted)) > 1.5 * chance
    # UMAP tears the hits of a text apart more than the neighbors of an image.
    if method == "pca":
        assert np.mean(counts) >= np.mean(predicted)
