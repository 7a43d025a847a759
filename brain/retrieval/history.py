"""Searches kept with their dataset, for all who use it: a history, with names and pins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.retrieval.records import SearchRecords
from fiftyone_faiss.brain.retrieval.saved_search import SavedSearch, checked_name, checked_params

# How many are kept of those that are neither pinned nor named.
MAX_SEARCHES = 200


def record_search(samples: foc.SampleCollection, params: Mapping[str, Any]) -> SavedSearch:
    """Keeps a search, or counts a search that is kept already once more.

    Of those that are neither pinned nor named, the newest 200 are kept.

    Args:
        samples: the dataset, or a view of it
        params: what was searched for and how, JSON values: the parameters of
            :meth:`SearchRequest.from_params` and the panel's ``scope``. Defaults, the page and
            whatever else comes with them are not kept: searches that differ in nothing else are
            the same

    Returns:
        the :class:`SavedSearch`; for the same parameters always the one with the same id

    Raises:
        ValueError: if they hold an uploaded image, are bad, too large or no JSON values; or if the
            dataset was deleted
    """
    once = SavedSearch.once(checked_params(params))
    records = SearchRecords.of(samples)
    search = records.add(once)
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
    name, search = checked_name(name), SavedSearch.once(checked_params(params))
    records = SearchRecords.of(samples)
    text = records.read().get(search.key)
    if text is not None:
        known = SavedSearch.from_text(text)
    else:
        # Before anything is written.
        _check_free(records, "", name)
        known = records.add(search)
    return update_search(samples, known.id, name=name)


def list_searches(samples: foc.SampleCollection) -> list[SavedSearch]:
    """Lists the searches that are kept, the pinned first, then the newest first.

    Args:
        samples: the dataset, or a view of it

    Raises:
        ValueError: if the dataset was deleted
    """
    searches = [SavedSearch.from_text(text) for text in SearchRecords.of(samples).read().values()]
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
        name (None): a name that no other search of the dataset has, 1 to 100 characters; ``""``
            takes the name away
        pinned (None): whether to pin it
        params (None): other parameters; see :func:`record_search`

    Returns:
        the :class:`SavedSearch` as it is now

    Raises:
        ValueError: if there is no such search; if the name is too long or another's; or as in
            :func:`record_search`
    """
    changes: dict[str, Any] = {}
    if pinned is not None:
        changes["pinned"] = pinned
    if params is not None:
        changes["params"] = checked_params(params)
    records = SearchRecords.of(samples)
    if name is not None:
        if name.strip():
            _rename(records, id, checked_name(name))
        else:
            changes["name"] = None
    return records.change(id, changes)


def delete_search(samples: foc.SampleCollection, id: str) -> None:
    """Deletes a search, be it pinned or named.

    Args:
        samples: the dataset, or a view of it
        id: the id of the search

    Raises:
        ValueError: if there is no such search, or if the dataset was deleted
    """
    records = SearchRecords.of(samples)
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
    records = SearchRecords.of(samples)
    texts = records.read().items()
    return records.remove(
        {key: text for key, text in texts if not SavedSearch.from_text(text).is_kept}
    )


def _rename(records: SearchRecords, id: str, name: str) -> None:
    _check_free(records, id, name)
    before = SavedSearch.from_text(records.find(id)[1]).name
    records.change(id, {"name": name})
    try:
        # Of two who give two searches one name at once, the later to look here sees both.
        _check_free(records, id, name)
    except ValueError:
        records.change(id, {"name": before})
        raise


def _check_free(records: SearchRecords, id: str, name: str) -> None:
    for search in map(SavedSearch.from_text, records.read().values()):
        if search.name == name and search.id != id:
            raise ValueError(f"Another search is named '{name}' already; choose another name.")


def _remove_oldest(records: SearchRecords, newest: SavedSearch) -> None:
    """Removes those that are too many, but not the newest, even if the clock was put back."""
    texts = records.read()
    others = {key: SavedSearch.from_text(text) for key, text in texts.items() if key != newest.key}
    free = sorted((search.used_at, key) for key, search in others.items() if not search.is_kept)
    too_many = len(free) + (not newest.is_kept) - MAX_SEARCHES
    records.remove({key: texts[key] for _, key in free[: max(too_many, 0)]})
