"""How much clusters depend on the seed, and how sure it is that a sample belongs to its cluster.

Runs with other seeds are compared with the clusters on sampled vectors. A cluster is matched with
the cluster of another run that has most of its members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import adjusted_rand_score

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.curation.grouping.spherical_kmeans import Labels

# Vectors on which runs are compared.
EVALUATED = 10_000
# So many agreements and disagreements of all clusters count for each cluster.
PRIOR = 4.0
SURE = 0.995


@dataclass(frozen=True)
class Stability:
    """How similar the clusters of several runs are.

    Attributes:
        agreement: the mean adjusted Rand index of two runs: 1 if they have the same clusters, 0 for
            what is expected by chance
        runs: the number of runs
        clusters: ``(k,)`` float64, the mean overlap (Jaccard index) of each cluster with its match
            in another run
        confidences: ``(n,)`` float64, the estimated probability that another run puts a vector
            into the same cluster
    """

    agreement: float
    runs: int
    clusters: Distances
    confidences: Distances


def agreement_of(runs: Sequence[Labels]) -> float:
    """The mean adjusted Rand index of all pairs of runs; 1 for a single run."""
    pairs = [(a, b) for n, a in enumerate(runs) for b in runs[:n]]
    return float(np.mean([adjusted_rand_score(a, b) for a, b in pairs])) if pairs else 1.0


def stability_of(
    labels: Labels, margins: Distances, own: Positions, others: Sequence[Labels], k: int
) -> Stability:
    """Compares clusters with those of other runs.

    Args:
        labels: ``(n,)`` the clusters of all vectors
        margins: ``(n,)`` how clearly each vector is in its cluster, of any scale
        own: ``(m,)`` positions of the vectors that are compared
        others: ``(m,)`` the clusters of these vectors in each other run
        k: the number of clusters
    """
    some = labels[own]
    if not others:
        return Stability(1.0, 1, np.ones(k), np.ones(len(labels)))
    overlaps, same = [], []
    for other in others:
        table = np.zeros((k, int(other.max(initial=0)) + 1))
        np.add.at(table, (some, other), 1)
        sizes, other_sizes = table.sum(axis=1), table.sum(axis=0)
        unions = sizes[:, None] + other_sizes - table
        overlaps.append((table / np.maximum(unions, 1)).max(axis=1))
        # Each cluster of the other run belongs to the one that has most of its members.
        same.append(table.argmax(axis=0)[other] == some)
    confidences = _confidences(labels, margins, own, np.mean(same, axis=0), k)
    agreement = agreement_of([some, *others])
    return Stability(agreement, len(others) + 1, np.mean(overlaps, axis=0), confidences)


def _confidences(
    labels: Labels, margins: Distances, own: Positions, same: Distances, k: int
) -> Distances:
    """Estimates from margins, and then from the cluster, how often other runs agree."""
    curve = IsotonicRegression(y_min=1 - SURE, y_max=SURE, out_of_bounds="clip")
    curve.fit(margins[own], same)
    expected = np.asarray(curve.predict(margins))
    some = labels[own]
    counts = np.bincount(some, minlength=k)
    mean = np.bincount(some, expected[own], minlength=k) / np.maximum(counts, 1)
    observed = np.bincount(some, same, minlength=k)
    shrunk = (observed + PRIOR * mean) / (counts + PRIOR)
    mean = np.where(counts > 0, mean, 0.5)
    shrunk = np.where(counts > 0, shrunk, 0.5)
    shift = logit(np.clip(shrunk, 1 - SURE, SURE)) - logit(np.clip(mean, 1 - SURE, SURE))
    return np.asarray(expit(logit(np.clip(expected, 1 - SURE, SURE)) + shift[labels]))
