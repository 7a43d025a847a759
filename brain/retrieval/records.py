"""Where a dataset's searches are stored: records of FiftyOne's execution store.

Each is a text under the hash of the search's parameters, so no two can have the same parameters,
whoever writes them. A record is only changed, moved or removed if it is still as it was read; who
comes second reads it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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

from fiftyone_faiss.brain.data.database import check_exists
from fiftyone_faiss.brain.retrieval.saved_search import SavedSearch

STORE_NAME = "fiftyone-faiss-searches"


@dataclass(frozen=True)
class SearchRecords:
    """The records of a dataset's searches: texts, which MongoDB compares exactly, by their keys."""

    dataset: fo.Dataset

    @classmethod
    def of(cls, samples: foc.SampleCollection) -> SearchRecords:
        """Those of a dataset, or of a view's.

        Raises:
            ValueError: if the dataset was deleted
        """
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
        """All texts by their keys."""
        found = self._collection.find(self._where(), {"key": 1, "value": 1})
        return {record["key"]: record["value"] for record in found}

    def find(self, id: str) -> tuple[str, str]:
        """The key and the text of a search.

        Raises:
            ValueError: if there is no such search
        """
        for key, text in self.read().items():
            if SavedSearch.from_text(text).id == id:
                return key, text
        raise ValueError(
            f"The dataset '{self.dataset.name}' keeps no search '{id}'; it may have been deleted, "
            "so list the searches again."
        )

    def write(self, key: str, old: str | None, new: SavedSearch) -> bool:
        """Writes a record if it is as it was read, None if there was none; tells whether it was."""
        if old is None:
            return self.store.set_if_absent(key, new.to_text())
        return self.store.compare_and_set(key, old, new.to_text())

    def move(self, key: str, old: str, to: str, new: SavedSearch) -> bool:
        """Writes a record under another key, if it is as it was read and that key is free."""
        now = datetime.now(timezone.utc)
        change = {"$set": {"key": to, "value": new.to_text(), "updated_at": now}}
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

    def add(self, search: SavedSearch) -> SavedSearch:
        """Writes a search, or makes it one with that of the same parameters; what there is then."""
        while True:
            text = self.store.get(search.key)
            new = search if text is None else SavedSearch.from_text(text).merged(search)
            if self.write(search.key, text, new):
                return new

    def change(self, id: str, changes: Mapping[str, Any]) -> SavedSearch:
        """Changes a search; if another has its parameters then, the two become one.

        Raises:
            ValueError: if there is no such search
        """
        same: list[SavedSearch] = []
        while True:
            try:
                key, text = self.find(id)
            except ValueError:
                # Somebody has just deleted it; what was to be one with it is not lost for that.
                for taken in same:
                    self.add(taken)
                raise
            merged = reduce(SavedSearch.merged, same, SavedSearch.from_text(text))
            search = replace(merged, **changes)
            if search.key == key:
                if self.write(key, text, search):
                    return search
            elif self.move(key, text, search.key, search):
                return search
            else:
                # Another has these parameters, unless somebody has just changed this one.
                there = self.store.get(search.key)
                other = None if there is None else SavedSearch.from_text(there)
                if other and other.id != id and self.remove({search.key: there}):
                    same.append(other)
