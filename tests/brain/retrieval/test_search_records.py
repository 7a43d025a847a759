"""Saved searches that several people and processes change at once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest

from fiftyone_faiss.brain.retrieval import history
from fiftyone_faiss.brain.retrieval.history import (
    clear_searches,
    delete_search,
    list_searches,
    record_search,
    update_search,
)
from fiftyone_faiss.brain.retrieval.search_records import SearchRecords

PARAMS = {"query": "a red car", "brain_key": "clip", "k": 24, "scope": "view"}


def params_of(query: object) -> dict[str, Any]:
    return {**PARAMS, "query": str(query)}


def queries(dataset: fo.Dataset) -> list[str]:
    return [search.params["query"] for search in list_searches(dataset)]


def once_read(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Lets somebody else act just after the records are next read."""
    read = SearchRecords.read

    def reads_and_waits(records: SearchRecords) -> dict[str, str]:
        texts = read(records)
        monkeypatch.setattr(SearchRecords, "read", read)
        act()
        return texts

    monkeypatch.setattr(SearchRecords, "read", reads_and_waits)


def test_what_is_used_or_pinned_meanwhile_is_not_cleared(dataset, monkeypatch) -> None:
    used, pinned, _ = [record_search(dataset, params_of(i)) for i in range(3)]

    def act() -> None:
        record_search(dataset, used.params)
        update_search(dataset, pinned.id, pinned=True)

    once_read(monkeypatch, act)
    assert clear_searches(dataset) == 1
    assert [(search.id, search.uses) for search in list_searches(dataset)] == [
        (pinned.id, 1),
        (used.id, 2),
    ]


def test_what_is_named_meanwhile_is_not_removed_as_the_oldest(dataset, monkeypatch) -> None:
    monkeypatch.setattr(history, "MAX_SEARCHES", 2)
    oldest, *_ = [record_search(dataset, params_of(i)) for i in range(2)]
    remove = SearchRecords.remove

    def removes_late(records: SearchRecords, texts: Mapping[str, str]) -> int:
        monkeypatch.setattr(SearchRecords, "remove", remove)
        assert list(texts) == [oldest.key]
        update_search(dataset, oldest.id, name="mine")
        return remove(records, texts)

    monkeypatch.setattr(SearchRecords, "remove", removes_late)
    record_search(dataset, params_of(2))
    assert queries(dataset) == ["2", "1", "0"]


def test_what_is_used_meanwhile_is_deleted_all_the_same(dataset, monkeypatch) -> None:
    search = record_search(dataset, PARAMS)
    once_read(monkeypatch, lambda: record_search(dataset, PARAMS))
    delete_search(dataset, search.id)
    assert list_searches(dataset) == []


def test_a_search_that_is_used_while_it_is_edited_is_counted(dataset, monkeypatch) -> None:
    search = record_search(dataset, PARAMS)
    once_read(monkeypatch, lambda: record_search(dataset, PARAMS))
    edited = update_search(dataset, search.id, params=params_of("b"))
    assert (edited.id, edited.uses) == (search.id, 2)
    once_read(monkeypatch, lambda: record_search(dataset, params_of("c")))
    edited = update_search(dataset, search.id, params=params_of("c"))
    assert (edited.id, edited.uses) == (search.id, 3)
    assert list_searches(dataset) == [edited]


def test_two_who_make_the_same_edit_make_one_search(dataset, monkeypatch) -> None:
    search, other = record_search(dataset, params_of("a")), record_search(dataset, params_of("b"))
    once_read(monkeypatch, lambda: update_search(dataset, search.id, params=PARAMS))
    edited = update_search(dataset, search.id, params=PARAMS)
    assert (edited.id, edited.uses) == (search.id, 1)
    once_read(monkeypatch, lambda: update_search(dataset, other.id, params=params_of("c")))
    edited = update_search(dataset, search.id, params=params_of("c"))
    assert (edited.id, edited.uses) == (search.id, 2)
    assert list_searches(dataset) == [edited]


def test_an_edit_of_what_is_deleted_meanwhile_costs_no_other_search(dataset, monkeypatch) -> None:
    search, other = record_search(dataset, params_of("a")), record_search(dataset, params_of("b"))
    other = update_search(dataset, other.id, name="theirs")
    remove = SearchRecords.remove

    def removes_and_waits(records: SearchRecords, texts: Mapping[str, str]) -> int:
        monkeypatch.setattr(SearchRecords, "remove", remove)
        done = remove(records, texts)
        delete_search(dataset, search.id)
        return done

    monkeypatch.setattr(SearchRecords, "remove", removes_and_waits)
    with pytest.raises(ValueError, match=f"has no saved search '{search.id}'"):
        update_search(dataset, search.id, params=params_of("b"))
    assert list_searches(dataset) == [other]


def test_a_name_that_is_given_twice_at_once_is_taken_back(dataset, monkeypatch) -> None:
    search, other = record_search(dataset, params_of("a")), record_search(dataset, params_of("b"))
    search = update_search(dataset, search.id, name="old")
    once_read(monkeypatch, lambda: update_search(dataset, other.id, name="cars"))
    with pytest.raises(ValueError, match="Another search has the name 'cars'"):
        update_search(dataset, search.id, name="cars")
    assert {search.id: search.name for search in list_searches(dataset)} == {
        search.id: "old",
        other.id: "cars",
    }


def test_threads_that_record_at_once_are_all_counted(dataset: fo.Dataset) -> None:
    start = threading.Barrier(8)

    def record(thread: int) -> set[str]:
        start.wait(60)
        ids = {record_search(dataset, PARAMS).id for _ in range(20)}
        for i in range(10):
            record_search(dataset, params_of(f"{thread} {i}"))
            record_search(dataset, params_of(f"shared {i}"))
        return ids

    with ThreadPoolExecutor(8) as pool:
        ids = set.union(*pool.map(record, range(8)))
    uses = {search.params["query"]: search.uses for search in list_searches(dataset)}
    own = {f"{thread} {i}": 1 for thread in range(8) for i in range(10)}
    assert uses == {"a red car": 160, **own, **{f"shared {i}": 8 for i in range(10)}}
    assert len(ids) == 1


def test_threads_that_record_and_edit_at_once_lose_no_use(dataset: fo.Dataset) -> None:
    for i in range(6):
        record_search(dataset, params_of(i))
    start = threading.Barrier(6)

    def record(seed: int) -> int:
        choose = random.Random(seed)
        start.wait(60)
        for _ in range(40):
            record_search(dataset, params_of(choose.randrange(6)))
        return 0

    def edit(seed: int) -> int:
        choose = random.Random(seed)
        start.wait(60)
        edits = 0
        for _ in range(40):
            search = choose.choice(list_searches(dataset))
            try:
                update_search(dataset, search.id, params=params_of(choose.randrange(6)))
                edits += 1
            except ValueError as error:
                # Another's edit has made it one with that search.
                assert "has no saved search" in str(error)
        return edits

    with ThreadPoolExecutor(6) as pool:
        work = [pool.submit(record, i) for i in range(4)] + [pool.submit(edit, i) for i in range(2)]
        edits = sum(search.result(120) for search in work)
    searches = list_searches(dataset)
    assert sum(search.uses for search in searches) == 6 + 4 * 40
    assert len({search.id for search in searches}) == len(searches)
    assert len(set(queries(dataset))) == len(searches) <= 6
    assert edits > 0


OTHER = """
import time
from pathlib import Path

import fiftyone as fo

from fiftyone_faiss.brain.retrieval.history import delete_search, record_search, update_search

dataset = fo.load_dataset({name!r})
Path({ready!r}).touch()
while not Path({go!r}).exists():
    time.sleep(0.002)
for i in range(30):
    shared = record_search(dataset, {{"query": "shared"}})
    own = record_search(dataset, {{"query": "own {process} " + str(i)}})
    update_search(dataset, shared.id, pinned=i % 2 == 0)
    if i % 3 == 0:
        delete_search(dataset, own.id)
    elif i % 3 == 1:
        update_search(dataset, own.id, name=own.params["query"])
    record_search(dataset, {{"query": "shared " + str(i)}})
"""


def test_processes_that_record_at_once_are_all_counted(dataset: fo.Dataset, tmp_path: Path) -> None:
    go = tmp_path / "go"
    processes = []
    for i in range(4):
        ready = tmp_path / f"ready {i}"
        code = OTHER.format(name=dataset.name, ready=str(ready), go=str(go), process=i)
        command = [sys.executable, "-c", code]
        processes.append((ready, subprocess.Popen(command, env=os.environ)))
    for ready, process in processes:
        while not ready.exists():
            assert process.poll() is None, "it could not start"
            time.sleep(0.02)
    go.touch()
    assert [process.wait(120) for _, process in processes] == [0, 0, 0, 0]
    searches = {search.params["query"]: search for search in list_searches(dataset)}
    uses = {query: search.uses for query, search in searches.items()}
    own = {f"own {process} {i}": 1 for process in range(4) for i in range(30) if i % 3}
    assert uses == {"shared": 120, **own, **{f"shared {i}": 4 for i in range(30)}}
    names = {search.name for search in searches.values()} - {None}
    assert names == {f"own {process} {i}" for process in range(4) for i in range(1, 30, 3)}
    assert len({search.id for search in searches.values()}) == len(searches)
