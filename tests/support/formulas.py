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
    found = all_distances(query, vectors, metric)
    return 1 - found if metric == "cosine" else -found


def directed(vectors: np.ndarray, metric: str) -> np.ndarray:
    wide = vectors.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True) if metric == "cosine" else wide


@dataclass(frozen=True)
class Formula:
    """A query over a whole small index, which is then its own background.

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
            z = np.array([self._standardised(one) for _, one in self.wanted])
            weights = np.array([weight for weight, _ in self.wanted])[:, None]
            mean = (weights * z).sum(axis=0) / weights.sum()
            shortfall = (weights * np.where(z < mean, mean - z, 0)).sum(axis=0) / weights.sum()
            total += mean - 2 * shortfall
        for weight, one in self.avoided:
            z = self._standardised(one)
            # Where nothing is wanted, what is least like it comes first.
            total -= weight * (2 * np.where(z > 0.5, z - 0.5, 0) if self.wanted else z)
        if self.direction is not None:
            along = directed(self.vectors, self.metric) @ self.direction
            total += 0.7 * (along - along.mean()) / along.std()
        return total

    def vector(self) -> np.ndarray:
        """What distances are to."""
        if not self.wanted:
            pairs = [(weight, 1.0, one) for weight, one in self.avoided]
        else:
            pairs = [
                (weight, similarities(one, self.vectors, self.metric).std(), one)
                for weight, one in self.wanted
            ]
        whole = sum(weight for weight, _, _ in pairs)
        if self.metric == "euclidean":
            total = sum(weight / whole * one.astype(np.float64) for weight, _, one in pairs)
        else:
            total = sum(
                weight / spread * directed(one[None], self.metric)[0]
                for weight, spread, one in pairs
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
            directed(self.vectors if one is None else one, self.metric).mean(axis=0)
            for one in (self.liked, self.disliked)
        )
        return near - far

    def _standardised(self, query: np.ndarray) -> np.ndarray:
        found = similarities(query, self.vectors, self.metric)
        return (found - found.mean()) / found.std()


def check(found: fiftyone_faiss.Neighbors, ids: list[str], formula: Formula) -> None:
    """Fails unless the results are all there are, in the order and with the scores expected."""
    place = {one: i for i, one in enumerate(ids)}
    at = [place[one] for one in found.ids]
    assert sorted(at) == list(range(len(ids)))
    scores = formula.scores()
    np.testing.assert_allclose(found.scores, scores[at], rtol=1e-4, atol=1e-4)
    assert np.all(np.diff(found.scores) <= 0)
    assert found.ids[0] == ids[int(scores.argmax())]
    exact = all_distances(formula.vector(), formula.vectors, formula.metric)
    np.testing.assert_allclose(found.distances, exact[at], rtol=1e-4, atol=1e-4)


# A line about the first samples, and its wanted and avoided terms: weights and numbers.
LINES = [
    ("@0 + @1", [(1, 0), (1, 1)], []),
    ("3: @0 + .5: @1 + @2", [(3, 0), (0.5, 1), (1, 2)], []),
    ("@0 - @1", [(1, 0)], [(1, 1)]),
    ("2: @0 + @3 - .5: @1 - 4: @2", [(2, 0), (1, 3)], [(0.5, 1), (4, 2)]),
    ("- @1", [], [(1, 1)]),
    ("- @1 - 3: @2", [], [(1, 1), (3, 2)]),
]


def line_of(text: str, ids: list[str]) -> str:
    return re.sub(r"@(\d+)", lambda found: f"@{ids[int(found[1])]}", text)
