"""Divides vectors into clusters, and says how sure that is."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import ScaledVectors, blocks
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.compared_graph import graph_steps
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Rows
from fiftyone_faiss.brain.core.progress import Progress, Report, Steps, timed_steps
from fiftyone_faiss.brain.curation.grouping import cluster_count, density, stability
from fiftyone_faiss.brain.curation.grouping.cluster_request import ClusterRequest
from fiftyone_faiss.brain.curation.grouping.members import Partition
from fiftyone_faiss.brain.curation.grouping.spherical_kmeans import (
    BLOCK,
    PASSES,
    Assignment,
    Labels,
    assign,
    refine_steps,
    sample_size,
    sampled,
    train,
)


@dataclass(frozen=True)
class Divided:
    """Clusters as arrays, with their stability.

    Attributes:
        partition: the clusters, largest first
        stability: how much runs with other seeds agree; its ``clusters`` are in the same order
        proposal: the numbers of clusters that were tried; None if the number was given
    """

    partition: Partition
    stability: stability.Stability
    proposal: cluster_count.Proposal | None


def divide_steps(compared: Compared, request: ClusterRequest) -> Steps[Divided]:
    """Divides vectors as a request asks; without clusters if no number of them stands out."""
    if request.method == "density":
        return (yield from _dense_steps(compared, request))
    vectors, proposal, k = compared.vectors, None, request.n_clusters
    n = len(vectors)
    if k is not None and k > n:
        raise ValueError(
            f"n_clusters is {k:,}, but the index holds {n:,} of these samples; give fewer."
        )
    if k is None:
        some = vectors.at(sampled(vectors, cluster_count.SAMPLED, request.seed))
        proposal = yield from timed_steps(
            cluster_count.proposal_steps(some, vectors.metric == "cosine", request.seed),
            "numbers of clusters tried",
        )
        k = proposal.k
    if k is None:
        return _nothing(n, vectors.snapshot.dim, proposal)
    return (yield from divide_kmeans_steps(vectors, request, k, proposal))


def divide_kmeans_steps(
    vectors: ScaledVectors,
    request: ClusterRequest,
    k: int,
    proposal: cluster_count.Proposal | None = None,
) -> Steps[Divided]:
    """Divides vectors into ``k`` clusters by k-means, and compares runs with different seeds."""
    is_spherical = vectors.metric == "cosine"
    positions = sampled(vectors, sample_size(k), request.seed)
    x = vectors.at(positions)
    some = slice(0, None, max(1, len(x) // stability.EVALUATED))
    started, runs = time.perf_counter(), []
    for run in range(request.seeds):
        centers = train(x, k, request.seed + run, is_spherical)
        assigned = assign(x, centers, is_spherical)
        runs.append((float((assigned.nearest**2).sum()), centers, assigned.labels[some]))
        yield Progress(run + 1, request.seeds, 0, time.perf_counter() - started, "runs on a sample")
    best = min(range(len(runs)), key=lambda run: runs[run][0])
    passes = refine_steps(vectors, runs[best][1])
    centers, assignment = yield from timed_steps(
        _counted(passes, len(vectors) * PASSES), "assigned"
    )
    labels, centers, sizes = _largest_first(assignment.labels, centers)
    labels[_without_direction(vectors, assignment)] = -1
    own, others = positions[some], [run[2] for place, run in enumerate(runs) if place != best]
    is_known = labels[own] >= 0
    stable = stability.stability_of(
        labels,
        assignment.margins,
        own[is_known],
        [other[is_known] for other in others],
        len(sizes),
    )
    partition = Partition(
        labels,
        np.where(labels >= 0, stable.confidences, 0.0),
        np.where(labels >= 0, assignment.nearest, np.inf),
        centers,
    )
    return Divided(partition, stable, proposal)


def _dense_steps(compared: Compared, request: ClusterRequest) -> Steps[Divided]:
    graph = yield from graph_steps(compared)
    n = len(compared.vectors)
    min_size = request.min_size or density.smallest_size(n)
    started, rng = time.perf_counter(), np.random.default_rng(request.seed)
    dense = density.dense_clusters(graph, min_size)
    runs: list[Labels] = []
    in_all = np.ones(n, bool)
    for run in range(request.seeds):
        if run:
            is_kept = rng.random(n) >= density.LEFT_OUT
            in_all &= is_kept
            runs.append(density.dense_clusters(graph, min_size, np.flatnonzero(is_kept)).labels)
        yield Progress(run + 1, request.seeds, 0, time.perf_counter() - started, "runs")
    if dense.labels.max(initial=-1) < 0:
        return _nothing(n, compared.vectors.snapshot.dim, None)
    k = int(dense.labels.max()) + 1
    centers, distances = _centers(compared.vectors, dense.labels, k)
    labels, centers, sizes = _largest_first(dense.labels, centers)
    own = np.flatnonzero(in_all)
    # What is in no cluster counts as one.
    stable = stability.stability_of(
        labels + 1, dense.strengths, own, [other[own] + 1 for other in runs], len(sizes) + 1
    )
    confidences = np.where(labels >= 0, stable.confidences, 0.0)
    partition = Partition(labels, confidences, distances, centers)
    of_clusters = stability.Stability(
        stable.agreement, stable.runs, stable.clusters[1:], confidences
    )
    return Divided(partition, of_clusters, None)


def _counted(
    steps: Generator[int, None, Report], total: int
) -> Generator[tuple[int, int], None, Report]:
    """Adds up what steps yield."""
    done = 0
    while True:
        try:
            done += next(steps)
        except StopIteration as stop:
            report: Report = stop.value
            return report
        yield done, total


def _largest_first(labels: Labels, centers: Matrix) -> tuple[Labels, Matrix, Rows]:
    """Numbers clusters by their size, and leaves out empty ones; also returns the sizes."""
    sizes = np.bincount(labels[labels >= 0], minlength=len(centers))
    order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    number = np.full(len(centers) + 1, -1, np.int32)
    number[order] = np.arange(len(order))
    # The last number is that of -1.
    return number[labels], centers[order], sizes[order]


def _without_direction(vectors: ScaledVectors, assignment: Assignment) -> Rows:
    """The positions of zero vectors, which are equally far from all centers."""
    if vectors.metric != "cosine":
        return np.empty(0, np.int64)
    equal = np.flatnonzero(assignment.nearest >= assignment.second)
    return equal[~vectors.at(equal).any(axis=1)]


def _centers(vectors: ScaledVectors, labels: Labels, k: int) -> tuple[Matrix, Distances]:
    """The centers of clusters, and the distances of their members to them."""
    is_spherical = vectors.metric == "cosine"
    centers = np.zeros((k, vectors.snapshot.dim), np.float64)
    for block in blocks(len(vectors), BLOCK):
        inside = block[labels[block] >= 0]
        np.add.at(centers, labels[inside], vectors.at(inside))
    centers /= np.maximum(np.bincount(labels[labels >= 0], minlength=k), 1)[:, None]
    if is_spherical:
        centers /= np.maximum(np.linalg.norm(centers, axis=1, keepdims=True), 1e-9)
    distances = np.full(len(vectors), np.inf)
    for block in blocks(len(vectors), BLOCK):
        inside = block[labels[block] >= 0]
        x, own = vectors.at(inside).astype(np.float64), centers[labels[inside]]
        if is_spherical:
            distances[inside] = 1 - np.einsum("ij,ij->i", x, own)
        else:
            distances[inside] = np.linalg.norm(x - own, axis=1)
    return centers.astype(np.float32), distances


def _nothing(n: int, dim: int, proposal: cluster_count.Proposal | None) -> Divided:
    empty = Partition(
        np.full(n, -1, np.int32), np.zeros(n), np.full(n, np.inf), np.empty((0, dim), np.float32)
    )
    return Divided(empty, stability.Stability(0.0, 0, np.empty(0), np.zeros(n)), proposal)
