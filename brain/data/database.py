"""FiftyOne's database: its identity, its datasets and runs."""

from __future__ import annotations

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
