"""The best results of several terms, against the scores of all rows of a larger index."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from support.clusters import Large, create
from support.formulas import line_of, own_places
from support.points import Points

import fiftyone_faiss
from fiftyone_faiss.brain.queries.query_input import QueryInput
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery

# More than the rows whose scores are computed exactly.
ROWS, DIM = 4_000, 24
METRICS = ("cosine", "euclidean", "dotproduct")
# Terms that few rows match together, and terms that are near each other.
LINES = ("@0 + @1", "@0 - @1", "@0 + @1 - @2", "2: @0 + @1 + @2", "@0 - @3999", "- @1 - @2")


@pytest.fixture(scope="module")
def points() -> Points:
    rng = np.random.default_rng(8)
    vectors = rng.normal(size=(ROWS, DIM)).astype(np.float32)
    vectors[-1] = vectors[0] + 0.05 * vectors[1]
    points = Large.make(ROWS, 1).points("samples", ROWS).with_vectors(vectors)
    for metric in METRICS:
        create(points, metric, metric=metric)
    return points


def scores_of_all(
    points: Points, text: str, metric: str, liked: list[str], disliked: list[str]
) -> np.ndarray:
    """Returns the ``(n,)`` scores of all rows, in float64; NaN for the samples of the query."""
    index = points.dataset.load_brain_results(metric)
    query = QueryInput.of(line_of(text, points.ids), datasets=[points.dataset]).query
    encoded = EncodedQuery.of(index, index.reader(), query, "off", liked, disliked)
    scores = encoded.ranking.scores(points.vectors)
    scores[own_places(text)] = np.nan
    return scores


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("line", [*LINES, "@0 with feedback"])
def test_the_best_of_all_rows_are_found(points: Points, line: str, metric: str) -> None:
    liked = [points.ids[i] for i in (7, 8)] if "feedback" in line else []
    disliked = [points.ids[9]] if liked else []
    text = line.removesuffix(" with feedback")
    line = line_of(text, points.ids)
    scores = scores_of_all(points, text, metric, liked, disliked)
    neighbors = fiftyone_faiss.search(
        points.dataset, line, metric, k=500, liked=liked, disliked=disliked
    )
    # NaN is sorted last.
    best = np.argsort(-scores, kind="stable")[:500]
    assert neighbors.ids == [points.ids[i] for i in best]
    assert list(neighbors.pinned) == [points.ids[i] for i in sorted(own_places(text))]
    np.testing.assert_allclose(neighbors.scores, scores[best], atol=1e-9)
    worst = fiftyone_faiss.search(
        points.dataset, line, metric, k=20, reverse=True, liked=liked, disliked=disliked
    )
    assert worst.ids == [points.ids[i] for i in np.argsort(scores, kind="stable")[:20]]


@pytest.mark.parametrize("share", [2, 40])
def test_the_best_rows_of_a_view_are_found(points: Points, share: int) -> None:
    view = points.dataset.match(fo.ViewField("number") % share == 1)
    inside = np.arange(ROWS) % share == 1
    line = line_of("@0 + @1 - @2", points.ids)
    scores = np.where(inside, scores_of_all(points, "@0 + @1 - @2", "cosine", [], []), np.nan)
    best = np.argsort(-scores, kind="stable")[:80]
    # The first search tests rows in the database, the second one knows the rows of the view.
    for _ in range(2):
        neighbors = fiftyone_faiss.search(view, line, "cosine", k=80)
        assert neighbors.ids == [points.ids[i] for i in best]


def test_results_within_a_distance_are_the_best_of_those(points: Points) -> None:
    line = line_of("@0 + @1", points.ids)
    whole = fiftyone_faiss.search(points.dataset, line, "euclidean", k=ROWS)
    thresh = float(np.quantile(whole.distances, 0.8))
    near = [id for id, d in zip(whole.ids, whole.distances, strict=True) if d <= thresh]
    neighbors = fiftyone_faiss.search(points.dataset, line, "euclidean", k=300, thresh=thresh)
    assert neighbors.ids == near[:300]
    assert neighbors.has_more
