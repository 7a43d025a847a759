"""The recall of neighbor graphs: tuned on some rows, measured on others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.batch_search import search_many
from fiftyone_faiss.brain.ann.cells import Borders
from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors
from fiftyone_faiss.brain.core.arrays import Distances, Matrix

# The recall on the rows that tune; that of other rows is a little less.
TUNED_RECALL = 0.98
TUNING_ROWS = 400
# The largest mean number of cells that a row is a guest of: more would take longer than an exact
# search of all pairs saves. Vectors without structure, such as noise, would need more.
MAX_GUEST_CELLS = 48
_TUNING_SEED, _RECALL_SEED = 1, 2
# Exact distances of equal pairs differ by rounding if the order of the pair differs.
_TIE = 1e-12


@dataclass(frozen=True)
class Limits:
    """How near a border the guests of cells are, as a euclidean distance of scaled vectors.

    Attributes:
        both: if both vectors of a pair may be guests
        single: if only one of them may
    """

    both: float
    single: float


def tuned_limits(vectors: ScaledVectors, borders: Borders, k: int) -> Limits:
    """Finds the limits at which sampled rows meet their true neighbors in a cell."""
    sample = _sample(len(vectors), TUNING_ROWS, _TUNING_SEED)
    if len(borders.centroids) == 1 or len(vectors) < 2:
        return Limits(0.0, 0.0)
    neighbors, _ = nearest(vectors, sample, k)
    owners = np.repeat(np.arange(len(sample)), neighbors.shape[1])
    cells, gaps = borders.measure(vectors.at(sample))
    other_cells, other_gaps = borders.measure(vectors.at(neighbors.reshape(-1)))
    there = gaps[owners, other_cells]
    back = other_gaps[np.arange(len(owners)), cells[owners]]
    return Limits(_quantile(np.minimum(there, back), gaps), _quantile(there, gaps))


def _quantile(needed: Matrix, gaps: Matrix) -> float:
    """The limit that most pairs need, unless rows were guests of too many cells."""
    share = min(1.0, MAX_GUEST_CELLS / gaps.shape[1])
    return float(min(np.quantile(needed, TUNED_RECALL), np.quantile(gaps, share)))


def recall_of(vectors: ScaledVectors, distances: Distances, count: int) -> tuple[float, int]:
    """Measures the recall of a graph on sampled rows.

    Args:
        vectors: the vectors
        distances: ``(n, k)`` float64, the distances of the neighbors in it
        count: how many rows to sample

    Returns:
        the fraction of the true neighbors in it, counted by their distances, and the
        number of rows that were sampled
    """
    sample = _sample(len(vectors), count, _RECALL_SEED)
    if len(vectors) < 2:
        return 1.0, len(sample)
    _, exact = nearest(vectors, sample, distances.shape[1])
    are_met = distances[sample, : exact.shape[1]] <= exact[:, -1:] + _TIE
    return float(are_met.mean()), len(sample)


def nearest(vectors: ScaledVectors, sample: Positions, k: int) -> tuple[Positions, Distances]:
    """Finds the ``k`` exact nearest others of some positions, nearest first.

    Returns:
        ``(n, k)`` positions and their float64 distances; fewer columns if there are fewer others
    """
    k = min(k, len(vectors) - 1)
    rows = vectors.rows[sample]
    mask = np.zeros(vectors.snapshot.total_rows, bool)
    mask[vectors.rows] = True
    hits = search_many(
        vectors.snapshot, vectors.snapshot.vectors_at(rows), vectors.metric, k + 1, mask
    )
    neighbors, distances = np.empty((len(sample), k), np.int64), np.empty((len(sample), k))
    for i, (hit, row) in enumerate(zip(hits, rows, strict=True)):
        others = np.flatnonzero(hit.rows != row)[:k]
        neighbors[i] = np.searchsorted(vectors.rows, hit.rows[others])
        distances[i] = hit.distances[others]
    return neighbors, distances


def _sample(n: int, count: int, seed: int) -> Positions:
    return np.sort(np.random.default_rng(seed).choice(n, min(n, count), replace=False))
