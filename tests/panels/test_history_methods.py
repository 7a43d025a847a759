"""The panel's methods for the history."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from fiftyone.operators.store import ExecutionStore
from support.indexes import index_of
from support.panels import Context, answer_of, call, searches_of, upload
from support.points import one_sentence

import fiftyone_faiss
from fiftyone_faiss.brain.retrieval.records import RecordRepository


@pytest.fixture
def line(dataset, rng) -> str:
    """A query of a dataset with an index."""
    index_of(dataset, rng.normal(size=(12, 4)))
    return f"@{dataset.first().id}"


@contextmanager
def store_in_use() -> Iterator[None]:
    """Lets every access to FiftyOne's execution store wait until the block ends."""
    free = threading.Event()
    read, collection = ExecutionStore.get, RecordRepository._collection

    def wait(action: Callable[..., Any]) -> Callable[..., Any]:
        def waits(*args: Any) -> Any:
            assert free.wait(60)
            return action(*args)

        return waits

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ExecutionStore, "get", wait(read))
        patch.setattr(RecordRepository, "_collection", property(wait(collection.fget)))
        try:
            yield
        finally:
            free.set()


def test_a_search_answers_while_the_history_cannot_be_written(dataset, line) -> None:
    params = {"query": line, "k": "3"}
    with ThreadPoolExecutor(2) as pool:
        with store_in_use():
            record = pool.submit(answer_of, "record", Context(dataset, **params))
            answer = pool.submit(answer_of, "search", Context(dataset, **params)).result(30)
            assert len(answer["results"]) == 3
            assert not record.done()
        recorded = record.result(30)
    assert recorded["params"] == {"query": line, "k": 3}
    assert searches_of(dataset) == [recorded]


def test_searches_are_recorded_without_pages_and_defaults(dataset, line) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model="colorhist")
    params = {"query": line, "k": "3", "scope": "dataset", "brain_key": "given"}
    empty = {"liked": [], "thresh": None, "reverse": False}
    # The search itself writes nothing.
    answer_of("search", Context(dataset, **params, **empty))
    assert searches_of(dataset) == []
    answer_of("record", Context(dataset, **params, **empty, skip=3, shown=["0f"]))
    answer_of("record", Context(dataset, query=line, k="4", brain_key="colors", templates="single"))
    newest, oldest = searches_of(dataset)
    expected = {"query": line, "k": 4, "brain_key": "colors", "templates": "single"}
    assert newest["params"] == expected
    # Defaults are left out: a search from Python and from the page is the same.
    assert oldest["params"] == {"query": line, "k": 3, "brain_key": "given"}
    assert (oldest["uses"], oldest["name"], oldest["pinned"]) == (1, None, False)
    # The recorded parameters make the same search again.
    assert len(answer_of("search", Context(dataset, **oldest["params"]))["results"]) == 3
    answer_of("record", Context(dataset, **oldest["params"]))
    assert [search["uses"] for search in searches_of(dataset)] == [2, 1]


def test_searches_by_uploads_and_by_very_many_samples_are_not_recorded(dataset, line) -> None:
    by_upload = {"query": "@upload", "uploads": {"upload": upload((1, 2, 3))}}
    refused = call("record", Context(dataset, **by_upload))["error"]
    assert refused.startswith("A search by an uploaded image or a vector cannot be saved")
    selected = dataset.values("id")[:9] * 540
    many = Context(dataset, query="@selected", selected=selected, k="3")
    assert len(answer_of("search", many)["results"]) == 3
    refused = call("record", many)["error"]
    assert refused.endswith("more than 100,000; search by fewer samples.")
    assert searches_of(dataset) == []


def test_searches_are_saved_renamed_pinned_and_deleted(dataset, line) -> None:
    params = {"query": line, "k": "3"}
    saved = answer_of("save_search", Context(dataset, params=params, name="first"))
    assert (saved["name"], saved["params"]) == ("first", {"query": line, "k": 3})
    answer_of("record", Context(dataset, query=line, k="5"))
    assert [row["name"] for row in searches_of(dataset)] == [None, "first"]
    pinned = answer_of("pin_search", Context(dataset, id=saved["id"], pinned=True))
    assert pinned["pinned"] is True
    assert [row["name"] for row in searches_of(dataset)] == ["first", None]
    renamed = answer_of("rename_search", Context(dataset, id=saved["id"], name="best"))
    assert (renamed["name"], renamed["id"]) == ("best", saved["id"])
    other = searches_of(dataset)[1]["id"]
    taken = {"error": "Another search has the name 'best'; choose another name."}
    assert call("rename_search", Context(dataset, id=other, name="best")) == taken
    unpinned = answer_of("pin_search", Context(dataset, id=saved["id"], pinned=False))
    assert (unpinned["pinned"], unpinned["name"]) == (False, "best")
    unnamed = answer_of("rename_search", Context(dataset, id=saved["id"], name=" "))
    assert (unnamed["name"], unnamed["id"]) == (None, saved["id"])
    assert answer_of("delete_search", Context(dataset, id=saved["id"])) == {}
    assert [row["id"] for row in searches_of(dataset)] == [other]
    gone = call("delete_search", Context(dataset, id=saved["id"]))["error"]
    assert f"has no saved search '{saved['id']}'" in gone and one_sentence(gone)


def test_saving_a_search_under_a_bad_name_leaves_the_history_as_it_was(dataset, line) -> None:
    answer_of("save_search", Context(dataset, params={"query": line, "k": "3"}, name="first"))
    before = searches_of(dataset)
    for name in ("", "first"):
        new = Context(dataset, params={"query": line, "k": "9"}, name=name)
        assert call("save_search", new)["error"]
    assert searches_of(dataset) == before


def test_saving_a_search_is_no_further_use_of_it(dataset, line) -> None:
    params = {"query": line, "k": "3"}
    answer_of("record", Context(dataset, **params))
    saved = answer_of("save_search", Context(dataset, params=params, name="first"))
    assert searches_of(dataset) == [saved]
    assert saved["uses"] == 1
