"""What a request of a map accepts, and what its messages say to do."""

from __future__ import annotations

from typing import Any

import pytest

from fiftyone_faiss.brain.insight.maps.request import MapRequest

A, B = "65f0" * 6, "65f1" * 6


def test_defaults_and_keys() -> None:
    request = MapRequest.from_params({"brain_key": "", "method": None, "other": 1})
    assert (request.brain_key, request.method, request.num_dims, request.seed) == (
        None, "umap", 2, None,
    )  # fmt: skip
    assert request.key_for("clip") == "clip_umap"
    assert MapRequest(method="pca", num_dims=3).key_for("clip") == "clip_pca_3d"
    assert MapRequest(vis_key=" mine ").key_for("clip") == "mine"


def test_axes_are_query_lines() -> None:
    request = MapRequest(method="axes", axes=["  night -  day", (A, B)])
    assert request.axes == ("night - day", f"@{B} - @{A}")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"method": "som"}, "method is 'som'; choose one of umap, tsne, pca, axes."),
        ({"num_dims": 4}, "num_dims is 4; give 2 or 3."),
        ({"method": "axes", "axes": ["a"]}, "A map of 2 dimensions needs 2 axes, got 1"),
        ({"method": "axes", "axes": ["a", (A, A)]}, "give a query line, such as 'night - day', or"),
        ({"method": "axes", "axes": ["a", (A,)]}, "give a query line, such as 'night - day', or"),
        ({"method": "axes", "axes": ["a", ""]}, "The query is empty"),
        ({"method": "axes", "axes": ["a", 'b "c']}, None),
        ({"axes": ["a", "b"]}, "axes are for method='axes'"),
        ({"num_neighbors": 1}, "num_neighbors is 1; give 2 to 100."),
        ({"min_dist": 2}, "min_dist is 2; give a number of 0 to 1."),
        ({"min_dist": "near"}, "min_dist is 'near'; give a number"),
        ({"seed": -1}, "seed is -1"),
        ({"vis_key": "my map"}, "'my map' is no brain key"),
        ({"overwrite": "yes"}, "overwrite is 'yes'; give true or false."),
    ],
)
def test_bad_values(params: dict[str, Any], message: str | None) -> None:
    if message is None:
        assert MapRequest.from_params(params).axes[1] == 'b "c'
        return
    with pytest.raises(ValueError) as raised:
        MapRequest.from_params(params)
    assert message in str(raised.value)
