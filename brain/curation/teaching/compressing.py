"""Compares ways to compress the vectors of an index."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import faiss
import fiftyone.core.collections as foc
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.progress import Steps, timed_steps
from fiftyone_faiss.brain.curation.labeling.paired import PairedQueries
from fiftyone_faiss.brain.curation.teaching.compression_methods import Compression, methods_of
from fiftyone_faiss.brain.curation.teaching.compression_request import (
    MIN_VECTORS,
    CompressionRequest,
)
from fiftyone_faiss.brain.curation.teaching.compression_table import (
    CompressionRow,
    CompressionTable,
)
from fiftyone_faiss.brain.curation.teaching.fitting import one_thread
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps

# Queries whose distances to all vectors are in memory at once.
BLOCK_QUERIES = 64
# Queries that are timed one by one, at least three and until so many seconds are over.
TIMED_QUERIES, MIN_TIMED, TIMED_SECONDS = 50, 3, 2.0
# With fewer vectors, product quantization learns them by heart.
MANY_VECTORS = 10_000


def compare_compression(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    *,
    progress: ProgressOption = None,
    **options: Any,
) -> CompressionTable:
    """Compares ways to compress the vectors of an index: what each costs, and what it loses.

    An autoencoder, PCA, scalar and product quantization (with and without a rotation that is
    learned for it), RaBitQ, and the binary codes of LSH and ITQ are trained on the vectors; other
    vectors of the index are the queries. The index itself is left as it is.

    Args:
        samples: a dataset or a view
        brain_key (None): the FAISS index; not needed when there is only one
        progress (None): whether to show a progress bar, or a callback
        **options: see :class:`CompressionRequest`

    Returns:
        a :class:`CompressionTable`

    Raises:
        ValueError: if a value is not valid, or the index holds fewer than some 1,000 of the samples
    """
    request = CompressionRequest(brain_key, **options)
    return run_steps(compression_steps(samples, request), progress)


def compression_steps(
    samples: foc.SampleCollection, request: CompressionRequest
) -> Steps[CompressionTable]:
    """Does the work of :func:`compare_compression` in steps that can be tracked and canceled."""
    compared = Compared.of(samples, request.brain_key)
    searched, queries = _split(compared, request)
    return (yield from timed_steps(_table_steps(compared, searched, queries, request), "compared"))


def _split(compared: Compared, request: CompressionRequest) -> tuple[Matrix, Matrix]:
    """The vectors to compress, and others as queries."""
    n = len(compared.vectors)
    if n < MIN_VECTORS:
        raise ValueError(
            f"The index '{compared.brain_key}' holds {n:,} of these samples, and {MIN_VECTORS:,} "
            "are needed to compare compressions; so few vectors need none."
        )
    order = np.random.default_rng(request.seed).permutation(n)
    count = min(request.max_queries, n // 10)
    queries, rest = order[:count], order[count : count + request.max_vectors]
    vectors = compared.vectors
    return vectors.at(np.sort(rest)), vectors.at(np.sort(queries))


def _table_steps(
    compared: Compared, searched: Matrix, queries: Matrix, request: CompressionRequest
) -> Generator[tuple[int, int], None, CompressionTable]:
    dim, k = searched.shape[1], request.k
    true = _nearest_among(searched, queries, None, k)
    methods = methods_of(dim, request.seed)
    rows = []
    for done, method in enumerate(methods):
        yield done, len(methods)
        with _single_threaded():
            rows.append(_row(method, searched, queries, true, request))
    yield len(methods), len(methods)
    rows.sort(key=lambda row: -row.bytes_per_vector)
    return CompressionTable(
        compared.brain_key,
        compared.vectors.metric,
        dim,
        len(searched),
        len(queries),
        k,
        request.candidates,
        min(1.0, k / len(searched)),
        rows,
        _notes(len(compared.vectors), len(searched), request),
    )


def _row(
    method: Compression,
    searched: Matrix,
    queries: Matrix,
    true: Positions,
    request: CompressionRequest,
) -> CompressionRow:
    started = time.perf_counter()
    method.train(searched)
    seconds = time.perf_counter() - started
    count = min(request.candidates, len(searched))
    proposed = np.concatenate(
        [method.nearest(queries[part], count) for part in _blocks(len(queries))]
    )
    exact = _nearest_among(searched, queries, proposed, request.k)
    recalls = [_recall(neighbors, true) for neighbors in (proposed[:, : request.k], exact)]
    paired = PairedQueries(np.stack(recalls, axis=1), np.arange(len(queries)), request.seed)
    return CompressionRow(
        method.name,
        method.setting,
        method.bytes_per_vector,
        searched.itemsize * searched.shape[1] / method.bytes_per_vector,
        _error(method, searched, queries),
        paired.interval(0),
        paired.interval(1),
        seconds,
        _query_ms(method, queries, request.k),
    )


def _nearest_among(
    searched: Matrix, queries: Matrix, proposed: Positions | None, k: int
) -> Positions:
    """``(q, k)`` the nearest vectors by exact distances, among all or among proposed ones."""
    halves = np.einsum("ij,ij->i", searched, searched) / 2
    nearest = np.empty((len(queries), k), np.int64)
    for part in _blocks(len(queries)):
        closeness = queries[part] @ searched.T - halves
        if proposed is not None:
            is_proposed = np.zeros(closeness.shape, bool)
            np.put_along_axis(is_proposed, proposed[part], True, axis=1)
            closeness[~is_proposed] = -np.inf
        some = np.argpartition(-closeness, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(closeness, some, axis=1), axis=1, kind="stable")
        nearest[part] = np.take_along_axis(some, order, axis=1)
    return nearest


def _recall(neighbors: Positions, true: Positions) -> npt.NDArray[np.float64]:
    """``(q,)`` the share of the true neighbors of each query."""
    return np.asarray((neighbors[:, :, None] == true[:, None, :]).any(axis=1).mean(axis=1), float)


def _error(method: Compression, searched: Matrix, queries: Matrix) -> float | None:
    """The squared error of vectors that it was not trained on, by their variance."""
    restored = method.restored(queries)
    if restored is None:
        return None
    variance = np.square(queries - searched.mean(axis=0)).sum()
    return float(np.square(restored - queries).sum() / max(float(variance), 1e-12))


def _query_ms(method: Compression, queries: Matrix, k: int) -> float:
    """The median time of a query."""
    times: list[float] = []
    for query in queries[:TIMED_QUERIES]:
        started = time.perf_counter()
        method.nearest(query[None], k)
        times.append(time.perf_counter() - started)
        if len(times) >= MIN_TIMED and sum(times) > TIMED_SECONDS:
            break
    return 1000 * float(np.median(times))


def _notes(n: int, searched: int, request: CompressionRequest) -> tuple[str, ...]:
    notes = [
        f"Intervals are 95 %, by bootstrap over the queries. Recall is that of the {request.k} "
        f"nearest; re-scored: among the {request.candidates} nearest compressed vectors, by their "
        "exact distances, which needs the uncompressed vectors, too.",
        "Times are of one thread on this machine, and vary with its load.",
        "An autoencoder must decode its codes to compare them, so its queries are slow.",
    ]
    if searched < n - request.max_queries:
        notes.append(f"{searched:,} of {n:,} vectors were drawn; recall is lower among more.")
    if searched < MANY_VECTORS:
        notes.append(
            f"With fewer than {MANY_VECTORS:,} vectors, product quantization learns some by heart, "
            "so its recall is too high; its reconstruction error is of other vectors."
        )
    return tuple(notes)


def _blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, BLOCK_QUERIES):
        yield slice(start, start + BLOCK_QUERIES)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """One thread for FAISS and for torch, so that methods can be compared."""
    previous = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        with one_thread():
            yield
    finally:
        faiss.omp_set_num_threads(previous)
