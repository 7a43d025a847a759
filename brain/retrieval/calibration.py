"""Score calibration: what the scores of a search mean."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cachetools
import numpy as np

from fiftyone_faiss.brain.backend.searchable import IndexReader
from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.retrieval import evidence
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery
from fiftyone_faiss.brain.retrieval.evidence import ImageStatistics
from fiftyone_faiss.brain.retrieval.ranked_rows import RankedRows
from fiftyone_faiss.brain.retrieval.reference_set import (
    MIN_REFERENCE_ROWS,
    REFERENCE_ROWS,
    all_similarities,
)
from fiftyone_faiss.brain.retrieval.relevance import CUT_SAMPLE, LIKELY, Band, Relevance, band_of
from fiftyone_faiss.embedders import EmbedderError

# Two scores of one vector may differ by so many standard deviations: float32 products of matrices
# depend on the number of their rows.
ROUNDING = 2e-6
# Nearest neighbors are found for this many images of a view.
NEAREST_ROWS = 200
# Statistics of views that a process keeps.
IMAGE_STATISTICS = 32


@dataclass(frozen=True)
class Calibration:
    """What the scores of the results of a search mean.

    Attributes:
        query: the query
        ranked: ``(n,)`` float64, what the results are ordered by
        rank: computes this for ``(n, dim)`` vectors
        relevance: the estimates of relevance; None if there is nothing to compare with
    """

    query: EncodedQuery
    ranked: Distances
    rank: Callable[[Matrix], Distances]
    relevance: Relevance | None

    @cached_property
    def percentiles(self) -> Distances:
        """``(n,)`` float64, 0 to 100: the percentage of the reference set with lower scores."""
        scores = np.sort(self.rank(self.query.reference_set.vectors))
        margin = ROUNDING * float(scores.std()) if len(scores) else 0.0
        lower = np.searchsorted(scores, self.ranked - margin, side="left")
        return 100.0 * lower / max(len(scores), 1)

    @cached_property
    def estimates(self) -> Distances | None:
        """``(n,)`` float64, 0 to 1: the estimated probability that a result is what was asked for;
        None if there is nothing to compare with."""
        return None if self.relevance is None else self.relevance.at(self.ranked)

    @property
    def bands(self) -> list[Band | None]:
        """The band of each result; None if there is nothing to compare with."""
        if self.estimates is None:
            return [None] * len(self.ranked)
        return [band_of(estimate) for estimate in self.estimates.tolist()]

    @property
    def verdict(self) -> str | None:
        """A sentence if no result is above the score cutoff; else None."""
        if self.relevance is None or self.relevance.count or not len(self.relevance.ranked):
            return None
        wanted = [term.query.describe() for term in self.query.terms]
        names = self.relevance.missing or (" together with ".join(wanted),)
        return (
            f"Nothing relevant found for {' or '.join(names)}: the best results are no better "
            "than those of unrelated queries."
        )


def relevance_of(
    reader: IndexReader, query: EncodedQuery, candidates: RankedRows
) -> Relevance | None:
    """Estimates the relevance of the best candidates; see the module ``relevance``.

    Args:
        reader: the index, restricted to the view that was searched
        query: the query
        candidates: the rows of the best scores, best first, at least ``CUT_SAMPLE`` if there are

    Returns:
        the estimates; None if the query has no positive term, or the index is too small, or its
        model cannot embed the reference prompts
    """
    if not query.terms or not query.reference_set.can_calibrate or not _has_prompts(query):
        return None
    best = candidates.at(slice(0, CUT_SAMPLE))
    if not len(best.rows):
        return Relevance(best.ranked, np.empty(0))
    floor = None
    if candidates.is_complete and len(candidates.rows) <= CUT_SAMPLE:
        floor = float(np.median(candidates.rank(query.reference_set.vectors)))
    presence, missing = 1.0, tuple[str, ...]()
    if any(term.query.is_text for term in query.terms):
        presence, missing = _text_presence(query, best, floor)
    matches = None
    for place, term in enumerate(query.terms):
        if term.query.is_text:
            continue
        statistics = _image_statistics(reader, query.ranking.metric, query.reference_set.vectors)
        similarities = query.reference_set.similarities(query.ranking.wanted[place].vector)
        belongs = statistics.presence(similarities)
        presence = min(presence, belongs)
        if belongs < LIKELY:
            missing += (term.query.describe(),)
        if query.ranking.is_plain:
            matches = statistics.matches(_similarities(query, best))
    return Relevance.of(best.ranked, presence, matches, floor, missing)


def _has_prompts(query: EncodedQuery) -> bool:
    """Whether there are reference prompts to compare the texts of a query with."""
    if not any(term.query.is_text for term in query.terms):
        return True
    try:
        return len(query.prompts.vectors) > 0
    except EmbedderError:
        # Some models embed only certain texts, such as the names of colors.
        return False


def _text_presence(
    query: EncodedQuery, best: RankedRows, floor: float | None
) -> tuple[float, tuple[str, ...]]:
    """The probability that an index holds what all texts of a query ask for, and the texts that it
    does not seem to hold."""
    prompts = query.prompts
    is_alone = query.ranking.is_plain
    rows = best.at(slice(0, evidence.FIT_ROWS))
    vectors = rows.read_vectors()
    fits, drops = [], []
    for place, term in enumerate(query.terms):
        if not term.query.is_text:
            continue
        own = query.similarities(place, vectors)
        fits.append(evidence.fits(own, vectors, prompts))
        if is_alone:
            drops.append(evidence.drop(_similarities(query, best), prompts, floor))
        else:
            others = query.reference_set.similarities(query.ranking.wanted[place].vector)
            drops.append(evidence.drop(-np.sort(-np.concatenate([own, others])), prompts))
    count = evidence.FIT_ROWS if is_alone else evidence.COMBINED_FIT_ROWS
    weights = evidence.ALONE if is_alone else evidence.COMBINED
    # Some result must show what all texts ask for.
    fit = float(np.stack(fits)[:, :count].min(axis=0).max())
    texts = [term.query.describe() for term in query.terms if term.query.is_text]
    missing = tuple(
        text
        for text, own, drop in zip(texts, fits, drops, strict=True)
        if evidence.text_presence(float(own.max()), drop, evidence.ALONE) < LIKELY
    )
    return evidence.text_presence(fit, min(drops), weights), missing


def _similarities(query: EncodedQuery, rows: RankedRows) -> Distances:
    """``(n,)`` float64 similarities of rows to the vector of the ranking."""
    return 1.0 - rows.distances if query.ranking.metric == "cosine" else -rows.distances


@cachetools.cached(
    cachetools.LRUCache(IMAGE_STATISTICS),
    key=lambda reader, metric, reference: (reader.view_key, metric),
    lock=threading.Lock(),
)
def _image_statistics(reader: IndexReader, metric: str, reference: Matrix) -> ImageStatistics:
    """The statistics of the images of a view; those of the reference set for a small view."""
    rows = reader.sample_view_rows(REFERENCE_ROWS)
    is_small = len(rows) < MIN_REFERENCE_ROWS
    vectors = reference if is_small else reader.vectors_at(rows)
    each = all_similarities(vectors, vectors, metric).astype(np.float64)
    others = each[~np.eye(len(each), dtype=bool)].reshape(len(each), -1)
    far = np.percentile(all_similarities(vectors, reference, metric), evidence.FAR_PERCENTILE, 1)
    some = rows[:: max(1, len(rows) // NEAREST_ROWS)]
    distances = None if is_small else reader.nearest_others(some)
    nearest = others.max(axis=1)
    if distances is not None:
        nearest = 1.0 - distances if metric == "cosine" else -distances
    return ImageStatistics(np.sort(nearest), np.sort(far))
