"""Which embedder sees the colors and the shapes of drawn things, and that a copy is no better."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import pytest

import fiftyone_faiss

KEYS = ["by_color", "by_edges", "by_edges_again"]


@pytest.fixture(scope="module")
def things(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """The drawn images with three indexes of the patches of their things."""
    # A clone of a view has no indexes.
    dataset = book.view().clone()
    for key, model in zip(KEYS, ("colorhist", "hog", "hog"), strict=True):
        fiftyone_faiss.build_index(
            dataset, key, model=model, patches_field="objects", progress=False
        )
    yield dataset
    dataset.delete()


def test_colors_are_seen_best_by_their_histogram(things: fo.Dataset) -> None:
    comparison = fiftyone_faiss.compare_models(things, KEYS, "objects.color")
    assert comparison.winner == "by_color"
    best, *others = comparison.models
    assert (best.brain_key, best.model) == ("by_color", "colorhist")
    assert best.rate > 0 and best.dim > 0 and best.disk_bytes > 0
    assert best.map_at_r.low > max(model.map_at_r.high for model in others)
    assert best.map_at_r.low > comparison.chance["map_at_r"]


def test_shapes_are_seen_best_by_edges_and_a_copy_is_no_better(things: fo.Dataset) -> None:
    comparison = fiftyone_faiss.compare_models(things, KEYS, "objects")
    assert comparison.winner is None
    assert set(comparison.leaders) == {"by_edges", "by_edges_again"}
    for key in comparison.leaders:
        assert comparison.pair("by_color", key).better == key
    same = comparison.pair("by_edges", "by_edges_again")
    assert (same.better, same.difference.value) == (None, pytest.approx(0, abs=1e-3))
    assert "no difference that this data can show" in str(same)
