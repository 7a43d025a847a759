"""The operators that make and update maps, and their forms."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from support.operators import PLUGIN, form, run

import fiftyone_faiss


@pytest.fixture
def dataset(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """A copy of the drawn images, with their index."""
    dataset = book.clone(persistent=True)
    yield dataset
    dataset.delete()


def test_maps_are_made_and_updated(dataset: fo.Dataset) -> None:
    params = {"brain_key": "clip", "method": "pca", "num_dims": "3"}
    run("visualize_index", dataset[:100], params).raise_exceptions()
    dataset.reload()
    made = fiftyone_faiss.load_map(dataset, "clip_pca_3d")
    assert made.ids == dataset[:100].values("id") and made.num_dims == 3
    axes = {"method": "axes", "axis_x": "snow - beach", "axis_y": "a dog", "axis_z": "unused"}
    run("visualize_index", dataset, {**axes, "vis_key": "named"}).raise_exceptions()
    dataset.reload()
    named = fiftyone_faiss.load_map(dataset, "named")
    assert named.axes == ("snow - beach", "a dog") and len(named) == 160
    dataset.delete_samples(dataset[:10])
    fiftyone_faiss.update_index(dataset, "clip", progress=False)
    run("update_map", dataset, {"vis_key": "named"}).raise_exceptions()
    dataset.reload()
    updated = fiftyone_faiss.load_map(dataset, "named")
    assert updated.ids == named.ids[10:]
    np.testing.assert_array_equal(updated.points, named.points[10:])


def test_bad_values_are_refused(dataset: fo.Dataset) -> None:
    for params, message in (
        ({"method": "axes", "axis_x": "a", "axis_y": " "}, "The query is empty"),
        ({"method": "pca", "vis_key": "clip"}, "'clip' is a Brain run, and no map"),
    ):
        with pytest.raises(foo.executor.ExecutionError, match=message):
            run("visualize_index", dataset, params).raise_exceptions()
    with pytest.raises(foo.executor.ExecutionError, match="Path: no_map"):
        run("update_map", dataset, {"vis_key": "none"}).raise_exceptions()


def test_operators_are_called_from_python(dataset: fo.Dataset) -> None:
    made = foo.get_operator(f"{PLUGIN}/visualize_index")(dataset, "clip", "pca", progress=False)
    assert len(made) == 160
    assert foo.get_operator(f"{PLUGIN}/update_map")(dataset, "clip_pca").ids == made.ids


def test_the_forms_follow_the_choices(dataset: fo.Dataset) -> None:
    plain = form("visualize_index", dataset, {})
    assert {"brain_key", "method", "num_dims", "num_neighbors", "min_dist", "vis_key"} <= set(plain)
    assert "overwrite" not in plain
    named = form("visualize_index", dataset, {"method": "axes", "num_dims": "3", "axis_y": "a +"})
    assert {"axis_x", "axis_y", "axis_z"} <= set(named) and "min_dist" not in named
    assert named["axis_y"]["invalid"] and "has nothing after it" in named["axis_y"]["error_message"]
    assert form("visualize_index", dataset, {"vis_key": "a b"})["vis_key"]["invalid"]
    assert "no_map" in form("update_map", dataset, {})
    fiftyone_faiss.visualize_index(dataset, method="pca", vis_key="mine", progress=False)
    assert "overwrite" in form("visualize_index", dataset, {"vis_key": "mine"})
    assert form("update_map", dataset, {})["vis_key"]["default"] == "mine"
