"""The layout of UMAP: neighbors attract each other, random others repel.

It computes what umap-learn computes. But it starts from our neighbor graph, reports its progress,
can be stopped after each iteration, and leaves Python's lock to other threads of the App's server.
"""

from __future__ import annotations

import time

import numpy as np

from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.optional import require
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.insight.maps.fuzzy_graph import curve_of, fuzzy_union

# Of umap-learn: fewer points get more iterations.
FEW, ITERATIONS_OF_FEW, ITERATIONS = 10_000, 500, 200
# One thread is fast enough for so many points, and gives the same map each time.
MAX_REPEATABLE = 20_000
DEFAULT_SEED = 51
# The side of the square that the first positions are scaled to, as in umap-learn.
SIDE = 10.0


def umap_steps(
    graph: ComparedGraph, first: Matrix, min_dist: float, seed: int | None
) -> Steps[Matrix]:
    """Lays out the vectors of a neighbor graph.

    Args:
        graph: the neighbors, none missing
        first: ``(n, num_dims)`` first positions, such as principal components
        min_dist: how near points may lie
        seed: the seed; None uses all cores for more than ``MAX_REPEATABLE`` points, which gives
            another map each time

    Returns:
        ``(n, num_dims)`` float32 points

    Raises:
        MissingDependencyError: if Numba is not installed
    """
    require("numba", "Numba", "maps", "method='umap'")
    from fiftyone_faiss.brain.insight.maps.umap_optimizer import NEGATIVES, compiled

    count = len(first)
    iterations = ITERATIONS_OF_FEW if count <= FEW else ITERATIONS
    edges = fuzzy_union(graph)
    # Weaker edges would never be due.
    kept = edges.data >= edges.data.max() / iterations
    heads, tails = edges.row[kept], edges.col[kept]
    periods = edges.data.max() / edges.data[kept]
    due, negative_due = periods.copy(), periods / np.float32(NEGATIVES)
    a, b = curve_of(min_dist)
    rng = np.random.default_rng(DEFAULT_SEED if seed is None else seed)
    points = _scaled(first, rng)
    states = rng.integers(0, 2**63, count, np.uint64)
    move = compiled(seed is None and count > MAX_REPEATABLE)
    started = time.perf_counter()
    for iteration in range(iterations):
        rate = np.float32(1 - iteration / iterations)
        move(points, heads, tails, periods, due, negative_due, states, a, b, rate, iteration)
        yield Progress(iteration + 1, iterations, 0, time.perf_counter() - started, "iterations")
    return points


def _scaled(first: Matrix, rng: np.random.Generator) -> Matrix:
    """Scales first positions to a square; copies of one vector are moved apart a little."""
    low, high = first.min(axis=0), first.max(axis=0)
    scaled = SIDE * (first - low) / np.maximum(high - low, np.float32(1e-12))
    scaled += rng.normal(scale=1e-4 * SIDE, size=first.shape)
    return np.ascontiguousarray(scaled, np.float32)
