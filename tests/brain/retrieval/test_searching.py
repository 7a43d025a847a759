"""Search from Python: every kind of query, in datasets and views, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor, color_vector
from support.distances import reference
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.brain import SearchRequest, run_search
from fiftyone_faiss.brain.queries.terms import ImageQuery, SamplesQuery, TextQuery


@pytest.fixture
def vectors(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(12, 3)).astype(np.float32)


@pytest.fixture
def indexed(dataset: fo.Dataset, vectors: np.ndarray) -> fo.Dataset:
    index_of(dataset, vectors)
    return dataset


def nearest(
    dataset: fo.Dataset, query: np.ndarray, vectors: np.ndarray, own: Sequence[int] = ()
) -> tuple[list, np.ndarray]:
    """The ids and distances of all samples but those of the query, which have these numbers."""
    distances = reference(query[None], vectors, "cosine")[0]
    order = [i for i in np.argsort(distances) if i not in own]
    ids = dataset.values("id")
    return [ids[i] for i in order], distances[order]


def test_a_vector(indexed, vectors) -> None:
    query = np.array([1.0, -2.0, 0.5])
    ids, distances = nearest(indexed, query, vectors)
    neighbors = fiftyone_faiss.search(indexed, query, k=5)
    assert neighbors.ids == neighbors.sample_ids == ids[:5]
    np.testing.assert_allclose(neighbors.distances, distances[:5], atol=1e-6)
    np.testing.assert_allclose(neighbors.scores, 1 - distances[:5], atol=1e-6)
    assert neighbors.view().values("id") == ids[:5]
    assert neighbors.metric == "cosine"


def test_a_sample_several_samples_and_the_least_similar(indexed, vectors) -> None:
    ids = indexed.values("id")
    others, distances = nearest(indexed, vectors[3], vectors, [3])
    neighbors = fiftyone_faiss.search(indexed, ids[3], k=11)
    assert neighbors.ids == others
    np.testing.assert_allclose(neighbors.distances, distances, atol=1e-6)
    assert neighbors.pinned == {ids[3]: ids[3]}
    mean = vectors[[2, 7]].mean(axis=0)
    neighbors = fiftyone_faiss.search(indexed, [ids[7], ids[2]], k=10)
    assert neighbors.ids == nearest(indexed, mean, vectors, [2, 7])[0]
    assert neighbors.pinned == {ids[2]: ids[2], ids[7]: ids[7]}
    turned = fiftyone_faiss.search(indexed, ids[3], k=4, reverse=True)
    assert turned.ids == others[::-1][:4]


def test_samples_of_a_query_are_pinned_and_no_results(indexed, vectors) -> None:
    ids = indexed.values("id")
    line = f"@{ids[3]} + @selected - @{ids[5]}"
    neighbors = fiftyone_faiss.search(indexed, line, k=10, selected=ids[8:9])
    assert neighbors.pinned == {id: id for id in (ids[3], ids[8])}
    # What is avoided, liked or a vector is found like any other sample.
    assert set(neighbors.ids) == set(ids) - {ids[3], ids[8]}
    liked = fiftyone_faiss.search(indexed, ids[3], k=11, liked=ids[4:5], disliked=ids[6:7])
    assert (set(liked.ids), list(liked.pinned)) == (set(ids) - {ids[3]}, ids[3:4])
    plain = fiftyone_faiss.search(indexed, vectors[3], k=3)
    assert (plain.ids[0], plain.pinned) == (ids[3], {})
    paths = dict(zip(ids, indexed.values("filepath"), strict=True))
    assert neighbors.to_dict()["pinned"] == [
        {
            "id": id,
            "sample_id": id,
            "filepath": paths[id],
            "bounding_box": None,
            "frame_number": None,
        }
        for id in (ids[3], ids[8])
    ]
    # A query that is outside of the view is pinned too.
    outside = fiftyone_faiss.search(indexed[6:], ids[3], k=6)
    assert outside.ids == [id for id in nearest(indexed, vectors[3], vectors)[0] if id in ids[6:]]
    assert (outside.pinned, outside.notes) == ({ids[3]: ids[3]}, ())
    # Within a distance, all but the query are found, on any page.
    within = fiftyone_faiss.search(indexed, ids[3], k=None, thresh=2)
    assert within.ids == nearest(indexed, vectors[3], vectors, [3])[0]
    page = fiftyone_faiss.search(indexed, ids[3], k=4, skip=4)
    assert (page.ids, page.has_more, list(page.pinned)) == (within.ids[4:8], True, ids[3:4])


def test_a_view_is_searched_and_nothing_else(indexed, vectors) -> None:
    view = indexed.match(fo.ViewField("number") >= 6).sort_by("number", reverse=True)
    ids, _ = nearest(indexed, vectors[0], vectors, [0])
    inside = set(view.values("id"))
    neighbors = fiftyone_faiss.search(view, indexed.values("id")[0], k=4)
    assert neighbors.ids == [id for id in ids if id in inside][:4]
    assert neighbors.notes == ()


def test_more_than_there_is_gives_all_and_says_so(indexed) -> None:
    neighbors = fiftyone_faiss.search(indexed, np.ones(3), k=500)
    assert len(neighbors) == 12
    assert neighbors.notes == ("k is 500, but the dataset has only 12 indexed; all are shown.",)
    neighbors = fiftyone_faiss.search(indexed[:3], np.ones(3), k=25)
    assert len(neighbors) == 3
    assert "the view has only 3 indexed; all are shown" in neighbors.notes[0]
    # The samples of the query are not counted.
    id = indexed.first().id
    assert fiftyone_faiss.search(indexed, id, k=11).notes == ()
    for samples, where, others in ((indexed, "dataset", 11), (indexed[:3], "view", 2)):
        neighbors = fiftyone_faiss.search(samples, id, k=12)
        assert len(neighbors) == others
        assert neighbors.notes == (
            f"k is 12, but the {where} has only {others} indexed besides the query; all are shown.",
        )
    others = indexed.values("id")[1:3]
    for query, what in ((np.ones(3), ""), (id, "the query and ")):
        few = fiftyone_faiss.search(indexed[:3], query, k=3, exclude=others)
        assert few.ids == ([] if what else [id])
        assert f"{len(few)} indexed besides {what}what is excluded; all" in few.notes[0]
    alone = fiftyone_faiss.search(indexed[:1], id, k=1)
    assert (alone.ids, alone.has_more, list(alone.pinned)) == ([], False, [id])


def test_deleted_samples_are_replaced_by_living_ones(indexed, vectors) -> None:
    ids, _ = nearest(indexed, vectors[0], vectors)
    indexed.delete_samples(ids[1:4])
    assert ids[0] == indexed.first().id
    assert fiftyone_faiss.search(indexed, ids[0], k=4).ids == ids[4:8]


def test_an_image_is_embedded_by_the_index_s_model(dataset, tmp_path) -> None:
    fiftyone_faiss.build_index(dataset, "colors", model=MeanColor())
    image = Image.new("RGB", (9, 9), (100, 155, 40))
    sixth = dataset.skip(5).first().id
    # The run stores the name of the embedder, which this process knows.
    assert fiftyone_faiss.search(dataset, image, k=1).ids == [sixth]
    assert fiftyone_faiss.search(dataset, color_vector(100, 155, 40), k=1).ids == [sixth]


def test_the_summary_is_json(indexed, vectors) -> None:
    neighbors = fiftyone_faiss.search(indexed, indexed.first().id, k=3)
    answer = json.loads(json.dumps(neighbors.to_dict()))
    assert (answer["query"], answer["brain_key"], answer["count"]) == ("1 sample", "given", 3)
    best = 1 - nearest(indexed, vectors[0], vectors, [0])[1][0]
    assert answer["best_score"] == pytest.approx(best, abs=1e-4)
    assert [row["id"] for row in answer["pinned"]] == [indexed.first().id]
    assert answer["milliseconds"] > 0


def test_options_are_read_whatever_their_type(indexed, vectors) -> None:
    ids, distances = nearest(indexed, vectors[3], vectors)
    search = partial(fiftyone_faiss.search, indexed, vectors[3])
    for options in (
        {"k": 4.0, "skip": 1.0},
        {"k": np.int64(4), "skip": "1"},
        {"k": "4", "skip": 1},
    ):
        assert search(**options).ids == ids[1:5]
    thresh = float(distances[4:6].mean())
    for given in (thresh, str(thresh), np.float32(thresh)):
        assert search(k=None, thresh=given).ids == ids[:5]
    assert search(k=3, thresh="", diversity="", collapse="").ids == ids[:3]


def test_one_id_does_where_several_do(indexed) -> None:
    ids, id = indexed.values("id"), indexed.first()._id
    search = partial(fiftyone_faiss.search, indexed, k=11)
    expected = search([ids[0]]).ids
    assert (len(expected), ids[0] in expected) == (11, False)
    assert search(id).ids == search([id]).ids == search(ids[0].upper()).ids == expected
    for selected in (ids[0], id, [id]):
        assert search("@selected", selected=selected).ids == expected
        avoided = search(f"@{ids[1]} - @{ids[0]}").ids
        assert search(f"@{ids[1]} - @selected", selected=selected).ids == avoided
        liked = search(ids[1], liked=[ids[0]], disliked=[ids[2]])
        same = search(ids[1], liked=selected, disliked=ids[2])
        assert same.ids == liked.ids
        np.testing.assert_array_equal(same.scores, liked.scores)


def test_a_list_of_numbers_is_a_vector(indexed, vectors) -> None:
    for query in ([1.0, -2.0, 0.5], (1, np.float32(-2), 0.5)):
        neighbors = fiftyone_faiss.search(indexed, query, k=5)
        assert neighbors.ids == nearest(indexed, np.array([1.0, -2.0, 0.5]), vectors)[0][:5]
        assert neighbors.query == "a vector"


# -- bad input ---------------------------------------------------------------------------------

BAD = [
    ({"query": ""}, "The query is empty; type what to look for"),
    ({"query": "   "}, "The query is empty"),
    ({"query": "a" * 10_000}, "The query has 10,000 characters; shorten it to 1,000 or fewer"),
    ({"query": "car", "k": 0}, "k must be at least 1, got 0"),
    ({"query": "car", "k": -1}, "k must be at least 1, got -1"),
    ({"query": "car", "k": "many"}, "k is 'many'; give a whole number"),
    ({"query": "car", "brain_key": "nope"}, "no similarity index 'nope'; it has 'given'"),
    ({"query": "car"}, "cannot be searched by text"),
    ({"query": []}, "No samples are selected"),
    ({"query": 7}, "A query of type int is not supported"),
    ({"query": np.ones(4)}, "dimensions"),
    ({"query": np.full(3, np.nan)}, "not finite"),
    ({"query": np.ones((3, 3))}, "An array of shape .3, 3. and type float64 is no image"),
    ({"query": "0" * 24}, "no vector for 1 ids"),
    ({"query": Path("no/such.jpg")}, "no image file at"),
]


@pytest.mark.parametrize(("given", "match"), BAD, ids=[match[:30] for _, match in BAD])
def test_a_bad_request_is_one_sentence_and_harms_nothing(indexed, vectors, given, match) -> None:
    with pytest.raises(ValueError, match=match):
        fiftyone_faiss.search(indexed, **given)
    stored = indexed.load_brain_results("given").get_embeddings()[0]
    np.testing.assert_array_equal(stored, vectors)


def test_a_dataset_without_an_index_or_with_several_asks_for_one(dataset, vectors) -> None:
    with pytest.raises(ValueError, match="has no FAISS index yet; build one"):
        fiftyone_faiss.search(dataset, "car")
    index_of(dataset, vectors, "a")
    index_of(dataset, vectors, "b")
    with pytest.raises(ValueError, match="several indexes; give brain_key, one of 'a', 'b'"):
        fiftyone_faiss.search(dataset, "car")


def test_an_emptied_index_and_a_deleted_dataset_are_named(indexed) -> None:
    index = indexed.load_brain_results("given")
    index.remove_from_index(sample_ids=indexed.values("id"))
    with pytest.raises(ValueError, match="The index 'given' is empty; build it first"):
        fiftyone_faiss.search(indexed, np.ones(3))
    name = indexed.name
    indexed.delete()
    with pytest.raises(ValueError, match=f"'{name}' was deleted; open another"):
        fiftyone_faiss.search(indexed, np.ones(3))


def test_forms_become_requests(dataset) -> None:
    request = SearchRequest.from_params({"query_type": "text", "query": "a car", "k": "7"})
    assert request.query == TextQuery("a car")
    assert (request.brain_key, request.k, request.reverse) == (None, 7, False)
    form = {"query_type": "samples", "sample_ids": ["0" * 24]}
    assert SearchRequest.from_params(form).query == SamplesQuery(("0" * 24,))
    with pytest.raises(ValueError, match="No image was uploaded"):
        run_search(dataset, SearchRequest.from_params({"query_type": "image"}))
    with pytest.raises(ValueError, match="'sound' is no query_type"):
        SearchRequest.from_params({"query_type": "sound"})


def test_the_samples_of_a_form_are_of_the_dataset_that_is_given(dataset) -> None:
    form = {"query_type": "samples", "sample_ids": ["0" * 24]}
    assert SearchRequest.from_params(form, dataset).query == SamplesQuery(("0" * 24,), (dataset,))


def test_the_package_lists_what_it_offers() -> None:
    assert {*fiftyone_faiss.__all__, "__version__", "register"} <= {*dir(fiftyone_faiss)}
    assert all(callable(getattr(fiftyone_faiss, name)) for name in fiftyone_faiss.__all__)


def test_an_upload_is_decoded(tmp_path) -> None:
    import base64

    path = tmp_path / "one.png"
    Image.new("RGB", (4, 2), (9, 8, 7)).save(path)
    content = base64.b64encode(path.read_bytes()).decode()
    form = {"query_type": "image", "image": {"content": content, "name": "x"}}
    query = SearchRequest.from_params(form).query
    assert isinstance(query, ImageQuery)
    assert (query.name, query.image.size, query.image.getpixel((0, 0))) == ("x", (4, 2), (9, 8, 7))
