"""The indexes of a dataset: find, list, load, delete."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.core.odm as foo

from fiftyone_faiss.brain.manifest import StoreError
from fiftyone_faiss.brain.membership import check_exists
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig, FaissSimilarityIndex
from fiftyone_faiss.brain.store import Store


class UnfinishedIndexError(ValueError):
    """A Brain run that has no results, because its making goes on or was stopped."""


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


def index_keys(samples: foc.SampleCollection) -> list[str]:
    """The brain keys of a dataset's FAISS indexes, in alphabetical order."""
    check_exists(samples)
    keys: list[str] = samples.list_brain_runs(type="similarity", method="faiss")
    return keys


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
        found = snapshot.manifest.derived.facts if snapshot.manifest.derived else {}
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


def resolve_key(samples: foc.SampleCollection, brain_key: str | None) -> str:
    """The key of the index that is meant.

    Args:
        samples: the dataset, or a view of it
        brain_key: a key, or None for the only one

    Raises:
        ValueError: if there is no such index, or several and none was named
    """
    keys = index_keys(samples)
    name = samples._root_dataset.name
    if not keys:
        raise ValueError(
            f"'{name}' has no FAISS index yet; build one: build_index(dataset, 'clip', model=...)."
        )
    listed = ", ".join(f"'{key}'" for key in keys)
    if brain_key is None:
        if len(keys) > 1:
            raise ValueError(f"'{name}' has several indexes; give brain_key, one of {listed}.")
        return keys[0]
    if brain_key not in keys:
        raise ValueError(f"'{name}' has no FAISS index '{brain_key}'; it has {listed}.")
    return brain_key


def load_index(samples: foc.SampleCollection, brain_key: str | None) -> FaissSimilarityIndex:
    """Loads an index; its files are first touched when it is used.

    Raises:
        UnfinishedIndexError: if its making was stopped before there was anything to load
        ValueError: if there is no such index, or several and none was named
    """
    key = resolve_key(samples, brain_key)
    index: FaissSimilarityIndex | None = samples.load_brain_results(key)
    if index is not None and index.is_replaced:
        # FiftyOne's cache goes by the key, and reloading a dataset does not empty it.
        samples._root_dataset.clear_cache()
        index = samples.load_brain_results(key)
    if index is None:
        raise UnfinishedIndexError(
            f"The index '{key}' is being made, or was never finished; "
            "if nothing is at work on it, delete it and build it again."
        )
    return index


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
