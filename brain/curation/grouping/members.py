"""What is typical of each cluster, and what is at its border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.curation.grouping.spherical_kmeans import Labels

MEDOIDS, BORDERS = 6, 6
# Medoids are chosen among so many members nearest to the center.
CANDIDATES = 48
# Medoids are farther from each other than this share of their usual distance, so that no image is
# shown several times.
SAME = 0.3


@dataclass(frozen=True)
class BorderCase:
    """A member that might belong to another cluster.

    Attributes:
        id: its id
        other: the number of the cluster that is nearest but its own
        confidence: the confidence of its own cluster
    """

    id: str
    other: int
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return dict(vars(self))


@dataclass(frozen=True)
class Partition:
    """Clusters as arrays.

    Attributes:
        labels: ``(n,)`` int32 from 0 on, -1 for none
        confidences: ``(n,)`` float64, 0 to 1
        distances: ``(n,)`` float64 to the own center, of the metric; infinite without one
        centers: ``(k, dim)`` float32
    """

    labels: Labels
    confidences: Distances
    distances: Distances
    centers: Matrix

    def members(self, cluster: int) -> Positions:
        """The positions of the members of a cluster, nearest to its center first."""
        own = np.flatnonzero(self.labels == cluster)
        return own[np.argsort(self.distances[own], kind="stable")]


def medoids_of(compared: Compared, members: Positions) -> list[str]:
    """The ids of members that are near the center, but not the same image.

    Args:
        compared: the vectors
        members: the positions, nearest to the center first
    """
    candidates = members[:CANDIDATES]
    x = compared.vectors.at(candidates)
    products = x @ x.T
    squares = np.diagonal(products)
    lengths = np.sqrt(np.maximum(squares[:, None] + squares - 2 * products, 0))
    far = SAME * float(np.median(lengths)) if len(candidates) > 2 else 0.0
    chosen: list[int] = []
    for place in range(len(candidates)):
        if all(lengths[place, other] > far for other in chosen):
            chosen.append(place)
    rest = [place for place in range(len(candidates)) if place not in set(chosen)]
    places = sorted([*chosen, *rest][:MEDOIDS])
    return compared.ids_at(candidates[places])


def borders_of(
    compared: Compared, partition: Partition, cluster: int, members: Positions
) -> list[BorderCase]:
    """The members with the lowest confidence, lowest first."""
    order = np.lexsort((-partition.distances[members], partition.confidences[members]))
    border = members[order[:BORDERS]]
    if not len(border) or len(partition.centers) < 2:
        return []
    centers = partition.centers
    half_squares = np.einsum("ij,ij->i", centers, centers) / 2
    closeness = compared.vectors.at(border) @ centers.T - half_squares
    closeness[:, cluster] = -np.inf
    others = closeness.argmax(axis=1)
    return [
        BorderCase(id, int(other), float(confidence))
        for id, other, confidence in zip(
            compared.ids_at(border), others, partition.confidences[border], strict=True
        )
    ]
