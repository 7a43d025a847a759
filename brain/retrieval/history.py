"""The saved searches of a dataset, shared by everyone who uses it: a history, names and pins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import read_flag, read_text
from fiftyone_faiss.brain.retrieval.saved_search import SavedSearch, checked_name, checked_params
from fiftyone_faiss.brain.retrieval.search_records import SearchRecords

# The number of searches that are kept without a name and without a pin.
MAX_SEARCHES = 200


def record_search(samples: foc.SampleCollection, params: Mapping[str, Any]) -> SavedSearch:
    """Adds a search to the history, or counts another use of it.

    Of the searches that are neither pinned nor named, the newest 200 are kept.

    Args:
        samples: the dataset, or a view of it
        params: the parameters of :meth:`SearchRequest.from_params`, as JSON values. Defaults,
            ``skip`` and other names are not saved: searches that differ only in those are the same

    Returns:
        the :class:`SavedSearch`; for the same parameters always the one with the same id

    Raises:
        ValueError: if the parameters have an uploaded image, are not valid, too large or no JSON
            values; or if the dataset was deleted
    """
    search = SavedSearch.once(checked_params(params))
    records = SearchRecords.of(samples)
    recorded = records.add(search)
    if recorded.uses == 1:
        records.remove_oldest(recorded, MAX_SEARCHES)
    return recorded


def save_search(samples: foc.SampleCollection, params: Mapping[str, Any], name: str) -> SavedSearch:
    """Saves a search under a name, without counting a use of it.

    Args:
        samples: the dataset, or a view of it
        params: see :func:`record_search`
        name: a name that no other search of the dataset has, 1 to 100 characters

    Returns:
        the :class:`SavedSearch`

    Raises:
        ValueError: if the name is empty, too long or taken; or as in :func:`record_search`
    """
    name, search = checked_name(name), SavedSearch.once(checked_params(params))
    records = SearchRecords.of(samples)
    known = records.get(search.key)
    if known is None:
        # Before anything is written.
        _check_free(records, "", name)
        known = records.add(search)
    return update_search(samples, known.id, name=name)


def list_searches(samples: foc.SampleCollection) -> list[SavedSearch]:
    """Lists the saved searches: pinned searches first, then the newest first.

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
    """Names, pins or edits a search; values that are None stay as they are.

    If another search has the edited parameters already, the two are merged: the result has the id
    of the edited search, its name if it has one, and the uses of both.

    Args:
        samples: the dataset, or a view of it
        id: the id of the search
        name (None): a name that no other search of the dataset has, 1 to 100 characters; ``""``
            removes the name
        pinned (None): whether to pin it
        params (None): other parameters; see :func:`record_search`

    Returns:
        the :class:`SavedSearch` as it is now

    Raises:
        ValueError: if there is no such search; if the name is too long or taken; or as in
            :func:`record_search`
    """
    changes: dict[str, Any] = {}
    if pinned is not None:
        changes["pinned"] = read_flag("pinned", pinned)
    if params is not None:
        changes["params"] = checked_params(params)
    records = SearchRecords.of(samples)
    if name is not None:
        if read_text("The name", name).strip():
            _rename(records, id, checked_name(name))
        else:
            changes["name"] = None
    return records.change(id, changes)


def delete_search(samples: foc.SampleCollection, id: str) -> None:
    """Deletes a search, also if it is pinned or named.

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
    """Deletes the searches that are neither pinned nor named; those used meanwhile stay.

    Args:
        samples: the dataset, or a view of it

    Returns:
        the number of deleted searches

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
        # If two people give two searches the same name at once, the later of these checks fails.
        _check_free(records, id, name)
    except ValueError:
        records.change(id, {"name": before})
        raise


def _check_free(records: SearchRecords, id: str, name: str) -> None:
    for search in map(SavedSearch.from_text, records.read().values()):
        if search.name == name and search.id != id:
            raise ValueError(f"Another search has the name '{name}'; choose another name.")
