"""The evidence that an index holds what a query asks for.

A similarity of 0.27 means little by itself. For a text, two numbers tell it from a text that has
nothing to do with the index:

- the *fit*: how far, for the best results, the text is above the reference prompts, in standard
  deviations of these
- the *drop*: how far the results above the boundary are above those after it, in standard
  deviations of the reference prompts' similarities.

For an image, two comparisons with the images of the index itself do:

- the *match* of a result: the share of images whose nearest neighbor is no more similar to them
  than the result is to the query
- whether the image *belongs* to the index: as an image of it is not like everything else, but more
  like it than a foreign one, its similarity to the less similar images is compared with theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.retrieval.reference_set import PromptStatistics
from fiftyone_faiss.brain.retrieval.relevance import CUT_SAMPLE, boundary


@dataclass(frozen=True)
class Weights:
    """How the log odds that an index holds what texts ask for follow from the fit and the drop.

    They were fitted to absurd and sensible texts on 160 to 2,500 drawn images that no other figure
    is reported for.
    """

    fit: float
    drop: float
    constant: float


ALONE = Weights(3.6, 3.2, -20.5)
# Of several terms, a single result must show all.
COMBINED = Weights(2.3, 10.4, -26.5)
# A larger drop says no more: in a small index, the results after the boundary are half of it.
MAX_DROP = 2.0
# The results after the boundary that those above it are compared with.
RESULTS_AFTER = 50
# The fit is that of the best of so many results, and of so many for several terms.
FIT_ROWS, COMBINED_FIT_ROWS = 200, 10
# Similarities of less similar images: this percentile.
FAR_PERCENTILE = 10.0
# The shares of images that count as an even chance: of those whose nearest neighbor is less
# similar, and of those that are farther from the index.
MATCH_SHARE, FOREIGN_SHARE = 0.02, 0.015


def text_presence(fit: float, drop: float, weights: Weights) -> float:
    """The probability that an index holds what texts ask for, given their fit and drop."""
    log_odds = weights.fit * fit + weights.drop * min(drop, MAX_DROP) + weights.constant
    return float(1.0 / (1.0 + np.exp(-np.clip(log_odds, -50.0, 50.0))))


def fits(own: Distances, vectors: Matrix, prompts: PromptStatistics) -> Distances:
    """How far a text is above the reference prompts for each result, in standard deviations.

    Args:
        own: ``(n,)`` float64 similarities of the text to the results
        vectors: ``(n, dim)`` float32, the results
        prompts: the reference prompts

    Returns:
        ``(n,)`` float64
    """
    others = prompts.similarities(vectors)
    return np.asarray((own - others.mean(axis=1)) / np.maximum(others.std(axis=1), 1e-9))


def drop(scores: Distances, prompts: PromptStatistics, floor: float | None = None) -> float:
    """How far similarities to a text drop after the boundary, in deviations of the prompts.

    Args:
        scores: ``(n,)`` float64, descending
        prompts: the reference prompts
        floor (None): see :func:`boundary_probabilities`
    """
    scores = scores[:CUT_SAMPLE]
    place = boundary(scores, floor)
    after = scores[place : place + RESULTS_AFTER]
    if not len(after):
        after = scores[-1:] if floor is None else np.array([min(floor, scores[-1])])
    return float((scores[:place].mean() - after.mean()) / prompts.deviation)


@dataclass(frozen=True)
class ImageStatistics:
    """How similar the images of an index, or of a view of it, are to each other.

    Attributes:
        nearest: ``(n,)`` float64, ascending: the similarities of images to their nearest neighbors
        far: ``(m,)`` float64, ascending: the ``FAR_PERCENTILE`` of the similarities of an image to
            the others
    """

    nearest: Distances
    far: Distances

    def matches(self, similarities: Distances) -> Distances:
        """``(n,)`` float64, 0 to 1: how much similarities to an image are like those of nearest
        neighbors."""
        shares = np.searchsorted(self.nearest, similarities, side="right") / len(self.nearest)
        return np.asarray(shares / (shares + MATCH_SHARE))

    def presence(self, similarities: Distances) -> float:
        """The probability that an image belongs to the index.

        Args:
            similarities: ``(m,)`` float64 similarities of the image to images of the index
        """
        own = float(np.percentile(similarities, FAR_PERCENTILE))
        lower = int(np.searchsorted(self.far, own, side="right"))
        # Half a count more, because an image may be farther than all of a sample.
        share = (lower + 0.5) / (len(self.far) + 1)
        return share / (share + FOREIGN_SHARE)
