"""The panel's Python half, given a context with real attributes."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.panels.search import SearchPanel


class Calls:
    """Records what is asked of the App."""

    def __init__(self) -> None:
        self.made: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self.made.append((name, args[0] if args else kwargs))


class Context(SimpleNamespace):
    """What a panel's methods read of FiftyOne's context."""

    def __init__(self, dataset: fo.Dataset, **params: Any) -> None:
        super().__init__(
            dataset=dataset,
            view=dataset.view(),
            params=params,
            ops=Calls(),
            panel=Calls(),
            panel_id="panel",
        )


def call(method: str, ctx: Context) -> dict[str, Any]:
    return getattr(SearchPanel(), method)(ctx)


def test_refresh_tells_the_page_of_the_indexes(book) -> None:
    ctx = Context(book)
    call("refresh", ctx)
    ((name, data),) = ctx.panel.made
    assert name == "set_data"
    assert (data["dataset"], data["size"]) == ("book", 160)
    (index,) = data["indexes"]
    assert (index["brain_key"], index["model"], index["size"]) == ("clip", MODEL_NAME, 160)


def test_words_are_answered_and_shown_in_the_grid(book) -> None:
    ctx = Context(book, query_type="text", query="a red car", k="6", brain_key="clip")
    answer = call("search", ctx)
    expected = fiftyone_faiss.search(book, "a red car", k=6)
    assert [one["id"] for one in answer["results"]] == expected.ids
    np.testing.assert_allclose(
        [one["score"] for one in answer["results"]], expected.scores, atol=1e-4
    )
    assert [one["path"] for one in answer["results"]] == expected.view().values("filepath")
    ((name, view),) = ctx.ops.made
    assert name == "set_view"
    assert view.values("id") == expected.ids
    assert answer["count"] == 6
    assert answer["milliseconds"] > 0


def test_an_upload_is_answered(book) -> None:
    path = Path(book.first().filepath)
    upload = {"name": path.name, "content": base64.b64encode(path.read_bytes()).decode()}
    answer = call("search", Context(book, query_type="image", image=upload, k="1"))
    assert answer["results"][0]["id"] == book.first().id


def test_the_view_from_before_the_first_search_is_searched_and_restored(book) -> None:
    view = book.match(fo.ViewField("scene.label") == "beach")
    ctx = Context(book, query_type="text", query="a car", k="3", scope="view")
    ctx.view = view
    answer = call("search", ctx)
    shown = ctx.ops.made[0][1]
    inside = set(view.values("id"))
    assert {one["id"] for one in answer["results"]} <= inside

    # The grid shows the answer now; a second search still means the view that a person chose.
    again = Context(
        book, query_type="text", query="a dog", k="3", scope="view",
        base=answer["base"], shown=answer["shown"],
    )  # fmt: skip
    again.view = shown
    second = call("search", again)
    assert [one["id"] for one in second["results"]] == fiftyone_faiss.search(view, "a dog", k=3).ids

    # The grid may lag behind when a person clears the second answer.
    for showing in (view, shown, again.ops.made[0][1]):
        clear = Context(book, base=second["base"], shown=second["shown"])
        clear.view = showing
        call("clear", clear)
        ((name, restored),) = clear.ops.made
        assert name == "set_view"
        assert restored.values("id") == view.values("id")


def test_a_view_chosen_after_the_search_is_kept(book) -> None:
    ctx = Context(book, query_type="text", query="a car", k="3")
    answer = call("search", ctx)
    clear = Context(book, base=answer["base"], shown=answer["shown"])
    clear.view = book[3:9]
    call("clear", clear)
    assert clear.ops.made[0][1].values("id") == book[3:9].values("id")


def test_clearing_without_a_view_shows_the_dataset(book) -> None:
    ctx = Context(book)
    assert call("clear", ctx) == {}
    assert ctx.ops.made == [("clear_view", {})]


def test_tagging_and_taking_it_back(dataset, rng) -> None:
    index_of(dataset, rng.normal(size=(12, 4)))
    ids = dataset.values("id")[:3]
    assert call("tag", Context(dataset, ids=ids, tag="mine")) == {"tagged": 3}
    assert dataset.match_tags("mine").values("id") == ids
    assert call("untag", Context(dataset, tag="mine")) == {"untagged": 3}
    assert dataset.count_sample_tags() == {}


def test_warming_loads_the_model(book) -> None:
    assert call("warm", Context(book, brain_key="clip"))["model"] == MODEL_NAME


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"query_type": "text", "query": ""}, "The query is empty; type what to look for"),
        ({"query_type": "text", "query": "x", "k": "0"}, "k is 0; ask for at least 1"),
        ({"query_type": "text", "query": "x", "k": ""}, "k is ''; give a whole number"),
        ({"query_type": "text", "query": "x", "brain_key": "no"}, "no FAISS index 'no'"),
        ({"query_type": "samples", "sample_ids": []}, "No samples are selected"),
        ({"query_type": "image", "image": {"content": "AAAA", "name": "a.txt"}}, "a.txt"),
    ],
)
def test_what_went_wrong_is_a_sentence(book, params, sentence) -> None:
    ctx = Context(book, **params)
    answer = call("search", ctx)
    assert sentence in answer["error"]
    assert ctx.ops.made == []
