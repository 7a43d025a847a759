"""FiftyOne's database: its identity, its datasets and runs."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.odm as foo
from bson import ObjectId


def check_exists(samples: foc.SampleCollection) -> None:
    """Raises a ``ValueError`` if the dataset of a collection was deleted meanwhile."""
    # Of a deleted dataset FiftyOne gives out nothing but its name.
    dataset = samples if isinstance(samples, fo.Dataset) else samples._root_dataset
    if dataset.deleted or not fo.dataset_exists(dataset.name):
        raise ValueError(f"The dataset '{dataset.name}' was deleted; open another dataset.")


def database_id() -> str:
    """The identity of FiftyOne's database: the UUID that it gave its collection of datasets."""
    reply = foo.get_db_conn().command("listCollections", filter={"name": "datasets"})
    found = reply["cursor"]["firstBatch"]
    return found[0]["info"]["uuid"].hex() if found else ""


def run_exists(run_id: str) -> bool:
    """Whether the database still has a Brain run."""
    found = foo.get_db_conn().runs.find_one({"_id": ObjectId(run_id)}, {"_id": 1})
    return found is not None


def data_token(samples: foc.SampleCollection) -> list[dict[str, Any]]:
    """A value that changes when the samples, or the frames, of a collection change."""
    root = samples._root_dataset
    names = {root._sample_collection_name, samples._dataset._sample_collection_name}
    names |= {root._frame_collection_name, samples._dataset._frame_collection_name}
    # The server counts the writes to each collection. The times of changes alone would not do:
    # they are of the clients' clocks, of which one may be minutes behind another.
    written = [
        {"$collStats": {"latencyStats": {}}},
        {"$project": {"ns": 1, "host": 1, "writes": "$latencyStats.writes.ops"}},
    ]
    # A server that was started anew counts from 0, and may come to the same number.
    newest = [
        {"$sort": {"last_modified_at": -1}},
        {"$limit": 1},
        {"$project": {"last_modified_at": 1}},
    ]
    # All in one question, for it is asked with every query.
    pipeline: list[dict[str, Any]] = [
        {"$match": {"_id": root._doc.id}},
        {"$project": {"last_deletion_at": 1, "last_modified_at": 1}},
    ]
    for name in sorted(names - {None}):
        pipeline.append({"$unionWith": {"coll": name, "pipeline": written}})
        pipeline.append({"$unionWith": {"coll": name, "pipeline": newest}})
    return list(foo.get_db_conn().datasets.aggregate(pipeline))
