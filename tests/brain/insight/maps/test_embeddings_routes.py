"""The routes of FiftyOne's server that its Embeddings panel reads our maps from."""

from __future__ import annotations

import struct
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.server.routes import embeddings_v2 as routes
from skimage.measure import points_in_poly
from support.points import Points

import fiftyone_faiss
from fiftyone_faiss.brain.insight.maps.index_map import IndexMap

HEADER = struct.calcsize("<IHBBII")


def post(route: type, made: IndexMap, **data: Any) -> Any:
    """What a route answers about a map."""
    dataset = made.samples._root_dataset
    request = {
        "datasetName": dataset.name, "datasetId": str(dataset._doc.id), "brainKey": made.vis_key,
    }  # fmt: skip
    return route._post_sync(None, {**request, **data})


def check(made: IndexMap) -> None:
    """Fails unless the panel gets the points and the ids, and lassoes half of them."""
    runs = post(routes.EmbeddingsV2RunsStatus, made)["runs"]
    assert {"brainKey": made.vis_key, "ready": True, "error": None} in runs
    info = post(routes.EmbeddingsV2RunInfo, made)
    assert (info["n"], info["dims"]) == (len(made), made.num_dims)
    assert (info["patchesField"], info["pointsField"]) == (made.patches_field, None)
    columns = post(routes.EmbeddingsV2Geometry, made).body[HEADER:]
    points = np.frombuffer(columns, "<f4").reshape(made.num_dims, -1).T
    np.testing.assert_array_equal(points, made.points)
    ids = post(routes.EmbeddingsV2Ids, made).body[HEADER:]
    assert [ids[i : i + 12].hex() for i in range(0, len(ids), 12)] == list(made.ids)
    low, high, middle = points.min(axis=0), points.max(axis=0), np.median(points[:, 0])
    polygon = [[low[0] - 1, low[1] - 1], [middle, low[1] - 1], [middle, high[1] + 1],
               [low[0] - 1, high[1] + 1]]  # fmt: skip
    stage = post(routes.EmbeddingsV2LassoStage, made, polygon=polygon)["kwargs"]
    inside = points_in_poly(points[:, :2], np.array(polygon))
    name = "sample_ids" if made.patches_field is None else "ids"
    assert set(stage[name]) == {made.ids[i] for i in np.flatnonzero(inside)}
    assert 0 < inside.sum() < len(made)


@pytest.mark.parametrize("num_dims", [2, 3])
def test_samples(samples: Points, num_dims: int) -> None:
    samples.index()
    made = fiftyone_faiss.visualize_index(
        samples.dataset, method="pca", num_dims=num_dims, progress=False
    )
    check(made)
    view = samples.dataset.match(fo.ViewField("number") < 4)
    stages = view._serialize()
    body = post(routes.EmbeddingsV2Masks, made, view=stages).body[HEADER:]
    visible = np.unpackbits(np.frombuffer(body, np.uint8)[:2], bitorder="little")[:12]
    assert visible.tolist() == [1] * 4 + [0] * 8


def test_patches(patches: Points) -> None:
    patches.index()
    check(fiftyone_faiss.visualize_index(patches.dataset, method="pca", progress=False))
