"""Records of a dataset in FiftyOne's execution store: JSON values under keys.

Several people may change a record at once, so a record is only replaced, moved or deleted if it
still has the value that was read; the caller who comes second reads it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.core.odm as foo
from bson import ObjectId
from fiftyone.factory.repos.execution_store import MongoExecutionStoreRepo
from fiftyone.operators.store import ExecutionStore
from pymongo import DeleteOne
from pymongo.errors import DuplicateKeyError

from fiftyone_faiss.brain.data.database import check_exists
from fiftyone_faiss.brain.data.private import dataset_id, root_dataset

# No text sorts after this character, as MongoDB compares texts.
LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True)
class RecordRepository:
    """The records of one store of a dataset. FiftyOne deletes them with the dataset.

    Attributes:
        store_name: the name of the store
        dataset_id: the id of the dataset
    """

    store_name: str
    dataset_id: ObjectId

    @classmethod
    def of(cls, store_name: str, samples: foc.SampleCollection) -> RecordRepository:
        """The repository of a dataset, or of the dataset of a view.

        Raises:
            ValueError: if the dataset was deleted
        """
        # Nothing would ever delete a record of a deleted dataset.
        check_exists(samples)
        return cls(store_name, dataset_id(root_dataset(samples)))

    @cached_property
    def _store(self) -> ExecutionStore:
        return ExecutionStore.create(self.store_name, dataset_id=self.dataset_id)

    @property
    def _collection(self) -> Any:
        # FiftyOne's store reads one record at a time, and cannot compare before it deletes.
        return foo.get_db_conn()[MongoExecutionStoreRepo.COLLECTION_NAME]

    def _where(self, **conditions: Any) -> dict[str, Any]:
        return {"store_name": self.store_name, "dataset_id": self.dataset_id, **conditions}

    def get(self, key: str) -> Any:
        """The value of a record; None if there is no such record."""
        return self._store.get(key)

    def read(self, prefix: str = "") -> dict[str, Any]:
        """The values of all records whose keys have a prefix, by their keys."""
        # A range, because a regular expression must not contain a null character.
        where = self._where(key={"$gte": prefix, "$lt": f"{prefix}{LAST_CHARACTER}"})
        records = self._collection.find(where, {"key": 1, "value": 1})
        return {record["key"]: record["value"] for record in records}

    def aggregate(self, stages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Runs the stages of a MongoDB aggregation on the records."""
        return list(self._collection.aggregate([{"$match": self._where()}, *stages]))

    def set_if_absent(self, key: str, value: Any) -> bool:
        """Adds a record; returns False if there is one with this key."""
        return bool(self._store.set_if_absent(key, value))

    def compare_and_set(self, key: str, old: Any, new: Any) -> bool:
        """Replaces a record; returns False if its value is not the old one."""
        return bool(self._store.compare_and_set(key, old, new))

    def move(self, key: str, old: Any, new_key: str, new: Any) -> bool:
        """Replaces a record and its key; returns False if its value is not the old one, or if
        there is a record with the new key."""
        now = datetime.now(timezone.utc)
        change = {"$set": {"key": new_key, "value": new, "updated_at": now}}
        try:
            result = self._collection.update_one(self._where(key=key, value=old), change)
        except DuplicateKeyError:
            return False
        return bool(result.matched_count)

    def delete(self, key: str) -> None:
        """Deletes a record, whatever its value."""
        self._store.delete(key)

    def delete_unchanged(self, records: Mapping[str, Any]) -> int:
        """Deletes those of some records that still have these values; returns their number."""
        if not records:
            return 0
        deletions = [DeleteOne(self._where(key=key, value=old)) for key, old in records.items()]
        return int(self._collection.bulk_write(deletions, ordered=False).deleted_count)
