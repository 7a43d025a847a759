"""The indexes of a dataset: find, list, load, delete."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.core.odm as foo

from fiftyone_faiss.brain.backend.loading import (
    UnfinishedIndexError,
    index_keys,
    load_index,
    resolve_key,
)
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig
from fiftyone_faiss.brain.store.manifest import StoreError
from fiftyone_faiss.brain.store.store import Store


@dataclass(frozen=True)
class IndexInfo:
    """An index, as a list shows it.

    Attributes:
        brain_key: its name
        model: the embedder's name, None if the vectors were given
        supports_text: whether it can be searched by words
        metric: its metric
        index_type: its type
        patches_field: the field whose labels it holds, None if it holds samples
        size: how many vectors it holds
        dim: their length, None while it is empty
        disk_bytes: the size of its files
        path: its folder, None if it was never finished
        failures: how many images could not be embedded
        factory: the FAISS index that proposes candidates, None where search is exact
        recall: the part of the 10 nearest that it finds, as measured when it was built, 0 to 1
        latency_ms: the median time of its search then, in milliseconds
        created: when it was built, in ISO format
        problem: a sentence if it was never finished or cannot be read, else None
    """

    brain_key: str
    model: str | None
    supports_text: bool
    metric: str
    index_type: str
    patches_field: str | None
    size: int
    dim: int | None
    disk_bytes: int
    path: str | None
    failures: int
    factory: str | None
    recall: float | None
    latency_ms: float | None
    created: str | None
    problem: str | None

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


def list_indexes(samples: foc.SampleCollection) -> list[IndexInfo]:
    """Describes the FAISS indexes of a dataset.

    Args:
        samples: the dataset, or a view of it

    Returns:
        one :class:`IndexInfo` for each, in the order of their keys
    """
    return [_describe(samples, key) for key in index_keys(samples)]


def _describe(samples: foc.SampleCollection, key: str) -> IndexInfo:
    info = samples.get_brain_info(key)
    config: FaissSimilarityConfig = info.config
    path, problem, size, dim, failures = None, None, 0, None, 0
    found: dict[str, Any] = {}
    try:
        index = load_index(samples, key)
        path = index.path
        snapshot = index.snapshot
        size, dim = snapshot.size, snapshot.manifest.dim
        failures = len(snapshot.manifest.failures)
        found = snapshot.manifest.ann_index.metadata if snapshot.manifest.ann_index else {}
    except (UnfinishedIndexError, StoreError) as error:
        problem = str(error)
    return IndexInfo(
        brain_key=key,
        model=config.model,
        supports_text=bool(config.supports_prompts),
        metric=config.metric,
        index_type=config.index_type,
        patches_field=config.patches_field,
        size=size,
        dim=dim,
        disk_bytes=Store(path).disk_bytes if path else 0,
        path=str(path) if path else None,
        failures=failures,
        factory=found.get("factory"),
        recall=found.get("recall"),
        latency_ms=found.get("latency_ms"),
        created=info.timestamp.isoformat(timespec="seconds") if info.timestamp else None,
        problem=problem,
    )


def list_other_indexes(samples: foc.SampleCollection) -> list[dict[str, Any]]:
    """The FAISS indexes of the other datasets of this database.

    Args:
        samples: a dataset, or a view of it

    Returns:
        for each its ``dataset``, ``brain_key``, ``model`` and whether it ``supports_text``, by
        name
    """
    database = foo.get_db_conn()
    runs = database.runs.find(
        {"config.method": "faiss", "_dataset_id": {"$ne": samples._root_dataset._doc.id}},
        {"_dataset_id": 1, "key": 1, "config": 1},
    )
    names = {one["_id"]: one["name"] for one in database.datasets.find({}, {"name": 1})}
    found = [
        {
            "dataset": names[run["_dataset_id"]],
            "brain_key": run["key"],
            "model": run["config"].get("model"),
            "supports_text": bool(run["config"].get("supports_prompts")),
        }
        for run in runs
        if run["_dataset_id"] in names
    ]
    return sorted(found, key=lambda one: (one["dataset"], one["brain_key"]))


def delete_index(samples: foc.SampleCollection, brain_key: str) -> IndexInfo:
    """Deletes an index and its files.

    Args:
        samples: the dataset, or a view of it
        brain_key: its key

    Returns:
        what was deleted

    Raises:
        ValueError: if there is no such index
    """
    info = _describe(samples, resolve_key(samples, brain_key))
    samples._root_dataset.delete_brain_run(brain_key)
    return info
