"""The reference set of an index: a random part of it, with which scores are compared."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

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

# Reference sets and vectors of reference prompts that a process keeps.
REFERENCE_SETS, PROMPT_SETS = 16, 16


@dataclass(frozen=True)
class PromptStatistics:
    """The reference prompts, compared with a reference set.

    Attributes:
        metric: the metric of the index
        vectors: ``(p, dim)`` float32, the prompts
        deviation: the standard deviation of their similarities to the reference set
    """

    metric: str
    vectors: Matrix
    deviation: float

    def similarities(self, vectors: Matrix) -> Matrix:
        """``(n, p)`` float32 similarities of ``(n, dim)`` vectors to the prompts."""
        return all_similarities(vectors, self.vectors, self.metric)


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
            deviation = float(all_similarities(vectors, self.vectors, self.metric).std())
            self._prompts[key] = PromptStatistics(self.metric, vectors, max(deviation, 1e-9))
        return self._prompts[key]


def all_similarities(queries: Matrix, vectors: Matrix, metric: str) -> Matrix:
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
