"""The votes of neighbors about a label, without near duplicates, which would repeat it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fiftyone_faiss.brain.ann.neighbor_graph import MAX_NEIGHBORS
from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import graph_steps
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.core.progress import Steps

# Neighbors that are looked at for each voter, because near duplicates do not vote.
SPARE = 2
# The share of the samples that may have fewer voters before more neighbors are looked at.
FEW = 0.01
Ranks = npt.NDArray[np.int64]


def voter_ranks(neighbors: Positions, groups: Positions) -> Ranks:
    """Ranks the neighbors that vote.

    Args:
        neighbors: ``(n, m)`` positions, nearest first, -1 where there is none
        groups: ``(n,)`` the group of near duplicates of each position

    Returns:
        ``(n, m)`` 1 for the nearest voter and so on, 0 for a neighbor that does not vote: only the
        nearest of each group does, and none of the own group
    """
    of_neighbors = np.where(neighbors < 0, -1, groups[neighbors])
    order = np.argsort(of_neighbors, axis=1, kind="stable")
    ordered = np.take_along_axis(of_neighbors, order, axis=1)
    is_first = np.ones(neighbors.shape, bool)
    is_first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    votes = np.empty(neighbors.shape, bool)
    np.put_along_axis(votes, order, is_first, axis=1)
    votes &= (neighbors >= 0) & (of_neighbors != groups[:, None])
    return np.where(votes, np.cumsum(votes, axis=1), 0)


@dataclass(frozen=True)
class Voters:
    """The neighbors that vote about each label.

    Attributes:
        neighbors: ``(n, m)`` positions, nearest first
        distances: ``(n, m)`` their distances
        ranks: ``(n, m)`` their ranks, see :func:`voter_ranks`
        recall: the fraction of the true neighbors among them
    """

    neighbors: Positions
    distances: Distances
    ranks: Ranks
    recall: float

    def counts(
        self, k: int, labels: Positions, classes: int, weighted: bool = True
    ) -> sparse.csr_matrix:
        """Counts the votes of the ``k`` nearest voters: an ``(n, classes)`` float64 matrix.

        Args:
            k: the number of voters
            labels: ``(n,)`` the labels
            classes: the number of classes
            weighted (True): whether nearer voters count more: by the exponential of the distance
                in relation to the mean one, with a mean weight of 1
        """
        votes = (self.ranks > 0) & (self.ranks <= k)
        weights = votes.astype(np.float64)
        if weighted:
            number = np.maximum(votes.sum(axis=1, keepdims=True), 1)
            distances = np.where(votes, self.distances, 0)
            means = distances.sum(axis=1, keepdims=True) / number
            weights *= np.exp(1 - distances / np.where(means > 0, means, 1))
            weights *= number / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
        row, column = np.nonzero(votes)
        of_voters = labels[self.neighbors[row, column]]
        shape = (len(labels), classes)
        return sparse.csr_matrix((weights[row, column], (row, of_voters)), shape=shape)


def voter_steps(compared: Compared, groups: Positions, k: int) -> Steps[Voters]:
    """Finds up to ``k`` voters for each vector, if there are as many."""
    wanted = min(k, len(np.unique(groups)) - 1)
    for size in (min(SPARE * k, MAX_NEIGHBORS), MAX_NEIGHBORS):
        graph = yield from graph_steps(compared, size)
        ranks = voter_ranks(graph.neighbors, groups)
        if np.mean(ranks.max(axis=1) < wanted) <= FEW:
            break
    return Voters(graph.neighbors, graph.distances, ranks, graph.recall)
