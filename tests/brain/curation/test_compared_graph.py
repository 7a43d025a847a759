"""The neighbors and the groups of compared vectors against NumPy."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from support.distances import reference_distances
from support.indexes import index_of

from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.curation.compared import Compared
from fiftyone_faiss.brain.curation.compared_graph import graph_steps, groups_steps
from fiftyone_faiss.brain.data.progress_bar import run_steps

N, PAIRS = 400, 40


@pytest.fixture
def samples(rng: np.random.Generator) -> Iterator[tuple[fo.Dataset, np.ndarray]]:
    """400 samples without files; the last 40 are near duplicates of the first 40."""
    vectors = rng.normal(size=(N, 16)).astype(np.float32)
    vectors[N - PAIRS :] = vectors[:PAIRS] * 1.001
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png", number=i) for i in range(N)], progress=False)
    index_of(dataset, vectors)
    yield dataset, vectors
    dataset.delete()


def check(view: fo.Dataset | fo.DatasetView, vectors: np.ndarray, k: int) -> None:
    compared = Compared.of(view, None)
    graph = run_steps(graph_steps(compared, k), False)
    distances = reference_distances(vectors[view.values("number")], "cosine")
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_allclose(graph.distances, np.sort(distances, axis=1)[:, :k], atol=1e-6)
    own = np.take_along_axis(distances, graph.neighbors, axis=1)
    np.testing.assert_allclose(graph.distances, own, atol=1e-9)
    assert (graph.recall, graph.sampled) == (1.0, min(400, len(view)))


def test_the_graph_of_a_dataset_is_kept_and_that_of_a_view_is_its_own(samples) -> None:
    dataset, vectors = samples
    index = load_faiss_index(dataset, None)
    check(dataset.match(fo.ViewField("number") % 2 == 0), vectors, 7)
    assert index.graphs.graph_of(index.snapshot) is None
    check(dataset, vectors, 7)
    assert index.graphs.graph_of(index.snapshot).k == 7
    check(dataset, vectors, 5)


def test_near_duplicates_are_one_group(samples) -> None:
    dataset, _ = samples
    compared = Compared.of(dataset, None)
    proposed = run_steps(groups_steps(compared), False)
    assert (proposed[N - PAIRS :] == proposed[:PAIRS]).all()
    # At most a tenth of the proposed pairs may be accidental.
    assert N - PAIRS - 4 <= len(np.unique(proposed)) <= N - PAIRS
    given = run_steps(groups_steps(compared, thresh=1e-4), False)
    assert (given[N - PAIRS :] == given[:PAIRS]).all()
    assert len(np.unique(given)) == N - PAIRS
    pairs = run_steps(groups_steps(compared, thresh=2.0), False)
    assert len(np.unique(pairs)) == 1
