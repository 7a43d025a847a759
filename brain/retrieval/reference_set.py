"""The reference set of an index: a random part of it, with which scores are compared.

A similarity of 0.27 means little by itself. Its meaning comes from two comparisons: with the
similarities of the same query to the reference set, and with the best similarities of queries that
have nothing to do with the index. For text queries, those are the reference prompts; for image
queries, the nearest neighbors of the reference set's own vectors.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property

import cachetools
import numpy as np

from fiftyone_faiss.brain.backend.searchable import IndexReader
from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.core.metrics import similarities
from fiftyone_faiss.brain.models.prompts import Templates, embed_prompts
from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.embedders import Embedder, unit

REFERENCE_ROWS = 1_000
# With fewer vectors, scores are not calibrated.
MIN_REFERENCE_ROWS = 30

# The evidence from which a result is called likely, and strong: benchmarks/bench_retrieval.py
# counts how many of each are right.
LIKELY, STRONG = 3.0, 4.5
# The evidence that a text query needs in some image, or a search finds nothing relevant.
MIN_TEXT_EVIDENCE = 4.5

# Reference sets and vectors of reference prompts that a process keeps.
REFERENCE_SETS, PROMPT_SETS = 16, 16


@dataclass(frozen=True)
class PromptStatistics:
    """The reference prompts, compared with a reference set.

    Attributes:
        vectors: ``(p, dim)`` float32, the prompts
        median: the median of their best similarities to the reference set
        deviation: the standard deviation of these
    """

    vectors: Matrix
    median: float
    deviation: float


@dataclass
class ReferenceSet:
    """A random part of an index.

    Attributes:
        metric: the metric of the index
        vectors: ``(n, dim)`` float32, at most ``REFERENCE_ROWS``
    """

    metric: str
    vectors: Matrix
    _prompts: dict[tuple[str, Templates], PromptStatistics] = field(
        default_factory=dict, repr=False
    )

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def can_calibrate(self) -> bool:
        """Whether it has enough vectors to compare scores with."""
        return len(self) >= MIN_REFERENCE_ROWS

    def similarities(self, vector: Matrix) -> Distances:
        """``(n,)`` float64 similarities of a ``(dim,)`` vector to the reference set."""
        return similarities(vector, self.vectors, self.metric)

    def prompts(self, embedder: Embedder, templates: Templates) -> PromptStatistics:
        """The reference prompts as an embedder sees them; computed once."""
        key = (embedder.fingerprint, templates)
        if key not in self._prompts:
            vectors = prompt_vectors(embedder, templates)
            best = _all_similarities(vectors, self.vectors, self.metric).max(axis=1)
            median = float(np.median(best))
            # 1.4826 times the median deviation of a normal distribution is its standard deviation.
            deviation = 1.4826 * float(np.median(np.abs(best - median)))
            self._prompts[key] = PromptStatistics(vectors, median, max(deviation, 1e-9))
        return self._prompts[key]

    def text_evidence(
        self, vector: Matrix, results: Matrix, prompts: PromptStatistics
    ) -> Distances:
        """How clearly results show what a text asks for.

        The sum of two numbers: how far a result is above the best results of the reference
        prompts, in their deviations; and how far, for this result, the text is above the prompts.

        Args:
            vector: ``(dim,)`` float32, the text's
            results: ``(n, dim)`` float32
            prompts: the reference prompts

        Returns:
            ``(n,)`` float64; ``LIKELY`` and ``STRONG`` are on this scale
        """
        own = similarities(vector, results, self.metric)
        others = _all_similarities(results, prompts.vectors, self.metric)
        deviations = np.maximum(others.std(axis=1), 1e-9)
        above_best = (own - prompts.median) / prompts.deviation
        return above_best + (own - others.mean(axis=1)) / deviations

    def image_evidence(self, vector: Matrix, results: Matrix) -> Distances:
        """How clearly results are like an image, compared with nearest neighbors.

        Half of all nearest neighbors are above ``STRONG``, 19 of 20 are above ``LIKELY``.

        Args:
            vector: ``(dim,)`` float32
            results: ``(n, dim)`` float32

        Returns:
            ``(n,)`` float64
        """
        low, median = self._nearest
        own = similarities(vector, results, self.metric)
        return LIKELY + (STRONG - LIKELY) * (own - low) / max(median - low, 1e-9)

    @cached_property
    def _nearest(self) -> tuple[float, float]:
        """The 5th and 50th percentile of the similarities to nearest neighbors."""
        each = _all_similarities(self.vectors, self.vectors, self.metric)
        np.fill_diagonal(each, -np.inf)
        low, median = np.percentile(each.max(axis=1), [5, 50])
        return float(low), float(median)


def _all_similarities(queries: Matrix, vectors: Matrix, metric: str) -> Matrix:
    """``(Q, n)`` float32 similarities, exact enough for statistics."""
    if metric == "cosine":
        return np.asarray(unit(queries) @ unit(vectors).T)
    products = queries @ vectors.T
    if metric == "dotproduct":
        return np.asarray(products)
    squares = (queries * queries).sum(axis=1)[:, None] + (vectors * vectors).sum(axis=1)
    return np.asarray(-np.sqrt(np.maximum(squares - 2 * products, 0)))


@cachetools.cached(
    cachetools.LRUCache(PROMPT_SETS),
    key=lambda embedder, templates: (embedder.fingerprint, templates),
    lock=threading.Lock(),
)
def prompt_vectors(embedder: Embedder, templates: Templates) -> Matrix:
    """``(p, dim)`` float32 vectors of the reference prompts."""
    return embed_prompts(embedder, list(REFERENCE_PROMPTS), templates)


@cachetools.cached(
    cachetools.LRUCache(REFERENCE_SETS),
    key=lambda reader, metric: (reader.cache_key, metric),
    lock=threading.Lock(),
)
def reference_set_of(reader: IndexReader, metric: str) -> ReferenceSet:
    """The reference set of a state of an index; drawn once."""
    return ReferenceSet(metric, reader.vectors_at(reader.sample_rows(REFERENCE_ROWS)))
