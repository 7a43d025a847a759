"""Which ids a collection holds, and which stored ones still exist in the database."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
from bson import ObjectId
from fiftyone.brain.internal.core import utils as fbu

from fiftyone_faiss.brain.ids import pack_ids, unpack_ids
from fiftyone_faiss.brain.store import Rows, Snapshot

# Ids looked up at once: 50,000 stay well under MongoDB's 16 MB a message, and so do their labels.
LOOKUP = 50_000


def collection_ids(samples: foc.SampleCollection, patches_field: str | None) -> list[str]:
    """The ids of a collection's samples, or of its labels in a patches field, in its order."""
    if patches_field is None:
        ids: list[str] = samples.values("sample_id" if samples._is_patches else "id")
        return ids
    _, labels = fbu.get_ids(samples, patches_field=patches_field)
    return labels.tolist()


def alive(
    dataset: fo.Dataset, patches_field: str | None, snapshot: Snapshot, rows: Rows
) -> np.ndarray:
    """Asks the database which rows' samples, or labels, still exist.

    Args:
        dataset: the dataset
        patches_field: the labels' field, or None for samples
        snapshot: the store's rows
        rows: ``(n,)`` int64

    Returns:
        ``(n,)`` bool
    """
    check_exists(dataset)
    found: set[Any] = set()
    for start in range(0, len(rows), LOOKUP):
        ids = unpack_ids(snapshot.sample_ids[rows[start : start + LOOKUP]])
        found |= _existing(dataset, patches_field, [ObjectId(one) for one in ids])
    known = pack_ids(found)
    return np.isin(snapshot.ids[rows], known)


def _existing(dataset: fo.Dataset, patches_field: str | None, ids: list[ObjectId]) -> set[Any]:
    samples = dataset._sample_collection
    query = {"_id": {"$in": ids}}
    if patches_field is None:
        return {document["_id"] for document in samples.find(query, {"_id": 1})}
    _, path = dataset._get_label_field_path(patches_field, "_id")
    return set(samples.distinct(path, query))


def check_exists(samples: foc.SampleCollection) -> None:
    """Raises a ``ValueError`` if the dataset of a collection was deleted meanwhile."""
    # Of a deleted dataset FiftyOne gives out nothing but its name.
    dataset = samples if isinstance(samples, fo.Dataset) else samples._root_dataset
    if dataset.deleted or not fo.dataset_exists(dataset.name):
        raise ValueError(f"The dataset '{dataset.name}' was deleted; open another dataset.")
