"""Where a query lies on a map, and whether its hits are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Places
from fiftyone_faiss.brain.insight.maps.index_map import IndexMap

# The hits that place the query, and the points that are counted around it.
NEAREST = 25
_STEPS = 100


@dataclass(frozen=True, eq=False)
class QueryPlace:
    """A query on a map.

    Attributes:
        point: ``(num_dims,)`` float32, where the query is drawn; None if none of its hits is on
            the map
        placed_by: how many hits, the nearest ones, placed the query; 0 if it is a point of the map
        nearest: how many points around the query were counted
        hits_nearest: how many of these are among as many nearest hits
        predicted: the same number for a query whose neighborhood the map keeps as well as those
            of its own points
    """

    point: npt.NDArray[np.float32] | None
    placed_by: int
    nearest: int
    hits_nearest: int
    predicted: float


def place_query(
    index_map: IndexMap,
    places: npt.ArrayLike,
    distances: npt.ArrayLike,
    own: int | None = None,
) -> QueryPlace:
    """Places a query: at its own point, or at the weighted center of its nearest hits.

    The center is the geometric median: unlike the mean, it lies among the majority where the hits
    are in several regions of the map. A hit weighs more if it is nearer to the query.

    Args:
        index_map: the map
        places: ``(n,)`` the positions of the hits in the map, nearest first
        distances: ``(n,)`` their distances to the query, in the same order
        own (None): the position of the query itself, if it is a point of the map
    """
    hits, far = np.asarray(places, np.int64)[:NEAREST], np.asarray(distances, np.float64)[:NEAREST]
    points = index_map.points
    if not len(hits):
        return QueryPlace(None if own is None else points[own], 0, 0, 0, 0.0)
    if own is not None:
        point, others = points[own], np.delete(np.arange(len(points)), own)
    else:
        point = geometric_median(points[hits], closeness_weights(far)).astype(np.float32)
        others = np.arange(len(points))
    nearest = others[nearest_points(points[others], point, len(hits))]
    hit_count = int(np.isin(nearest, hits).sum())
    predicted = float(index_map.quality.neighbors_kept) * len(hits)
    placed_by = 0 if own is not None else len(hits)
    return QueryPlace(point, placed_by, len(nearest), hit_count, predicted)


def closeness_weights(distances: Distances) -> Distances:
    """``(n,)`` weights of 0 to 1 that fall with the distance: 1 for the nearest, 1/e at the mean
    distance beyond it.
    """
    beyond = distances - distances.min()
    mean = beyond.mean()
    return np.exp(-beyond / mean) if mean > 0 else np.ones_like(beyond)


def geometric_median(points: Matrix, weights: Distances) -> Distances:
    """``(num_dims,)`` float64, the point with the least weighted sum of distances to points.

    Weiszfeld's algorithm with the modification of Vardi and Zhang, "The multivariate L1-median and
    associated data depth", 2000.
    """
    own = points.astype(np.float64)
    scale = float(np.ptp(own, axis=0).max())
    center: Distances = np.average(own, axis=0, weights=weights)
    if scale == 0:
        return center
    for _ in range(_STEPS):
        far = np.linalg.norm(own - center, axis=1)
        is_at = far < 1e-9 * scale
        pull = np.where(is_at, 0.0, weights / np.where(is_at, 1.0, far))
        if not pull.sum():
            return center
        target = (pull[:, None] * own).sum(axis=0) / pull.sum()
        # At one of the points, its own weight holds the center back.
        force = float(np.linalg.norm((pull[:, None] * (own - center)).sum(axis=0)))
        held = min(1.0, float(weights[is_at].sum()) / force) if force else 1.0
        moved = (1 - held) * target + held * center
        if np.linalg.norm(moved - center) < 1e-6 * scale:
            return moved
        center = moved
    return center


def nearest_points(points: Matrix, point: Distances, n: int) -> Places:
    """The positions of the ``n`` points nearest to a place on a map, nearest first."""
    far = ((points - np.asarray(point, points.dtype)) ** 2).sum(axis=1)
    n = min(n, len(points))
    nearest = np.argpartition(far, n - 1)[:n]
    order: Places = nearest[np.argsort(far[nearest], kind="stable")]
    return order
