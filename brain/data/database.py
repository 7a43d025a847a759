"""FiftyOne's database: its identity, its datasets and runs."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.odm as foo
from bson import ObjectId

from fiftyone_faiss.brain.data.connection import explain_outage
from fiftyone_faiss.brain.data.private import collection_names, dataset_id, root_dataset


@explain_outage()
def check_exists(samples: foc.SampleCollection) -> None:
    """Raises a ``ValueError`` if the dataset of a collection was deleted."""
    # A deleted dataset only has a name; every other attribute raises.
    dataset = samples if isinstance(samples, fo.Dataset) else root_dataset(samples)
    if dataset.deleted or not fo.dataset_exists(dataset.name):
        raise ValueError(f"The dataset '{dataset.name}' was deleted; open another dataset.")


def database_id() -> str:
    """Returns the identity of FiftyOne's database: the UUID of its collection of datasets."""
    reply = foo.get_db_conn().command("listCollections", filter={"name": "datasets"})
    collections = reply["cursor"]["firstBatch"]
    return collections[0]["info"]["uuid"].hex() if collections else ""


def run_exists(run_id: str) -> bool:
    """Returns whether the database has a Brain run."""
    return foo.get_db_conn().runs.find_one({"_id": ObjectId(run_id)}, {"_id": 1}) is not None


def data_token(samples: foc.SampleCollection) -> list[dict[str, Any]]:
    """Returns a value that changes when the samples, or the frames, of a collection change."""
    # The server counts the writes to each collection. Times of changes are not enough: they come
    # from the clients' clocks, which may differ by minutes.
    written = [
        {"$collStats": {"latencyStats": {}}},
        {"$project": {"ns": 1, "host": 1, "writes": "$latencyStats.writes.ops"}},
    ]
    # A restarted server counts from 0 and may reach the same number.
    newest = [
        {"$sort": {"last_modified_at": -1}},
        {"$limit": 1},
        {"$project": {"last_modified_at": 1}},
    ]
    # One request for everything, because each query makes it.
    pipeline: list[dict[str, Any]] = [
        {"$match": {"_id": dataset_id(root_dataset(samples))}},
        {"$project": {"last_deletion_at": 1, "last_modified_at": 1}},
    ]
    for name in sorted(collection_names(samples)):
        pipeline.append({"$unionWith": {"coll": name, "pipeline": written}})
        pipeline.append({"$unionWith": {"coll": name, "pipeline": newest}})
    return list(foo.get_db_conn().datasets.aggregate(pipeline))
