"""The names that people gave to clusters, kept with the dataset.

A later run has other clusters. An edit holds some members of its cluster; it belongs to the cluster
of a later run that has most of them, if that is about the same cluster.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.retrieval.records import RecordRepository

STORE_NAME = "fiftyone_faiss_cluster_names"
# Members of a cluster that an edit holds.
HELD = 200
# The estimated overlap (Jaccard index) from which two clusters are the same.
SAME_CLUSTER = 0.5


@dataclass(frozen=True)
class NameEdit:
    """A name that a person gave to a cluster.

    Attributes:
        key: the key of the record
        name: the name; None if the cluster is to have none
    """

    key: str
    name: str | None


def add_edit(
    samples: foc.SampleCollection, brain_key: str, name: str | None, ids: Sequence[str]
) -> NameEdit:
    """Keeps the name of a cluster with these members."""
    held = list(ids)
    if len(held) > HELD:
        chosen = np.random.default_rng(51).choice(len(held), HELD, replace=False)
        held = [held[place] for place in sorted(chosen.tolist())]
    key = f"{brain_key}/{uuid.uuid4()}"
    at = datetime.now(timezone.utc).isoformat()
    record = {"brain_key": brain_key, "name": name, "ids": held, "size": len(ids), "at": at}
    RecordRepository.of(STORE_NAME, samples).set_if_absent(key, record)
    return NameEdit(key, name)


def remove_edit(samples: foc.SampleCollection, edit: NameEdit) -> None:
    """Removes a name that a person gave."""
    RecordRepository.of(STORE_NAME, samples).delete(edit.key)


def edits_of(
    samples: foc.SampleCollection, brain_key: str, members: Mapping[int, Sequence[str]]
) -> dict[int, NameEdit]:
    """The edits that belong to clusters; the newest for each.

    Args:
        samples: the dataset, or a view of it
        brain_key: the index
        members: the ids of the members of each cluster
    """
    records = RecordRepository.of(STORE_NAME, samples).read(f"{brain_key}/")
    # A brain key may contain a slash: the records of "a/b" are none of "a".
    of_key = {key: record for key, record in records.items() if record["brain_key"] == brain_key}
    cluster_of = {id: cluster for cluster, ids in members.items() for id in ids} if of_key else {}
    sizes = {cluster: len(ids) for cluster, ids in members.items()}
    edits: dict[int, NameEdit] = {}
    for key, record in sorted(of_key.items(), key=lambda item: item[1]["at"]):
        cluster = _cluster_of(record, cluster_of, sizes)
        if cluster is not None:
            edits[cluster] = NameEdit(key, record["name"])
    return edits


def _cluster_of(
    record: Mapping[str, Any], cluster_of: Mapping[str, int], sizes: Mapping[int, int]
) -> int | None:
    present = [cluster_of[id] for id in record["ids"] if id in cluster_of]
    if not present:
        return None
    values, counts = np.unique(present, return_counts=True)
    cluster = int(values[counts.argmax()])
    # Of a view, only some of the members are compared.
    size = record["size"] * len(present) / len(record["ids"])
    shared = size * int(counts.max()) / len(present)
    overlap = shared / max(size + sizes[cluster] - shared, shared)
    return cluster if overlap >= SAME_CLUSTER else None
