"""Exact distances, and exact search through all vectors, at the speed of the memory.

Distances ascend: cosine is ``1 - cos`` (0 to 2; 1 to a vector of zeros), euclidean the unsquared
L2 distance, dotproduct ``-<q, x>``. They are computed in float64 from the vectors as they were
given, each pair by itself, so a distance depends on nothing but the two vectors.

Candidates come from *keys*: float32 numbers that order rows like the metric does, made by a
matrix-vector product. A key is off by a rounding error, for which there is a bound; whatever the
bound leaves open is decided by the distances, and so is every row too short or long for float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.core.arrays import (
    Distances,
    Mask,
    Matrix,
    Rows,
    SurrogateScores,
    is_extreme,
    lengths,
)
from fiftyone_faiss.brain.core.metrics import row_distances
from fiftyone_faiss.brain.store.snapshot import Snapshot

# Rows handled at once: 32,768 x 512 float32 are 64 MB, well above what a call costs.
BLOCK_ROWS = 32_768
# The same where float64 copies are made.
SCORE_ROWS = 4_096
QUERIES_AT_ONCE = 256
# Candidates beyond k in a search of many queries.
SPARE = 16


@dataclass(frozen=True)
class RowHits:
    """What one query found: rows of the store, nearest first.

    Attributes:
        rows: ``(n,)`` int64
        distances: ``(n,)`` float64, ascending (descending for the least similar)
    """

    rows: Rows
    distances: Distances


def distances(snapshot: Snapshot, query: Matrix, metric: str, rows: Rows) -> Distances:
    """``(len(rows),)`` float64, the exact distances of a ``(dim,)`` query to rows."""
    out = np.empty(len(rows))
    wide = np.asarray(query, np.float64)
    for start in range(0, len(rows), SCORE_ROWS):
        block = slice(start, start + SCORE_ROWS)
        vectors = snapshot.vectors_at(rows[block]).astype(np.float64)
        out[block] = row_distances(wide, vectors, metric)
    return out


def rank(rows: Rows, found: Distances, k: int | None, reverse: bool = False) -> RowHits:
    """The ``k`` nearest (or farthest), ties by row."""
    order = np.lexsort((rows, -found if reverse else found))[:k]
    return RowHits(rows[order], found[order])


class ExactSearch:
    """The keys of one query to all rows, or to some; gives out the best as often as asked.

    Args:
        snapshot: the vectors
        query: ``(dim,)`` float32
        metric: one of ``METRICS``
        start (0): the first row
        rows (None): go through these rows alone
        mask (None): ``(total_rows,)`` bool, the rows that count; by default the live ones
        reverse (False): whether the farthest are the best
    """

    def __init__(
        self,
        snapshot: Snapshot,
        query: Matrix,
        metric: str,
        start: int = 0,
        rows: Rows | None = None,
        mask: Mask | None = None,
        reverse: bool = False,
    ) -> None:
        self._rows = rows
        self._start = start
        total = snapshot.total_rows - start if rows is None else len(rows)
        self._keys = np.empty(total, np.float32)
        (query,), (length,) = _scaled(query[None], metric)
        odd = np.full(total, _is_odd_query(length, metric))
        for at, vectors, norms in _blocks(snapshot, start, rows):
            _write_keys(self._keys[at : at + len(norms)], vectors, norms, query, metric)
            if snapshot.has_extreme:
                odd[at : at + len(norms)] |= is_extreme(norms)
        self._slack = np.float32(_rounding(length, snapshot.max_norm, query.size, metric))
        if reverse:
            np.negative(self._keys, out=self._keys)
        here = np.ones(total, bool)
        if rows is None:
            here = (snapshot.live if mask is None else mask)[start:]
        self._odd = np.flatnonzero(odd & here)
        self._plain = int(np.count_nonzero(here)) - len(self._odd)
        if self._plain < total:
            self._keys[~here | odd] = np.inf

    def best(self, width: int) -> Rows:
        """At least the ``width`` best rows, in no order; all there are if there are fewer."""
        if width >= self._plain:
            found = np.flatnonzero(self._keys < np.inf)
        else:
            last = np.partition(self._keys, width - 1)[width - 1]
            found = np.flatnonzero(self._keys <= last + self._slack)
        found = np.concatenate([found, self._odd])
        return self._start + found if self._rows is None else self._rows[found]


def _blocks(
    snapshot: Snapshot, start: int, rows: Rows | None
) -> Iterator[tuple[int, Matrix, Matrix]]:
    if rows is None:
        for first, vectors, norms in snapshot.blocks(BLOCK_ROWS, start):
            yield first - start, vectors, norms
        return
    for at in range(0, len(rows), BLOCK_ROWS):
        vectors = snapshot.vectors_at(rows[at : at + BLOCK_ROWS])
        yield at, vectors, lengths(vectors)


def _scaled(queries: Matrix, metric: str) -> tuple[Matrix, Distances]:
    """``(Q, dim)`` float32 queries, of unit length where only their direction counts, and lengths.

    The ``(Q,)`` lengths are those before, 1 for a query of zeros whose direction counts.
    """
    wide = queries.astype(np.float64)
    norms = np.sqrt((wide * wide).sum(axis=1))
    if metric != "euclidean":
        norms[norms == 0] = 1.0
        wide /= norms[:, None]
    return np.ascontiguousarray(wide, np.float32), norms


def _is_odd_query(length: float, metric: str) -> bool:
    return metric == "euclidean" and bool(is_extreme(np.array([length], np.float32))[0])


@np.errstate(over="ignore", invalid="ignore")
def _write_keys(
    out: SurrogateScores, vectors: Matrix, norms: Matrix, query: Matrix, metric: str
) -> None:
    np.matmul(vectors, query, out=out)
    if metric == "euclidean":
        # |x - q|^2 - |q|^2
        out *= -2.0
        out += norms * norms
        return
    np.negative(out, out=out)
    if metric == "cosine":
        # A vector of zeros has the distance of a right angle, that is, a cosine of 0.
        np.divide(out, norms, out=out, where=norms > 0)


def _rounding(length: float, longest: float, dim: int, metric: str, squared: bool = False) -> float:
    """How far two keys of a query can be off, together.

    A sum of ``d`` products of float32 is off by about ``sqrt(d)`` half units of ``|q| |x|``
    (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 2.8); eight times that
    is kept as a margin.

    Args:
        length: the query's length, which counts for the euclidean metric only
        longest: the largest length of a vector
        dim: ``d``
        metric: one of ``METRICS``
        squared (False): whether euclidean keys have ``|q|^2`` in them
    """
    scale = 1.0 if metric == "cosine" else longest
    if metric == "euclidean":
        scale = (length + longest) ** 2 - (0.0 if squared else length * length)
    return float(8.0 * np.sqrt(dim) * np.finfo(np.float32).eps * scale)


def search_many(
    snapshot: Snapshot, queries: Matrix, metric: str, k: int, mask: Mask
) -> list[RowHits]:
    """Finds the ``k`` nearest rows of each of many ``(Q, dim)`` queries, exactly, ties by row."""
    count = int(np.count_nonzero(mask))
    width = min(k + SPARE, count)
    hits: list[RowHits] = []
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        part = queries[start : start + QUERIES_AT_ONCE]
        scaled, sizes = _scaled(part, metric)
        if snapshot.has_extreme or any(_is_odd_query(length, metric) for length in sizes):
            hits += [_scanned(snapshot, query, metric, k, mask) for query in part]
            continue
        rows, reach = _closest(snapshot, scaled, sizes, metric, width, mask)
        pairs = snapshot.vectors_at(rows.reshape(-1)).astype(np.float64)
        wide = np.repeat(part.astype(np.float64), width, axis=0)
        found = row_distances(wide, pairs, metric).reshape(len(part), width)
        for i, query in enumerate(part):
            hit = rank(rows[i], found[i], k)
            if width < count and not _is_certain(snapshot, sizes[i], metric, hit, reach[i]):
                hit = _scanned(snapshot, query, metric, k, mask)
            hits.append(hit)
    return hits


def _scanned(snapshot: Snapshot, query: Matrix, metric: str, k: int, mask: Mask) -> RowHits:
    close = ExactSearch(snapshot, query, metric, mask=mask).best(k)
    return rank(close, distances(snapshot, query, metric, close), k)


def _closest(
    snapshot: Snapshot, queries: Matrix, sizes: Distances, metric: str, width: int, mask: Mask
) -> tuple[Rows, SurrogateScores]:
    """``(Q, width)`` rows with the smallest keys, and the ``(Q,)`` largest keys among them."""
    rows, keys = [], []
    for start, vectors, norms in snapshot.blocks(BLOCK_ROWS):
        here = mask[start : start + len(norms)]
        few = min(width, int(np.count_nonzero(here)))
        if not few:
            continue
        found = _all_keys(queries, vectors, norms, metric)
        found[:, ~here] = np.inf
        at = np.argpartition(found, few - 1, axis=1)[:, :few]
        rows.append(start + at)
        keys.append(np.take_along_axis(found, at, axis=1))
    all_rows, all_keys = np.hstack(rows), np.hstack(keys)
    best = np.argpartition(all_keys, width - 1, axis=1)[:, :width]
    worst = np.take_along_axis(all_keys, best, axis=1).max(axis=1)
    if metric == "euclidean":
        worst = worst + (sizes * sizes).astype(np.float32)
    return np.take_along_axis(all_rows, best, axis=1), worst


def _is_certain(
    snapshot: Snapshot, length: float, metric: str, hit: RowHits, reach: np.float32
) -> bool:
    """Whether all rows beyond the candidates are farther than the last hit, rounding considered."""
    key = _key_at(float(hit.distances[-1]), length, metric)
    slack = _rounding(length, snapshot.max_norm, snapshot.dim, metric, squared=True)
    # Equal ones might be ties, which go by row.
    return bool(key + slack < reach)


def _key_at(distance: float, length: float, metric: str) -> float:
    """The key, ``|q|^2`` included, of a row at a distance from a query of this length."""
    if metric == "euclidean":
        return distance * abs(distance)
    return distance - 1.0 if metric == "cosine" else distance / length


def range_search(
    snapshot: Snapshot, queries: Matrix, metric: str, thresh: float, mask: Mask
) -> list[RowHits]:
    """Finds all rows at most ``thresh`` away from each of ``(Q, dim)`` queries, nearest first."""
    hits: list[RowHits] = []
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        part = queries[start : start + QUERIES_AT_ONCE]
        at, rows = _pairs_within(snapshot, part, metric, thresh, mask)
        found = np.empty(len(rows))
        for first in range(0, len(rows), SCORE_ROWS):
            block = slice(first, first + SCORE_ROWS)
            vectors = snapshot.vectors_at(rows[block]).astype(np.float64)
            found[block] = row_distances(part[at[block]].astype(np.float64), vectors, metric)
        near = found <= thresh
        at, rows, found = at[near], rows[near], found[near]
        hits += [rank(rows[at == i], found[at == i], None) for i in range(len(part))]
    return hits


def _pairs_within(
    snapshot: Snapshot, queries: Matrix, metric: str, thresh: float, mask: Mask
) -> tuple[Rows, Rows]:
    """Pairs of queries and rows that can be within a distance, by their keys."""
    queries, sizes = _scaled(queries, metric)
    limits = np.array([_key_at(thresh, length, metric) for length in sizes], np.float64)
    limits += [
        _rounding(one, snapshot.max_norm, snapshot.dim, metric, squared=True) for one in sizes
    ]
    if metric == "euclidean":
        limits -= sizes * sizes
    odd = np.array([_is_odd_query(length, metric) for length in sizes])
    at, rows = [], []
    for start, vectors, norms in snapshot.blocks(SCORE_ROWS):
        with np.errstate(over="ignore", invalid="ignore"):
            keys = _all_keys(queries, vectors, norms, metric)
        close = (keys <= limits[:, None]) | is_extreme(norms) | odd[:, None]
        found = np.nonzero(close & mask[start : start + len(norms)])
        at.append(found[0])
        rows.append(start + found[1])
    return np.concatenate(at), np.concatenate(rows)


def _all_keys(queries: Matrix, vectors: Matrix, norms: Matrix, metric: str) -> SurrogateScores:
    """``(Q, n)`` keys."""
    keys: SurrogateScores = queries @ vectors.T
    if metric == "euclidean":
        return norms * norms - np.float32(2) * keys
    if metric == "cosine":
        np.divide(keys, norms, out=keys, where=norms > 0)
    return -keys
