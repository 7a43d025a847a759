"""Index types and FAISS factory strings; building and training FAISS indexes."""

from __future__ import annotations

import re
from collections.abc import Generator

import faiss
import numpy as np
import psutil

from fiftyone_faiss.brain.core.arrays import Matrix, lengths
from fiftyone_faiss.brain.store.snapshot import Snapshot

INDEX_TYPES = ("auto", "flat", "sqfp16", "sq8", "ivf_sq8", "hnsw")
# More vectors than this, times their dimensions, and an IVF index pays: at 20,000 x 512, see
# benchmarks/results/crossover.md, an exact answer takes 3 ms, one by way of it a good 1 ms.
FLAT_VALUES = 10_000_000
# An 8-bit index may take this share of the memory that is free; then codes are halved twice.
MEMORY_SHARE = 0.5
# Fewer training points a centroid than FAISS would like: tuning measures what comes of it.
MIN_POINTS, MAX_POINTS = 4, 32
MIN_ROWS = 256
# An IVF index has as many lists as rows in each, but no more rows in each than these; nor so many
# lists that building it would take too long. At a million rows, 4,096 lists instead of 1,024 need
# a third of the time for the same recall, and take twice the time to build.
LIST_ROWS, MOST_BY_ROOT = 320, 4
HNSW_CONSTRUCTION, HNSW_LINKS = 100, 32
# Rows added at once: their copies of unit length stay below what malloc returns to the system.
ADDED_ROWS = 8_192
IVF_ITERATIONS, PQ_ITERATIONS, ROTATIONS = 4, 8, 10
SEED = 51
# What FAISS raises: it is written in C++.
FAISS_ERRORS = (RuntimeError, MemoryError)
# A width that most FAISS factory strings can be checked with, whatever they divide it by.
_ANY_DIM = 40_320


def check_index_type(index_type: str) -> None:
    """Raises a ``ValueError`` if FAISS has no index of such a type or factory string."""
    if index_type in INDEX_TYPES:
        return
    try:
        _factory(index_type, _ANY_DIM, "euclidean")
    except RuntimeError as error:
        raise ValueError(
            f"'{index_type}' is no index_type; choose one of {', '.join(INDEX_TYPES)}, or a FAISS "
            "factory string such as 'IVF1024,PQ64'."
        ) from error


def check_fits(index_type: str, dim: int, metric: str) -> None:
    """Raises a ``ValueError`` if an index of this type cannot hold vectors of this length."""
    if index_type in INDEX_TYPES:
        return
    try:
        index = _factory(index_type, dim, metric)
    except RuntimeError as error:
        raise ValueError(
            f"index_type '{index_type}' does not fit vectors of {dim} dimensions "
            f"({reason(error)}); choose another."
        ) from error
    if any(isinstance(part, faiss.IndexIDMap) for part in index_parts(index)):
        raise ValueError(
            f"index_type '{index_type}' keeps ids, which are kept with the vectors here; leave "
            "out its IDMap."
        )


def reason(error: Exception) -> str:
    """What FAISS says of an error of its own, on one line and without its place in the code."""
    return re.sub(r"^Error in .*?:\d+: (Error: )?", "", str(error).replace("\n", " "))


def factory_string(index_type: str, rows: int, dim: int) -> str | None:
    """The FAISS factory string of a type at a size, or None for exact search."""
    if index_type == "auto":
        index_type = choose_type(rows, dim, psutil.virtual_memory().available)
    if index_type == "flat" or rows < MIN_ROWS:
        return None
    root = np.sqrt(rows)
    lists = 2 ** max(2, round(np.log2(np.clip(rows / LIST_ROWS, root, MOST_BY_ROOT * root))))
    strings = {
        "sqfp16": "SQfp16",
        "sq8": "SQ8",
        "ivf_sq8": f"IVF{lists},SQ8",
        "ivf_pq": f"OPQ{dim // 4},IVF{lists},PQ{dim // 4}",
        "hnsw": f"HNSW{HNSW_LINKS},SQfp16",
    }
    return strings.get(index_type, index_type)


def choose_type(rows: int, dim: int, free_bytes: int) -> str:
    """What ``"auto"`` is: exact search while it is fast, then 8 bits a value, then 2.

    Args:
        rows: the number of vectors
        dim: their length
        free_bytes: the memory that is free
    """
    if rows * dim <= FLAT_VALUES:
        return "flat"
    if rows * dim > MEMORY_SHARE * free_bytes and dim % 4 == 0:
        return "ivf_pq"
    return "ivf_sq8"


def rows_needed(factory: str, dim: int, metric: str) -> int:
    """From how many rows on an index can be trained; until then search is exact."""
    index = _factory(factory, dim, metric)
    needed = MIN_ROWS
    for part in index_parts(index):
        if isinstance(part, faiss.IndexIVF):
            needed = max(needed, MIN_POINTS * part.nlist)
        quantizer = getattr(part, "pq", None)
        if quantizer is not None:
            needed = max(needed, MIN_POINTS * quantizer.ksub)
    # Linear transforms need at least as many points as there are dimensions.
    return max(needed, dim) if re.search(r"PCA|OPQ|ITQ", factory) else needed


def build_steps(snapshot: Snapshot, factory: str, metric: str) -> Generator[int, None, faiss.Index]:
    """Trains an index on a sample of the live rows, and adds all rows.

    Args:
        snapshot: the vectors, at least :func:`rows_needed` of them
        factory: a FAISS factory string
        metric: one of ``METRICS``

    Yields:
        how many rows were added so far; the index is returned
    """
    index = _factory(factory, snapshot.dim, metric)
    most = 0
    _prepare(index)
    for part in index_parts(index):
        centroids = part.nlist if isinstance(part, faiss.IndexIVF) else 256
        most = max(most, MAX_POINTS * centroids)
    yield 0
    if not index.is_trained:
        rows = snapshot.live_rows
        if len(rows) > most:
            rows = np.sort(np.random.default_rng(SEED).choice(rows, most, replace=False))
        index.train(prepared(snapshot.vectors_at(rows), metric))
    for start, vectors, norms in snapshot.blocks(ADDED_ROWS):
        index.add(prepared(vectors, metric, norms))
        yield start + len(vectors)
    return index


def prepared(vectors: Matrix, metric: str, norms: Matrix | None = None) -> Matrix:
    """Vectors as an ANN index holds them: of unit length for the cosine metric."""
    vectors = np.ascontiguousarray(vectors, np.float32)
    if metric != "cosine":
        return vectors
    norms = lengths(vectors) if norms is None else norms
    return np.divide(vectors, np.where(norms > 0, norms, np.float32(1))[:, None], dtype=np.float32)


def _factory(factory: str, dim: int, metric: str) -> faiss.Index:
    kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    # Hashing knows only one metric; its candidates are scored by ours.
    kind = faiss.METRIC_L2 if "LSH" in factory else kind
    return faiss.index_factory(dim, factory, kind)


def index_parts(index: faiss.Index) -> list[faiss.Index]:
    """An index and those inside it, from the outside in."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return [index, *index_parts(index.index)]
    if isinstance(index, faiss.IndexRefine):
        return [index, *index_parts(index.base_index)]
    return [index]


def _prepare(index: faiss.Index) -> None:
    """Sets up training so that it is quick, repeatable, and quiet on few points."""
    for part in index_parts(index):
        if isinstance(part, faiss.IndexHNSW):
            part.hnsw.efConstruction = HNSW_CONSTRUCTION
        if isinstance(part, faiss.IndexIVF):
            _quiet(part.cp, IVF_ITERATIONS)
        if hasattr(part, "pq"):
            _quiet(part.pq.cp, PQ_ITERATIONS)
        if hasattr(part, "do_polysemous_training"):
            # A minute of simulated annealing for a kind of search that is not used here.
            part.do_polysemous_training = False
        if isinstance(part, faiss.IndexPreTransform):
            for i in range(part.chain.size()):
                transform = faiss.downcast_VectorTransform(part.chain.at(i))
                if isinstance(transform, faiss.OPQMatrix):
                    _prepare_rotation(transform, faiss.downcast_index(part.index))


def _quiet(clustering: faiss.ClusteringParameters, iterations: int) -> None:
    clustering.min_points_per_centroid = 1
    clustering.max_points_per_centroid = MAX_POINTS
    clustering.niter = iterations
    clustering.seed = SEED


def _prepare_rotation(transform: faiss.OPQMatrix, index: faiss.Index) -> None:
    # Rotated for the codes that there will be: by default FAISS trains it with 8 bits each, which
    # takes sixteen times as long as the 4 bits of a fast scan.
    bits = index.pq.nbits if hasattr(index, "pq") else 8
    quantizer = faiss.ProductQuantizer(transform.d_out, transform.M, bits)
    _quiet(quantizer.cp, PQ_ITERATIONS)
    transform.niter, transform.max_train_points = ROTATIONS, MAX_POINTS * quantizer.ksub
    # FAISS only keeps a pointer to it, so Python must keep the object for as long.
    transform.trained_with = quantizer
    transform.pq = quantizer
