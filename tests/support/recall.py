"""The recall of an index, and what it must be at least."""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from support.clusters import check_neighbors
from support.points import Points, neighbors_of

# The part of a recall that chance may take: it is measured with other queries.
MARGIN = 0.06


def mean_recall(results: FaissSimilarityIndex, queries: np.ndarray, points: Points) -> float:
    """The recall of these queries by vector; every distance must be exact."""
    recalls = []
    for query in queries:
        ids, distances = neighbors_of(results, query, 10)
        recalls.append(check_neighbors(ids, distances, query, points, results.config.metric))
    return float(np.mean(recalls))


def recall_floor(results: FaissSimilarityIndex) -> float:
    """The recall that must be reached: what was measured, or all where search is exact."""
    tuning = results.vectors.maintenance.tuning(results.snapshot)
    return 1.0 if tuning is None else tuning.recall - MARGIN


def built_index(results: FaissSimilarityIndex) -> tuple[str, int] | None:
    """The FAISS index of a store, and the rows it covers."""
    info = results.snapshot.manifest.ann_index
    return None if info is None else (info.metadata["factory"], info.rows)


def queries_near(points: Points, count: int) -> np.ndarray:
    """Vectors halfway between two points, so that they are no point's own."""
    rng = np.random.default_rng(7)
    return points.vectors[rng.choice(len(points.ids), (count, 2))].mean(axis=1)
