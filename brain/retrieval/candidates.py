"""From a query to its results: candidates of the index, their order, what is shown of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.exact_search import SCORE_ROWS, RowHits
from fiftyone_faiss.brain.ann.row_filter import RowFilter
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Places, Rows
from fiftyone_faiss.brain.retrieval import reranking
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery
from fiftyone_faiss.brain.retrieval.request import SearchRequest
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.store.snapshot import Snapshot

# Where the order is not that of the distances, the nearest POOL candidates are put in order, and
# after them those up to LARGE_POOL, with which pages end. So it is one order, whatever k and the
# page. Variety is chosen among the best VARIETY of the pool.
POOL, LARGE_POOL, VARIETY = 2_000, 20_000, 1_000
# For the sake of folding more are looked at, up to MOST; nor are more found within a distance.
WIDEN, MOST = 4, 50_000


@dataclass(frozen=True)
class RankedRows:
    """Rows of an index, best first.

    Attributes:
        snapshot: the generation of the index
        rows: ``(n,)`` int64
        distances: ``(n,)`` float64 distances to the ranking's vector
        ranked: ``(n,)`` float64, what they are ordered by, higher is better
        is_complete: whether there are no others
        has_more: whether there are further results
        cut_score: the lowest score above the automatic cut-off
        copies: the rows folded under a row
        rank: gives what ``(n, dim)`` vectors are ordered by
        is_euclidean: whether that is the negative euclidean distance
    """

    snapshot: Snapshot
    rows: Rows
    distances: Distances
    ranked: Distances
    is_complete: bool
    rank: Callable[[Matrix], Distances]
    has_more: bool = False
    cut_score: float = -np.inf
    copies: dict[int, Rows] = field(default_factory=dict)
    is_euclidean: bool = False

    @property
    def scores(self) -> Distances:
        """``(n,)`` float64 scores that people read; see :class:`Neighbors`."""
        return self.for_people(self.ranked)

    def for_people(self, ranked: Distances) -> Distances:
        """The scores that people see for what results are ranked by."""
        # Of the euclidean metric, a plain ranking is by the negative distances.
        return 1.0 / (1.0 - ranked) if self.is_euclidean else ranked

    def of_all(self) -> Iterator[tuple[Rows, Distances]]:
        """The scores for people of all rows of the index, some thousand rows at a time."""
        rows = self.snapshot.live_rows
        for at in range(0, len(rows), SCORE_ROWS):
            block = rows[at : at + SCORE_ROWS]
            yield block, self.for_people(self.rank(self.snapshot.vectors_at(block)))

    @property
    def vectors(self) -> Matrix:
        """``(n, dim)`` float32, read from the store each time."""
        return self.snapshot.vectors_at(self.rows)

    def at(self, places: Places | slice) -> RankedRows:
        """Those at some places."""
        return replace(
            self,
            rows=self.rows[places],
            distances=self.distances[places],
            ranked=self.ranked[places],
        )


def find_results(
    index: FaissSimilarityIndex,
    encoded: EncodedQuery,
    request: SearchRequest,
    samples: foc.SampleCollection,
) -> RankedRows:
    """Finds what a request asks for.

    Args:
        index: the index
        encoded: the request's query, read for the index
        request: the request
        samples: the dataset, or a view to search in

    Returns:
        the results, from ``skip`` on, ``k`` at most
    """
    view = None if isinstance(samples, fo.Dataset) else samples
    snapshot = index.snapshot
    row_filter = index.view_filter.row_filter(view, snapshot)
    wanted = snapshot.size if request.k is None else request.skip + request.k
    # One more, to know whether there are more.
    most = 1 + (VARIETY if request.diversity else wanted)
    for width in _widths(encoded, request, most, reranking.cut_among(snapshot.size)):
        candidates = _candidates(index, snapshot, row_filter, encoded, request, width)
        found = _folded(_ordered(candidates, request), request, most)
        if found.is_complete or len(found.rows) >= most:
            break
    if request.diversity:
        found = _varied(found, request, wanted + 1)
    page = found.at(slice(request.skip, None if request.k is None else wanted))
    copies = {int(row): found.copies[row] for row in page.rows if row in found.copies}
    more = request.k is not None and len(found.rows) > wanted
    return replace(page, has_more=more, copies=copies)


def _widths(
    encoded: EncodedQuery, request: SearchRequest, most: int, least: int
) -> Iterator[int | None]:
    """How many candidates to look at, then how many if those are too few: the order of the first
    is the same among more."""
    if request.k is None:
        yield None
    elif request.diversity:
        _check_depth(request, VARIETY)
        yield POOL
    elif not encoded.ranking.is_plain or request.hubness:
        _check_depth(request, LARGE_POOL)
        yield from (POOL, LARGE_POOL)
    else:
        width = max(most, least)
        yield width
        while request.fold is not None and width < MOST:
            width = min(width * WIDEN, MOST)
            yield width


def _check_depth(request: SearchRequest, most: int) -> None:
    k = request.k or 0
    # The last page may be a short one.
    if request.skip >= most or k > most:
        raise ValueError(
            f"The first {request.skip + k:,} results were asked for, but with several terms, "
            f"feedback or other options there are {most:,} at most; ask for fewer."
        )


def _candidates(
    index: FaissSimilarityIndex,
    snapshot: Snapshot,
    row_filter: RowFilter,
    encoded: EncodedQuery,
    request: SearchRequest,
    width: int | None,
) -> RankedRows:
    """The nearest to the ranking's vector, with what they are ranked by."""
    ranking = encoded.ranking
    hits, is_complete = _hits(index, snapshot, row_filter, encoded, request, width)
    rows, distances = hits.rows, hits.distances
    if request.k is None and len(rows) > MOST:
        raise ValueError(
            f"{len(rows):,} are within thresh={request.thresh:g}; give k too, or a smaller thresh."
        )
    rank = encoded.scores_less_hubness if request.hubness else ranking.scores
    if ranking.is_plain and not request.hubness:
        # The same, without encoded the vectors again.
        ranked = 1.0 - distances if ranking.metric == "cosine" else -distances
    else:
        starts = range(0, max(len(rows), 1), SCORE_ROWS)
        blocks = [rank(snapshot.vectors_at(rows[at : at + SCORE_ROWS])) for at in starts]
        ranked = np.concatenate(blocks)
    euclidean = ranking.metric == "euclidean" and ranking.is_plain and not request.hubness
    return RankedRows(snapshot, rows, distances, ranked, is_complete, rank, is_euclidean=euclidean)


def _hits(
    index: FaissSimilarityIndex,
    snapshot: Snapshot,
    row_filter: RowFilter,
    encoded: EncodedQuery,
    request: SearchRequest,
    width: int | None,
) -> tuple[RowHits, bool]:
    """At most ``width`` rows by their distance to the ranking's vector; whether there are no
    others."""
    query = encoded.ranking.vector[None]
    reverse = request.reverse != encoded.ranking.is_reversed
    if request.thresh is None:
        hits = index.vectors.search(snapshot, query, width, row_filter, reverse)[0]
        return hits, width is None or len(hits.rows) < width
    if width is None or reverse:
        hits = index.vectors.range_search(snapshot, query, request.thresh, row_filter)[0]
        order = slice(None, None, -1) if reverse else slice(None)
        hits = RowHits(hits.rows[order], hits.distances[order])
        return RowHits(hits.rows[:width], hits.distances[:width]), len(hits.rows) <= (width or MOST)
    hits = index.vectors.search(snapshot, query, width, row_filter)[0]
    near = hits.distances <= request.thresh
    # They ascend: what follows the first that is too far is farther still.
    is_complete = len(hits.rows) < width or not near.all()
    return RowHits(hits.rows[near], hits.distances[near]), is_complete


def _ordered(found: RankedRows, request: SearchRequest) -> RankedRows:
    """The best first, and where the automatic cut-off is."""
    count = len(found.rows)
    pools = np.searchsorted((POOL, LARGE_POOL), np.arange(count), side="right")
    # Stable: of equal ones, the order of the distances stays.
    found = found.at(np.lexsort((found.ranked if request.reverse else -found.ranked, pools)))
    # Whether there are more is the same on every page, unlike how many more were looked at.
    least = reranking.cut_among(found.snapshot.size)
    among = least if count >= least else min(count, reranking.cut_among(count))
    above = reranking.cut_off(found.ranked[:among])
    # Varied results are not in the order of their scores.
    uncut = request.reverse or request.diversity > 0
    if uncut or not above or above == among:
        return found
    return replace(found, cut_score=float(found.scores[above - 1]))


def _folded(found: RankedRows, request: SearchRequest, most: int) -> RankedRows:
    """Near-copies under the first of them, so many results at most."""
    if request.fold is None:
        return found
    groups = reranking.fold(found.vectors, most, request.fold)
    copies = {int(found.rows[one[0]]): found.rows[one[1:]] for one in groups if len(one) > 1}
    return replace(found.at(np.array([one[0] for one in groups], np.int64)), copies=copies)


def _varied(found: RankedRows, request: SearchRequest, count: int) -> RankedRows:
    """So many of the best, each unlike those before it."""
    if request.k is None and len(found.rows) > VARIETY:
        raise ValueError(
            f"{len(found.rows):,} are within thresh={request.thresh:g}, and with diversity there "
            f"are {VARIETY:,} at most; give k too, or a smaller thresh."
        )
    found = found.at(slice(0, VARIETY))
    if not len(found.rows):
        return found
    relevance = -found.ranked if request.reverse else found.ranked
    return found.at(reranking.diverse(found.vectors, relevance, count, request.diversity))
