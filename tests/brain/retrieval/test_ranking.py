"""The order of results, against the formulas of ``brain/ranking.py`` written out in NumPy."""

from __future__ import annotations

from functools import partial

import fiftyone as fo
import numpy as np
import pytest
from support.clusters import Large, all_distances, create, nearest_ids
from support.formulas import LINES, Formula, check, line_of, similarities
from support.points import Points, one_sentence

import fiftyone_faiss
from fiftyone_faiss.brain import SearchRequest, run_search
from fiftyone_faiss.brain.queries.terms import CombinedQuery, QueryTerm, VectorQuery
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery
from fiftyone_faiss.brain.retrieval.reference_set import reference_set_of

METRICS = ("cosine", "euclidean", "dotproduct")
# More than the candidates that are put in order for a few results.
MANY = 3_000


@pytest.fixture(scope="module")
def large() -> Large:
    """Samples with an index for each metric, labels with one, and no files."""
    large = Large.make(300, 60)
    for metric in METRICS:
        create(large.points("samples", 300), metric, metric=metric)
    create(large.points("detections", 180), "labels")
    return large


@pytest.fixture(scope="module")
def many() -> Points:
    points = Large.make(MANY, 1).points("samples", MANY)
    create(points, "many")
    return points


# -- the formulas ------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("text", "wanted", "avoided"), LINES, ids=[line[0] for line in LINES])
def test_the_terms_of_a_line_are_balanced(large, metric, text, wanted, avoided) -> None:
    points = large.points("samples", 300)
    formula = Formula(
        metric,
        points.vectors,
        [(weight, points.vectors[i]) for weight, i in wanted],
        [(weight, points.vectors[i]) for weight, i in avoided],
    )
    line = line_of(text, points.ids)
    neighbors = fiftyone_faiss.search(large.dataset, line, metric, k=300)
    check(neighbors, points.ids, formula, [i for _, i in wanted])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("text", ["@0", "@0 + 2: @1", "@0 - @1", "- @1"])
@pytest.mark.parametrize(("liked", "disliked"), [([4], []), ([], [5, 6]), ([4, 7], [5])])
def test_feedback_moves_the_results(large, metric, text, liked, disliked) -> None:
    points = large.points("samples", 300)
    terms = {
        "@0": ([(1, 0)], []),
        "@0 + 2: @1": ([(1, 0), (2, 1)], []),
        "@0 - @1": ([(1, 0)], [(1, 1)]),
        "- @1": ([], [(1, 1)]),
    }
    wanted, avoided = terms[text]
    formula = Formula(
        metric,
        points.vectors,
        [(weight, points.vectors[i]) for weight, i in wanted],
        [(weight, points.vectors[i]) for weight, i in avoided],
        points.vectors[liked] if liked else None,
        points.vectors[disliked] if disliked else None,
    )
    neighbors = fiftyone_faiss.search(
        large.dataset,
        line_of(text, points.ids),
        metric,
        k=300,
        liked=[points.ids[i] for i in liked],
        disliked=[points.ids[i] for i in disliked],
    )
    check(neighbors, points.ids, formula, [i for _, i in wanted])
    said = f"The query moved toward {len(liked)} liked and away from {len(disliked)} disliked"
    assert any(sentence.startswith(said) for sentence in neighbors.explanation)


def test_what_one_term_lacks_the_other_does_not_make_up_for(large) -> None:
    points = large.points("samples", 300)
    both = fiftyone_faiss.search(large.dataset, line_of("@0 + @1", points.ids), "cosine", k=300)
    z = []
    for i in (0, 1):
        reference = similarities(points.vectors[i], points.vectors, "cosine")
        z.append((reference - reference.mean()) / reference.std())
    smaller = dict(zip(points.ids, np.minimum(*z), strict=True))
    # With two equal terms, the score is the smaller of them.
    np.testing.assert_allclose(both.scores, [smaller[id] for id in both.ids], atol=1e-4)


def test_likes_and_dislikes_change_places(large) -> None:
    ids = large.dataset.values("id")
    plain = fiftyone_faiss.search(large.dataset, ids[0], "cosine", k=300)
    liked, disliked = plain.ids[150], plain.ids[1]
    moved = fiftyone_faiss.search(
        large.dataset, ids[0], "cosine", k=300, liked=[liked], disliked=[disliked]
    )
    assert moved.ids.index(liked) < 150
    assert moved.ids.index(disliked) > 1


def test_a_term_of_one_weight_is_the_plain_order_of_the_distances(large) -> None:
    points = large.points("samples", 300)
    for metric in METRICS:
        query = VectorQuery(points.vectors[8] + 0.1)
        neighbors = fiftyone_faiss.search(large.dataset, query, metric, k=40)
        assert neighbors.ids == nearest_ids(query.values, points, metric, 40)
        alone = fiftyone_faiss.search(
            large.dataset, CombinedQuery((QueryTerm(query, weight=7.0),)), metric, k=40
        )
        assert alone.ids == neighbors.ids
        np.testing.assert_array_equal(alone.distances, neighbors.distances)
        assert np.all(np.diff(neighbors.distances) >= 0)
        exact = {"cosine": 1 - neighbors.distances, "dotproduct": -neighbors.distances}
        scores = exact.get(metric, 1 / (1 + neighbors.distances))
        np.testing.assert_allclose(neighbors.scores, scores, atol=1e-12)


def test_only_one_wanted_term_without_feedback_is_plain(large) -> None:
    index = large.dataset.load_brain_results("cosine")
    term = QueryTerm(VectorQuery(large.of_samples[0]))
    away = QueryTerm(VectorQuery(large.of_samples[1]), negative=True)
    ids = large.dataset.values("id")[:1]
    for terms, liked, is_plain in (
        ((term,), (), True),
        ((term, term), (), False),
        ((term, away), (), False),
        ((away,), (), False),
        ((term,), ids, False),
    ):
        encoded = EncodedQuery.of(index, index.reader(), CombinedQuery(terms), "off", liked)
        assert encoded.ranking.is_plain is is_plain
        assert encoded.ranking.is_reversed is (terms == (away,))


def test_the_background_of_a_small_index_is_all_of_it_and_of_a_large_one_a_part(
    large, many
) -> None:
    reference_set = reference_set_of(large.dataset.load_brain_results("cosine").reader(), "cosine")
    np.testing.assert_array_equal(reference_set.vectors, large.of_samples)
    index = many.dataset.load_brain_results("many")
    reference_set = reference_set_of(index.reader(), index.metric)
    assert len(reference_set) == 1_000
    rows = {vector.tobytes() for vector in many.vectors}
    assert len({vector.tobytes() for vector in reference_set.vectors} & rows) == 1_000
    assert reference_set_of(index.reader(), index.metric) is reference_set


# -- how much is shown -------------------------------------------------------------------------

OPTIONS = [
    ("@0", {}),
    ("@0 + @1 - @2", {}),
    ("- @1", {}),
    # So much is to be avoided that good results are few, and far from the query.
    ("@0" + "".join(f" - 50: @{i}" for i in range(1, 13)), {}),
    ("@0", {"reverse": True}),
    ("@0", {"hubness": True}),
    ("@0", {"collapse": 0.3}),
    ("@0", {"diversity": 0.4}),
    ("@0 + @1", {"diversity": 0.4, "collapse": True}),
]


@pytest.mark.parametrize(("text", "options"), OPTIONS, ids=[f"{a[:20]} {b}" for a, b in OPTIONS])
def test_pages_are_disjoint_and_together_a_larger_answer(many, text, options) -> None:
    line = line_of(text, many.ids)
    pages = [
        fiftyone_faiss.search(many.dataset, line, k=50, skip=skip, **options)
        for skip in (0, 50, 100)
    ]
    assert [len(page) for page in pages] == [50, 50, 50]
    assert all(page.has_more for page in pages)
    together = [id for page in pages for id in page.ids]
    assert len(set(together)) == 150
    whole = fiftyone_faiss.search(many.dataset, line, k=150, **options)
    assert together == whole.ids
    np.testing.assert_array_equal(np.concatenate([page.scores for page in pages]), whole.scores)


def test_the_last_page_is_short_and_says_that_there_is_no_more(large) -> None:
    ids = large.dataset.values("id")
    whole = fiftyone_faiss.search(large.dataset, ids[0], "cosine", k=300)
    assert not whole.has_more
    assert sorted(whole.ids) == sorted(ids[1:])
    last = fiftyone_faiss.search(large.dataset, ids[0], "cosine", k=50, skip=280)
    assert (last.ids, last.has_more, last.notes) == (whole.ids[280:], False, ())
    beyond = fiftyone_faiss.search(large.dataset, ids[0], "cosine", k=50, skip=300)
    assert (beyond.ids, beyond.has_more) == ([], False)


@pytest.mark.parametrize("metric", METRICS)
def test_results_lie_within_thresh(large, metric) -> None:
    points = large.points("samples", 300)
    query = points.vectors[5]
    exact = all_distances(query, points.vectors, metric)
    thresh = float(np.sort(exact)[40:42].mean())
    ids = nearest_ids(query, points, metric, 41)
    few = fiftyone_faiss.search(large.dataset, query, metric, k=10, thresh=thresh)
    assert (few.ids, few.has_more) == (ids[:10], True)
    some = fiftyone_faiss.search(large.dataset, query, metric, k=100, thresh=thresh)
    assert (some.ids, some.has_more, some.notes) == (ids, False, ())
    whole = fiftyone_faiss.search(large.dataset, query, metric, k=None, thresh=thresh)
    assert (whole.ids, whole.has_more) == (ids, False)
    turned = fiftyone_faiss.search(
        large.dataset, query, metric, k=None, thresh=thresh, reverse=True
    )
    assert turned.ids == ids[::-1]
    rest = fiftyone_faiss.search(large.dataset, query, metric, k=None, thresh=thresh, skip=30)
    assert rest.ids == ids[30:]


@pytest.mark.parametrize("metric", METRICS)
def test_nothing_may_be_within_thresh(large, metric) -> None:
    points = large.points("samples", 300)
    others = np.delete(all_distances(points.vectors[5], points.vectors, metric), 5)
    thresh = float(others.min()) - 1e-3
    for k in (None, 25):
        nothing = fiftyone_faiss.search(large.dataset, points.ids[5], metric, k=k, thresh=thresh)
        # The query itself, which may be as near, is no result.
        assert (nothing.ids, list(nothing.pinned)) == ([], [points.ids[5]])
        assert (nothing.cutoff, nothing.bands, nothing.verdict) == (0, [], None)
        assert (nothing.cutoff_score, nothing.has_more) == (np.inf, False)


def test_the_distances_of_a_combined_query_lie_within_thresh(large) -> None:
    line = line_of("@0 + @1 - @2", large.dataset.values("id"))
    whole = fiftyone_faiss.search(large.dataset, line, "cosine", k=300)
    thresh = float(np.median(whole.distances))
    near = [id for id, d in zip(whole.ids, whole.distances, strict=True) if d <= thresh]
    for k in (300, None):
        neighbors = fiftyone_faiss.search(large.dataset, line, "cosine", k=k, thresh=thresh)
        assert neighbors.ids == near


@pytest.mark.parametrize("text", ["@0", "@0 + @1 - @2", "- @1"])
def test_reverse_is_the_order_turned_round(large, text) -> None:
    line = line_of(text, large.dataset.values("id"))
    whole = fiftyone_faiss.search(large.dataset, line, "cosine", k=300)
    turned = fiftyone_faiss.search(large.dataset, line, "cosine", k=300, reverse=True)
    assert turned.ids == whole.ids[::-1]
    np.testing.assert_allclose(turned.scores, whole.scores[::-1])
    few = fiftyone_faiss.search(large.dataset, line, "cosine", k=5, reverse=True)
    assert few.ids == turned.ids[:5]


def test_a_cut_off_is_where_the_scores_drop(large) -> None:
    points = large.points("samples", 300)
    # Around the first sample lie those of its center, and then nothing for long.
    neighbors = fiftyone_faiss.search(large.dataset, points.ids[0], "cosine", k=100)
    assert 1 <= neighbors.cutoff < 100
    assert (
        neighbors.scores[neighbors.cutoff - 1]
        >= neighbors.cutoff_score
        > neighbors.scores[neighbors.cutoff]
    )
    page = fiftyone_faiss.search(large.dataset, points.ids[0], "cosine", k=50, skip=50)
    assert page.cutoff == max(0, neighbors.cutoff - 50)


def test_in_a_small_index_hubness_takes_nothing_off_and_says_so(large) -> None:
    note = "hubness needs 30 vectors, so scores were not corrected."
    for size in (1, 29, 30):
        points = large.points("samples", size)
        index = create(points, f"hub{size}")
        try:
            search = partial(fiftyone_faiss.search, large.dataset, points.vectors[0], index.key)
            neighbors, plain = search(k=size, hubness=True), search(k=size)
            assert (note in neighbors.notes) == (size < 30)
            if size < 30:
                assert neighbors.ids == plain.ids
                np.testing.assert_allclose(neighbors.scores, plain.scores, atol=1e-6)
            else:
                assert np.abs(neighbors.scores - plain.scores).max() > 1e-3
        finally:
            fiftyone_faiss.delete_index(large.dataset, index.key)


# -- where is searched -------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["@0", "@0 + @1 - @2", "- @1"])
def test_a_view_is_ranked_as_the_dataset_is(large, text) -> None:
    line = line_of(text, large.dataset.values("id"))
    view = large.dataset.match(fo.ViewField("number") % 3 == 1)
    inside = set(view.values("id"))
    whole = fiftyone_faiss.search(large.dataset, line, "cosine", k=300)
    neighbors = fiftyone_faiss.search(view, line, "cosine", k=100)
    assert neighbors.ids == [id for id in whole.ids if id in inside]
    scores = dict(zip(whole.ids, whole.scores, strict=True))
    np.testing.assert_allclose(neighbors.scores, [scores[id] for id in neighbors.ids])
    few = fiftyone_faiss.search(view, line, "cosine", k=7)
    assert (few.ids, few.has_more) == (neighbors.ids[:7], True)


def test_labels_are_ranked_like_samples(large) -> None:
    points = large.points("detections", 180)
    formula = Formula(
        "cosine",
        points.vectors,
        [(2, points.vectors[0]), (1, points.vectors[4])],
        [(1, points.vectors[9])],
        liked=points.vectors[[20]],
    )
    line = line_of("2: @0 + @4 - @9", points.ids)
    neighbors = fiftyone_faiss.search(large.dataset, line, "labels", k=180, liked=[points.ids[20]])
    check(neighbors, points.ids, formula, own=[0, 4])
    assert neighbors.patches_field == "things"
    owners = dict(zip(points.ids, points.sample_ids, strict=True))
    assert neighbors.sample_ids == [owners[id] for id in neighbors.ids]
    assert neighbors.view().values("id") == neighbors.ids


def test_near_copies_are_counted_under_the_best_of_them(dataset) -> None:
    angles = np.radians([0, 1, 2, 40, 41, 80, 120, 121, 122, 123, 160, 179])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    ids = dataset.values("id")
    create(Points(dataset, vectors, ids))
    neighbors = fiftyone_faiss.search(dataset, vectors[0], k=4, collapse=True)
    assert neighbors.ids == [ids[i] for i in (0, 3, 5, 6)]
    assert neighbors.near_duplicates == {
        ids[0]: [ids[1], ids[2]],
        ids[3]: [ids[4]],
        ids[6]: [ids[7], ids[8], ids[9]],
    }
    assert [row["near_duplicates"] for row in neighbors.to_dict()["results"]] == [2, 1, 0, 3]
    assert neighbors.notes == ()
    scores = neighbors.near_duplicate_scores
    expected = {ids[i]: np.cos(angles[i]) for i in (1, 2, 4, 7, 8, 9)}
    assert scores.keys() == expected.keys()
    np.testing.assert_allclose([scores[id] for id in expected], list(expected.values()), atol=1e-6)
    row = neighbors.to_dict()["results"][3]
    assert row["near_duplicate_scores"] == {id: scores[id] for id in row["near_duplicate_ids"]}


@pytest.mark.parametrize("options", [{}, {"diversity": 0.5}, {"hubness": True}])
def test_near_copies_of_the_query_are_no_results(dataset, options) -> None:
    angles = np.radians([0, 1, 2, 40, 41, 80, 120, 121, 122, 123, 160, 179])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    ids = dataset.values("id")
    create(Points(dataset, vectors, ids))
    # The copies of a copy of the query are its copies, too.
    neighbors = fiftyone_faiss.search(dataset, f"@{ids[1]}", k=9, collapse=True, **options)
    assert neighbors.ids[0] == ids[3]
    assert set(neighbors.ids) == {ids[i] for i in (3, 5, 6, 10, 11)}
    assert set(neighbors.near_duplicates[ids[1]]) == {ids[0], ids[2]}
    assert not neighbors.has_more
    (pinned,) = neighbors.to_dict()["pinned"]
    assert pinned["id"] == ids[1]
    assert set(pinned["near_duplicate_ids"]) == pinned["near_duplicate_scores"].keys()
    assert pinned["near_duplicate_scores"].keys() == {ids[0], ids[2]}
    # On each page.
    later = fiftyone_faiss.search(dataset, f"@{ids[1]}", k=2, skip=2, collapse=True, **options)
    assert later.ids == neighbors.ids[2:4]
    assert set(later.near_duplicates[ids[1]]) == {ids[0], ids[2]}
    # What a person excluded is in no stack.
    rest = fiftyone_faiss.search(dataset, f"@{ids[1]}", k=9, collapse=True, exclude=[ids[2]])
    assert rest.near_duplicates[ids[1]] == [ids[0]]
    plain = fiftyone_faiss.search(dataset, f"@{ids[1]}", k=2)
    assert set(plain.ids) == {ids[0], ids[2]}


# -- what is refused ---------------------------------------------------------------------------

BAD = [
    {"k": None},
    {"k": 0},
    {"k": -3},
    {"k": "many"},
    {"k": float("inf")},
    {"k": 2.7},
    {"k": True},
    {"skip": 1.5},
    {"thresh": "far"},
    {"diversity": "some"},
    {"query": [0.5, 1.5]},
    {"query": [[0.5]]},
    {"query": [b"twelve bytes"]},
    {"skip": -1},
    {"templates": "two"},
    {"diversity": 1.5},
    {"diversity": -0.1},
    {"diversity": float("nan")},
    {"collapse": -0.1},
    {"collapse": 2.5},
    {"collapse": "near"},
    {"thresh": float("nan")},
    {"liked": ["0" * 24]},
    {"disliked": ["nonsense"]},
    {"liked": ["0" * 24], "disliked": ["0" * 24]},
    {"query": "- @selected"},
    {"query": "@selected", "selected": ["nonsense"]},
    {"query": "@upload"},
    {"query": "a red car"},
    {"query": "@" + "0" * 24},
    {"query": "/no/such.png"},
    {"query": "@upload", "uploads": {"upload": 7}},
    {"brain_key": "none"},
    {"brain_key": None},
]


@pytest.mark.parametrize("given", BAD, ids=[str(value) for value in BAD])
def test_a_bad_request_is_refused_in_one_sentence(large, given) -> None:
    arguments = {"query": large.of_samples[0], "brain_key": "cosine", **given}
    with pytest.raises(ValueError) as caught:
        fiftyone_faiss.search(large.dataset, **arguments)
    assert one_sentence(caught.value), str(caught.value)
    assert len(str(caught.value)) < 300


BAD_FORMS = [
    ({"k": ""}, "k is ''"),
    ({"k": "2.5"}, "k is '2.5'"),
    ({"skip": "next"}, "skip is 'next'"),
    ({"thresh": "far"}, "thresh is 'far'"),
    ({"thresh": "nan"}, "thresh is "),
    ({"diversity": "some"}, "diversity is 'some'"),
    ({"diversity": 2}, "diversity is 2.0"),
    ({"collapse": "x"}, "collapse is 'x'"),
    ({"templates": "no"}, "templates must be one of"),
    ({"query_type": "sound"}, "'sound' is no query_type"),
    ({"query": ""}, "The query is empty"),
    ({"query": "@upload", "uploads": {"upload": {"name": "a.png"}}}, "No image was uploaded"),
]


@pytest.mark.parametrize(("given", "start"), BAD_FORMS, ids=[str(form[0]) for form in BAD_FORMS])
def test_a_bad_form_is_refused_in_one_sentence(dataset, given, start) -> None:
    with pytest.raises(ValueError) as caught:
        run_search(dataset, SearchRequest.from_params({"query": "a car", **given}))
    assert str(caught.value).startswith(start)
    assert one_sentence(caught.value), str(caught.value)
