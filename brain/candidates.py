"""From a query to its results: candidates of the index, their order, what is shown of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain import shaping
from fiftyone_faiss.brain.reading import Reading
from fiftyone_faiss.brain.request import SearchRequest
from fiftyone_faiss.brain.scan import SCORE_ROWS, Distances, Hits
from fiftyone_faiss.brain.scope import Scope
from fiftyone_faiss.brain.segments import Matrix, Rows
from fiftyone_faiss.brain.shaping import Places
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.snapshot import Snapshot

# Where the order is not that of the distances, the nearest POOL candidates are put in order, and
# after them those up to LARGE_POOL, with which pages end. So it is one order, whatever k and the
# page. Variety is chosen among the best VARIETY of the pool.
POOL, LARGE_POOL, VARIETY = 2_000, 20_000, 1_000
# For the sake of folding more are looked at, up to MOST; nor are more found within a distance.
WIDEN, MOST = 4, 50_000


@dataclass(frozen=True)
class Results:
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
        """``(n,)`` float64 for people; see :class:`fiftyone_faiss.brain.neighbors.Neighbors`."""
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

    def at(self, places: Places | slice) -> Results:
        """Those at some places."""
        return replace(
            self,
            rows=self.rows[places],
            distances=self.distances[places],
            ranked=self.ranked[places],
        )


def find_results(
    index: FaissSimilarityIndex,
    reading: Reading,
    request: SearchRequest,
    samples: foc.SampleCollection,
) -> Results:
    """Finds what a request asks for.

    Args:
        index: the index
        reading: the request's query, read for the index
        request: the request
        samples: the dataset, or a view to search in

    Returns:
        the results, from ``skip`` on, ``k`` at most
    """
    view = None if isinstance(samples, fo.Dataset) else samples
    snapshot = index.snapshot
    scope = index.membership.scope(view, snapshot)
    wanted = snapshot.size if request.k is None else request.skip + request.k
    # One more, to know whether there are more.
    most = 1 + (VARIETY if request.diversity else wanted)
    for width in _widths(reading, request, most, shaping.cut_among(snapshot.size)):
        candidates = _candidates(index, snapshot, scope, reading, request, width)
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
    reading: Reading, request: SearchRequest, most: int, least: int
) -> Iterator[int | None]:
    """How many candidates to look at, then how many if those are too few: the order of the first
    is the same among more."""
    if request.k is None:
        yield None
    elif request.diversity:
        _check_depth(request, VARIETY)
        yield POOL
    elif not reading.ranking.is_plain or request.hubness:
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
    scope: Scope,
    reading: Reading,
    request: SearchRequest,
    width: int | None,
) -> Results:
    """The nearest to the ranking's vector, with what they are ranked by."""
    ranking = reading.ranking
    hits, is_complete = _hits(index, snapshot, scope, reading, request, width)
    rows, distances = hits.rows, hits.distances
    if request.k is None and len(rows) > MOST:
        raise ValueError(
            f"{len(rows):,} are within thresh={request.thresh:g}; give k too, or a smaller thresh."
        )
    rank = reading.scores_less_hubness if request.hubness else ranking.scores
    if ranking.is_plain and not request.hubness:
        # The same, without reading the vectors again.
        ranked = 1.0 - distances if ranking.metric == "cosine" else -distances
    else:
        starts = range(0, max(len(rows), 1), SCORE_ROWS)
        blocks = [rank(snapshot.vectors_at(rows[at : at + SCORE_ROWS])) for at in starts]
        ranked = np.concatenate(blocks)
    euclidean = ranking.metric == "euclidean" and ranking.is_plain and not request.hubness
    return Results(snapshot, rows, distances, ranked, is_complete, rank, is_euclidean=euclidean)


def _hits(
    index: FaissSimilarityIndex,
    snapshot: Snapshot,
    scope: Scope,
    reading: Reading,
    request: SearchRequest,
    width: int | None,
) -> tuple[Hits, bool]:
    """At most ``width`` rows by their distance to the ranking's vector; whether there are no
    others."""
    query = reading.ranking.vector[None]
    reverse = request.reverse != reading.ranking.is_reversed
    if request.thresh is None:
        hits = index.vectors.search(snapshot, query, width, scope, reverse)[0]
        return hits, width is None or len(hits.rows) < width
    if width is None or reverse:
        hits = index.vectors.within(snapshot, query, request.thresh, scope)[0]
        order = slice(None, None, -1) if reverse else slice(None)
        hits = Hits(hits.rows[order], hits.distances[order])
        return Hits(hits.rows[:width], hits.distances[:width]), len(hits.rows) <= (width or MOST)
    hits = index.vectors.search(snapshot, query, width, scope)[0]
    near = hits.distances <= request.thresh
    # They ascend: what follows the first that is too far is farther still.
    is_complete = len(hits.rows) < width or not near.all()
    return Hits(hits.rows[near], hits.distances[near]), is_complete


def _ordered(found: Results, request: SearchRequest) -> Results:
    """The best first, and where the automatic cut-off is."""
    count = len(found.rows)
    pools = np.searchsorted((POOL, LARGE_POOL), np.arange(count), side="right")
    # Stable: of equal ones, the order of the distances stays.
    found = found.at(np.lexsort((found.ranked if request.reverse else -found.ranked, pools)))
    # Whether there are more is the same on every page, unlike how many more were looked at.
    least = shaping.cut_among(found.snapshot.size)
    among = least if count >= least else min(count, shaping.cut_among(count))
    above = shaping.cut_off(found.ranked[:among])
    # Varied results are not in the order of their scores.
    uncut = request.reverse or request.diversity > 0
    if uncut or not above or above == among:
        return found
    return replace(found, cut_score=float(found.scores[above - 1]))


def _folded(found: Results, request: SearchRequest, most: int) -> Results:
    """Near-copies under the first of them, so many results at most."""
    if request.fold is None:
        return found
    groups = shaping.fold(found.vectors, most, request.fold)
    copies = {int(found.rows[one[0]]): found.rows[one[1:]] for one in groups if len(one) > 1}
    return replace(found.at(np.array([one[0] for one in groups], np.int64)), copies=copies)


def _varied(found: Results, request: SearchRequest, count: int) -> Results:
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
    return found.at(shaping.diverse(found.vectors, relevance, count, request.diversity))
