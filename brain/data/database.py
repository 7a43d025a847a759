"""FiftyOne's database: its identity, its datasets and runs."""

from __future__ import annotations

import fiftyone as fo
import fiftyone.core.collections as foc
import fiftyone.core.odm as foo
from bson import ObjectId

from fiftyone_faiss.brain.data.private import root_dataset


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
