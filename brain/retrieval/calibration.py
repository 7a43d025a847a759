"""Score calibration: what the scores of a search mean, compared with the reference set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery
from fiftyone_faiss.brain.retrieval.reference_set import LIKELY, MIN_TEXT_EVIDENCE, STRONG

Band = Literal["strong", "likely", "weak"]

# Two scores of one vector may differ by so many standard deviations: float32 products of matrices
# depend on the number of their rows.
ROUNDING = 2e-6


@dataclass(frozen=True)
class Calibration:
    """What the scores of the results of a search mean.

    Attributes:
        query: the query
        ranked: ``(n,)`` float64, what the results are ordered by
        rank: computes this for ``(n, dim)`` vectors
        read_vectors: reads the ``(n, dim)`` vectors of the results
    """

    query: EncodedQuery
    ranked: Distances
    rank: Callable[[Matrix], Distances]
    read_vectors: Callable[[], Matrix]

    @cached_property
    def percentiles(self) -> Distances:
        """``(n,)`` float64, 0 to 100: the percentage of the reference set with lower scores."""
        reference = self.query.reference_set.vectors
        scores = np.sort(self.rank(reference))
        margin = ROUNDING * float(scores.std()) if len(scores) else 0.0
        lower = np.searchsorted(scores, self.ranked - margin, side="left")
        return 100.0 * lower / max(len(scores), 1)

    @cached_property
    def bands(self) -> list[Band | None]:
        """For each result, how clearly it is what was asked for, over all terms; None if there is
        nothing to compare with."""
        count = len(self.ranked)
        if self._evidence is None:
            return [None] * count
        evidence = self._evidence[:, :count].mean(axis=0)
        is_avoided = self.query.ranking.penalties(self._vectors) > 0
        weak = is_avoided | (evidence < LIKELY)
        bands = np.where(weak, "weak", np.where(evidence >= STRONG, "strong", "likely"))
        return list(bands.tolist())

    @cached_property
    def verdict(self) -> str | None:
        """A sentence if neither the results nor the reference set have enough evidence for one of
        the terms; else None."""
        if self._evidence is None:
            return None
        missing = [
            term.query.describe()
            for term, evidence in zip(self.query.terms, self._evidence, strict=True)
            if evidence.max() < (MIN_TEXT_EVIDENCE if term.query.is_text else LIKELY)
        ]
        if not missing:
            return None
        return (
            f"Nothing relevant found for {' or '.join(missing)}: the best results are no better "
            "than those of unrelated queries."
        )

    @cached_property
    def _vectors(self) -> Matrix:
        return self.read_vectors()

    @cached_property
    def _evidence(self) -> Distances | None:
        """``(t, n + r)`` float64 evidence for each term in the results and the reference set."""
        reference_set = self.query.reference_set
        if not self.query.terms or not reference_set.can_calibrate:
            return None
        own = self._vectors if len(self.ranked) else reference_set.vectors[:0]
        return self.query.evidence(np.concatenate([own, reference_set.vectors]))
