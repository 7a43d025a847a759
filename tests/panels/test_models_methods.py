"""The methods of the curation panel that compare models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of
from support.labels import NAMES, clustered, labeled_dataset
from support.panels import Context, answer_of, call, ended

import fiftyone_faiss
from fiftyone_faiss.panels import curate_runs

N = 120
COMPARE = {"brain_keys": ["poor", "given"], "label_field": "animal", "scope": "dataset", "k": 5}


@pytest.fixture
def indexed(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """120 samples of four classes, with an index that sees them and one that hardly does."""
    vectors, labels = clustered(rng, N)
    dataset = labeled_dataset(vectors, labels)
    dataset.persistent = True
    poor = vectors[:, :2] + rng.normal(size=(N, 2))
    index_of(dataset, poor.astype(np.float32), brain_key="poor")
    yield dataset
    dataset.delete()


def compared(dataset: fo.Dataset, **params: Any) -> dict[str, Any]:
    """The result of a comparison, once its job has ended."""
    started = answer_of("compare_models", Context(dataset, **{**COMPARE, **params}))
    job = ended(dataset, {"id": started["job"]})
    assert job["state"] == "done", job
    return answer_of("curate_state", Context(dataset))["models"]


def test_the_table_has_the_measures_of_the_service(indexed) -> None:
    run = compared(indexed)
    expected = fiftyone_faiss.compare_models(indexed, ["poor", "given"], "animal", k=5)
    assert (run["winner"], run["leaders"]) == ("given", ["given"])
    assert (run["queries"], run["searched"], run["k"], run["classes"]) == (N, N, 5, 4)
    assert run["params"] == COMPARE
    shown = expected.to_dict()
    assert [model["brain_key"] for model in run["models"]] == ["given", "poor"]
    for model, other in zip(run["models"], shown["models"], strict=True):
        assert model == {name: value for name, value in other.items() if name != "by_class"}
        assert model["map_at_r"]["low"] <= model["map_at_r"]["value"] <= model["map_at_r"]["high"]
    assert run["chance"] == shown["chance"] and run["best_possible"] == shown["best_possible"]
    pairs = {pair["measure"]: pair for pair in run["pairs"]}
    assert set(pairs) == {"map_at_r", "knn_accuracy", "precision"}
    pair = pairs["map_at_r"]
    assert (pair["first"], pair["second"], pair["better"]) == ("poor", "given", "given")
    assert pair["difference"]["high"] < 0
    assert pair["first_only"] == len(expected.ids("poor", "given"))
    assert pair["second_only"] == len(expected.ids("given", "poor")) > 0


def test_equal_indexes_have_no_difference(indexed) -> None:
    vectors = indexed.load_brain_results("given").get_embeddings()[0]
    index_of(indexed, 2 * vectors, brain_key="same")
    run = compared(indexed, brain_keys=["given", "same"])
    assert run["winner"] is None and set(run["leaders"]) == {"given", "same"}
    assert [pair["better"] for pair in run["pairs"]] == [None] * 3
    assert {pair["first_only"] for pair in run["pairs"]} == {0}
    classes = answer_of("compared_classes", Context(indexed, run=run["id"], start=0, count=9))
    assert [row["differences"] for row in classes["classes"]] == [[]] * 4
    assert [row["name"] for row in classes["classes"]] == sorted(NAMES)


def test_classes_are_paged_with_the_better_index(indexed) -> None:
    run = compared(indexed)
    pages = [
        answer_of("compared_classes", Context(indexed, run=run["id"], start=start, count=3))
        for start in (0, 3)
    ]
    assert [len(page["classes"]) for page in pages] == [3, 1] and pages[0]["total"] == 4
    rows = [row for page in pages for row in page["classes"]]
    assert {row["name"] for row in rows} == set(NAMES)
    expected = fiftyone_faiss.compare_models(indexed, ["poor", "given"], "animal", k=5)
    sizes = []
    for row in rows:
        measures = [model.by_class[row["name"]]["map_at_r"].value for model in expected.models]
        assert [measure["value"] for measure in row["measures"]] == measures
        (difference,) = row["differences"]
        assert (difference["better"], difference["other"]) == ("given", "poor")
        interval = difference["difference"]
        assert 0 < interval["low"] <= interval["value"] <= interval["high"]
        assert interval["value"] == pytest.approx(measures[0] - measures[1])
        sizes.append(interval["value"])
    assert sizes == sorted(sizes, reverse=True)


def test_the_grid_shows_what_one_index_misses(indexed) -> None:
    run = compared(indexed)
    expected = fiftyone_faiss.compare_models(indexed, ["poor", "given"], "animal", k=5)
    ctx = Context(indexed, run=run["id"], right="given", wrong="poor")
    answer_of("show_difference", ctx)
    ((_, view),) = ctx.ops.made
    assert view.values("id") == expected.ids("given", "poor")
    refused = call("show_difference", Context(indexed, run=run["id"], right="x", wrong="poor"))
    assert refused["error"] == "'x' was not compared; choose from ['poor', 'given']."


def test_bad_input_and_lost_results_are_answered_with_a_sentence(indexed) -> None:
    refused = call("compare_models", Context(indexed, **{**COMPARE, "brain_keys": ["given"]}))
    assert refused["error"] == "brain_keys names 1 indexes; give 2 to 20 different ones."
    run = compared(indexed)
    curate_runs._RUNS.clear()
    assert answer_of("curate_state", Context(indexed))["models"] is None
    lost = call("compared_classes", Context(indexed, run=run["id"], start=0, count=3))
    assert lost["error"].startswith("The server does not have this result any more")
