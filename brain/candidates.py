"""From a query to its results: candidates of the index, their order, what is shown of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain import shaping
from fiftyone_faiss.brain.index import Scope
from fiftyone_faiss.brain.reading import Reading
from fiftyone_faiss.brain.request import SearchRequest
from fiftyone_faiss.brain.scan import SCORE_ROWS, Distances
from fiftyone_faiss.brain.segments import Matrix, Rows
from fiftyone_faiss.brain.shaping import Places
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.brain.snapshot import Snapshot

# Where the order is not that of the distances, so many candidates are put in order, and variety is
# chosen among the best so many of them; WIDEN times as many while there are not so many for each
# result. Not a number for each result: the next page would be one of another order.
POOL, VARIETY, EACH = 2_000, 1_000, 4
WIDEN = 4
# No more are looked at for the sake of folding, and no more are found within a distance.
MOST = 200_000


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
    width = _first_width(reading, request, wanted)
    while True:
        found = _ordered(_candidates(index, snapshot, scope, reading, request, width), request)
        shaped = _shaped(found, request, wanted)
        if found.is_complete or len(shaped.rows) >= wanted or width is None or width >= MOST:
            break
        width *= WIDEN
    page = shaped.at(slice(request.skip, None if request.k is None else wanted))
    more = not found.is_complete or len(shaped.rows) > wanted
    return replace(page, has_more=request.k is not None and more)


def _first_width(reading: Reading, request: SearchRequest, wanted: int) -> int | None:
    if request.k is None:
        return None
    if reading.ranking.is_plain and not (request.diversity or request.fold or request.hubness):
        return max(wanted + 1, shaping.CUT_RESULTS)
    return _widened(POOL, wanted)


def _widened(width: int, wanted: int) -> int:
    while width < EACH * wanted:
        width *= WIDEN
    return width


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
    query = ranking.vector[None]
    reverse = request.reverse != ranking.is_reversed
    if width is None and request.thresh is not None and not reverse:
        hits = index.vectors.within(snapshot, query, request.thresh, scope)[0]
    else:
        hits = index.vectors.search(snapshot, query, width, scope, reverse)[0]
    is_complete = width is None or len(hits.rows) < width
    rows, distances = hits.rows, hits.distances
    if request.thresh is not None:
        near = distances <= request.thresh
        # In ascending order, what follows the first that is too far is farther still.
        is_complete |= not reverse and not near.all()
        rows, distances = rows[near], distances[near]
    if request.k is None and len(rows) > MOST:
        raise ValueError(
            f"{len(rows):,} are within thresh={request.thresh:g}; give k too, or a smaller thresh."
        )
    rank = reading.scores_less_hubness if request.hubness else ranking.scores
    if ranking.is_plain and not request.hubness:
        # The same, without reading the vectors again.
        ranked = 1.0 - distances if ranking.metric == "cosine" else -distances
    else:
        ranked = rank(snapshot.vectors_at(rows))
    euclidean = ranking.metric == "euclidean" and ranking.is_plain and not request.hubness
    return Results(snapshot, rows, distances, ranked, is_complete, rank, is_euclidean=euclidean)


def _ordered(found: Results, request: SearchRequest) -> Results:
    """The best first, and where the automatic cut-off is."""
    # Stable: of equal ones, the order of the distances stays.
    order = np.argsort(found.ranked if request.reverse else -found.ranked, kind="stable")
    found = found.at(order)
    above = shaping.cut_off(found.ranked[: shaping.CUT_RESULTS])
    if request.reverse or not above or above == min(len(order), shaping.CUT_RESULTS):
        return found
    return replace(found, cut_score=float(found.scores[above - 1]))


def _shaped(found: Results, request: SearchRequest, wanted: int) -> Results:
    """Near-copies folded, variety chosen."""
    copies: dict[int, Rows] = {}
    if request.fold is not None:
        # One more than is wanted, to know whether there are more.
        many = _widened(VARIETY, wanted) if request.diversity else wanted + 1
        groups = shaping.fold(found.vectors, many, request.fold)
        copies = {int(found.rows[one[0]]): found.rows[one[1:]] for one in groups if len(one) > 1}
        found = found.at(np.array([one[0] for one in groups], np.int64))
    if request.diversity and len(found.rows):
        found = found.at(slice(0, _widened(VARIETY, wanted)))
        relevance = -found.ranked if request.reverse else found.ranked
        found = found.at(shaping.diverse(found.vectors, relevance, wanted + 1, request.diversity))
    return replace(found, copies=copies)
