"""The layouts of UMAP and t-SNE, on handwritten digits and on copies."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from sklearn.datasets import load_digits
from support.scored import dataset_of

import fiftyone_faiss
from fiftyone_faiss import brain
from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.data.progress_bar import run_steps
from fiftyone_faiss.brain.insight.maps import tsne_layout, umap_layout
from fiftyone_faiss.brain.insight.maps.index_map import IndexMap

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def digits() -> Iterator[fo.Dataset]:
    """The 1,797 digits of scikit-learn as vectors of 64 pixels."""
    images, labels = load_digits(return_X_y=True)
    dataset = dataset_of(images, "euclidean", digit=labels.tolist())
    yield dataset
    dataset.delete()


def made(samples: fo.Dataset, method: str, **options: object) -> IndexMap:
    return fiftyone_faiss.visualize_index(
        samples, method=method, vis_key="some", overwrite=True, progress=False, **options
    )


def between(map: IndexMap, labels: np.ndarray, a: int, b: int) -> float:
    """The distance of the centers of two digits, in standard deviations of the map."""
    centers = [map.points[labels == digit].mean(axis=0) for digit in (a, b)]
    return float(np.linalg.norm(centers[0] - centers[1]) / map.points.std())


def test_digits_that_look_alike_are_nearer(digits: fo.Dataset) -> None:
    labels = np.array(digits.values("digit"))
    maps = [made(digits, "umap", seed=seed) for seed in SEEDS]
    alike, unlike = (
        np.mean([between(map, labels, *pair) for map in maps]) for pair in ((3, 8), (0, 1))
    )
    assert alike < 0.7 * unlike
    # benchmarks/bench_maps.py measures that of umap-learn beside it.
    assert min(map.quality.trustworthiness for map in maps) > 0.98
    assert min(map.quality.neighbors_kept for map in maps) > 0.48
    again = made(digits, "umap", seed=SEEDS[-1])
    np.testing.assert_array_equal(again.points, maps[-1].points)


def test_all_cores_make_as_good_a_map(digits: fo.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(umap_layout, "MAX_REPEATABLE", 100)
    assert made(digits, "umap").quality.trustworthiness > 0.98


def test_tsne_keeps_neighbors(digits: fo.Dataset) -> None:
    part = digits[:500]
    tsne, pca = (made(part, method) for method in ("tsne", "pca"))
    assert tsne.quality.trustworthiness > 0.97 > pca.quality.trustworthiness
    assert tsne.quality.neighbors_kept > 0.6 > pca.quality.neighbors_kept
    assert len(made(part[:40], "tsne", num_dims=3).points[0]) == 3


@pytest.mark.parametrize("num_dims", [2, 3])
def test_tsne_of_many_points(monkeypatch: pytest.MonkeyPatch, num_dims: int) -> None:
    """openTSNE changes its method at 10,000 points."""
    monkeypatch.setattr(tsne_layout, "PHASES", ((2, 12.0, 0.5),))
    monkeypatch.setattr(tsne_layout, "PART", 1)
    everything = np.arange(10_100)
    neighbors = (everything[:, None] + np.arange(1, 6)) % len(everything)
    graph = ComparedGraph(neighbors, np.ones(neighbors.shape), 1.0, 0)
    first = np.random.default_rng(1).normal(size=(len(everything), num_dims)).astype(np.float32)
    points = run_steps(tsne_layout.tsne_steps(graph, first, None), False)
    assert points.shape == first.shape and np.isfinite(points).all()


@pytest.mark.parametrize("method", ["umap", "tsne", "pca"])
def test_few_points_and_copies(rng: np.random.Generator, method: str) -> None:
    vectors = np.repeat(rng.normal(size=(3, 4)), 4, axis=0)
    dataset = dataset_of(vectors, "euclidean")
    assert np.isfinite(made(dataset, method).points).all()
    assert np.isfinite(made(dataset[:5], method).points).all()
    with pytest.raises(ValueError, match="A map needs 5 or more points, got 4"):
        made(dataset[:4], method)
    dataset.delete()


def test_it_can_be_canceled_and_leaves_nothing(digits: fo.Dataset) -> None:
    steps = brain.map_steps(digits, brain.MapRequest(vis_key="canceled"))
    kinds = []
    for step in steps:
        kinds.append(step.what)
        if step.what == "iterations" and step.done == 3:
            break
    steps.close()
    assert kinds[-3:] == ["iterations"] * 3 and not digits.has_brain_run("canceled")


def test_other_threads_run_meanwhile(digits: fo.Dataset) -> None:
    """The optimizer does not hold Python's lock."""
    steps = brain.map_steps(digits, brain.MapRequest(vis_key="slow"))
    while next(steps).what != "iterations":
        pass
    ticks, done = 0, threading.Event()

    def count() -> None:
        nonlocal ticks
        while not done.wait(0.0005):
            ticks += 1

    thread = threading.Thread(target=count)
    thread.start()
    for _ in range(100):
        next(steps)
    done.set()
    thread.join()
    steps.close()
    assert ticks > 20


@pytest.mark.parametrize(
    ("method", "module", "message"),
    [("umap", "numba", "needs Numba"), ("tsne", "openTSNE", "needs openTSNE")],
)
def test_a_missing_package_is_named(
    digits: fo.Dataset, monkeypatch: pytest.MonkeyPatch, method: str, module: str, message: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ValueError, match=message) as raised:
        fiftyone_faiss.visualize_index(digits[:9], method=method, vis_key="no", progress=False)
    assert 'pip install "fiftyone-faiss[maps]"' in str(raised.value)
    assert not digits.has_brain_run("no")
