"""Where a search ends, and what it does not do before it has to."""

from __future__ import annotations

import base64
import io
from functools import partial
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.clusters import Large, create
from support.points import Points

import fiftyone_faiss
from fiftyone_faiss.brain.data import value_fields
from fiftyone_faiss.brain.queries import parsing
from fiftyone_faiss.brain.queries.parsing import References, parse_query
from fiftyone_faiss.brain.queries.terms import Query, TextQuery
from fiftyone_faiss.brain.retrieval import candidates
from fiftyone_faiss.brain.retrieval.code import as_code
from fiftyone_faiss.brain.retrieval.request import SearchRequest

MANY = 3_000


@pytest.fixture(scope="module")
def many() -> Points:
    points = Large.make(MANY, 1).points("samples", MANY)
    create(points, "many")
    return points


def pages(points: Points, line: str, count: int, **options: Any) -> list[str]:
    return [
        id
        for skip in range(0, 50 * count, 50)
        for id in fiftyone_faiss.search(points.dataset, line, k=50, skip=skip, **options).ids
    ]


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller ones, so that small indexes reach beyond them."""
    for name, size in (("POOL", 500), ("LARGE_POOL", 1_500), ("DIVERSE_POOL", 100)):
        monkeypatch.setattr(candidates, name, size)


@pytest.mark.parametrize(
    ("options", "most"), [({}, 1_498), ({"diversity": 0.5}, 100), ({"hubness": True}, 1_498)]
)
def test_no_page_repeats_a_result_down_to_the_last(many, pools, options, most: int) -> None:
    line = f"@{many.ids[0]} + @{many.ids[1]} - @{many.ids[2]}"
    # Of the 1,500 candidates, two are the samples of the query.
    neighbors = pages(many, line, -(-most // 50), **options)
    assert not {*many.ids[:2]} & {*neighbors}
    assert len(set(neighbors)) == len(neighbors) == most
    last = fiftyone_faiss.search(many.dataset, line, k=50, skip=most - 50, **options)
    assert not last.has_more
    short = fiftyone_faiss.search(many.dataset, line, k=60, skip=most - 20, **options)
    assert (short.ids, short.has_more) == (neighbors[-20:], False)
    with pytest.raises(ValueError, match=rf"options there are {most:,} at most; ask for fewer"):
        fiftyone_faiss.search(many.dataset, line, k=50, skip=most, **options)


@pytest.mark.parametrize("options", [{}, {"diversity": 0.5}, {"hubness": True}, {"collapse": 0.1}])
def test_the_order_is_the_same_whatever_k(many, pools, options) -> None:
    line = f"@{many.ids[0]} + @{many.ids[1]} - @{many.ids[2]}"
    most = 100 if "diversity" in options else 1_200
    whole = fiftyone_faiss.search(many.dataset, line, k=most, **options)
    assert len(whole) == most
    for k in (10, 60, most - 30):
        few = fiftyone_faiss.search(many.dataset, line, k=k, **options)
        assert (few.ids, few.has_more) == (whole.ids[:k], True)
        # The float32 products of the hubness correction round by the number of candidates.
        np.testing.assert_allclose(few.scores, whole.scores[:k], rtol=1e-6)


def test_the_best_two_thousand_come_first_and_then_the_others(many) -> None:
    line = f"@{many.ids[0]} + @{many.ids[1]}"
    first = fiftyone_faiss.search(many.dataset, line, k=2_000)
    neighbors = fiftyone_faiss.search(many.dataset, line, k=2_900)
    assert len(set(neighbors.ids)) == 2_900
    assert (neighbors.ids[:2_000], neighbors.has_more) == (first.ids, True)
    assert np.all(np.diff(neighbors.scores) <= 0)
    for k in (19_999, 20_001):
        with pytest.raises(ValueError, match="19,998 at most"):
            fiftyone_faiss.search(many.dataset, line, k=k)
    with pytest.raises(ValueError, match="20,000 at most"):
        fiftyone_faiss.search(many.dataset, f"- @{many.ids[0]} - @{many.ids[1]}", k=20_001)


@pytest.fixture(scope="module")
def duplicates() -> Points:
    """Sixty vectors, each with forty-nine near-duplicates."""
    rng = np.random.default_rng(7)
    vectors = np.repeat(rng.normal(size=(60, 8)), 50, axis=0)
    vectors += rng.normal(size=vectors.shape) * 1e-4
    dataset = fo.Dataset()
    ids = dataset.add_samples([fo.Sample(f"/none/{i}.png") for i in range(len(vectors))])
    points = Points(dataset, vectors.astype(np.float32), ids)
    create(points, "copies")
    return points


@pytest.mark.parametrize(("terms", "most"), [((0,), 59), ((0, 1_000, 2_000), 27)])
def test_pages_of_near_duplicates_lose_and_repeat_none(duplicates, pools, terms, most) -> None:
    # Of several terms, the 1,500 candidates are thirty vectors and their copies, about. Those of
    # the query are no results.
    line = " + ".join(f"@{duplicates.ids[i]}" for i in terms)
    search = partial(fiftyone_faiss.search, duplicates.dataset, line, collapse=0.01)
    whole = search(k=70)
    place = {id: i // 50 for i, id in enumerate(duplicates.ids)}
    groups = [place[id] for id in whole.ids]
    assert len(set(groups)) == len(groups)
    assert abs(len(groups) - most) <= 3
    assert not whole.has_more
    listed: list[str] = []
    while len(listed) < len(groups):
        page = search(k=7, skip=len(listed))
        assert page.has_more == (len(listed) + 7 < len(groups))
        own = {duplicates.ids[i] for i in terms}
        assert page.near_duplicates.keys() <= {*page.ids, *own}
        if len(terms) == 1:
            assert len(page.near_duplicates[duplicates.ids[0]]) == 49
        listed += page.ids
    assert listed == whole.ids


def test_all_within_a_distance_are_not_varied_when_they_are_many(many, pools) -> None:
    query = many.vectors[5]
    thresh = float(fiftyone_faiss.search(many.dataset, query, k=102).distances[-2:].mean())
    search = partial(fiftyone_faiss.search, many.dataset, query, diversity=0.3)
    for options in ({}, {"collapse": 0.0}):
        with pytest.raises(
            ValueError, match=r"^101 are within thresh=.* there are 100 at most; gi"
        ):
            search(k=None, thresh=thresh, **options)
    assert len(search(k=100, thresh=thresh)) == 100
    nearest = fiftyone_faiss.search(many.dataset, query, k=None, thresh=thresh).ids
    few = search(k=None, thresh=thresh * 0.99)
    assert 50 < len(few) <= 100
    assert set(few.ids) <= set(nearest)


def test_the_cut_off_is_the_same_on_every_page(many) -> None:
    view = many.dataset[:500]
    for query in (many.vectors[5], f"@{many.ids[0]} + @{many.ids[1]}", many.ids[:6]):
        scores = {
            fiftyone_faiss.search(view, query, k=k, skip=skip).cutoff_score
            for k, skip in ((25, 0), (25, 250), (25, 475), (500, 0), (600, 0))
        }
        assert len(scores) == 1
        assert np.isfinite(scores.pop())


def test_a_plain_search_has_no_such_end(many) -> None:
    query = many.vectors[5]
    neighbors = fiftyone_faiss.search(many.dataset, query, k=50, skip=2_940)
    everything = fiftyone_faiss.search(many.dataset, query, k=MANY)
    assert neighbors.ids == everything.ids[2_940:2_990]
    assert neighbors.has_more


def test_the_farthest_within_a_distance_are_found_beyond_what_is_far(many, monkeypatch) -> None:
    # Most of the index is farther than that, and so are all of the farthest.
    monkeypatch.setattr(candidates, "MAX_RESULTS", 500)
    query = many.vectors[5]
    everything = fiftyone_faiss.search(many.dataset, query, k=MANY)
    thresh = float(everything.distances[60])
    neighbors = fiftyone_faiss.search(many.dataset, query, k=25, thresh=thresh, reverse=True)
    assert neighbors.ids == everything.ids[60:35:-1]
    assert not fiftyone_faiss.search(
        many.dataset, query, k=61, thresh=thresh, reverse=True
    ).has_more


def query_of(params: dict[str, Any]) -> Query:
    return SearchRequest.from_params(params).query


def test_an_upload_that_no_term_names_is_not_decoded(book) -> None:
    upload = {"name": "x.png", "content": "no picture at all"}
    named = SearchRequest.from_params({"query": "a dog", "uploads": {"upload": upload}}).query
    assert named == TextQuery("a dog")
    with pytest.raises(ValueError, match=r"x\.png"):
        query_of({"query": "a dog + @upload", "uploads": {"upload": upload}})


def test_large_pictures_in_a_line_are_made_small() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (5_000, 2_500), (9, 8, 7)).save(stream, "PNG")
    upload = {"name": "x.png", "content": base64.b64encode(stream.getvalue()).decode()}
    query = SearchRequest.from_params({"query": "@upload", "uploads": {"upload": upload}}).query
    assert (query.image.size, query.image.getpixel((0, 0))) == ((2_048, 1_024), (9, 8, 7))


def test_an_image_that_a_caller_gives_stays_as_it_is() -> None:
    image = Image.new("RGB", (5_000, 2_500), (9, 8, 7))
    query = parse_query("@upload", References(uploads={"upload": image}))
    assert (query.image.size, image.size) == ((2_048, 1_024), (5_000, 2_500))


def test_an_address_is_fetched_once_in_some_minutes(monkeypatch) -> None:
    asked = []

    def fetch(url: str) -> Image.Image:
        asked.append(url)
        return Image.new("RGB", (4, 4), (len(asked), 0, 0))

    # There is no internet here; what fetches is tested with a server of its own.
    monkeypatch.setattr(parsing, "fetch_image", fetch)
    parsing.URL_CACHE.clear()
    first, second, other = (
        query_of({"query": f"https://example.com/{name}"}).image.getpixel((0, 0))
        for name in ("a.jpg", "a.jpg", "b.jpg")
    )
    assert (first, second, other) == ((1, 0, 0), (1, 0, 0), (2, 0, 0))
    parsing.URL_CACHE.clear()
    again = query_of({"query": "https://example.com/a.jpg"}).image.getpixel((0, 0))
    assert again == (3, 0, 0)
    with pytest.raises(ValueError, match="more than 4 URLs; remove some"):
        query_of({"query": " + ".join(["https://example.com/c.jpg"] * 5)})
    assert len(asked) == 3


def test_code_is_written_without_reading_the_query(book) -> None:
    params = {"query": "https://nowhere.invalid/a.jpg - /gone.jpg", "k": 7}
    code = as_code(book, SearchRequest.from_params(params))
    assert "'https://nowhere.invalid/a.jpg - /gone.jpg'" in code
    assert "k=7" in code


def test_the_code_of_an_infinite_distance_is_code(book) -> None:
    code = as_code(book, SearchRequest.from_params({"query": "a dog", "thresh": "inf", "k": None}))
    assert 'thresh=float("inf")' in code
    assert "k=None" in code


def test_samples_found_in_a_view_of_patches_can_be_shown(book) -> None:
    neighbors = fiftyone_faiss.search(book.to_patches("objects"), "a dog", k=5)
    assert neighbors.view().values("id") == neighbors.ids
    assert len(neighbors) == 5


def test_scores_of_labels_are_stored_part_by_part(rng, monkeypatch) -> None:
    monkeypatch.setattr(value_fields, "LOOKUP", 7)
    points = Large.make(60, 20).points("detections", 60)
    create(points, "labels")
    neighbors = fiftyone_faiss.search(points.dataset, points.vectors[0], k=5)
    assert neighbors.save_scores("near", everywhere=True) == 60
    every = fiftyone_faiss.search(points.dataset, points.vectors[0], k=60)
    _, path = points.dataset._get_label_field_path(every.patches_field, "near")
    _, ids = points.dataset._get_label_field_path(every.patches_field, "id")
    stored = dict(zip(*points.dataset.values([ids, path], unwind=True), strict=True))
    np.testing.assert_allclose([stored[id] for id in every.ids], every.scores, atol=1e-6)
