"""Names clusters by texts, or says that no text fits.

Two figures, in standard deviations of the reference prompts' similarities to the clusters, say
whether a text is the name of a cluster:

- the *margin*: how much more similar it is to the cluster than to the best other cluster
- the *fit*: how far, for the cluster, it is above the reference prompts.

The more texts there are, the larger is the largest margin by chance, so the odds depend on their
number, too. Each text is the name of one cluster at most, so that all names together are as sure as
possible.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from fiftyone_faiss.brain.core.arrays import Distances, Matrix

# The log odds that a text is the right name, fitted on clusters of drawn images.
MARGIN, FIT, CHANCE, CONSTANT = 1.33, 0.67, -2.34, -0.7
# Larger margins and fits say no more.
MAX_MARGIN, MAX_FIT = 7.0, 6.0
# The weights do not hold for fewer texts.
MIN_TEXTS = 24
# A name is given from these odds on.
MIN_CONFIDENCE = 0.5
# So many texts of each cluster are tried.
TRIED = 30


@dataclass(frozen=True)
class NameEvidence:
    """Why a text is the name of a cluster.

    Attributes:
        text: the text
        similarity: its mean similarity to the members
        best_other: that to the members of the other cluster that it is most similar to
        margin: the difference, in standard deviations of the reference prompts
        fit: how far it is above the reference prompts, in standard deviations
        confidence: the estimated probability that it is the right name
    """

    text: str
    similarity: float
    best_other: float
    margin: float
    fit: float
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return dict(vars(self))

    def __str__(self) -> str:
        return (
            f"'{self.text}' is {self.margin:.1f} deviations more similar to it than to the best "
            f"other cluster, and {self.fit:.1f} above unrelated texts"
        )


@dataclass(frozen=True)
class Names:
    """The names of clusters.

    Attributes:
        names: the name of each cluster, None where nothing fits
        best: the evidence of the name, or of the best text if there is no name
    """

    names: tuple[str | None, ...]
    best: tuple[NameEvidence | None, ...]


def name_clusters(
    means: Matrix,
    texts: tuple[str, ...],
    vectors: Matrix,
    prompts: Matrix,
    taken: Collection[str] = (),
) -> Names:
    """Finds names.

    Args:
        means: ``(k, dim)`` float32, the mean of the unit vectors of the members of each cluster
        texts: the vocabulary
        vectors: ``(len(texts), dim)`` float32 unit vectors
        prompts: ``(p, dim)`` float32 unit vectors of the reference prompts
        taken (()): names that a person gave to clusters
    """
    k = len(means)
    if not texts:
        return Names((None,) * k, (None,) * k)
    inside = (means @ vectors.T).astype(np.float64)
    reference = (means @ prompts.T).astype(np.float64)
    margin = (inside - _best_other(inside)) / max(float(reference.std()), 1e-9)
    spread = np.maximum(reference.std(axis=1, keepdims=True), 1e-9)
    fit = (inside - reference.mean(axis=1, keepdims=True)) / spread
    confidences = confidence_of(margin, fit, len(texts))
    lower = {name.casefold() for name in taken}
    free = np.array([text.casefold() not in lower for text in texts])
    confidences[:, ~free] = 0.0
    chosen = _unique(confidences)

    def evidence(cluster: int) -> NameEvidence:
        text = chosen[cluster]
        if text < 0:
            text = int(confidences[cluster].argmax())
        similarity = float(inside[cluster, text])
        others = np.delete(inside[:, text], cluster)
        return NameEvidence(
            texts[text],
            similarity,
            float(others.max()) if len(others) else 0.0,
            float(margin[cluster, text]),
            float(fit[cluster, text]),
            float(confidences[cluster, text]),
        )

    best = tuple(evidence(cluster) for cluster in range(k))
    names = tuple(texts[place] if place >= 0 else None for place in chosen)
    return Names(names, best)


def confidence_of(margin: Distances, fit: Distances, count: int) -> Distances:
    """The estimated probability that a text, one of ``count``, is the name of a cluster."""
    # The largest of so many normally distributed numbers is about as large.
    chance = np.sqrt(2 * np.log(max(count, MIN_TEXTS)))
    odds = MARGIN * np.minimum(margin, MAX_MARGIN) + FIT * np.minimum(fit, MAX_FIT)
    odds += CHANCE * chance + CONSTANT
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0))))


def _best_other(inside: Distances) -> Distances:
    """``(k, w)`` for each cluster the largest value of the other clusters."""
    if len(inside) < 2:
        return np.zeros_like(inside)
    first = inside.argmax(axis=0)
    ordered = np.sort(inside, axis=0)
    others = np.broadcast_to(ordered[-1], inside.shape).copy()
    columns = np.arange(inside.shape[1])
    others[first, columns] = ordered[-2]
    return others


def _unique(confidences: Distances) -> list[int]:
    """The text of each cluster, -1 for none: no text twice, and the largest sum of confidences."""
    tried = np.unique(np.argsort(-confidences, axis=1)[:, :TRIED])
    some = confidences[:, tried]
    weight = np.where(some >= MIN_CONFIDENCE, some, 0.0)
    chosen = [-1] * len(confidences)
    for cluster, place in zip(*linear_sum_assignment(-weight), strict=True):
        if weight[cluster, place] > 0:
            chosen[int(cluster)] = int(tried[place])
    return chosen
