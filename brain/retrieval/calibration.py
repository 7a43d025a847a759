"""What is usual in an index: how near things are that nobody asked for.

A similarity of 0.27 means little by itself. What it means is read from two comparisons: with the
similarities of the same query to a random part of the index, its *reference set*; and with how near
a query comes that has nothing to find. For words, the latter are phrases from all walks of life;
for images, the nearest neighbours that the images of the reference_set have in it.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.core.metrics import similarities
from fiftyone_faiss.brain.models.prompts import Templates, embed_prompts
from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.embedders import Embedder, unit

BACKGROUND_ROWS = 1_000
# Below so many, nothing is said about what is usual.
FEWEST_ROWS = 30

# The evidence from which on a result is called likely, and strong: benchmarks/bench_retrieval.py
# counts how many of each are right.
LIKELY, STRONG = 3.0, 4.5
# The evidence that words need of any picture, not to be told that nothing is relevant.
LEAST_EVIDENCE = 4.5


@dataclass
class ReferenceSet:
    """A random part of an index.

    Attributes:
        metric: the index's metric
        vectors: ``(n, dim)`` float32, at most ``BACKGROUND_ROWS``
    """

    metric: str
    vectors: Matrix
    _words: dict[tuple[str, Templates], Matrix] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.vectors)

    def similarities(self, vector: Matrix) -> Distances:
        """``(n,)`` float64 similarities of a ``(dim,)`` vector to the reference_set."""
        return similarities(vector, self.vectors, self.metric)

    def phrases(self, embedder: Embedder, templates: Templates) -> Matrix:
        """``(p, dim)`` float32 vectors of the phrases."""
        key = (embedder.fingerprint, templates)
        if key not in self._words:
            self._words[key] = embed_prompts(embedder, list(REFERENCE_PROMPTS), templates)
        return self._words[key]

    def evidence_for_words(self, vector: Matrix, found: Matrix, phrases: Matrix) -> Distances:
        """How clearly results are what some words ask for.

        The sum of two: how far a result is above what the best results of the phrases reach, in
        their deviations; and, seen from the result, how far the words are above the phrases.

        Args:
            vector: ``(dim,)`` float32, the words'
            found: ``(n, dim)`` float32
            phrases: ``(p, dim)`` float32, see :meth:`phrases`

        Returns:
            ``(n,)`` float64; ``LIKELY`` and ``STRONG`` are on this scale
        """
        own = similarities(vector, found, self.metric)
        best = _all_similarities(phrases, self.vectors, self.metric).max(axis=1)
        usual = float(np.median(best))
        # 1.4826 makes the median deviation a standard deviation, if they are normal.
        spread = 1.4826 * float(np.median(np.abs(best - usual)))
        others = _all_similarities(found, phrases, self.metric)
        deviations = np.maximum(others.std(axis=1), 1e-9)
        return (own - usual) / max(spread, 1e-9) + (own - others.mean(axis=1)) / deviations

    def evidence_for_image(self, vector: Matrix, found: Matrix) -> Distances:
        """How clearly results are like an image: as near as the nearest neighbours.

        Half of those are nearer than where ``STRONG`` begins, 19 of 20 than where ``LIKELY`` does.

        Args:
            vector: ``(dim,)`` float32
            found: ``(n, dim)`` float32

        Returns:
            ``(n,)`` float64
        """
        least, half = self._nearest
        own = similarities(vector, found, self.metric)
        return LIKELY + (STRONG - LIKELY) * (own - least) / max(half - least, 1e-9)

    @cached_property
    def _nearest(self) -> tuple[float, float]:
        found = _all_similarities(self.vectors, self.vectors, self.metric)
        np.fill_diagonal(found, -np.inf)
        least, half = np.percentile(found.max(axis=1), [5, 50])
        return float(least), float(half)


def _all_similarities(queries: Matrix, vectors: Matrix, metric: str) -> Matrix:
    """``(Q, n)`` float32 similarities, near enough for statistics."""
    if metric == "cosine":
        return np.asarray(unit(queries) @ unit(vectors).T)
    products = queries @ vectors.T
    if metric == "dotproduct":
        return np.asarray(products)
    squares = (queries * queries).sum(axis=1)[:, None] + (vectors * vectors).sum(axis=1)
    return np.asarray(-np.sqrt(np.maximum(squares - 2 * products, 0)))


_known: weakref.WeakKeyDictionary[FaissSimilarityIndex, tuple[int, ReferenceSet]] = (
    weakref.WeakKeyDictionary()
)
_drawing = threading.Lock()


def reference_set_of(index: FaissSimilarityIndex) -> ReferenceSet:
    """The reference_set of an index as it is now; drawn once for each of its generations."""
    snapshot = index.snapshot
    generation = snapshot.manifest.generation
    with _drawing:
        known = _known.get(index)
        if known is not None and known[0] == generation:
            return known[1]
        rng = np.random.default_rng(generation)
        rows = snapshot.live_rows
        if len(rows) > BACKGROUND_ROWS:
            rows = np.sort(rng.choice(rows, BACKGROUND_ROWS, replace=False))
        reference_set = ReferenceSet(index.config.metric, snapshot.vectors_at(rows))
        if known is not None:
            # Words do not change with the index.
            reference_set._words.update(known[1]._words)
        _known[index] = generation, reference_set
        return reference_set
