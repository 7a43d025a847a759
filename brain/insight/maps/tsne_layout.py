"""The layout of t-SNE, by openTSNE, from our neighbor graph.

Each of the nearest neighbors attracts a point equally. Böhm, Berens and Kobak
("Attraction-repulsion spectrum in neighbor embeddings", 2022) found that 15 of them give the same
maps as the usual perplexity of 30, which needs 90.
"""

from __future__ import annotations

import time

import numpy as np

from fiftyone_faiss.brain.backend.compared_graph import ComparedGraph
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.optional import require
from fiftyone_faiss.brain.core.progress import Progress, Steps

# (iterations, exaggeration, momentum): the defaults of openTSNE.
PHASES = ((250, 12.0, 0.5), (500, 1.0, 0.8))
ITERATIONS = sum(phase[0] for phase in PHASES)
# Progress is reported after so many.
PART = 25
# The standard deviation of the first positions along their longest dimension.
DEVIATION = 1e-4
DEFAULT_SEED = 51


def tsne_steps(graph: ComparedGraph, first: Matrix, seed: int | None) -> Steps[Matrix]:
    """Lays out the vectors of a neighbor graph.

    Args:
        graph: the neighbors, none missing
        first: ``(n, num_dims)`` first positions, such as principal components
        seed: the seed of the noise that moves copies of one vector apart

    Returns:
        ``(n, num_dims)`` float32 points

    Raises:
        MissingDependencyError: if openTSNE is not installed
    """
    tsne = require("openTSNE", "openTSNE", "maps", "method='tsne'")
    nearest = tsne.nearest_neighbors.PrecomputedNeighbors(
        graph.neighbors.astype(np.int64), graph.distances
    )
    affinities = tsne.affinity.Uniform(knn_index=nearest, symmetrize="mean")
    rng = np.random.default_rng(DEFAULT_SEED if seed is None else seed)
    scaled = first.astype(np.float64) * DEVIATION / max(float(first.std(axis=0).max()), 1e-12)
    scaled += rng.normal(scale=DEVIATION * 1e-2, size=scaled.shape)
    # Its interpolation, the faster method for many points, is limited to two dimensions.
    method = "auto" if scaled.shape[1] == 2 else "bh"
    embedding = tsne.TSNEEmbedding(
        scaled, affinities, negative_gradient_method=method, n_jobs=-1, random_state=seed
    )
    started, done = time.perf_counter(), 0
    for iterations, exaggeration, momentum in PHASES:
        for _ in range(iterations // PART):
            embedding.optimize(PART, inplace=True, exaggeration=exaggeration, momentum=momentum)
            done += PART
            yield Progress(done, ITERATIONS, 0, time.perf_counter() - started, "iterations")
    return np.asarray(embedding, np.float32)
