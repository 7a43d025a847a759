"""Listing, describing and deleting indexes."""

from __future__ import annotations

import os

import fiftyone.brain as fob
import numpy as np
import pytest
from support.colors import MeanColor
from support.indexes import index_of
from support.points import one_sentence
from support.privileges import without_privileges

import fiftyone_faiss
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig


def test_each_index_is_described(dataset, rng) -> None:
    vectors = rng.normal(size=(12, 5)).astype(np.float32)
    index_of(dataset, vectors, "b", metric="euclidean")
    fiftyone_faiss.build_index(dataset[:4], "a", model=MeanColor())
    fob.compute_similarity(dataset, backend="sklearn", embeddings=vectors, brain_key="other")
    first, second = fiftyone_faiss.list_indexes(dataset)
    assert (first.brain_key, first.size, first.dim, first.metric) == ("a", 4, 3, "cosine")
    assert (second.brain_key, second.size, second.dim, second.metric) == ("b", 12, 5, "euclidean")
    assert second.model is None
    assert not second.supports_text
    assert second.problem is None
    # Float32 vectors, their norms, and ids of twelve bytes are the least it can be.
    assert second.disk_bytes >= 12 * (5 * 4 + 12)
    assert second.to_dict()["brain_key"] == "b"


def test_missing_files_are_listed_as_a_problem(dataset, rng) -> None:
    index_of(dataset, rng.normal(size=(12, 5))).cleanup()
    dataset.clear_cache()
    (info,) = fiftyone_faiss.list_indexes(dataset)
    assert info.size == 0
    assert info.path in info.problem


def test_an_unreadable_index_is_the_only_problem(dataset, rng) -> None:
    closed = index_of(dataset, rng.normal(size=(12, 5)), "closed").path
    odd = index_of(dataset, rng.normal(size=(12, 5)), "odd").path
    index_of(dataset, rng.normal(size=(12, 5)), "whole")
    dataset.clear_cache()
    (odd / "manifest.json").unlink()
    os.mkfifo(odd / "manifest.json")
    closed.chmod(0)
    try:
        with without_privileges():
            infos = {info.brain_key: info for info in fiftyone_faiss.list_indexes(dataset)}
            with pytest.raises(ValueError, match=f"{closed}.* could not be read"):
                fiftyone_faiss.search(dataset, dataset.first().id, brain_key="closed")
    finally:
        closed.chmod(0o755)
    assert (infos["whole"].size, infos["whole"].problem) == (12, None)
    assert f"{closed} could not be read (Permission denied)" in infos["closed"].problem
    assert "could not be read (it is a FIFO instead of a file)" in infos["odd"].problem
    assert all(one_sentence(infos[key].problem.replace(".json", "")) for key in ("closed", "odd"))
    assert infos["closed"].disk_bytes == 0


def test_an_unfinished_index_is_listed_and_can_be_deleted(dataset, rng) -> None:
    method = FaissSimilarityConfig(metric="cosine").build()
    method.register_run(dataset, "begun", overwrite=False)
    index_of(dataset, rng.normal(size=(12, 5)), "whole")
    begun, whole = fiftyone_faiss.list_indexes(dataset)
    assert (begun.size, begun.path, begun.disk_bytes) == (0, None, 0)
    assert "'begun' is being made, or was never finished" in begun.problem
    assert (whole.size, whole.problem) == (12, None)
    with pytest.raises(ValueError, match="delete it and build it again"):
        fiftyone_faiss.search(dataset, dataset.first().id, brain_key="begun")
    assert fiftyone_faiss.delete_index(dataset, "begun").brain_key == "begun"
    assert dataset.list_brain_runs() == ["whole"]


def test_deleting_an_index_removes_only_its_files(dataset, rng) -> None:
    doomed = index_of(dataset, rng.normal(size=(12, 5)), "doomed")
    other = index_of(dataset, rng.normal(size=(12, 5)), "other")
    assert fiftyone_faiss.delete_index(dataset, "doomed").brain_key == "doomed"
    assert not doomed.path.exists()
    assert other.path.exists()
    assert dataset.list_brain_runs() == ["other"]
    with pytest.raises(ValueError, match="no FAISS index 'doomed'; it has 'other'"):
        fiftyone_faiss.delete_index(dataset, "doomed")


def test_runs_of_other_backends_are_not_deleted(dataset, rng) -> None:
    fob.compute_similarity(
        dataset, backend="sklearn", embeddings=rng.normal(size=(12, 5)), brain_key="other"
    )
    with pytest.raises(ValueError, match="'other' is an index of the backend 'sklearn', which can"):
        fiftyone_faiss.delete_index(dataset, "other")
    assert dataset.list_brain_runs() == ["other"]
