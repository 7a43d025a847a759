"""How similar texts are to all vectors of a collection, and to what is unrelated."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors, blocks
from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.curation.grouping.spherical_kmeans import BLOCK, sampled
from fiftyone_faiss.brain.retrieval import evidence
from fiftyone_faiss.brain.retrieval.reference_set import (
    MIN_REFERENCE_ROWS,
    REFERENCE_ROWS,
    PromptStatistics,
)
from fiftyone_faiss.brain.retrieval.relevance import CUT_SAMPLE
from fiftyone_faiss.embedders import unit

Order = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TextScores:
    """The similarities of texts to the vectors of a collection.

    Attributes:
        vectors: the vectors
        scores: ``(p, n)`` float32, the cosines
        reference: the reference prompts, compared with sampled vectors
        floor: a score that is a standard deviation above the mean of the reference prompts for half
            of the vectors
    """

    vectors: ScaledVectors
    scores: Matrix
    reference: PromptStatistics
    floor: float

    @property
    def can_calibrate(self) -> bool:
        """Whether there are enough vectors to compare scores with."""
        return len(self.vectors) >= MIN_REFERENCE_ROWS

    def presence(self, place: int) -> float:
        """The probability that the collection holds what a text asks for."""
        order = descending(self.scores[place])
        scores = self.scores[place][order[:CUT_SAMPLE]].astype(np.float64)
        # Without results after the best ones, they are compared with the usual score.
        floor = float(np.median(scores)) if len(order) <= CUT_SAMPLE else None
        best = order[: evidence.FIT_ROWS]
        x = unit(self.vectors.at(best))
        fit = evidence.fits(self.scores[place][best].astype(np.float64), x, self.reference)
        drop = evidence.drop(scores, self.reference, floor)
        return evidence.text_presence(float(fit.max()), drop, evidence.ALONE)


def descending(scores: Matrix | Distances) -> Order:
    """The places of scores, highest first, ties in their order."""
    return np.argsort(-scores, kind="stable")


def score_steps(vectors: ScaledVectors, texts: Matrix, prompts: Matrix) -> Steps[TextScores]:
    """Compares ``(p, dim)`` texts, and the reference prompts, with all vectors."""
    started = time.perf_counter()
    n = len(vectors)
    scores = np.empty((len(texts), n), np.float32)
    for block in blocks(n, BLOCK):
        scores[:, block] = texts @ unit(vectors.at(block)).T
        yield Progress(int(block[-1]) + 1, n, 0, time.perf_counter() - started, "compared")
    some = unit(vectors.at(sampled(vectors, REFERENCE_ROWS)))
    unrelated = some @ prompts.T
    floor = float(np.median(unrelated.mean(axis=1) + unrelated.std(axis=1)))
    deviation = max(float(unrelated.std()), 1e-9)
    return TextScores(vectors, scores, PromptStatistics("cosine", prompts, deviation), floor)
