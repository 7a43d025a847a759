"""Which index a search uses, and what the runs of a dataset say about themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.brain.internal.core.sklearn import SklearnSimilarityConfig
from support.backends import lancedb_folder
from support.clusters import Large, create
from support.points import Points, one_sentence

import fiftyone_faiss
from fiftyone_faiss.brain import (
    SearchableRun,
    faiss_keys,
    index_keys,
    load_faiss_index,
    load_index,
    searchable_runs,
)


@pytest.fixture
def points(tmp_path: Path) -> Iterator[Points]:
    points = Large.make(40, 1).points("samples", 40)
    with lancedb_folder(tmp_path):
        yield points
    points.dataset.delete()


def test_the_only_index_needs_no_key(points) -> None:
    dataset, query = points.dataset, points.vectors[0]
    with pytest.raises(ValueError, match="has no FAISS index yet; build one"):
        fiftyone_faiss.search(dataset, query)
    create(points, "b", "lancedb")
    assert fiftyone_faiss.search(dataset, query, k=1).brain_key == "b"
    create(points, "a", "sklearn")
    with pytest.raises(ValueError, match="several indexes; give brain_key, one of 'a', 'b'"):
        fiftyone_faiss.search(dataset, query)
    # Among indexes of several backends, the only FAISS index is the default.
    create(points, "c", "faiss")
    assert fiftyone_faiss.search(dataset, query, k=1).brain_key == "c"
    assert index_keys(dataset) == ["a", "b", "c"]
    assert faiss_keys(dataset) == ["c"]
    with pytest.raises(ValueError, match="no similarity index 'd'; it has 'a', 'b', 'c'"):
        load_index(dataset, "d")


def test_runs_are_described_without_their_vectors(points, monkeypatch) -> None:
    dataset = points.dataset
    create(points, "a", "sklearn", metric="euclidean")
    create(points, "b", "lancedb")
    create(points, "c", "faiss", metric="dotproduct")
    monkeypatch.setattr(fo.Dataset, "load_brain_results", None)
    assert searchable_runs(dataset) == [
        SearchableRun("a", "sklearn", None, False, "euclidean", None, None),
        SearchableRun("b", "lancedb", None, False, "cosine", None, None),
        SearchableRun("c", "faiss", None, False, "dotproduct", None, None),
    ]


def test_a_run_with_another_metric_cannot_be_searched(points) -> None:
    create(points, "a", "sklearn", metric="manhattan")
    (run,) = searchable_runs(points.dataset)
    assert run.problem == (
        "The sklearn index 'a' has the metric manhattan, which cannot be searched here; build one "
        "with a metric of cosine, euclidean, dotproduct."
    )
    with pytest.raises(ValueError, match="has the metric manhattan") as caught:
        fiftyone_faiss.search(points.dataset, points.vectors[0])
    assert str(caught.value) == run.problem


def test_an_unfinished_run_is_named(points) -> None:
    # Registered without results, as a stopped build leaves it.
    SklearnSimilarityConfig().build().register_run(points.dataset, "a")
    (run,) = searchable_runs(points.dataset)
    assert run.problem is not None and "'a' is being made, or was never finished" in run.problem
    with pytest.raises(ValueError, match="'a' is being made, or was never finished"):
        fiftyone_faiss.search(points.dataset, points.vectors[0])


def test_a_table_that_is_elsewhere_is_reported_in_one_sentence(points, tmp_path) -> None:
    create(points, "a", "lancedb")
    match = "'a' is empty, or is not where it is looked"
    with (
        lancedb_folder(tmp_path / "elsewhere"),
        pytest.raises(ValueError, match=match) as caught,
    ):
        fiftyone_faiss.search(points.dataset, points.vectors[0])
    assert one_sentence(str(caught.value).replace("fiftyone.brain.brain_config", "config"))


@pytest.mark.parametrize("backend", ["sklearn", "lancedb"])
def test_only_faiss_indexes_are_changed_here(points, backend) -> None:
    create(points, "other", backend)
    dataset = points.dataset
    for change in (
        fiftyone_faiss.update_index,
        fiftyone_faiss.index_health,
        fiftyone_faiss.delete_index,
        load_faiss_index,
    ):
        with pytest.raises(ValueError, match=f"of the backend '{backend}'") as caught:
            change(dataset, "other")
        assert one_sentence(caught.value)
    assert index_keys(dataset) == ["other"]


def test_a_model_without_a_name_is_asked_for(points) -> None:
    create(points, "a", "sklearn")
    with pytest.raises(ValueError, match="cannot be searched by text"):
        fiftyone_faiss.search(points.dataset, "a cat")
    with pytest.raises(ValueError, match="does not name the model of its vectors"):
        fiftyone_faiss.search(points.dataset, np.zeros((8, 8, 3), np.uint8))
