"""Searches kept with their dataset, for all who use it: a history, with names and pins.

Each is a record of FiftyOne's execution store, a text under the hash of the search's parameters.
So no two can have the same parameters, whoever writes them. A record is only changed, moved or
removed if it is still as it was read; who comes second reads it again.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from functools import reduce
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.odm as foo
from fiftyone.factory.repos.execution_store import MongoExecutionStoreRepo
from fiftyone.operators.store import ExecutionStore
from pymongo import DeleteOne
from pymongo.errors import DuplicateKeyError

from fiftyone_faiss.brain.membership import check_exists

STORE_NAME = "fiftyone-faiss-searches"
# How many are kept of those that are neither pinned nor named.
MAX_SEARCHES = 200
MAX_NAME_LENGTH = 100
# Characters of JSON: some 3,700 ids of samples. A list of the searches holds all of this.
MAX_PARAMS_LENGTH = 100_000
# Of the panel's parameters those that say what the grid showed, not what was searched for.
VOLATILE = frozenset({"base", "shown"})


@dataclass(frozen=True)
class SavedSearch:
    """A search of a dataset's history.

    Attributes:
        id: what it is called by; it stays when the search is edited
        name: the name that somebody gave it, 1 to 100 characters, or None
        pinned: whether it is kept, and listed first
        params: the parameters to search with again, JSON values
        used_at: when it was last searched, ISO 8601, UTC
        uses: how often it was searched, at least 1
    """

    id: str
    name: str | None
    pinned: bool
    params: dict[str, Any]
    used_at: str
    uses: int

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)

    @property
    def is_kept(self) -> bool:
        """Whether it stays until somebody deletes it, for it is pinned or has a name."""
        return self.pinned or self.name is not None


def record_search(samples: foc.SampleCollection, params: Mapping[str, Any]) -> SavedSearch:
    """Keeps a search, or counts a search that is kept already once more.

    Of those that are neither pinned nor named, the newest 200 are kept.

    Args:
        samples: the dataset, or a view of it
        params: what was searched for and how, JSON values, such as the parameters of
            :meth:`SearchRequest.from_params`. Of what the grid showed (``base``, ``shown``) nothing
            is kept: searches that differ in nothing else are the same

    Returns:
        the :class:`SavedSearch`; for the same parameters always the one with the same id

    Raises:
        ValueError: if they hold an uploaded image, are too large or are no JSON values; or if the
            dataset was deleted
    """
    once = SavedSearch(uuid.uuid4().hex[:16], None, False, _checked_params(params), _now(), 1)
    records = _Records.of(samples)
    search = _add(records, once)
    _remove_oldest(records, search)
    return search


def save_search(samples: foc.SampleCollection, params: Mapping[str, Any], name: str) -> SavedSearch:
    """Keeps a search under a name; that is no use of it.

    Args:
        samples: the dataset, or a view of it
        params: see :func:`record_search`
        name: a name that no other search of the dataset has, 1 to 100 characters

    Returns:
        the :class:`SavedSearch`

    Raises:
        ValueError: if the name is empty, too long or another's; or as in :func:`record_search`
    """
    name, params = _checked_name(name), _checked_params(params)
    records = _Records.of(samples)
    known = records.read().get(_key(params))
    if known is None:
        # Before anything is written.
        _check_free(records, "", name)
        search = SavedSearch(uuid.uuid4().hex[:16], None, False, params, _now(), 1)
        known = _text(_add(records, search))
    return update_search(samples, _search(known).id, name=name)


def list_searches(samples: foc.SampleCollection) -> list[SavedSearch]:
    """Lists the searches that are kept, the pinned first, then the newest first.

    Args:
        samples: the dataset, or a view of it

    Raises:
        ValueError: if the dataset was deleted
    """
    searches = [_search(text) for text in _Records.of(samples).read().values()]
    searches.sort(key=lambda search: (search.pinned, search.used_at), reverse=True)
    return searches


def update_search(
    samples: foc.SampleCollection,
    id: str,
    *,
    name: str | None = None,
    pinned: bool | None = None,
    params: Mapping[str, Any] | None = None,
) -> SavedSearch:
    """Names, pins or edits a search; what is None stays.

    If another search has the edited parameters already, the two become one: it has the id of the
    edited one, its name if it has one, and the uses of both.

    Args:
        samples: the dataset, or a view of it
        id: the id of the search
        name (None): a name that no other search of the dataset has, 1 to 100 characters
        pinned (None): whether to pin it
        params (None): other parameters; see :func:`record_search`

    Returns:
        the :class:`SavedSearch` as it is now

    Raises:
        ValueError: if there is no such search; if the name is empty, too long or another's; or as
            in :func:`record_search`
    """
    changes: dict[str, Any] = {}
    if pinned is not None:
        changes["pinned"] = pinned
    if params is not None:
        changes["params"] = _checked_params(params)
    records = _Records.of(samples)
    if name is not None:
        _rename(records, id, _checked_name(name))
    return _change(records, id, changes)


def delete_search(samples: foc.SampleCollection, id: str) -> None:
    """Deletes a search, be it pinned or named.

    Args:
        samples: the dataset, or a view of it
        id: the id of the search

    Raises:
        ValueError: if there is no such search, or if the dataset was deleted
    """
    records = _Records.of(samples)
    while True:
        key, text = records.find(id)
        if records.remove({key: text}):
            return


def clear_searches(samples: foc.SampleCollection) -> int:
    """Deletes all searches but the pinned and the named, and those that are used meanwhile.

    Args:
        samples: the dataset, or a view of it

    Returns:
        how many were deleted

    Raises:
        ValueError: if the dataset was deleted
    """
    records = _Records.of(samples)
    texts = records.read()
    return records.remove({key: text for key, text in texts.items() if not _search(text).is_kept})


@dataclass(frozen=True)
class _Records:
    """The records of a dataset's searches: texts, which MongoDB compares exactly, by their keys."""

    dataset: fo.Dataset

    @classmethod
    def of(cls, samples: foc.SampleCollection) -> _Records:
        # A record written for a dataset that is gone would stay for ever.
        check_exists(samples)
        return cls(samples._root_dataset)

    @property
    def store(self) -> ExecutionStore:
        return ExecutionStore.create(STORE_NAME, dataset_id=self.dataset._doc.id)

    @property
    def _collection(self) -> Any:
        # The store itself can read one record at a time only, and cannot compare before it removes.
        return foo.get_db_conn()[MongoExecutionStoreRepo.COLLECTION_NAME]

    def _where(self, **record: str) -> dict[str, Any]:
        return {"store_name": STORE_NAME, "dataset_id": self.dataset._doc.id, **record}

    def read(self) -> dict[str, str]:
        found = self._collection.find(self._where(), {"key": 1, "value": 1})
        return {record["key"]: record["value"] for record in found}

    def find(self, id: str) -> tuple[str, str]:
        """The key and the text of a search."""
        for key, text in self.read().items():
            if _search(text).id == id:
                return key, text
        raise ValueError(
            f"The dataset '{self.dataset.name}' keeps no search '{id}'; it may have been deleted, "
            "so list the searches again."
        )

    def write(self, key: str, old: str | None, new: SavedSearch) -> bool:
        """Writes a record if it is as it was read, None if there was none; tells whether it was."""
        if old is None:
            return self.store.set_if_absent(key, _text(new))
        return self.store.compare_and_set(key, old, _text(new))

    def move(self, key: str, old: str, to: str, new: SavedSearch) -> bool:
        """Writes a record under another key, if it is as it was read and that key is free."""
        now = datetime.now(timezone.utc)
        change = {"$set": {"key": to, "value": _text(new), "updated_at": now}}
        try:
            done = self._collection.update_one(self._where(key=key, value=old), change)
        except DuplicateKeyError:
            return False
        return bool(done.matched_count)

    def remove(self, texts: Mapping[str, str]) -> int:
        """Removes those of the records that are as they were read; tells how many."""
        if not texts:
            return 0
        ones = [DeleteOne(self._where(key=key, value=text)) for key, text in texts.items()]
        return int(self._collection.bulk_write(ones, ordered=False).deleted_count)


def _add(records: _Records, search: SavedSearch) -> SavedSearch:
    key = _key(search.params)
    while True:
        text = records.store.get(key)
        new = search if text is None else _merged(_search(text), search)
        if records.write(key, text, new):
            return new


def _change(records: _Records, id: str, changes: Mapping[str, Any]) -> SavedSearch:
    same: list[SavedSearch] = []
    while True:
        try:
            key, text = records.find(id)
        except ValueError:
            # Somebody has just deleted it; what was to be one with it is not lost for that.
            for other in same:
                _add(records, other)
            raise
        search = replace(reduce(_merged, same, _search(text)), **changes)
        to = _key(search.params)
        if to == key:
            if records.write(key, text, search):
                return search
        elif records.move(key, text, to, search):
            return search
        else:
            # Another has these parameters, unless somebody has just changed this one.
            there = records.store.get(to)
            if there is not None and _search(there).id != id and records.remove({to: there}):
                same.append(_search(there))


def _merged(search: SavedSearch, other: SavedSearch) -> SavedSearch:
    return replace(
        search,
        name=search.name or other.name,
        pinned=search.pinned or other.pinned,
        used_at=max(search.used_at, other.used_at),
        uses=search.uses + other.uses,
    )


def _rename(records: _Records, id: str, name: str) -> None:
    _check_free(records, id, name)
    before = _search(records.find(id)[1]).name
    _change(records, id, {"name": name})
    try:
        # Of two who give two searches one name at once, the later to look here sees both.
        _check_free(records, id, name)
    except ValueError:
        _change(records, id, {"name": before})
        raise


def _check_free(records: _Records, id: str, name: str) -> None:
    for search in map(_search, records.read().values()):
        if search.name == name and search.id != id:
            raise ValueError(f"Another search is named '{name}' already; choose another name.")


def _remove_oldest(records: _Records, newest: SavedSearch) -> None:
    """Removes those that are too many, but not the newest, even if the clock was put back."""
    texts = records.read()
    others = {key: _search(text) for key, text in texts.items() if key != _key(newest.params)}
    free = sorted((search.used_at, key) for key, search in others.items() if not search.is_kept)
    too_many = len(free) + (not newest.is_kept) - MAX_SEARCHES
    records.remove({key: texts[key] for _, key in free[: max(too_many, 0)]})


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ValueError("The name is empty; give a word, such as 'red cars'.")
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(
            f"The name has {len(name):,} characters; shorten it to {MAX_NAME_LENGTH} or fewer."
        )
    return name


def _checked_params(params: Mapping[str, Any]) -> dict[str, Any]:
    if _has_upload(params):
        raise ValueError(
            "A search by an uploaded image cannot be kept, for the image is in no dataset; search "
            "by words, or by samples, to keep the search."
        )
    lasting = {name: value for name, value in params.items() if name not in VOLATILE}
    try:
        text = _canonical(lasting)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The search's parameters cannot be kept, for they are no JSON values: {error}."
        ) from error
    if len(text) > MAX_PARAMS_LENGTH:
        raise ValueError(
            f"The search's parameters are {len(text):,} characters long, and {MAX_PARAMS_LENGTH:,} "
            "can be kept; search by fewer samples."
        )
    kept: dict[str, Any] = json.loads(text)
    return kept


def _has_upload(value: Any) -> bool:
    """Whether there is an ``{"content": <base64>, ...}`` in it, at whatever depth."""
    if isinstance(value, Mapping):
        return bool(value.get("content")) or any(map(_has_upload, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_has_upload, value))


def _canonical(params: Mapping[str, Any]) -> str:
    return json.dumps(params, sort_keys=True, allow_nan=False)


def _key(params: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(params).encode()).hexdigest()


def _search(text: str) -> SavedSearch:
    return SavedSearch(**json.loads(text))


def _text(search: SavedSearch) -> str:
    return json.dumps(search.to_dict())


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")
