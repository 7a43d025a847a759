"""The steps of the index benchmarks; ``workspace.run_step`` runs each in a fresh process.

    python benchmarks/steps.py STEP '{"argument": value}'

prints the result of the step as JSON on its last line.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from synthetic_dataset import delete_dataset, delete_index, make_dataset

K = 10
SORT_K = 25
# Memory is measured after this many queries.
MEMORY_QUERIES = 100
_MIN_QUERIES = 5

# The modules that a process imports before it opens an index of a backend.
_IMPORTS = {
    "faiss": ("faiss", "fiftyone_faiss.brain.similarity"),
    "sklearn": ("fiftyone.brain.internal.core.sklearn",),
    "lancedb": ("lancedb", "pandas", "pyarrow", "fiftyone.brain.internal.core.lancedb"),
}


def build(
    name: str,
    backend: str,
    key: str,
    vectors_file: str,
    config: dict[str, Any],
    model: str | None = None,
) -> dict[str, Any]:
    """Builds and saves an index of vectors that are in memory.

    If a model is named, it is loaded first. An index of this project whose model embeds text is
    tuned for text queries too.
    """
    import fiftyone as fo
    import fiftyone.brain as fob

    import fiftyone_faiss

    _import_backend(backend)
    dataset = fo.load_dataset(name)
    dataset.first()
    vectors = np.load(vectors_file)
    given = {"embeddings": vectors, "brain_key": key, **config}
    if model is not None:
        fiftyone_faiss.get_embedder(model)
    gc.collect()
    before = _memory()
    started = time.perf_counter()
    if model is not None:
        fiftyone_faiss.build_index(dataset, model=model, **given)
    else:
        fob.compute_similarity(dataset, backend=backend, **given)
    seconds = time.perf_counter() - started
    results = dataset.load_brain_results(key)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "build_s": seconds,
        "peak_growth_bytes": max(0, peak - before["rss"]),
        "disk_bytes": _disk_bytes(dataset, results, backend, key),
    }


def _disk_bytes(dataset: Any, results: Any, backend: str, key: str) -> int:
    if backend == "sklearn":
        # The index is a GridFS file in the database.
        return int(dataset._doc.brain_methods[key].results.get().length)
    if backend == "lancedb":
        folder = Path(results.config.uri) / f"{results.config.table_name}.lance"
    else:
        folder = results.path
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def open_index(
    name: str,
    backend: str,
    key: str,
    query_files: dict[str, str],
    only_open: bool = False,
    sort: bool = True,
    shares: Sequence[float] = (),
    budget_s: float = 60,
) -> dict[str, Any]:
    """Opens an index in a fresh process, then times several kinds of queries.

    Args:
        name: the name of the dataset
        backend: the backend of the index
        key: the brain key of the index
        query_files: ``.npy`` files of query vectors by name; the first query of the first file is
            part of the time to open the index
        only_open (False): whether to stop after the first query
        sort (True): whether to time ``sort_by_similarity``
        shares (()): the sizes of views to search in, as shares of the dataset
        budget_s (60): the time limit in seconds of one kind of query
    """
    import fiftyone as fo
    from fiftyone import ViewField as F

    _import_backend(backend)
    dataset = fo.load_dataset(name)
    dataset.first()
    queries = {label: np.load(file) for label, file in query_files.items()}
    main = next(iter(queries.values()))
    gc.collect()
    before = _memory()

    started = time.perf_counter()
    results = dataset.load_brain_results(key)
    loaded = time.perf_counter()
    _neighbors(results, main[0])
    ended = time.perf_counter()
    out: dict[str, Any] = {
        "load_s": loaded - started,
        "open_s": ended - started,
        "open_growth": _growth(before),
    }
    if only_open:
        return out

    asked, answers = _ask(lambda q: _neighbors(results, q), main[:MEMORY_QUERIES], budget_s)
    out["queries_growth"] = _growth(before)
    more, others = _ask(lambda q: _neighbors(results, q), main[len(asked) :], budget_s)
    out["warm"] = {next(iter(queries)): {"times_ms": asked + more, "answers": answers + others}}
    for label, vectors in list(queries.items())[1:]:
        times, answers = _ask(lambda q: _neighbors(results, q), vectors, budget_s)
        out["warm"][label] = {"times_ms": times, "answers": answers}
    if sort:
        out["sort"] = {"times_ms": _ask_sorted(dataset, key, main, budget_s)}
    out["views"] = {
        str(share): _ask_view(results, dataset.match(F("u") < share), main, budget_s)
        for share in shares
    }
    return out


def _ask_sorted(dataset: Any, key: str, queries: np.ndarray, budget_s: float) -> list[float]:
    def ask(query: np.ndarray) -> list[str]:
        view = dataset.sort_by_similarity(query, k=SORT_K, brain_key=key)
        ids: list[str] = view.values("id")
        return ids

    ask(queries[0])
    return _ask(ask, queries[1:], budget_s)[0]


def _ask_view(results: Any, view: Any, queries: np.ndarray, budget_s: float) -> dict[str, Any]:
    """Times queries in a view.

    The first query includes looking up the ids of the view; the answers start at query 1.
    """
    started = time.perf_counter()
    results.use_view(view)
    _neighbors(results, queries[0])
    first = time.perf_counter() - started
    times, answers = _ask(lambda q: _neighbors(results, q), queries[1:], budget_s)
    results.clear_view()
    return {"first_s": first, "times_ms": times, "answers": answers}


def exact(
    name: str, key: str, vectors_file: str, queries_file: str, budget_s: float = 60
) -> dict[str, Any]:
    """Times exact search of one query with an index of type ``"flat"``, with FAISS and with NumPy.

    One process runs all of them in random order, so that noise affects them equally, and on the
    same memory-mapped file if the index has a single one, so that they share its cached pages.
    Only the index looks up its results in the database; that is timed separately too.
    """
    import faiss
    import fiftyone as fo
    from bson import ObjectId

    _import_backend("faiss")
    dataset = fo.load_dataset(name)
    results = dataset.load_brain_results(key)
    given, queries = np.load(vectors_file, mmap_mode="r"), np.load(queries_file)
    vectors = _mapped_by(results, given)

    def numpy_search(query: np.ndarray) -> np.ndarray:
        similarities = vectors @ query
        best = np.argpartition(similarities, -K)[-K:]
        return best[np.argsort(-similarities[best])]

    answer = [ObjectId(sample_id) for sample_id in _neighbors(results, queries[0])]
    ways: dict[str, Callable[[np.ndarray], Any]] = {
        "ours": lambda q: _neighbors(results, q),
        "faiss": lambda q: faiss.knn(q[None], vectors, K, metric=faiss.METRIC_INNER_PRODUCT),
        "numpy": numpy_search,
        "lookup": lambda q: list(
            dataset._sample_collection.find({"_id": {"$in": answer}}, {"_id": 1})
        ),
    }
    for way in ways.values():
        _ask(way, queries[:3], budget_s)
    times: dict[str, list[float]] = {label: [] for label in ways}
    order = random.Random(0)
    ends = time.perf_counter() + budget_s
    for query in queries:
        for label in order.sample(list(ways), len(ways)):
            times[label] += _ask(ways[label], query[None], budget_s)[0]
        if time.perf_counter() > ends and len(times["ours"]) >= _MIN_QUERIES:
            break
    return {"times_ms": times, "same_file": vectors is not given}


def _mapped_by(results: Any, given: np.ndarray) -> np.ndarray:
    """Returns the memory-mapped file of the index, or ``given`` if it has several segments."""
    segments = results.snapshot.segments
    return segments[0].column("vectors") if len(segments) == 1 else given


def embed_pictures(n: int, n_queries: int, seed: int, folder: str) -> dict[str, Any]:
    """Draws and embeds images; see ``real_embeddings.py``."""
    import real_embeddings

    return real_embeddings.embed(n, n_queries, seed, Path(folder))


def _import_backend(backend: str) -> None:
    for module in _IMPORTS[backend]:
        importlib.import_module(module)


def _neighbors(results: Any, query: np.ndarray) -> list[str]:
    sample_ids = results._kneighbors(query=query, k=K, return_dists=True)[0]
    return [str(sample_id) for sample_id in sample_ids]


def _ask(
    way: Callable[[np.ndarray], Any], queries: np.ndarray, budget_s: float
) -> tuple[list[float], list[Any]]:
    """Returns the milliseconds and the answer of each query, up to the time limit."""
    times: list[float] = []
    answers = []
    ends = time.perf_counter() + budget_s
    for query in queries:
        started = time.perf_counter()
        answers.append(way(query))
        ended = time.perf_counter()
        times.append(round(1000 * (ended - started), 4))
        if ended > ends and len(times) >= _MIN_QUERIES:
            break
    return times, answers


def _memory() -> dict[str, int]:
    """Returns the resident bytes, and those without pages of mapped files."""
    info = psutil.Process(os.getpid()).memory_info()
    return {"rss": info.rss, "private": info.rss - getattr(info, "shared", 0)}


def _growth(before: dict[str, int]) -> dict[str, int]:
    return {kind: value - before[kind] for kind, value in _memory().items()}


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    step.__name__: step
    for step in (
        make_dataset,
        delete_dataset,
        delete_index,
        build,
        open_index,
        exact,
        embed_pictures,
    )
}

if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](**json.loads(sys.argv[2]))))
