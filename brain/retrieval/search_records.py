"""The saved searches of a dataset, as records.

Each is a text under a hash of the search's parameters, so no two records have the same parameters,
whichever process writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.retrieval.records import RecordRepository
from fiftyone_faiss.brain.retrieval.saved_search import SavedSearch

STORE_NAME = "fiftyone-faiss-searches"

# Parts of :meth:`SavedSearch.to_text`, for MongoDB. Quotes inside of a text are escaped there, so
# no query or name looks like these.
_NEITHER_NAMED_NOR_PINNED = r'^\{"id": "[^"]*", "name": null, "pinned": false, '
_USED_AT = r'"used_at": "([^"]*)"'


@dataclass(frozen=True)
class SearchRecords:
    """The records of a dataset's searches.

    Attributes:
        repository: where they are
        dataset_name: for messages
    """

    repository: RecordRepository
    dataset_name: str

    @classmethod
    def of(cls, samples: foc.SampleCollection) -> SearchRecords:
        """The records of a dataset, or of the dataset of a view.

        Raises:
            ValueError: if the dataset was deleted
        """
        repository = RecordRepository.of(STORE_NAME, samples)
        return cls(repository, root_dataset(samples).name)

    def read(self) -> dict[str, str]:
        """All texts, by their keys."""
        return self.repository.read()

    def get(self, key: str) -> SavedSearch | None:
        """The search with a key; None if there is none."""
        text = self.repository.get(key)
        return None if text is None else SavedSearch.from_text(text)

    def find(self, id: str) -> tuple[str, str]:
        """The key and the text of the search with an id.

        Raises:
            ValueError: if there is none
        """
        for key, text in self.read().items():
            if SavedSearch.from_text(text).id == id:
                return key, text
        raise ValueError(
            f"The dataset '{self.dataset_name}' has no saved search {quoted(id)}; it may have been "
            "deleted, so list the searches again."
        )

    def remove(self, texts: Mapping[str, str]) -> int:
        """Removes those of some searches that are unchanged; returns their number."""
        return self.repository.delete_unchanged(texts)

    def add(self, search: SavedSearch) -> SavedSearch:
        """Adds a search, or merges it into the search with the same parameters; returns that."""
        while True:
            text = self.repository.get(search.key)
            if text is None:
                if self.repository.set_if_absent(search.key, search.to_text()):
                    return search
                continue
            known = SavedSearch.from_text(text).merged(search)
            if self.repository.compare_and_set(search.key, text, known.to_text()):
                return known

    def change(self, id: str, changes: Mapping[str, Any]) -> SavedSearch:
        """Changes a search; if another has its parameters then, merges the two.

        Raises:
            ValueError: if there is no such search
        """
        taken: list[SavedSearch] = []
        while True:
            try:
                key, text = self.find(id)
            except ValueError:
                # It was just deleted; the searches to be merged with it stay.
                for taken_search in taken:
                    self.add(taken_search)
                raise
            merged = reduce(SavedSearch.merged, taken, SavedSearch.from_text(text))
            search = replace(merged, **changes)
            if search.key == key:
                if self.repository.compare_and_set(key, text, search.to_text()):
                    return search
            elif self.repository.move(key, text, search.key, search.to_text()):
                return search
            else:
                # Another has these parameters, unless this one was just changed.
                other_text = self.repository.get(search.key)
                other = None if other_text is None else SavedSearch.from_text(other_text)
                if other and other.id != id and self.remove({search.key: other_text}):
                    taken.append(other)

    def remove_oldest(self, newest: SavedSearch, most: int) -> None:
        """Removes the oldest of the searches that are neither named nor pinned.

        MongoDB chooses them, so that only those to remove are read.

        Args:
            newest: a search that stays, even if the clock was set back
            most: the number of searches to keep
        """
        others = most - (not newest.is_kept)
        unkept = {"key": {"$ne": newest.key}, "value": {"$regex": _NEITHER_NAMED_NOR_PINNED}}
        stages: list[dict[str, Any]] = [
            {"$match": unkept},
            {"$project": {"key": 1, "used_at": _captured("$value", _USED_AT)}},
            {"$sort": {"used_at": -1, "key": -1}},
            {"$skip": max(others, 0)},
        ]
        texts = {}
        for record in self.repository.aggregate(stages):
            text = self.repository.get(record["key"])
            if text is not None and not SavedSearch.from_text(text).is_kept:
                texts[record["key"]] = text
        self.remove(texts)


def _captured(text: str, pattern: str) -> dict[str, Any]:
    """An expression for the first group of a pattern in a text."""
    match = {"$regexFind": {"input": text, "regex": pattern}}
    return {
        "$let": {"vars": {"match": match}, "in": {"$arrayElemAt": ["$$match.captures", 0]}},
    }
