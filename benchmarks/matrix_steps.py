"""The step of ``bench_matrix.py``."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from workspace import serve

REPEATS = 9


def measure(size: int, dim: int, seed: int, counts: list[int]) -> dict[str, Any]:
    """Times the service and SciPy for some numbers of samples; the first call of each is cold."""
    import fiftyone as fo
    from vectors import Mixture

    import fiftyone_faiss
    from fiftyone_faiss.brain.insight.matrix.random_pairs import random_pairs_of
    from fiftyone_faiss.brain.retrieval.reference_set import reference_set_of

    rng = np.random.default_rng(seed)
    vectors = Mixture(size, dim, seed).queries(size)
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(size)], progress=False)
    fiftyone_faiss.build_index(dataset, "given", embeddings=vectors, progress=False)
    ids = dataset.values("id")
    rows = []
    for count in counts:
        chosen = np.sort(rng.choice(size, count, replace=False))
        wanted = [ids[i] for i in chosen]
        random_pairs_of.cache.clear()
        reference_set_of.cache.clear()
        compare = partial(fiftyone_faiss.distance_matrix, dataset, wanted, "given")
        matrix, first = _timed(compare)
        times = [_timed(compare)[1] for _ in range(REPEATS)]
        exact = vectors[chosen].astype(np.float64)
        peer = partial(_scipy_order, exact)
        scipy = [_timed(peer)[1] for _ in range(REPEATS)]
        units = exact / np.linalg.norm(exact, axis=1, keepdims=True)
        rows.append(
            {
                "count": count,
                "first_ms": first,
                "median_ms": float(np.median(times)),
                "times_ms": times,
                "scipy_ms": float(np.median(scipy)),
                "difference": float(np.abs(matrix.distances - (1 - units @ units.T)).max()),
            }
        )
    return {"rows": rows}


def _scipy_order(vectors: np.ndarray) -> np.ndarray:
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import pdist

    return leaves_list(linkage(pdist(vectors, "cosine"), "average", optimal_ordering=True))


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = call()
    return result, 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    serve(measure)
