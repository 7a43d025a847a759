"""What a query found, as ids; and in the forms that FiftyOne expects of a backend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fiftyone_faiss.brain.ann.exact_search import RowHits
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.core.ids import PackedIds, unpack_ids
from fiftyone_faiss.brain.store.snapshot import Snapshot


@dataclass(frozen=True)
class NeighborIds:
    """The neighbours of one query, nearest first.

    Attributes:
        sample_ids: ``(n,)`` packed
        label_ids: ``(n,)`` packed, None for an index of samples
        distances: ``(n,)`` float64, see the module ``scan``
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


def formatted(found: list[NeighborIds], single: bool, return_dists: bool) -> Any:
    """What FiftyOne expects of a query: lists of ids, and of distances if it asks for them."""
    samples: Any = [unpack_ids(one.sample_ids) for one in found]
    labels: Any = [None if one.label_ids is None else unpack_ids(one.label_ids) for one in found]
    dists: Any = [one.distances.tolist() for one in found]
    if single:
        samples, labels, dists = samples[0], labels[0], dists[0]
    elif labels and labels[0] is None:
        labels = None
    return (samples, labels, dists) if return_dists else (samples, labels)


def without(hit: RowHits, row: int, k: int | None) -> RowHits:
    """Takes a point out of its own neighbours, and brings them down to ``k``."""
    others = hit.rows != row
    return RowHits(hit.rows[others][:k], hit.distances[others][:k])
