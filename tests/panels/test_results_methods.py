"""The panel's methods for results: tags, views, scores, exports, code."""

from __future__ import annotations

import json
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from bson import json_util
from support.indexes import index_of
from support.panels import Context, answer_of, call
from support.points import points_of

import fiftyone_faiss
from fiftyone_faiss.brain.data.private import build_view
from fiftyone_faiss.demo import MODEL_NAME


def test_a_result_is_opened_or_its_dataset(book) -> None:
    ctx = Context(book, id=book.first().id, dataset="book")
    assert answer_of("open_sample", ctx) == {}
    assert ctx.ops.made == [("open_sample", {"id": book.first().id})]
    ctx = Context(book, id="0" * 24, dataset="compared")
    assert answer_of("open_sample", ctx) == {}
    assert ctx.ops.made == [("open_dataset", "compared")]


@pytest.fixture(params=["samples", "detections"])
def acting(request: pytest.FixtureRequest, dataset, rng) -> dict[str, Any]:
    """Of a dataset's samples or labels, the ids of five and the field."""
    points = points_of(dataset, request.param, rng)
    points.index()
    return {"ids": points.ids[:5], "patches_field": points.patches_field}


def test_scores_of_all_that_the_index_holds_become_a_field(book) -> None:
    dataset = book.clone()
    params = {"query": "a red car", "k": "5", "brain_key": "clip", "field": "red_car"}
    answer = answer_of("save_scores", Context(dataset, **params, everywhere=True))
    assert answer == {"field": "red_car", "count": 160}
    every = fiftyone_faiss.search(dataset, "a red car", k=160)
    stored = dict(zip(*dataset.values(["id", "red_car"]), strict=True))
    np.testing.assert_allclose([stored[row] for row in every.ids], every.scores, atol=1e-9)
    dataset.delete()


def test_a_tag_is_previewed_given_and_taken_back(dataset, acting) -> None:
    once = Context(dataset, **{**acting, "ids": acting["ids"][:2]}, tag="mine")
    assert answer_of("tag", once) == {"tagged": 2, "ids": acting["ids"][:2]}
    for tag, new in (("mine", 3), ("yours", 5)):
        preview = answer_of("preview_tag", Context(dataset, **acting, tag=tag))
        assert preview == {"new": new, "count": 5}
    again = answer_of("tag", Context(dataset, **acting, tag="mine"))
    assert again == {"tagged": 3, "ids": acting["ids"][2:]}
    preview = answer_of("preview_tag", Context(dataset, **acting, tag="mine"))
    assert preview == {"new": 0, "count": 5}
    # Undo undoes the last tagging alone, then the one before.
    assert answer_of("untag", Context(dataset, tag="mine", ids=again["ids"])) == {"untagged": 3}
    preview = answer_of("preview_tag", Context(dataset, **acting, tag="mine"))
    assert preview == {"new": 3, "count": 5}
    assert answer_of("untag", Context(dataset, tag="mine")) == {"untagged": 2}
    assert dataset.count_sample_tags() == {}
    assert acting["patches_field"] is None or dataset.count_label_tags() == {}
    for method in ("preview_tag", "tag"):
        refused = call(method, Context(dataset, **acting, tag=" "))["error"]
        assert refused == "The tag is empty; give a tag, such as 'neighbors'."


def test_results_are_saved_as_a_view(dataset, acting) -> None:
    ctx = Context(dataset, **acting, name=" best ")
    assert answer_of("save_view", ctx) == {"name": "best", "saved_views": ["best"]}
    assert dataset.load_saved_view("best").values("id") == acting["ids"]
    assert ctx.ops.made == [("reload_dataset", {})]
    again = Context(dataset, **{**acting, "ids": acting["ids"][:1]}, name="best")
    refused = call("save_view", again)["error"]
    assert refused == "There is a saved view 'best' already; choose another name."
    assert call("save_view", Context(dataset, **acting))["error"].startswith("The name is empty")
    assert dataset.load_saved_view("best").values("id") == acting["ids"]


def test_scores_are_saved_in_a_field(dataset, acting) -> None:
    scores = [0.5, 0.4, 0.3, 0.2, 0.1]
    ctx = Context(dataset, **acting, scores=scores, field=" near ")
    assert answer_of("save_scores", ctx) == {"field": "near", "count": 5}
    path = "" if acting["patches_field"] is None else "things.detections."
    stored = zip(*dataset.values([f"{path}id", f"{path}near"], unwind=True), strict=True)
    expected = dict(zip(acting["ids"], scores, strict=True))
    assert {row: score for row, score in stored if score is not None} == expected
    refused = call("save_scores", Context(dataset, **acting, scores=scores, field="a b"))["error"]
    assert refused == "'a b' is no field name; give a name such as 'dog_score'."


@pytest.mark.parametrize("patches_field", [None, "objects"])
def test_the_results_of_all_pages_are_exported(book, patches_field) -> None:
    dataset = book[:20].clone()
    fiftyone_faiss.build_index(
        dataset, "own", model=MODEL_NAME, patches_field=patches_field, progress=False
    )
    params = {"query": "a red car - a dog", "brain_key": "own", "collapse": True}
    pages = [answer_of("search", Context(dataset, **params, k="4", skip=skip)) for skip in (0, 4)]
    rows = [row for page in pages for row in page["results"]]
    neighbors = fiftyone_faiss.search(dataset, params["query"], "own", k=8, collapse=True)
    ctx = Context(dataset, **params, k=8, skip=4, format="csv")
    table = answer_of("export", ctx)
    assert table["name"] == f"{dataset.name}-search.csv"
    assert table["content"] == neighbors.to_text("csv")
    # The grid stays as it is.
    assert ctx.ops.made == []
    text = answer_of("export", Context(dataset, **params, k=8, format="json"))
    assert text["name"] == f"{dataset.name}-search.json"
    content = json.loads(text["content"])
    assert content["results"] == rows == neighbors.to_dict()["results"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (content["query"], content["brain_key"]) == ('"a red car" - "a dog"', "own")
    assert (content["metric"], content["count"]) == ("cosine", 8)
    stages = answer_of("export", Context(dataset, **params, k=8, format="stages"))
    assert stages["name"] == f"{dataset.name}-search.stages.json"
    read = json_util.loads(stages["content"])
    assert build_view(dataset, read["stages"]).values("id") == neighbors.ids
    refused = call("export", Context(dataset, **params, k=8, format="xls"))
    assert refused == {"error": "'xls' is no export format; choose csv, json or stages."}
    dataset.delete()


@pytest.mark.parametrize("scope", ["dataset", "view"])
def test_the_code_of_a_search_finds_the_same(book, scope) -> None:
    contexts = [Context(book, query="a car - a dog", k="4", scope=scope) for _ in range(2)]
    for ctx in contexts:
        ctx.view = book.match(fo.ViewField("scene.label") == "beach")
    names: dict[str, Any] = {}
    exec(answer_of("code", contexts[0])["code"], names)
    answer = answer_of("search", contexts[1])
    assert names["neighbors"].ids == [row["id"] for row in answer["results"]]
    assert call("code", Context(book, query="a car", k="x"))["error"].startswith("k is 'x'")


def test_tagging_and_taking_it_back(dataset, rng) -> None:
    index_of(dataset, rng.normal(size=(12, 4)))
    ids = dataset.values("id")[:3]
    assert call("tag", Context(dataset, ids=ids, tag="mine")) == {"tagged": 3, "ids": ids}
    assert dataset.match_tags("mine").values("id") == ids
    assert call("untag", Context(dataset, tag="mine")) == {"untagged": 3}
    assert dataset.count_sample_tags() == {}
