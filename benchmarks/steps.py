"""What the benchmarks do in fresh processes; ``workspace.run_step`` calls it.

    python benchmarks/steps.py STEP '{"argument": value}'

prints the step's result as one line of JSON, the last it prints.
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
from made_up import delete_dataset, delete_index, make_dataset

K = 10
SORT_K = 25
# Memory is compared after this many queries.
MEMORY_QUERIES = 100
_LEAST_QUERIES = 5

# What a process that uses a backend has imported before it opens an index.
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
    """Builds and saves an index of vectors that are in memory, of a model that is loaded if named.

    An index of this project whose model reads words is tuned for texts too.
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
        # It is a file in the database.
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
    """Opens an index as a new process does, then asks it in several ways.

    Args:
        name: the dataset
        backend: the index's backend
        key: the index's brain key
        query_files: ``.npy`` files of query vectors by a name; the first query of the first opens
        only_open (False): whether to stop after the first answer
        sort (True): whether to measure ``sort_by_similarity`` too
        shares (()): shares of the dataset to restrict the index to
        budget_s (60): a measurement ends after this time, for the sake of slow backends
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
    """The first query includes finding out what is in the view; the answers start at query 1."""
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
    """Times exact search of one query: an index of type ``"flat"``, FAISS itself and NumPy.

    All of it in turns in one process, in random order, so that noise hits all alike; and over the
    same mapped file where the index has one, so that they share its pages and the caches. The
    lookup of the answers in the database, which only the index does, is timed on its own too.
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
        found = vectors @ query
        best = np.argpartition(found, -K)[-K:]
        return best[np.argsort(-found[best])]

    answer = [ObjectId(one) for one in _neighbors(results, queries[0])]
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
        if time.perf_counter() > ends and len(times["ours"]) >= _LEAST_QUERIES:
            break
    return {"times_ms": times, "same_file": vectors is not given}


def _mapped_by(results: Any, given: np.ndarray) -> np.ndarray:
    """The index's own file of these vectors, if it keeps them in one."""
    segments = results.snapshot.segments
    return segments[0].column("vectors") if len(segments) == 1 else given


def embed_pictures(n: int, n_queries: int, seed: int, folder: str) -> dict[str, Any]:
    """Draws and embeds pictures; see ``pictures.py``."""
    import pictures

    return pictures.embed(n, n_queries, seed, Path(folder))


def _import_backend(backend: str) -> None:
    for module in _IMPORTS[backend]:
        importlib.import_module(module)


def _neighbors(results: Any, query: np.ndarray) -> list[str]:
    return [str(one) for one in results._kneighbors(query=query, k=K, return_dists=True)[0]]


def _ask(
    way: Callable[[np.ndarray], Any], queries: np.ndarray, budget_s: float
) -> tuple[list[float], list[Any]]:
    """Milliseconds and answers, one by one, until the queries or the time are used up."""
    times: list[float] = []
    answers = []
    ends = time.perf_counter() + budget_s
    for query in queries:
        started = time.perf_counter()
        answers.append(way(query))
        ended = time.perf_counter()
        times.append(round(1000 * (ended - started), 4))
        if ended > ends and len(times) >= _LEAST_QUERIES:
            break
    return times, answers


def _memory() -> dict[str, int]:
    """Resident bytes; and those that are no pages of mapped files, which can be given up."""
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
