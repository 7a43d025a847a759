"""Nearest neighbours over a store's vectors. It knows no FiftyOne.

Every search has two steps: candidates, found fast in float32, and the distances of the winners,
computed exactly in float64 from the vectors as they were given. So a distance depends only on
the two vectors, whatever found the candidate. Candidates come from a scan of the mapped vectors:
NumPy's matrix-vector product for a few queries, which runs at the memory's speed, and FAISS's
blocked search for many.

Distances ascend: cosine is ``1 - cos`` (0 to 2; 1 to a vector of zeros), euclidean the unsquared
L2 distance, dotproduct ``-<q, x>``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.store import Matrix, Rows, Snapshot

METRICS = ("cosine", "euclidean", "dotproduct")
Mask = npt.NDArray[np.bool_]
Distances = npt.NDArray[np.float64]

# Rows handled at once: 32,768 x 512 float32 are 64 MB, well above what a call costs.
BLOCK_ROWS = 32_768
# From this many queries on, one pass of FAISS beats a matrix-vector product for each.
MANY_QUERIES = 16
# Candidates beyond k, so that float32 rounding cannot cost a true winner its place.
SPARE = 16


@dataclass(frozen=True)
class Hits:
    """What one query found: rows of the store, nearest first.

    Attributes:
        rows: ``(n,)`` int64
        distances: ``(n,)`` float64, ascending (descending for the least similar)
    """

    rows: Rows
    distances: Distances


def search(
    snapshot: Snapshot,
    queries: Matrix,
    metric: str,
    k: int | None,
    mask: Mask | None = None,
    reverse: bool = False,
) -> list[Hits]:
    """Finds the nearest rows of each query, ties by row.

    Args:
        snapshot: the vectors
        queries: ``(Q, dim)`` float32
        metric: one of ``METRICS``
        k: how many, or None for all
        mask (None): ``(total_rows,)`` bool, the rows that count; by default the live ones
        reverse (False): whether to find the farthest instead, farthest first

    Returns:
        ``Q`` hits of ``min(k, mask.sum())`` rows each

    Raises:
        ValueError: if the queries have another dimension than the vectors
    """
    mask = snapshot.live if mask is None else mask
    count = int(np.count_nonzero(mask))
    if not count:
        return [Hits(np.empty(0, np.int64), np.empty(0))] * len(queries)
    if queries.shape[1] != snapshot.manifest.dim:
        raise ValueError(
            f"The query has {queries.shape[1]} dimensions but the index has "
            f"{snapshot.manifest.dim}; embed it with the model of the index."
        )
    wanted = count if k is None else min(k, count)
    width = min(wanted + SPARE, count)
    if width == count:
        candidates: Iterator[Rows] = iter([np.flatnonzero(mask)] * len(queries))
    elif len(queries) >= MANY_QUERIES and not reverse:
        candidates = iter(_candidates_of_many(snapshot, queries, metric, width, mask))
    else:
        candidates = (_candidates(snapshot, q, metric, width, mask, reverse) for q in queries)
    return [
        _rank(rows, distances(snapshot, query[None], metric, rows)[0], wanted, reverse)
        for query, rows in zip(queries, candidates, strict=True)
    ]


def within(
    snapshot: Snapshot, query: Matrix, metric: str, thresh: float, mask: Mask | None = None
) -> Hits:
    """Finds all rows at most ``thresh`` away from one ``(dim,)`` query, nearest first."""
    rows = np.flatnonzero(snapshot.live if mask is None else mask)
    found = distances(snapshot, query[None], metric, rows)[0]
    near = found <= thresh
    return _rank(rows[near], found[near], int(near.sum()), reverse=False)


def distances(snapshot: Snapshot, queries: Matrix, metric: str, rows: Rows) -> Distances:
    """The exact distances of queries to rows.

    Args:
        snapshot: the vectors
        queries: ``(Q, dim)``
        metric: one of ``METRICS``
        rows: ``(n,)`` int64

    Returns:
        ``(Q, n)`` float64
    """
    wide = queries.astype(np.float64)
    out = np.empty((len(queries), len(rows)))
    for start in range(0, len(rows), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        vectors = snapshot.vectors_at(rows[block]).astype(np.float64)
        out[:, block] = pairwise(wide, vectors, metric)
    return out


def pairwise(queries: Distances, vectors: Distances, metric: str) -> Distances:
    """``(Q, n)`` distances of ``(Q, dim)`` queries to ``(n, dim)`` vectors, in their precision."""
    if metric == "euclidean":
        return np.stack([np.linalg.norm(vectors - query, axis=1) for query in queries])
    products = queries @ vectors.T
    if metric == "dotproduct":
        return -products
    lengths = np.outer(np.linalg.norm(queries, axis=1), np.linalg.norm(vectors, axis=1))
    cosines = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return 1.0 - np.clip(cosines, -1.0, 1.0)


def _rank(rows: Rows, found: Distances, k: int, reverse: bool) -> Hits:
    order = np.lexsort((rows, -found if reverse else found))[:k]
    return Hits(rows[order], found[order])


def _candidates(
    snapshot: Snapshot, query: Matrix, metric: str, width: int, mask: Mask, reverse: bool
) -> Rows:
    """The ``width`` best rows for one query, by a key in float32 that orders like the metric."""
    rows, keys = [], []
    for start, vectors, norms in _blocks(snapshot):
        key = _ordering_key(vectors, norms, query, metric)
        key = -key if reverse else key
        key[~mask[start : start + len(key)]] = np.inf
        best = _smallest(key, width)
        rows.append(best + start)
        keys.append(key[best])
    all_rows = np.concatenate(rows)
    return all_rows[_smallest(np.concatenate(keys), width)]


def _ordering_key(vectors: Matrix, norms: Matrix, query: Matrix, metric: str) -> Matrix:
    products = vectors @ query
    if metric == "dotproduct":
        return -products
    if metric == "euclidean":
        return norms * norms - 2.0 * products
    # A vector of zeros has the distance 1 of a right angle, that is, a cosine of 0.
    return -np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)


def _candidates_of_many(
    snapshot: Snapshot, queries: Matrix, metric: str, width: int, mask: Mask
) -> Rows:
    """``(Q, width)`` rows: FAISS's exact search, block by block, merged."""
    kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    queries = np.ascontiguousarray(queries, np.float32)
    rows, keys = [], []
    for start, vectors, norms in _blocks(snapshot):
        here = np.flatnonzero(mask[start : start + len(norms)])
        if not here.size:
            continue
        block = np.ascontiguousarray(vectors[here])
        if metric == "cosine":
            block /= np.where(norms[here] > 0, norms[here], 1)[:, None]
        found, at = faiss.knn(queries, block, min(width, here.size), metric=kind)
        rows.append(start + here[at])
        keys.append(found if kind == faiss.METRIC_L2 else -found)
    all_rows, all_keys = np.hstack(rows), np.hstack(keys)
    best = np.argpartition(all_keys, width - 1, axis=1)[:, :width]
    return np.take_along_axis(all_rows, best, axis=1)


def _smallest(keys: Matrix, width: int) -> Rows:
    if len(keys) <= width:
        return np.arange(len(keys))
    return np.argpartition(keys, width - 1)[:width]


def _blocks(snapshot: Snapshot) -> Iterator[tuple[int, Matrix, Matrix]]:
    """Goes through the vectors: the first row of a block, its vectors, their norms."""
    for segment in snapshot.segments:
        for start in range(0, len(segment.norms), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            yield segment.start + start, segment.vectors[block], segment.norms[block]
