"""The neighbors of compared vectors against NumPy."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
from support.distances import reference_distances
from support.scored import dataset_of

from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import graph_steps
from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.data.progress_bar import run_steps


def check(view: fo.Dataset | fo.DatasetView, vectors: np.ndarray, k: int) -> None:
    compared = Compared.of(view, None)
    graph = run_steps(graph_steps(compared, k), False)
    distances = reference_distances(vectors[view.values("number")], "cosine")
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_allclose(graph.distances, np.sort(distances, axis=1)[:, :k], atol=1e-6)
    own = np.take_along_axis(distances, graph.neighbors, axis=1)
    np.testing.assert_allclose(graph.distances, own, atol=1e-9)
    assert (graph.recall, graph.sampled) == (1.0, min(400, len(view)))


def test_the_graph_of_a_dataset_is_kept_and_that_of_a_view_is_its_own(
    rng: np.random.Generator,
) -> None:
    vectors = rng.normal(size=(400, 16)).astype(np.float32)
    dataset = dataset_of(vectors)
    index = load_faiss_index(dataset, None)
    check(dataset.match(fo.ViewField("number") % 2 == 0), vectors, 7)
    assert index.graphs.graph_of(index.snapshot) is None
    check(dataset, vectors, 7)
    assert index.graphs.graph_of(index.snapshot).k == 7
    check(dataset, vectors, 5)
    dataset.delete()
