"""The formulas of the scores, from the distances to nearest neighbors.

All are relative to the median of what is compared, so that one strange sample changes the scores of
no other, and scores of different models and datasets are on one scale.
"""

from __future__ import annotations

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.arrays import Distances

# How many neighbors tell whether there is another sample like this one.
UNIQUENESS_NEIGHBORS = 3
# How many tell whether it is in the middle of many. Of twenty strange samples that resemble each
# other, 15 neighbors would be strange samples, too.
DENSITY_NEIGHBORS = 30
# A distance below which logarithms would tell rounding errors apart.
MIN_DISTANCE = 1e-9
# The distance between the quartiles of a normal distribution, in standard deviations.
_QUARTILES = 1.349


def uniqueness(distances: Distances) -> Distances:
    """``d / (d + median of d)``: 0 to 1, higher for more unique; 0.5 is the median.

    Args:
        distances: ``(n, k)`` distances to the nearest others, of which three count; ``d`` is their
            mean
    """
    own = distances[:, :UNIQUENESS_NEIGHBORS].mean(axis=1)
    return _relative(own, float(np.median(own)))


def typicality(distances: Distances) -> Distances:
    """``m / (d + m)``, with the median ``m`` of ``d``: 0 to 1, higher for more typical.

    Args:
        distances: ``(n, k)`` distances to the nearest others; ``d`` is their mean
    """
    own = distances.mean(axis=1)
    return 1.0 - _relative(own, float(np.median(own)))


def _relative(own: Distances, median: float) -> Distances:
    total = own + median
    # If most distances are 0, those samples are as usual as can be.
    return np.divide(own, total, out=np.zeros_like(own), where=total > 0)


def local_outlier_factor(neighbors: Positions, distances: Distances) -> Distances:
    """The density of the neighbors divided by the own density: about 1 inside of a cluster.

    See Breunig et al., "LOF: Identifying Density-Based Local Outliers", SIGMOD 2000.

    Args:
        neighbors: ``(n, k)`` positions of the nearest others
        distances: ``(n, k)`` their distances, ascending
    """
    reachable = np.maximum(distances, distances[:, -1][neighbors]).mean(axis=1)
    reachable = np.maximum(reachable, MIN_DISTANCE)
    return np.asarray(reachable * (1 / reachable)[neighbors].mean(axis=1))


def log_mean(distances: Distances) -> Distances:
    """The ``(n,)`` logarithms of mean distances."""
    return np.log(np.maximum(distances.mean(axis=1), MIN_DISTANCE))


def oddness(logs: Distances, classes: Positions) -> Distances:
    """Standardizes logarithms robustly, each against the median of its class.

    Args:
        logs: ``(n,)`` logarithms
        classes: ``(n,)`` the number of each class

    Returns:
        ``(n,)`` how many standard deviations each is above the median
    """
    order = np.argsort(classes, kind="stable")
    _, starts = np.unique(classes[order], return_index=True)
    centered = np.empty_like(logs)
    for part in np.split(order, starts[1:]):
        centered[part] = logs[part] - np.median(logs[part])
    low, high = np.quantile(centered, [0.25, 0.75])
    deviation = (high - low) / _QUARTILES
    return np.asarray(centered / (deviation if deviation > MIN_DISTANCE else 1.0))
