"""Index types and FAISS factory strings; building and training FAISS indexes."""

from __future__ import annotations

import os
import re
from collections.abc import Generator

import faiss
import numpy as np
import psutil

from fiftyone_faiss.brain.ann.policy import DEFAULT_POLICY, AnnPolicy
from fiftyone_faiss.brain.core.arrays import Matrix, Rows, row_norms
from fiftyone_faiss.brain.store.snapshot import Snapshot

TREE = "tree"
"""An exact tree, which is no index of FAISS; the manifest calls it so, too."""

INDEX_TYPES = ("auto", "flat", "sqfp16", "sq8", "ivf_sq8", "hnsw", TREE)
# FAISS asks for at least 39 training points per centroid. Fewer are enough here, because tuning
# measures the recall of the index.
MIN_POINTS, MAX_POINTS = 4, 32
# The number of IVF lists is about the square root of the number of rows, but lists hold at most
# LIST_ROWS rows, and there are at most MAX_LISTS_FACTOR times as many lists as the root, which
# limits the build time. For the same recall at 100,000 rows, a search in 1,024 lists visits a tenth
# of the rows that one in 256 does; at a million, one in 4,096 a third of those in 1,024.
LIST_ROWS, MAX_LISTS_FACTOR = 100, 4
HNSW_CONSTRUCTION, HNSW_LINKS = 100, 32
# The number of rows added at once: malloc returns no memory of larger normalized copies.
ADD_ROWS = 8_192
IVF_ITERATIONS, PQ_ITERATIONS, OPQ_ITERATIONS = 4, 8, 10
SEED = 51
# After a fork, FAISS would wait for threads of OpenMP that the child process does not have.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: faiss.omp_set_num_threads(1))
# FAISS is written in C++ and raises these.
FAISS_ERRORS = (RuntimeError, MemoryError)
# A dimension that has many divisors, so that most FAISS factory strings can be checked with it.
_DIVISIBLE_DIM = 40_320


def check_index_type(index_type: str) -> None:
    """Raises a ``ValueError`` if a string is neither an index type nor a FAISS factory string."""
    if index_type in INDEX_TYPES:
        return
    try:
        _create(index_type, _DIVISIBLE_DIM, "euclidean")
    except RuntimeError as error:
        raise ValueError(
            f"'{index_type}' is not an index_type; choose one of {', '.join(INDEX_TYPES)}, or a "
            "FAISS factory string such as 'IVF1024,PQ64'."
        ) from error


def check_fits(index_type: str, dim: int, metric: str) -> None:
    """Raises a ``ValueError`` if an index of this type cannot hold vectors of this dimension."""
    if index_type in INDEX_TYPES:
        return
    try:
        index = _create(index_type, dim, metric)
    except RuntimeError as error:
        raise ValueError(
            f"index_type '{index_type}' does not fit vectors of {dim} dimensions "
            f"({reason(error)}); choose another."
        ) from error
    if any(isinstance(part, faiss.IndexIDMap) for part in index_parts(index)):
        raise ValueError(
            f"index_type '{index_type}' keeps ids, but the ids are stored with the vectors; "
            "leave out its IDMap."
        )


def reason(error: Exception) -> str:
    """Returns the message of a FAISS error in one line, without its position in FAISS's code."""
    return re.sub(r"^Error in .*?:\d+: (Error: )?", "", str(error).replace("\n", " "))


def factory_string(
    index_type: str, rows: int, dim: int, policy: AnnPolicy = DEFAULT_POLICY
) -> str | None:
    """Returns the FAISS factory string of an index type for a size, or None for exact search.

    A tree, which is none of FAISS's indexes, is called by its index type.
    """
    if index_type == "auto":
        index_type = choose_type(rows, dim, psutil.virtual_memory().available, policy)
    if index_type == "flat" or rows < policy.min_rows:
        return None
    root = np.sqrt(rows)
    lists = 2 ** max(2, round(np.log2(np.clip(rows / LIST_ROWS, root, MAX_LISTS_FACTOR * root))))
    strings = {
        "sqfp16": "SQfp16",
        "sq8": "SQ8",
        "ivf_sq8": f"IVF{lists},SQ8",
        "ivf_pq": f"OPQ{dim // 4},IVF{lists},PQ{dim // 4}",
        "hnsw": f"HNSW{HNSW_LINKS},SQfp16",
    }
    return strings.get(index_type, index_type)


def choose_type(rows: int, dim: int, free_bytes: int, policy: AnnPolicy = DEFAULT_POLICY) -> str:
    """Chooses the index type for ``"auto"``.

    Args:
        rows: the number of vectors
        dim: their dimension
        free_bytes: the free memory, in bytes
        policy (DEFAULT_POLICY): the thresholds

    Returns:
        exact search while it is fast, then 8 bits per value, then 2
    """
    if rows * dim <= policy.flat_values:
        return "flat"
    if rows * dim > policy.memory_fraction * free_bytes and dim % 4 == 0:
        return "ivf_pq"
    return "ivf_sq8"


def rows_needed(factory: str, dim: int, metric: str, policy: AnnPolicy = DEFAULT_POLICY) -> int:
    """Returns the number of rows needed to train an index; smaller stores are searched exactly."""
    if factory == TREE:
        return policy.min_rows
    index = _create(factory, dim, metric)
    needed = policy.min_rows
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
        the number of rows added so far; the index is returned
    """
    index = _create(factory, snapshot.dim, metric)
    _set_training_parameters(index)
    yield 0
    if not index.is_trained:
        rows = _training_rows(snapshot, index)
        index.train(prepared(snapshot.vectors_at(rows), metric))
    for start, vectors, norms in snapshot.blocks(ADD_ROWS):
        index.add(prepared(vectors, metric, norms))
        yield start + len(vectors)
    return index


def prepared(vectors: Matrix, metric: str, norms: Matrix | None = None) -> Matrix:
    """Prepares vectors for an ANN index: the cosine metric needs unit vectors.

    Args:
        vectors: ``(n, dim)`` vectors
        metric: one of ``METRICS``
        norms (None): their ``(n,)`` norms, computed if None

    Returns:
        ``(n, dim)`` float32 vectors; zero vectors stay zero
    """
    vectors = np.ascontiguousarray(vectors, np.float32)
    if metric != "cosine":
        return vectors
    norms = row_norms(vectors) if norms is None else norms
    return np.divide(vectors, np.where(norms > 0, norms, np.float32(1))[:, None], dtype=np.float32)


def index_parts(index: faiss.Index) -> list[faiss.Index]:
    """Lists an index and its nested indexes, from the outside in."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        return [index, *index_parts(index.index)]
    if isinstance(index, faiss.IndexRefine):
        return [index, *index_parts(index.base_index)]
    return [index]


def _create(factory: str, dim: int, metric: str) -> faiss.Index:
    faiss_metric = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    # LSH supports L2 only; the exact distances of its candidates use the metric of the index.
    faiss_metric = faiss.METRIC_L2 if "LSH" in factory else faiss_metric
    return faiss.index_factory(dim, factory, faiss_metric)


def _training_rows(snapshot: Snapshot, index: faiss.Index) -> Rows:
    """Samples the rows that the largest codebook of an index is trained on."""
    max_rows = max(
        MAX_POINTS * (part.nlist if isinstance(part, faiss.IndexIVF) else 256)
        for part in index_parts(index)
    )
    rows = snapshot.live_rows
    if len(rows) <= max_rows:
        return rows
    return np.sort(np.random.default_rng(SEED).choice(rows, max_rows, replace=False))


def _set_training_parameters(index: faiss.Index) -> None:
    """Makes training fast, reproducible, and silent when there are few points."""
    for part in index_parts(index):
        if isinstance(part, faiss.IndexHNSW):
            part.hnsw.efConstruction = HNSW_CONSTRUCTION
        if isinstance(part, faiss.IndexIVF):
            _set_clustering(part.cp, IVF_ITERATIONS)
        if hasattr(part, "pq"):
            _set_clustering(part.pq.cp, PQ_ITERATIONS)
        if hasattr(part, "do_polysemous_training"):
            # It takes a minute of simulated annealing, for a kind of search that is not used here.
            part.do_polysemous_training = False
        if isinstance(part, faiss.IndexPreTransform):
            for i in range(part.chain.size()):
                transform = faiss.downcast_VectorTransform(part.chain.at(i))
                if isinstance(transform, faiss.OPQMatrix):
                    _set_rotation(transform, faiss.downcast_index(part.index))


def _set_clustering(clustering: faiss.ClusteringParameters, iterations: int) -> None:
    clustering.min_points_per_centroid = 1
    clustering.max_points_per_centroid = MAX_POINTS
    clustering.niter = iterations
    clustering.seed = SEED


def _set_rotation(transform: faiss.OPQMatrix, index: faiss.Index) -> None:
    # Train the rotation for the codes of the index. FAISS's default of 8 bits takes 16 times as
    # long as the 4 bits of a fast scan.
    bits = index.pq.nbits if hasattr(index, "pq") else 8
    quantizer = faiss.ProductQuantizer(transform.d_out, transform.M, bits)
    _set_clustering(quantizer.cp, PQ_ITERATIONS)
    transform.niter, transform.max_train_points = OPQ_ITERATIONS, MAX_POINTS * quantizer.ksub
    # FAISS keeps only a pointer, so the Python object must live as long as the transform.
    transform.trained_with = quantizer
    transform.pq = quantizer
