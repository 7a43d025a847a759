"""The operators that teach an index and compare compressions, with their forms."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from support.labels import NAMES, labeled_dataset
from support.operators import PLUGIN, form, run

import fiftyone_faiss
from fiftyone_faiss.brain import TeachingRequest


@pytest.fixture(scope="module")
def dataset() -> Iterator[fo.Dataset]:
    """Vectors in which animals are weak, and other things are strong."""
    rng = np.random.default_rng(51)
    labels = np.arange(1_100) % 4
    vectors = rng.normal(size=(1_100, 16)).astype(np.float32)
    vectors[:, :4] += 2 * np.eye(4)[labels]
    vectors[:, 4:8] *= 3
    dataset = labeled_dataset(vectors, labels)
    dataset.set_values("tags", [[NAMES[label]] for label in labels])
    yield dataset
    dataset.delete()


@pytest.mark.parametrize(
    "learned",
    [
        {"source": "labels", "label_field": ["animal"]},
        {"source": "tags", "tags": list(NAMES), "label_field": ["ignored"]},
    ],
)
def test_an_index_is_taught(dataset: fo.Dataset, learned: dict) -> None:
    result = run("learn_projection", dataset[:300], {"brain_key": "given", **learned})
    result.raise_exceptions()
    assert dataset.list_brain_runs() == ["given", "given_taught"]
    comparison = fiftyone_faiss.compare_models(dataset, ["given", "given_taught"], "animal")
    assert comparison.winner == "given_taught"
    fiftyone_faiss.delete_index(dataset, "given_taught")


def test_it_is_called_from_python(dataset: fo.Dataset) -> None:
    teach = foo.get_operator(f"{PLUGIN}/learn_projection")
    report = teach(dataset[:200], "given", "own", label_field="animal", rank=4)
    assert report.is_kept and report.projection.left.shape == (16, 4)
    fiftyone_faiss.delete_index(dataset, "own")


def test_the_form_asks_for_a_source_and_a_free_key(dataset: fo.Dataset) -> None:
    fields = form("learn_projection", dataset, {})
    assert fields["brain_key"]["default"] == "given"
    choices = [choice["value"] for choice in fields["label_field"]["view"]["choices"]]
    assert choices == ["animal"]
    assert fields["new_key"]["default"] == "given_taught" and not fields["new_key"]["invalid"]
    tags = form("learn_projection", dataset, {"source": "tags"})["tags"]
    assert [choice["value"] for choice in tags["view"]["choices"]] == sorted(NAMES)
    assert "judged" in form("learn_projection", dataset, {"source": "judgments"})
    taken = form("learn_projection", dataset, {"new_key": "given"})["new_key"]
    assert taken["invalid"] and taken["error_message"] == "There is a run of this name already"
    assert form("learn_projection", dataset, {"new_key": "a b"})["new_key"]["invalid"]


def test_what_is_missing_is_said(dataset: fo.Dataset) -> None:
    with pytest.raises(foo.executor.ExecutionError, match="There is nothing to learn from"):
        run("learn_projection", dataset, {"source": "labels"}).raise_exceptions()
    with pytest.raises(ValueError, match="There is nothing to learn from"):
        TeachingRequest.from_params({"new_key": "x"})


def test_compressions_are_compared(dataset: fo.Dataset) -> None:
    params = {"brain_key": "given", "max_vectors": 1_000, "k": 5}
    result = run("compare_compression", dataset, params).result
    assert (result["vectors"], result["k"], result["dim"]) == (990, 5, 16)
    assert "| float32 (Flat) | 64 | 1x |" in result["summary"]
    compare = foo.get_operator(f"{PLUGIN}/compare_compression")
    table = compare(dataset, "given", max_queries=20)
    assert table.queries == 20 and table.row("float32").recall.value == 1
    fields = form("compare_compression", dataset, {})
    assert {"brain_key", "max_vectors", "k"} <= fields.keys()
