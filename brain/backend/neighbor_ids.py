"""The neighbors of queries as ids, and in the formats that FiftyOne expects of a backend."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

from fiftyone_faiss.brain.ann.exact_search import RowHits
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.core.ids import PackedIds, unpack_ids
from fiftyone_faiss.brain.store.snapshot import Snapshot


@dataclass(frozen=True)
class NeighborIds:
    """The neighbors of one query, nearest first.

    Attributes:
        sample_ids: ``(n,)`` packed
        label_ids: ``(n,)`` packed, None for an index of samples
        distances: ``(n,)`` float64, see the module ``exact_search``
    """

    sample_ids: PackedIds
    label_ids: PackedIds | None
    distances: Distances

    @classmethod
    def of(cls, snapshot: Snapshot, hits: RowHits) -> NeighborIds:
        labels = snapshot.label_ids
        return cls(
            snapshot.sample_ids[hits.rows],
            None if labels is None else labels[hits.rows],
            hits.distances,
        )


def formatted(neighbors: list[NeighborIds], single: bool, return_dists: bool) -> Any:
    """The lists of ids, and of distances on request, that FiftyOne expects of a query."""
    samples: Any = [unpack_ids(ids.sample_ids) for ids in neighbors]
    labels: Any = [
        None if ids.label_ids is None else unpack_ids(ids.label_ids) for ids in neighbors
    ]
    dists: Any = [ids.distances.tolist() for ids in neighbors]
    if single:
        samples, labels, dists = samples[0], labels[0], dists[0]
    elif labels and labels[0] is None:
        labels = None
    return (samples, labels, dists) if return_dists else (samples, labels)


def without(hit: RowHits, row: int, k: int | None) -> RowHits:
    """The first ``k`` neighbors of a point without the point itself."""
    others = hit.rows != row
    return RowHits(hit.rows[others][:k], hit.distances[others][:k])


def checked_k(k: Any) -> int | None:
    """Checks the number of neighbors that FiftyOne's methods ask for; None asks for all.

    Raises:
        ValueError: if it is not a whole number, or less than 1
    """
    if k is None:
        return None
    try:
        number = operator.index(k)
    except TypeError:
        number = None
    if number is None or isinstance(k, bool):
        raise ValueError(f"k must be a whole number, got {str(k)[:20]!r}; give 25, for example.")
    if number < 1:
        raise ValueError(f"k must be at least 1, got {number}.")
    return number
