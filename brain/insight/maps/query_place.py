"""Where a query lies on a map, and whether its hits are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Distances, Mask, Matrix, Places
from fiftyone_faiss.brain.insight.maps.index_map import IndexMap

# The hits that place the query, and the points that are counted around it.
NEAREST = 25
_STEPS = 20


@dataclass(frozen=True, eq=False)
class QueryPlace:
    """A query on a map.

    Attributes:
        point: ``(num_dims,)`` float32, where the query is drawn; None if none of its hits is on
            the map
        placed_by: how many of the nearest hits placed the query; 0 if it is a point of the map
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

    The center is that of the hits that lie together; see :func:`densest_center`. A hit weighs more
    if it is nearer to the query.

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
    others = np.arange(len(points))
    if own is not None:
        point, members, others = points[own], hits[:0], np.delete(others, own)
    else:
        center, members = densest_center(points, hits, closeness_weights(far))
        point = center.astype(np.float32)
    nearest = others[nearest_points(points[others], point, len(hits))]
    hit_count = int(np.isin(nearest, hits).sum())
    predicted = float(index_map.quality.neighbors_kept) * len(hits)
    return QueryPlace(point, len(members), len(nearest), hit_count, predicted)


def closeness_weights(distances: Distances) -> Distances:
    """``(n,)`` weights of 0 to 1 that fall with the distance: 1 for the nearest, 1/e at the mean
    distance beyond it.
    """
    beyond = distances - distances.min()
    mean = beyond.mean()
    return np.exp(-beyond / mean) if mean > 0 else np.ones_like(beyond)


def densest_center(points: Matrix, hits: Places, weights: Distances) -> tuple[Distances, Places]:
    """The center of the hits where most of them lie together.

    It starts at the hit with the most weight of hits among its nearest points, and moves to the
    weighted mean of these hits as long as the weight around it does not fall: a mean shift whose
    window holds as many points as there are hits. The mean of all hits would lie between the
    regions of the map where they are.

    Args:
        points: ``(n, num_dims)`` float32
        hits: ``(m,)`` positions of the hits
        weights: ``(m,)`` their weights

    Returns:
        the ``(num_dims,)`` center, and the positions of the hits around it
    """

    def around(place: Matrix | Distances) -> Mask:
        is_near: Mask = np.isin(hits, nearest_points(points, place, len(hits)))
        return is_near

    windows = [around(points[hit]) for hit in hits]
    start = int(np.argmax([weights[window].sum() for window in windows]))
    center, members = points[hits[start]].astype(np.float64), windows[start]
    for _ in range(_STEPS):
        mean = np.average(points[hits[members]], axis=0, weights=weights[members])
        window = around(mean)
        if weights[window].sum() < weights[members].sum():
            break
        is_same = bool((window == members).all())
        center, members = mean, window
        if is_same:
            break
    return center, hits[members]


def nearest_points(points: Matrix, point: Matrix | Distances, n: int) -> Places:
    """The positions of the ``n`` points nearest to a place on a map, nearest first."""
    far = ((points - np.asarray(point, points.dtype)) ** 2).sum(axis=1)
    n = min(n, len(points))
    nearest = np.argpartition(far, n - 1)[:n]
    order: Places = nearest[np.argsort(far[nearest], kind="stable")]
    return order
