"""Searches kept with a dataset: a history, names and pins, for several users at once."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import fiftyone as fo
import pytest
from fiftyone.operators.store import ExecutionStore

from fiftyone_faiss.brain.data.private import dataset_id
from fiftyone_faiss.brain.retrieval import history, saved_search
from fiftyone_faiss.brain.retrieval.history import (
    clear_searches,
    delete_search,
    list_searches,
    record_search,
    save_search,
    update_search,
)
from fiftyone_faiss.brain.retrieval.request import SearchRequest
from fiftyone_faiss.brain.retrieval.saved_search import SavedSearch

PARAMS = {"query": "a red car", "brain_key": "clip", "k": 24, "scope": "view"}


def params_of(query: object) -> dict[str, Any]:
    return {**PARAMS, "query": str(query)}


def queries(dataset: fo.Dataset) -> list[str]:
    return [search.params["query"] for search in list_searches(dataset)]


# -- recording ---------------------------------------------------------------------------------


def test_a_search_is_kept_as_it_was_asked(dataset: fo.Dataset) -> None:
    before = datetime.now(timezone.utc)
    ids = dataset.values("id")
    liked = {"liked": ids[:2], "disliked": ids[5:], "collapse": 0.0, "thresh": 0.0, "reverse": True}
    search = record_search(dataset, {**PARAMS, **liked})
    assert (search.params, search.uses) == ({**PARAMS, **liked}, 1)
    assert (search.name, search.pinned) == (None, False)
    assert before <= datetime.fromisoformat(search.used_at) <= datetime.now(timezone.utc)
    assert list_searches(dataset) == [search]
    assert search.to_dict() == {
        "id": search.id,
        "name": None,
        "pinned": False,
        "params": {**PARAMS, **liked},
        "used_at": search.used_at,
        "uses": 1,
    }


def test_the_same_search_again_is_counted_and_dated_anew(dataset: fo.Dataset) -> None:
    first = record_search(dataset, PARAMS)
    record_search(dataset, params_of("a boat"))
    # In another order, from a view, while the grid shows something else.
    shown = {"base": [{"_cls": "fiftyone.core.stages.Limit"}], "shown": ["0f", "1e"]}
    again = record_search(dataset[:3], {**shown, **dict(reversed(PARAMS.items()))})
    assert (again.id, again.uses, again.params) == (first.id, 2, PARAMS)
    assert again.used_at > first.used_at
    assert queries(dataset) == ["a red car", "a boat"]
    others = [{**PARAMS, "k": 26}, {**PARAMS, "scope": "all"}, {**PARAMS, "liked": ["1" * 24]}]
    assert len({first.id, *(record_search(dataset, other).id for other in others)}) == 4


def test_defaults_and_what_makes_no_search_are_not_kept(dataset: fo.Dataset) -> None:
    search = record_search(dataset, {"query": "a red car"})
    defaults = {
        "query_type": "text", "selected": [], "alt": (), "uploads": {}, "brain_key": None,
        "k": "25", "scope": "dataset", "reverse": False, "thresh": "", "templates": "off",
        "diversity": 0,
        "collapse": False, "hubness": False, "liked": None, "disliked": [],
    }  # fmt: skip
    others = {"skip": 25, "search_id": 7, "panel_state": {}, "before": ["1"], "color": "red"}
    again = record_search(dataset, {"query": "a red car", **defaults, **others})
    assert (again.id, again.uses, again.params) == (search.id, 2, {"query": "a red car"})
    edited = update_search(dataset, search.id, params={"query": "a cat", **defaults, **others})
    assert edited.params == {"query": "a cat"}
    by_samples = {"query_type": "samples", "sample_ids": dataset.values("id")[:2]}
    assert record_search(dataset, {**by_samples, **defaults, **by_samples}).params == by_samples
    # Nothing of these is a default, though two are zero and one is None.
    exact = {"query": "a dog", "thresh": 0, "collapse": 0, "k": None}
    kept = record_search(dataset, {**exact, "thresh": "0"})
    assert kept.params == exact
    assert record_search(dataset, exact).id == kept.id


def test_texts_that_mean_something_to_the_database_are_saved(dataset) -> None:
    odd = {"query": '{$gt: 1}\ud800\0 "used_at": "9"', "scope": "saved:$set.a"}
    search = record_search(dataset, odd)
    assert record_search(dataset, odd).id == search.id
    assert record_search(dataset, {**odd, "scope": "saved:$set.b"}).id != search.id
    changed = update_search(dataset, search.id, name="a.$b")
    assert (changed.params, changed.uses) == (odd, 2)


def test_saved_searches_keep_their_stored_names_and_keys(dataset: fo.Dataset) -> None:
    store = ExecutionStore.create("fiftyone-faiss-searches", dataset_id=dataset_id(dataset))
    params = {"query": "a red car", "collapse": True, "templates": "single", "k": None, "thresh": 1}
    search = record_search(dataset, params)
    stored = {"query": "a red car", "fold": True, "templates": "one", "k": None, "thresh": 1.0}
    (key,) = store.list_keys()
    assert key == hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()
    assert json.loads(store.get(key)) == {**search.to_dict(), "params": stored}
    # The order is part of the format: old searches are found by it.
    assert store.get(key).startswith(f'{{"id": "{search.id}", "name": null, "pinned": false, ')
    assert search.params == {**params, "thresh": 1.0}
    request = SearchRequest.from_json(stored)
    assert (request.collapse, request.templates, request.k) == (True, "single", None)
    assert request.to_json() == stored
    assert record_search(dataset, search.params).uses == 2


def test_a_record_of_a_newer_version_is_read(dataset: fo.Dataset) -> None:
    store = ExecutionStore.create("fiftyone-faiss-searches", dataset_id=dataset_id(dataset))
    search = record_search(dataset, PARAMS)
    (key,) = store.list_keys()
    store.set(key, json.dumps({**json.loads(store.get(key)), "color": "red"}))
    other = record_search(dataset, params_of("b"))
    assert list_searches(dataset) == [other, search]
    assert record_search(dataset, PARAMS).uses == 2
    delete_search(dataset, search.id)
    assert list_searches(dataset) == [other]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"query_type": "image", "image": {"content": "aGk="}}, "uploaded image or a vector"),
        ({"uploads": {"upload": {"name": "a", "content": "aGk="}}}, "uploaded image or a vector"),
        ({"thresh": float("nan")}, "^thresh is nan; give a number"),
        ({"thresh": float("inf")}, "no JSON values"),
        ({"templates": "two"}, "^templates must be one of"),
        ({"k": "many"}, "^k is 'many'; give a whole number"),
        ({"thresh": "far"}, "^thresh is 'far'; give a number"),
        ({"liked": ["5" * 24] * 4_000}, "112,080 characters, more than 100,000; search by fewer"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_a_sentence(dataset, params, sentence) -> None:
    search = record_search(dataset, PARAMS)
    with pytest.raises(ValueError, match=sentence):
        record_search(dataset, {**PARAMS, **params})
    with pytest.raises(ValueError, match=sentence):
        update_search(dataset, search.id, params={**PARAMS, **params})
    assert list_searches(dataset) == [search]


def test_of_searches_that_nobody_pinned_or_named_the_newest_are_kept(dataset, monkeypatch) -> None:
    monkeypatch.setattr(history, "MAX_SEARCHES", 5)
    pinned, named, *_ = [record_search(dataset, params_of(i)) for i in range(4)]
    pinned = update_search(dataset, pinned.id, pinned=True)
    named = update_search(dataset, named.id, name="mine")
    for i in range(4, 7):
        record_search(dataset, params_of(i))
    assert queries(dataset) == ["0", "6", "5", "4", "3", "2", "1"]
    record_search(dataset, params_of(2))
    record_search(dataset, params_of(7))
    assert queries(dataset) == ["0", "7", "2", "6", "5", "4", "1"]
    record_search(dataset, params_of(0))
    record_search(dataset, params_of(8))
    assert queries(dataset) == ["0", "8", "7", "2", "6", "5", "1"]


def test_a_search_is_kept_though_the_clock_was_put_back(dataset, monkeypatch) -> None:
    monkeypatch.setattr(history, "MAX_SEARCHES", 2)
    times = iter(range(10, 0, -1))
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    later = lambda: (start + timedelta(hours=next(times))).isoformat()  # noqa: E731
    monkeypatch.setattr(saved_search, "_now", later)
    for i in range(4):
        search = record_search(dataset, params_of(i))
        assert search in list_searches(dataset)
    assert queries(dataset) == ["0", "3"]
    # It was used once at ten and once at six.
    assert record_search(dataset, params_of(0)).used_at == "2026-01-01T10:00:00+00:00"


def test_two_hundred_are_kept(dataset: fo.Dataset) -> None:
    for i in range(history.MAX_SEARCHES + 3):
        record_search(dataset, params_of(i))
    assert queries(dataset) == [str(i) for i in range(202, 2, -1)]


# -- naming, pinning, editing, deleting --------------------------------------------------------


def test_searches_are_named_and_pinned(dataset: fo.Dataset) -> None:
    first, second, third = [record_search(dataset, params_of(i)) for i in range(3)]
    assert update_search(dataset, first.id, pinned=True).pinned
    named = update_search(dataset[:1], second.id, name="  red \n cars ")
    assert (named.name, named.pinned, named.used_at) == ("red cars", False, second.used_at)
    assert queries(dataset) == ["0", "2", "1"]
    both = update_search(dataset, third.id, name="x" * 100, pinned=True)
    assert queries(dataset) == ["2", "0", "1"]
    assert update_search(dataset, third.id) == both
    assert not update_search(dataset, third.id, pinned=False).pinned
    assert update_search(dataset, second.id, name="red cars") == named
    assert record_search(dataset, params_of(1)).name == "red cars"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("x" * 101, "^The name has 101 characters; shorten it to 100 or fewer"),
        (" taken ", "^Another search has the name 'taken'; choose another name"),
    ],
)
def test_a_bad_name_is_refused_and_changes_nothing(dataset, name, sentence) -> None:
    update_search(dataset, record_search(dataset, params_of("a")).id, name="taken")
    search = record_search(dataset, params_of("b"))
    before = list_searches(dataset)
    with pytest.raises(ValueError, match=sentence):
        update_search(dataset, search.id, name=name, pinned=True, params=params_of("c"))
    assert list_searches(dataset) == before


def test_a_search_is_saved_under_a_name_only(dataset) -> None:
    with pytest.raises(ValueError, match=r"^The name is empty; give a name"):
        save_search(dataset, PARAMS, " \n")
    assert list_searches(dataset) == []
    saved = save_search(dataset, PARAMS, "mine")
    assert (saved.name, saved.uses, saved.params) == ("mine", 1, PARAMS)


@pytest.mark.parametrize("empty", ["", " \n"])
def test_a_name_is_taken_away_again(dataset, empty) -> None:
    search = save_search(dataset, PARAMS, "mine")
    assert update_search(dataset, search.id, pinned=True).name == "mine"
    nameless = update_search(dataset, search.id, name=empty, pinned=False)
    assert (nameless.name, nameless.is_kept, nameless.id) == (None, False, search.id)
    assert list_searches(dataset) == [nameless]
    assert save_search(dataset, params_of("b"), "mine").name == "mine"
    assert clear_searches(dataset) == 1


def test_an_edited_search_keeps_its_id_name_and_uses(dataset: fo.Dataset) -> None:
    search = record_search(dataset, params_of("a red cat"))
    update_search(dataset, search.id, name="cats")
    edited = update_search(dataset, search.id, params={**params_of("a red car"), "shown": ["0f"]})
    expected = SavedSearch(search.id, "cats", False, PARAMS, search.used_at, 1)
    assert edited == expected
    assert record_search(dataset, PARAMS).id == search.id
    # What it was before is another search now.
    other = record_search(dataset, params_of("a red cat"))
    assert (other.uses, other.name, other.id == search.id) == (1, None, False)
    assert queries(dataset) == ["a red cat", "a red car"]


def test_a_search_edited_into_another_becomes_one_with_it(dataset: fo.Dataset) -> None:
    edited, other = record_search(dataset, params_of("a")), record_search(dataset, params_of("b"))
    update_search(dataset, other.id, name="theirs", pinned=True)
    update_search(dataset, edited.id, name="mine")
    other = record_search(dataset, params_of("b"))
    search = update_search(dataset, edited.id, params=params_of("b"))
    assert search == SavedSearch(edited.id, "mine", True, params_of("b"), other.used_at, 3)
    assert list_searches(dataset) == [search]
    # Without a name of its own it takes the other's; a pin that is asked for decides.
    nameless = record_search(dataset, params_of("c"))
    last = update_search(dataset, nameless.id, params=params_of("b"), pinned=False)
    assert last == SavedSearch(nameless.id, "mine", False, params_of("b"), nameless.used_at, 4)
    assert list_searches(dataset) == [last]


def test_a_search_that_there_is_not_is_named_in_a_sentence(dataset: fo.Dataset) -> None:
    search = record_search(dataset, PARAMS)
    other = record_search(dataset, params_of("b"))
    delete_search(dataset[:1], search.id)
    calls = (
        lambda: delete_search(dataset, search.id),
        lambda: update_search(dataset, search.id, name="a"),
        lambda: update_search(dataset, search.id, params=PARAMS),
    )
    for call in calls:
        with pytest.raises(ValueError, match=f"has no saved search '{search.id}'; it may"):
            call()
    assert list_searches(dataset) == [other]


def test_clearing_leaves_the_pinned_and_the_named(dataset: fo.Dataset) -> None:
    assert clear_searches(dataset) == 0
    searches = [record_search(dataset, params_of(i)) for i in range(5)]
    update_search(dataset, searches[1].id, name="one")
    update_search(dataset, searches[3].id, pinned=True)
    assert clear_searches(dataset) == 3
    assert queries(dataset) == ["3", "1"]
    delete_search(dataset, searches[1].id)
    assert queries(dataset) == ["3"]


# -- what becomes of the dataset ---------------------------------------------------------------


def stored(store: ExecutionStore) -> int:
    return len(store.list_keys())


def test_the_history_goes_with_its_dataset(dataset: fo.Dataset) -> None:
    store = ExecutionStore.create("fiftyone-faiss-searches", dataset_id=dataset_id(dataset))
    search = record_search(dataset, PARAMS)
    assert stored(store) == 1
    name, view = dataset.name, dataset[:3]
    dataset.delete()
    assert stored(store) == 0
    for call in (list_searches, clear_searches, lambda samples: record_search(samples, PARAMS)):
        for samples in (dataset, view):
            with pytest.raises(ValueError, match=f"The dataset '{name}' was deleted"):
                call(samples)
    with pytest.raises(ValueError, match=f"The dataset '{name}' was deleted"):
        update_search(view, search.id, pinned=True)
    assert stored(store) == 0
    namesake = fo.Dataset(name)
    assert list_searches(namesake) == []
    namesake.delete()


def test_the_history_outlives_a_new_name_and_is_not_cloned(dataset: fo.Dataset) -> None:
    search = update_search(dataset, record_search(dataset, PARAMS).id, pinned=True)
    dataset.name = f"{dataset.name}-renamed"
    assert list_searches(dataset) == list_searches(dataset[:3]) == [search]
    assert list_searches(fo.load_dataset(dataset.name)) == [search]
    clone = dataset.clone()
    assert list_searches(clone) == []
    again = record_search(clone, PARAMS)
    assert (again.uses, list_searches(dataset)) == (1, [search])
    clone.delete()
    assert list_searches(dataset) == [search]
