"""Ranks all rows by a function of their products with several vectors.

One pass over the vectors computes the products with all of them, so it takes little longer than an
exact search for one query.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fiftyone_faiss.brain.ann.copied_rows import CopiedRows, Copy
from fiftyone_faiss.brain.ann.exact_search import row_blocks
from fiftyone_faiss.brain.ann.policy import DEFAULT_POLICY, AnnPolicy
from fiftyone_faiss.brain.ann.row_filter import RowFilter, row_mask
from fiftyone_faiss.brain.core.arrays import (
    Mask,
    Matrix,
    Rows,
    SurrogateScores,
    is_extreme,
    row_norms,
)
from fiftyone_faiss.brain.store.snapshot import Snapshot

# Scores ``(t, n)`` float32 products and ``(n,)`` norms of vectors; ``(n,)``, higher is better.
ProductScore = Callable[[Matrix, Matrix], SurrogateScores]


class CombinedSearch:
    """The scores of all live rows, or of some.

    Args:
        snapshot: the vectors
        vectors: ``(t, dim)`` float32
        score: scores the products of rows with these vectors
        rows (None): ``(n,)`` rows to search, by default the live ones
        reverse (False): whether to search for the lowest scores instead
        copy (None): a copy of the vectors of ``rows``

    Attributes:
        extreme: the rows whose scores float32 cannot compute
    """

    def __init__(
        self,
        snapshot: Snapshot,
        vectors: Matrix,
        score: ProductScore,
        rows: Rows | None = None,
        reverse: bool = False,
        copy: Copy | None = None,
    ) -> None:
        self._rows = snapshot.live_rows if rows is None else rows
        total = snapshot.total_rows if rows is None else len(rows)
        scores = np.empty(total, np.float32)
        extreme = np.zeros(total, bool)
        for at, block, norms in row_blocks(snapshot, 0, rows, copy):
            with np.errstate(over="ignore", invalid="ignore"):
                scores[at : at + len(norms)] = score(vectors @ block.T, norms)
            if snapshot.has_extreme:
                extreme[at : at + len(norms)] = is_extreme(norms)
        if is_extreme(row_norms(vectors)).any():
            extreme[:] = True
        if rows is None and snapshot.size < total:
            scores, extreme = scores[snapshot.live], extreme[snapshot.live]
        # Float32 cannot compute the scores of extreme rows, so they are always candidates.
        self.extreme = self._rows[extreme]
        if len(self.extreme):
            self._rows, scores = self._rows[~extreme], scores[~extreme]
        self._scores = scores if reverse else -scores

    def top_k(self, k: int, mask: Mask | None = None) -> Rows:
        """Returns the ``k`` best rows and the extreme ones, best first; all if there are fewer.

        Args:
            k: the number of rows
            mask (None): ``(total_rows,)`` bool, the allowed rows; by default all
        """
        rows, scores, extreme = self._rows, self._scores, self.extreme
        if mask is not None:
            rows, scores, extreme = rows[mask[rows]], scores[mask[rows]], extreme[mask[extreme]]
        if k < len(rows):
            best = np.argpartition(scores, k)[:k]
            rows, scores = rows[best], scores[best]
        return np.concatenate([extreme, rows[np.lexsort((rows, scores))]])


def best_rows(
    snapshot: Snapshot,
    vectors: Matrix,
    score: ProductScore,
    k: int,
    row_filter: RowFilter,
    policy: AnnPolicy = DEFAULT_POLICY,
    reverse: bool = False,
    copied_rows: CopiedRows | None = None,
) -> Rows:
    """Ranks all rows by a function of their products with several vectors.

    Args:
        snapshot: the generation to search
        vectors: ``(t, dim)`` float32
        score: scores the products, in float32
        k: the number of rows
        row_filter: the allowed rows
        policy (DEFAULT_POLICY): the thresholds
        reverse (False): whether to find the lowest scores instead
        copied_rows (None): copies of the vectors of small views

    Returns:
        the ``k`` allowed rows of the best scores, best first, or all if there are fewer; rows whose
        scores float32 cannot compute come first, in addition
    """
    rows = row_filter.rows() if row_filter.listed else None
    is_gathered = rows is not None and policy.is_gathered(snapshot.total_rows, len(rows))
    if rows is not None and is_gathered:
        copy = copied_rows.of(snapshot, rows) if copied_rows is not None else None
        search = CombinedSearch(snapshot, vectors, score, rows, reverse, copy)
    else:
        search = CombinedSearch(snapshot, vectors, score, None, reverse)
    mask = None if rows is None or is_gathered else row_mask(snapshot, rows)
    count = k
    while True:
        best = search.top_k(count, mask)
        allowed = best[row_filter.contains(best)]
        wanted = k + np.count_nonzero(np.isin(allowed, search.extreme))
        if len(allowed) >= wanted or len(best) < count or count >= snapshot.size:
            return allowed[:wanted]
        if mask is None and not is_gathered and (rows := row_filter.rows()) is not None:
            mask = row_mask(snapshot, rows)
        else:
            count = min(count * policy.candidate_growth, snapshot.size)


def product_similarities(
    products: Matrix, norms: Matrix, vectors: Matrix, metric: str
) -> SurrogateScores:
    """Computes similarities from products; see :mod:`fiftyone_faiss.brain.core.metrics`.

    Args:
        products: ``(t, n)`` float32 products of ``t`` vectors with ``n`` rows
        norms: ``(n,)`` float32 norms of the rows
        vectors: ``(t, dim)`` float32
        metric: one of ``METRICS``

    Returns:
        ``(t, n)`` float32, higher is closer
    """
    if metric == "dotproduct":
        return products
    vector_norms = row_norms(vectors)[:, None]
    if metric == "euclidean":
        squares = norms * norms - 2 * products + vector_norms * vector_norms
        return -np.sqrt(np.maximum(squares, 0, out=squares), out=squares)
    scale = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
    scaled = products * scale / np.maximum(vector_norms, np.finfo(np.float32).tiny)
    return np.asarray(scaled, np.float32)
