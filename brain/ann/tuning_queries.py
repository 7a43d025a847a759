"""The queries that an ANN index is tuned with, and their exact results."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.batch_search import search_many
from fiftyone_faiss.brain.ann.exact_search import scaled_queries
from fiftyone_faiss.brain.ann.factory import SEED
from fiftyone_faiss.brain.core.arrays import (
    Distances,
    Mask,
    Matrix,
    Rows,
    row_norms,
)
from fiftyone_faiss.brain.store.snapshot import Snapshot

# The kinds of queries: rows, each excluded from its own result; rows with noise, such as images
# that are not in the index; means of 2 to 5 rows, such as several samples; differences of two rows,
# such as negative terms and feedback; random directions; and texts.
ROWS, PERTURBED, MEANS, DIFFERENCES, DIRECTIONS, TEXTS = (
    "rows",
    "perturbed rows",
    "means",
    "differences",
    "directions",
    "texts",
)
# The number of queries of each kind but texts. The first two are divided into several tiers.
QUERIES = {ROWS: 96, PERTURBED: 96, MEANS: 48, DIFFERENCES: 40, DIRECTIONS: 40}
MAX_MEAN_ROWS = 5
# The noise of perturbed rows, as a fraction of their norm.
NOISE = 0.3
# How much less than the target these kinds may find: they are rare, and their neighbors are in so
# many lists that all other queries would take several times as long.
RARE_KINDS, MARGIN = (MEANS, DIFFERENCES, DIRECTIONS), 0.03
# A mean over fewer queries says little about a kind.
MIN_QUERIES = 8
NO_ROW = -1


@dataclass(frozen=True)
class TuningQueries:
    """Queries with known nearest rows.

    Attributes:
        kinds: ``(Q,)`` the kind of each query
        vectors: ``(Q, dim)`` float32, of unit length unless the metric is euclidean
        excluded: ``(Q,)`` the row to exclude from the result of each query, or ``NO_ROW``
        nearest: ``(Q, n)`` int64, the nearest rows of each query, nearest first
        exact_ms: the mean time of the exact search for one of them, in milliseconds
    """

    kinds: npt.NDArray[np.str_]
    vectors: Matrix
    excluded: Rows
    nearest: Rows
    exact_ms: float

    @classmethod
    def sample(
        cls, snapshot: Snapshot, metric: str, k: int, texts: Matrix | None = None
    ) -> TuningQueries:
        """Draws queries of each kind, and finds their ``k`` nearest rows.

        Args:
            snapshot: the rows
            metric: one of ``METRICS``
            k: the number of neighbors; all other rows if there are fewer
            texts (None): ``(t, dim)`` float32 vectors of texts
        """
        excluded, groups = _draw(snapshot)
        if texts is not None and len(texts):
            groups[TEXTS] = texts
        kinds = np.repeat(list(groups), [len(vectors) for vectors in groups.values()])
        vectors = np.concatenate(list(groups.values()))
        others = np.full(len(vectors) - len(excluded), NO_ROW)
        excluded = np.concatenate([excluded, others])
        k = min(k, snapshot.size - 1)
        started = time.perf_counter()
        hits = search_many(snapshot, vectors, metric, k + 1)
        exact_ms = (time.perf_counter() - started) * 1000 / len(vectors)
        pairs = zip(hits, excluded, strict=True)
        nearest = np.stack([hit.rows[hit.rows != row][:k] for hit, row in pairs])
        scaled = scaled_queries(vectors, metric)[0]
        return cls(kinds, scaled, excluded, nearest, exact_ms)

    def only(self, which: Mask) -> TuningQueries:
        """Selects some of the queries."""
        return TuningQueries(
            self.kinds[which],
            self.vectors[which],
            self.excluded[which],
            self.nearest[which],
            self.exact_ms,
        )

    def fractions_found(self, candidates: Rows, k: int) -> Distances:
        """Computes the ``(Q,)`` fractions of the ``k`` nearest rows among ``(Q, n)`` candidates.

        Candidates are ranked by their exact distances, so these rows are found.
        """
        nearest = self.nearest[:, :k]
        # Rows of different queries get different numbers, so that one call compares all.
        first = np.arange(len(nearest))[:, None] * (max(candidates.max(), nearest.max()) + 2)
        is_proposed = np.isin(nearest + first, candidates + first)
        return np.asarray(is_proposed.mean(axis=1))

    def recall(self, fractions: Distances) -> float:
        """Returns the mean of fractions, or of those of the worst kind, whichever is less.

        Rare kinds get a margin.
        """
        kinds = [kind for kind, count in self.counts().items() if count >= MIN_QUERIES]
        means = [
            float(fractions[self.kinds == kind].mean()) + MARGIN * (kind in RARE_KINDS)
            for kind in kinds
        ]
        return min([float(fractions.mean()), *means])

    def counts(self) -> dict[str, int]:
        """Returns the number of queries of each kind."""
        kinds, counts = np.unique(self.kinds, return_counts=True)
        return dict(zip(kinds.tolist(), counts.tolist(), strict=True))


def _draw(snapshot: Snapshot) -> tuple[Rows, dict[str, Matrix]]:
    """Draws the rows that are queries themselves, and the vectors of each kind but texts."""
    rng = np.random.default_rng(SEED + 1)
    counts = {kind: min(count, snapshot.size) for kind, count in QUERIES.items()}

    def draw(number: int) -> Matrix:
        return snapshot.vectors_at(rng.choice(snapshot.live_rows, number))

    def noise(vectors: Matrix) -> Matrix:
        """Random directions with the norms of some vectors."""
        directions = rng.standard_normal(vectors.shape, np.float32)
        return directions * (row_norms(vectors) / row_norms(directions))[:, None]

    rows = rng.choice(snapshot.live_rows, counts[ROWS], replace=False)
    others = draw(counts[PERTURBED])
    means = [draw(2 + i % (MAX_MEAN_ROWS - 1)).mean(axis=0) for i in range(counts[MEANS])]
    return rows, {
        ROWS: snapshot.vectors_at(rows),
        PERTURBED: others + np.float32(NOISE) * noise(others),
        MEANS: np.stack(means),
        DIFFERENCES: draw(counts[DIFFERENCES]) - draw(counts[DIFFERENCES]),
        DIRECTIONS: noise(draw(counts[DIRECTIONS])),
    }
