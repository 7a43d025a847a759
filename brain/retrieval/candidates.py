"""Finds the results of a query: candidates of an index, ranked and reranked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fiftyone_faiss.brain.ann.exact_search import SCORE_ROWS, RowHits
from fiftyone_faiss.brain.backend.searchable import IndexReader
from fiftyone_faiss.brain.core.arrays import Matrix, Rows
from fiftyone_faiss.brain.core.metrics import row_distances
from fiftyone_faiss.brain.retrieval import reranking
from fiftyone_faiss.brain.retrieval.calibration import relevance_of
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery
from fiftyone_faiss.brain.retrieval.ranked_rows import RankedRows
from fiftyone_faiss.brain.retrieval.ranking import Ranking
from fiftyone_faiss.brain.retrieval.relevance import CUT_SAMPLE, LIKELY
from fiftyone_faiss.brain.retrieval.request import SearchRequest

# For several terms, the best POOL rows are ranked by exact scores, and after them those up to
# LARGE_POOL, where pages end; with the hubness correction, the nearest POOL rows. So the order
# depends on neither k nor the page. Diverse results are chosen among the best DIVERSE_POOL.
POOL, LARGE_POOL, DIVERSE_POOL = 2_000, 20_000, 1_000
# To fill a page after collapsing near-duplicates, WIDEN times as many candidates are looked at, up
# to MAX_RESULTS; no search within a distance returns more.
WIDEN, MAX_RESULTS = 4, 50_000


def find_results(reader: IndexReader, encoded: EncodedQuery, request: SearchRequest) -> RankedRows:
    """Finds the results of a request.

    Args:
        reader: the index, restricted to the view to search in
        encoded: the query of the request, encoded for the index
        request: the request

    Returns:
        at most ``k`` results, from ``skip`` on

    Raises:
        ValueError: if the request asks for more results than the index or an option allows
    """
    own, excluded = encoded.own_rows(reader), reader.rows_of(request.exclude)
    hidden = len(own) + len(excluded)
    _check_max_k(reader, request, hidden)
    wanted = reader.size if request.k is None else request.skip + request.k
    # One more tells whether there are more results.
    limit = 1 + (DIVERSE_POOL if request.diversity else wanted)
    for width in _widths(reader, encoded, request, limit, hidden):
        ranked = _without(_ranked(_candidates(reader, encoded, request, width), request), own)
        candidates = _without(ranked, excluded)
        results = _collapsed(candidates, own, request, limit)
        if results.is_complete or len(results.rows) >= limit:
            break
    if not request.reverse:
        # The estimates do not depend on what a person excluded.
        results = replace(results, relevance=relevance_of(reader, encoded, ranked))
    if request.diversity:
        results = _diversified(results, request, wanted + 1)
    page = results.at(slice(request.skip, None if request.k is None else wanted))
    near_duplicates = {
        row: results.near_duplicates[row]
        for row in (*own.tolist(), *page.rows.tolist())
        if row in results.near_duplicates
    }
    has_more = request.k is not None and len(results.rows) > wanted
    return replace(page, has_more=has_more, near_duplicates=near_duplicates)


def _check_max_k(reader: IndexReader, request: SearchRequest, hidden: int) -> None:
    if reader.max_k is None or request.k is None:
        return
    if request.skip + request.k + hidden > reader.max_k:
        besides = ", with the samples of the query and excluded ones," if hidden else ""
        raise ValueError(
            f"The first {request.skip + request.k:,} results were asked for, but the backend of "
            f"the index returns{besides} {reader.max_k:,} at most; ask for fewer, or build a FAISS "
            "index."
        )


def _widths(
    reader: IndexReader, encoded: EncodedQuery, request: SearchRequest, limit: int, hidden: int
) -> Iterator[int | None]:
    """Yields how many candidates to look at, and then how many if the results are too few.

    The first candidates keep their order among more. Among the candidates may be ``hidden``
    samples, those of the query and excluded ones.
    """
    if request.k is None:
        yield None
        return
    for width in _unlimited_widths(encoded, request, limit, hidden):
        if reader.max_k is not None and width >= reader.max_k:
            yield reader.max_k
            return
        yield width


def _unlimited_widths(
    encoded: EncodedQuery, request: SearchRequest, limit: int, hidden: int
) -> Iterator[int]:
    if request.diversity:
        _check_depth(request, DIVERSE_POOL)
        yield POOL
    elif not encoded.ranking.is_plain or request.hubness:
        _check_depth(request, LARGE_POOL - hidden)
        yield from (POOL, LARGE_POOL)
    else:
        width = max(limit, CUT_SAMPLE + 1) + hidden
        yield width
        while request.collapse_distance is not None and width < MAX_RESULTS:
            width = min(width * WIDEN, MAX_RESULTS)
            yield width


def _check_depth(request: SearchRequest, limit: int) -> None:
    k = request.k or 0
    # The last page may be short.
    if request.skip >= limit or k > limit:
        raise ValueError(
            f"The first {request.skip + k:,} results were asked for, but with several terms, "
            f"feedback or other options there are {limit:,} at most; ask for fewer."
        )


def _candidates(
    reader: IndexReader, encoded: EncodedQuery, request: SearchRequest, width: int | None
) -> RankedRows:
    """Finds candidates, and what they are ordered by."""
    ranking = encoded.ranking
    if not ranking.is_plain:
        return _combined_candidates(reader, encoded, request, width)
    hits, is_complete = _hits(reader, ranking.vector, request, width)
    rows, distances = hits.rows, hits.distances
    if not request.hubness:
        # Scores follow from the distances, so no vectors are read.
        ranked = 1.0 - distances if ranking.metric == "cosine" else -distances
        is_euclidean = ranking.metric == "euclidean"
        return RankedRows(
            reader, rows, distances, ranked, is_complete, ranking.scores, is_euclidean=is_euclidean
        )
    rank = encoded.scores_less_hubness
    ranked = np.concatenate(
        [np.empty(0), *(rank(vectors) for vectors in _vector_blocks(reader, rows))]
    )
    return RankedRows(reader, rows, distances, ranked, is_complete, rank)


def _hits(
    reader: IndexReader, vector: Matrix, request: SearchRequest, width: int | None
) -> tuple[RowHits, bool]:
    """Finds at most ``width`` rows by their distance, and whether there are no other rows."""
    if width is None or (request.reverse and request.thresh is not None):
        assert request.thresh is not None
        hits = reader.range_search(vector, request.thresh)
        _check_results(hits.rows, request)
        order = slice(None, None, -1) if request.reverse else slice(None)
        hits = RowHits(hits.rows[order], hits.distances[order])
        is_complete = len(hits.rows) <= (width or MAX_RESULTS)
        return RowHits(hits.rows[:width], hits.distances[:width]), is_complete
    hits = reader.nearest(vector, width, request.reverse)
    if request.thresh is None:
        return hits, len(hits.rows) < width
    near = hits.distances <= request.thresh
    # Distances ascend: after the first that is too far, all are too far.
    is_complete = len(hits.rows) < width or not near.all()
    return RowHits(hits.rows[near], hits.distances[near]), is_complete


def _check_results(rows: Rows, request: SearchRequest) -> None:
    if request.k is None and len(rows) > MAX_RESULTS:
        raise ValueError(
            f"{len(rows):,} are within thresh={request.thresh:g}; give k too, or a smaller thresh."
        )


def _combined_candidates(
    reader: IndexReader, encoded: EncodedQuery, request: SearchRequest, width: int | None
) -> RankedRows:
    """Finds the rows of the best scores for several terms, with exact scores and distances."""
    ranking = encoded.ranking
    vector = ranking.vector
    rank = encoded.scores_less_hubness if request.hubness else ranking.scores
    if request.thresh is not None:
        rows = reader.range_search(vector, request.thresh).rows
        _check_results(rows, request)
        is_complete = len(rows) <= (width or MAX_RESULTS)
    else:
        assert width is not None
        rows = _best_rows(reader, ranking, width, request.reverse)
        is_complete = len(rows) < width
    ranked, distances = [np.empty(0)], [np.empty(0)]
    for vectors in _vector_blocks(reader, rows):
        ranked.append(rank(vectors))
        vectors_64 = vectors.astype(np.float64)
        distances.append(row_distances(vector.astype(np.float64), vectors_64, ranking.metric))
    results = RankedRows(
        reader, rows, np.concatenate(distances), np.concatenate(ranked), is_complete, rank
    )
    if request.thresh is None or width is None or len(rows) <= width:
        return results
    sign = 1.0 if request.reverse else -1.0
    return results.at(np.lexsort((rows, sign * results.ranked))[:width])


def _best_rows(reader: IndexReader, ranking: Ranking, width: int, reverse: bool) -> Rows:
    """Finds the ``width`` rows of the best scores, best first.

    Where the backend cannot rank all rows, those nearest to one of the terms or to all of them
    together are ranked.
    """
    rows = reader.top_rows(ranking.vectors, ranking.product_scores, width, reverse)
    if rows is not None:
        return rows[:width]
    is_farthest = reverse != ranking.is_reversed
    terms = ranking.avoided if ranking.is_reversed else ranking.wanted
    nearest = [
        reader.nearest(vector, width, is_farthest).rows
        for vector in (ranking.vector, *(term.vector for term in terms))
    ]
    rows = np.unique(np.concatenate(nearest))
    scores = [ranking.scores(vectors) for vectors in _vector_blocks(reader, rows)]
    ranked = np.concatenate([np.empty(0), *scores])
    return rows[np.lexsort((rows, ranked if reverse else -ranked))][:width]


def _vector_blocks(reader: IndexReader, rows: Rows) -> Iterator[Matrix]:
    for start in range(0, len(rows), SCORE_ROWS):
        yield reader.vectors_at(rows[start : start + SCORE_ROWS])


def _without(candidates: RankedRows, rows: Rows) -> RankedRows:
    return candidates.at(np.flatnonzero(~np.isin(candidates.rows, rows)))


def _ranked(candidates: RankedRows, request: SearchRequest) -> RankedRows:
    """Puts candidates in order."""
    count = len(candidates.rows)
    pools = np.searchsorted((POOL, LARGE_POOL), np.arange(count), side="right")
    sign = 1.0 if request.reverse else -1.0
    # The sort is stable: rows of equal scores keep the order of their distances.
    return candidates.at(np.lexsort((sign * candidates.ranked, pools)))


def _collapsed(candidates: RankedRows, own: Rows, request: SearchRequest, limit: int) -> RankedRows:
    """At most ``limit`` results, each with its near-duplicates collapsed into it.

    Those of the query's ``own`` samples are collapsed into these, which are no results.
    """
    if request.collapse_distance is None:
        return candidates
    rows = np.concatenate([own, candidates.rows])
    vectors = candidates.reader.vectors_at(rows)
    firsts, near_duplicates = [], {}
    count = limit + len(own)
    for group in reranking.collapse(vectors, count, request.collapse_distance):
        places = group - len(own)
        if places[0] >= 0:
            firsts.append(places[0])
        others = places[1:][places[1:] >= 0]
        if len(others):
            near_duplicates[int(rows[group[0]])] = candidates.at(others)
    results = candidates.at(np.array(firsts[:limit], np.int64))
    return replace(results, near_duplicates=near_duplicates)


def _diversified(results: RankedRows, request: SearchRequest, count: int) -> RankedRows:
    """``count`` of the best results: each unlike those before it, up to the score cutoff, and then
    the others in order."""
    if request.k is None and len(results.rows) > DIVERSE_POOL:
        raise ValueError(
            f"{len(results.rows):,} are within thresh={request.thresh:g}, and with diversity there "
            f"are {DIVERSE_POOL:,} at most; give k too, or a smaller thresh."
        )
    pool = results.at(slice(0, DIVERSE_POOL))
    above = len(pool.rows)
    if pool.relevance is not None:
        above = int(np.count_nonzero(pool.relevance.at(pool.ranked) >= LIKELY))
    if not above:
        return pool.at(slice(0, count))
    reranked = pool.at(slice(0, above))
    relevance = -reranked.ranked if request.reverse else reranked.ranked
    places = reranking.mmr(reranked.read_vectors(), relevance, count, request.diversity)
    others = np.arange(above, len(pool.rows))
    return pool.at(np.concatenate([places, others])[:count])
