"""The indexes of a dataset: lists, descriptions, deletion."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import fiftyone.core.collections as foc
import fiftyone.core.odm as foo

from fiftyone_faiss.brain.backend.loading import (
    UnfinishedIndexError,
    faiss_keys,
    load_faiss_index,
    resolve_faiss_key,
)
from fiftyone_faiss.brain.backend.missing_fields import embeddings_problem, labels_problem
from fiftyone_faiss.brain.data.connection import explain_outage
from fiftyone_faiss.brain.data.private import dataset_id, root_dataset
from fiftyone_faiss.brain.similarity import FaissSimilarityConfig
from fiftyone_faiss.brain.store.manifest import StoreError


@dataclass(frozen=True)
class IndexSummary:
    """The description of an index in its run config, which is read without opening the index.

    Attributes:
        brain_key: the brain key
        model: the embedder's name, None if the vectors were given
        supports_text: whether it can be searched by text
        metric: the metric
        index_type: the index type
        patches_field: the field whose labels it holds, None if it holds samples
        created: when it was created, in ISO format
    """

    brain_key: str
    model: str | None
    supports_text: bool
    metric: str
    index_type: str
    patches_field: str | None
    created: str | None

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class IndexInfo(IndexSummary):
    """The full description of an index.

    Attributes:
        size: the number of vectors
        dim: the length of the vectors, None if it is empty
        disk_bytes: the size of its files
        path: its folder, None if its build was never finished
        failures: the number of images that could not be embedded
        factory: the FAISS index that proposes candidates, None if search is exact
        recall: the fraction of the 10 nearest neighbors that the FAISS index finds, as measured
            when it was built, 0 to 1
        latency_ms: the median time of its search then, in milliseconds
        recall_by_kind: the recall of each kind of queries then, such as ``"rows"`` or ``"texts"``
        graph_neighbors: the neighbors of each row in the neighbor graph, which the search for
            duplicates and the scores of samples build; None if it was not built yet
        graph_recall: the fraction of the true neighbors in it, measured on sampled rows
        rate: the number of images, or regions, that its last build embedded per second; None if
            that is unknown
        problem: a sentence if its build was never finished, it cannot be read, or a field of the
            dataset that it needs is missing; else None
    """

    size: int
    dim: int | None
    disk_bytes: int
    path: str | None
    failures: int
    factory: str | None
    recall: float | None
    latency_ms: float | None
    recall_by_kind: dict[str, float] | None
    graph_neighbors: int | None
    graph_recall: float | None
    rate: float | None
    problem: str | None


@explain_outage()
def index_configs(samples: foc.SampleCollection) -> list[IndexSummary]:
    """Lists the FAISS indexes of a dataset from their run configs; opens none of them.

    Args:
        samples: the dataset, or a view of it

    Returns:
        a list of :class:`IndexSummary`, sorted by brain key
    """
    return [_summary(samples, brain_key) for brain_key in faiss_keys(samples)]


@explain_outage()
def list_indexes(samples: foc.SampleCollection) -> list[IndexInfo]:
    """Describes the FAISS indexes of a dataset.

    Args:
        samples: the dataset, or a view of it

    Returns:
        a list of :class:`IndexInfo`, sorted by brain key
    """
    return [index_info(samples, brain_key) for brain_key in faiss_keys(samples)]


@explain_outage()
def index_info(samples: foc.SampleCollection, brain_key: str | None = None) -> IndexInfo:
    """Describes a FAISS index.

    Args:
        samples: the dataset, or a view of it
        brain_key (None): the index; optional if there is only one

    Raises:
        ValueError: if there is no such index
    """
    brain_key = resolve_faiss_key(samples, brain_key)
    path, problem, size, dim, failures, disk_bytes, rate = None, None, 0, None, 0, 0, None
    faiss_index: dict[str, Any] = {}
    graph: dict[str, Any] = {}
    try:
        index = load_faiss_index(samples, brain_key)
        path = index.path
        disk_bytes = index.store.disk_bytes
        snapshot = index.snapshot
        manifest = snapshot.manifest
        size, dim, failures = snapshot.size, manifest.dim, len(manifest.failures)
        rate = manifest.rate
        tuning = index.vectors.maintenance.tuning(snapshot)
        if manifest.ann_index is not None and tuning is not None:
            faiss_index = {**manifest.ann_index.metadata, **tuning.to_json()}
        if manifest.neighbor_graph is not None:
            graph = manifest.neighbor_graph.metadata
        problem = labels_problem(samples, brain_key, index.config)
        problem = problem or embeddings_problem(samples, brain_key, index.config)
    except (UnfinishedIndexError, StoreError) as error:
        problem = str(error)
    return IndexInfo(
        **_summary(samples, brain_key).to_dict(),
        size=size,
        dim=dim,
        disk_bytes=disk_bytes,
        path=str(path) if path else None,
        failures=failures,
        factory=faiss_index.get("factory"),
        recall=faiss_index.get("recall"),
        latency_ms=faiss_index.get("latency_ms"),
        recall_by_kind=faiss_index.get("recall_by_kind"),
        graph_neighbors=graph.get("k"),
        graph_recall=graph.get("recall"),
        rate=rate,
        problem=problem,
    )


def _summary(samples: foc.SampleCollection, brain_key: str) -> IndexSummary:
    info = samples.get_brain_info(brain_key)
    config: FaissSimilarityConfig = info.config
    return IndexSummary(
        brain_key=brain_key,
        model=config.model,
        supports_text=bool(config.supports_prompts),
        metric=config.metric,
        index_type=config.index_type,
        patches_field=config.patches_field,
        created=info.timestamp.isoformat(timespec="seconds") if info.timestamp else None,
    )


@explain_outage()
def list_other_indexes(samples: foc.SampleCollection) -> list[dict[str, Any]]:
    """Lists the FAISS indexes of the other datasets of this database.

    Args:
        samples: a dataset, or a view of it

    Returns:
        a list of dicts with ``dataset``, ``brain_key``, ``model`` and ``supports_text``, sorted by
        dataset and brain key
    """
    database = foo.get_db_conn()
    runs = database.runs.find(
        {"config.method": "faiss", "_dataset_id": {"$ne": dataset_id(root_dataset(samples))}},
        {"_dataset_id": 1, "key": 1, "config": 1},
    )
    names = {
        document["_id"]: document["name"] for document in database.datasets.find({}, {"name": 1})
    }
    indexes = [
        {
            "dataset": names[run["_dataset_id"]],
            "brain_key": run["key"],
            "model": run["config"].get("model"),
            "supports_text": bool(run["config"].get("supports_prompts")),
        }
        for run in runs
        if run["_dataset_id"] in names
    ]
    return sorted(indexes, key=lambda index: (index["dataset"], index["brain_key"]))


@explain_outage()
def delete_index(samples: foc.SampleCollection, brain_key: str) -> IndexInfo:
    """Deletes an index and its files.

    Args:
        samples: the dataset, or a view of it
        brain_key: the index

    Returns:
        the description of the deleted index

    Raises:
        ValueError: if there is no such index
    """
    info = index_info(samples, brain_key)
    root_dataset(samples).delete_brain_run(brain_key)
    return info
