"""The measurements of ``bench_ranking.py``, in a fresh process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from workspace import serve

DEPTHS = (25, 100, 500)
BLOCK = 4_096


def measure(name: str, queries: int, seed: int) -> dict[str, Any]:
    """Compares the results of each kind of combination with all scores."""
    import fiftyone as fo

    dataset = fo.load_dataset(name)
    index = dataset.load_brain_results("faiss")
    snapshot = index.snapshot
    vectors = snapshot.vectors_at(snapshot.live_rows)
    rng = np.random.default_rng(seed)
    return {
        kind: _measure_kind(dataset, index, vectors, make, rng, queries)
        for kind, make in KINDS.items()
    }


def _measure_kind(
    dataset: Any,
    index: Any,
    vectors: np.ndarray,
    make: Callable[..., dict[str, Any]],
    rng: np.random.Generator,
    queries: int,
) -> dict[str, Any]:
    import fiftyone_faiss
    from fiftyone_faiss.brain.queries.terms import CombinedQuery, QueryTerm, VectorQuery
    from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery

    recalls: dict[int, list[float]] = {count: [] for count in DEPTHS}
    search_ms, products_ms = [], []
    ids = np.asarray(index.sample_ids)
    for number in range(queries):
        made = make(vectors, rng)
        feedback = {
            name: ids[made[name]].tolist() for name in ("liked", "disliked") if name in made
        }
        query = CombinedQuery(
            tuple(
                QueryTerm(VectorQuery(vector), weight=abs(weight), negative=weight < 0)
                for weight, vector in made["terms"]
            )
        )
        encoded = EncodedQuery.of(index, index.reader(), query, "off", **feedback)
        blocks = [
            encoded.ranking.scores(vectors[start : start + BLOCK])
            for start in range(0, len(vectors), BLOCK)
        ]
        order = np.argsort(-np.concatenate(blocks), kind="stable")[: max(DEPTHS)]

        def search(query: Any = query, feedback: Any = feedback) -> Any:
            return fiftyone_faiss.search(dataset, query, "faiss", k=max(DEPTHS), **feedback)

        def products(directions: np.ndarray = encoded.ranking.vectors) -> None:
            for direction in directions:
                vectors @ direction

        results = search().ids
        for count in DEPTHS:
            common = set(results[:count]) & set(ids[order[:count]].tolist())
            recalls[count].append(len(common) / count)
        for way, times in random.Random(number).sample(
            [(search, search_ms), (products, products_ms)] * 3, 6
        ):
            started = time.perf_counter()
            way()
            times.append((time.perf_counter() - started) * 1000)
    return {
        "recall": {str(count): round(float(np.mean(some)), 5) for count, some in recalls.items()},
        "search_ms": round(float(np.median(search_ms)), 3),
        "products_ms": round(float(np.median(products_ms)), 3),
    }


def _rows(vectors: np.ndarray, rng: np.random.Generator, count: int) -> list[np.ndarray]:
    return [vectors[row] for row in rng.choice(len(vectors), count, replace=False)]


def _near(vectors: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """A row that is among the nearest of a vector."""
    similar = vectors @ vector
    return vectors[np.argsort(-similar)[20]]


def _both(vectors: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    a, b = _rows(vectors, rng, 2)
    return {"terms": [(1.0, a), (1.0, b)]}


def _weighted(vectors: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    a, b, c = _rows(vectors, rng, 3)
    return {"terms": [(2.0, a), (1.0, b), (1.0, c)]}


def _without(vectors: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    a, b, c = _rows(vectors, rng, 3)
    return {"terms": [(1.0, a), (1.0, b), (-1.0, c)]}


def _without_near(vectors: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    (a,) = _rows(vectors, rng, 1)
    return {"terms": [(1.0, a), (-1.0, _near(vectors, a))]}


def _only_negative(vectors: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    a, b = _rows(vectors, rng, 2)
    return {"terms": [(-1.0, a), (-1.0, b)]}


def _feedback(vectors: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    (a,) = _rows(vectors, rng, 1)
    rows = np.argsort(-(vectors @ a))[:200]
    return {"terms": [(1.0, a)], "liked": rows[[30, 60, 90]], "disliked": rows[[5, 10, 150]]}


KINDS = {
    "A + B": _both,
    "2: A + B + C": _weighted,
    "A + B - C": _without,
    "A - A', with A' near A": _without_near,
    "- A - B": _only_negative,
    "A with feedback": _feedback,
}

if __name__ == "__main__":
    serve(measure)
