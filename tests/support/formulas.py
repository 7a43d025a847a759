"""The formulas of ``brain/retrieval/ranking.py``, written out in NumPy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import fiftyone_faiss
from support.clusters import all_distances


def similarities(query: np.ndarray, vectors: np.ndarray, metric: str) -> np.ndarray:
    """The cosine, the inner product, or the negative distance."""
    values = all_distances(query, vectors, metric)
    return 1 - values if metric == "cosine" else -values


def directed(vectors: np.ndarray, metric: str) -> np.ndarray:
    wide = vectors.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True) if metric == "cosine" else wide


@dataclass(frozen=True)
class Formula:
    """A query over a whole small index, which is then its own reference set.

    Attributes:
        metric: the index's metric
        vectors: all of the index's vectors
        wanted: weights and vectors
        avoided: weights and vectors
        liked: the vectors liked
        disliked: the vectors disliked
    """

    metric: str
    vectors: np.ndarray
    wanted: Sequence[tuple[float, np.ndarray]] = ()
    avoided: Sequence[tuple[float, np.ndarray]] = ()
    liked: np.ndarray | None = None
    disliked: np.ndarray | None = None

    def scores(self) -> np.ndarray:
        total = np.zeros(len(self.vectors))
        if self.wanted:
            z = np.array([self._standardized(vector) for _, vector in self.wanted])
            weights = np.array([weight for weight, _ in self.wanted])[:, None]
            mean = (weights * z).sum(axis=0) / weights.sum()
            shortfall = (weights * np.where(z < mean, mean - z, 0)).sum(axis=0) / weights.sum()
            total += mean - 2 * shortfall
        for weight, vector in self.avoided:
            z = self._standardized(vector)
            # Without wanted terms, the least similar results rank first.
            total -= weight * (2 * np.where(z > 0.5, z - 0.5, 0) if self.wanted else z)
        if self.direction is not None:
            along = directed(self.vectors, self.metric) @ self.direction
            total += 0.7 * (along - along.mean()) / along.std()
        return total

    def vector(self) -> np.ndarray:
        """The vector that distances are measured from."""
        if not self.wanted:
            pairs = [(weight, 1.0, vector) for weight, vector in self.avoided]
        else:
            pairs = [
                (weight, similarities(vector, self.vectors, self.metric).std(), vector)
                for weight, vector in self.wanted
            ]
        whole = sum(weight for weight, _, _ in pairs)
        if self.metric == "euclidean":
            total = sum(weight / whole * vector.astype(np.float64) for weight, _, vector in pairs)
        else:
            total = sum(
                weight / spread * directed(vector[None], self.metric)[0]
                for weight, spread, vector in pairs
            )
        if self.direction is not None and self.wanted:
            along = directed(self.vectors, self.metric) @ self.direction
            share = 0.7 if self.metric == "euclidean" else 0.7 * whole / along.std()
            total = total + share * self.direction
        return np.asarray(total)

    @property
    def direction(self) -> np.ndarray | None:
        if self.liked is None and self.disliked is None:
            return None
        near, far = (
            directed(self.vectors if vector is None else vector, self.metric).mean(axis=0)
            for vector in (self.liked, self.disliked)
        )
        return near - far

    def _standardized(self, query: np.ndarray) -> np.ndarray:
        values = similarities(query, self.vectors, self.metric)
        return (values - values.mean()) / values.std()


def check(
    neighbors: fiftyone_faiss.Neighbors, ids: list[str], formula: Formula, own: Sequence[int] = ()
) -> None:
    """Fails unless the results are all samples in the expected order with the expected scores.

    Args:
        neighbors: the results
        ids: the ids of all samples
        formula: the query
        own (()): the numbers of the samples that are positive terms, and so no results
    """
    place = {id: i for i, id in enumerate(ids)}
    at = [place[id] for id in neighbors.ids]
    assert sorted(at) == sorted(set(range(len(ids))) - set(own))
    assert set(neighbors.pinned) == {ids[i] for i in own}
    scores = formula.scores()
    np.testing.assert_allclose(neighbors.scores, scores[at], rtol=1e-4, atol=1e-4)
    assert np.all(np.diff(neighbors.scores) <= 0)
    assert neighbors.ids[0] == ids[max(at, key=lambda i: scores[i])]
    exact = all_distances(formula.vector(), formula.vectors, formula.metric)
    np.testing.assert_allclose(neighbors.distances, exact[at], rtol=1e-4, atol=1e-4)


# A line about the first samples, and its wanted and avoided terms: weights and numbers.
LINES = [
    ("@0 + @1", [(1, 0), (1, 1)], []),
    ("3: @0 + .5: @1 + @2", [(3, 0), (0.5, 1), (1, 2)], []),
    ("@0 - @1", [(1, 0)], [(1, 1)]),
    ("2: @0 + @3 - .5: @1 - 4: @2", [(2, 0), (1, 3)], [(0.5, 1), (4, 2)]),
    ("- @1", [], [(1, 1)]),
    ("- @1 - 3: @2", [], [(1, 1), (3, 2)]),
]


def own_places(text: str) -> list[int]:
    """The numbers of the samples that are positive terms of a line, such as "@0 - @1"."""
    terms = re.findall(r"(-\s*)?(?:[\d.]+:\s*)?@(\d+)", text)
    return [int(number) for minus, number in terms if not minus]


def line_of(text: str, ids: list[str]) -> str:
    return re.sub(r"@(\d+)", lambda match: f"@{ids[int(match[1])]}", text)
