"""Searches of runs of other Brain backends, by ids and distances against NumPy."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from fiftyone import ViewField as F
from support.backends import (
    BACKENDS,
    CAPPED_K,
    check_neighbors,
    create_capped,
    lancedb_folder,
)
from support.clusters import Large, create, without
from support.formulas import LINES, Formula, check, line_of
from support.points import Points, one_sentence

import fiftyone_faiss
from fiftyone_faiss.brain import load_index
from fiftyone_faiss.brain.backend.searchable import check_all_neighbors
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.embedders import EmbedderError

METRICS = ("cosine", "euclidean")
# More than twice the rows of a view that is ranked whole.
MANY = 5_000


@pytest.fixture(scope="module", autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with lancedb_folder(tmp_path_factory.mktemp("lancedb")):
        yield


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def small() -> Large:
    """300 samples and 180 labels, with runs of each backend; its reference set is all of it."""
    small = Large.make(300, 60)
    for name in BACKENDS:
        for metric in METRICS:
            create(small.points("samples", 300), f"{name}_{metric}", name, metric=metric)
        create(small.points("detections", 180), f"{name}_labels", name, metric="cosine")
    return small


@pytest.fixture(scope="module")
def many() -> Points:
    points = Large.make(MANY, 1).points("samples", MANY)
    for name in BACKENDS:
        create(points, name, name, metric="euclidean")
    create_capped(points, "capped")
    return points


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Points]:
    """Points that a test may change, with a run of each backend."""
    points = Large.make(60, 1, seed=7).points("samples", 60)
    with lancedb_folder(tmp_path):
        for name in BACKENDS:
            create(points, name, name, metric="cosine")
        yield points
    points.dataset.delete()


@pytest.fixture(scope="module")
def images(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """The book with runs of each backend beside its FAISS index, of the same vectors."""
    images = book.clone()
    vectors, ids, _ = images.load_brain_results("clip").get_embeddings()
    for name in BACKENDS:
        for metric in METRICS:
            fob.compute_similarity(
                images,
                embeddings=dict(zip(ids, vectors, strict=True)),
                model=MODEL_NAME,
                backend=name,
                metric=metric,
                brain_key=f"{name}_{metric}",
            )
    fiftyone_faiss.search(images, "a cat", "clip", k=1)
    yield images
    images.delete()


# -- queries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
def test_a_vector_finds_its_nearest_samples(small, backend, metric) -> None:
    points = small.points("samples", 300)
    query = points.vectors[3] + 0.1
    results = fiftyone_faiss.search(small.dataset, query, f"{backend}_{metric}", k=20)
    check_neighbors(results, query, points, metric, 20)
    assert results.has_more
    assert (results.metric, results.patches_field) == (metric, None)
    following = fiftyone_faiss.search(small.dataset, query, f"{backend}_{metric}", k=20, skip=10)
    assert following.ids[:10] == results.ids[10:]


def test_samples_are_queries_by_their_mean(small, backend) -> None:
    points = small.points("samples", 300)
    results = fiftyone_faiss.search(small.dataset, points.ids[4:6], f"{backend}_euclidean", k=9)
    others = without(points, points.ids[4:6])
    check_neighbors(results, points.vectors[4:6].mean(axis=0), others, "euclidean", 9)
    assert list(results.pinned) == points.ids[4:6]
    assert results.has_more


def test_a_distance_limits_the_results(small, backend) -> None:
    points = small.points("samples", 300)
    query = points.vectors[8]
    key = f"{backend}_euclidean"
    thresh = float(fiftyone_faiss.search(small.dataset, query, key, k=30).distances[-1])
    results = fiftyone_faiss.search(small.dataset, query, key, k=None, thresh=thresh + 1e-9)
    check_neighbors(results, query, points, "euclidean", 30)
    assert len(results) == 30


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("text", "wanted", "avoided"), LINES[:4], ids=[x[0] for x in LINES[:4]])
def test_terms_are_weighted(small, backend, metric, text, wanted, avoided) -> None:
    points = small.points("samples", 300)
    formula = Formula(
        metric,
        points.vectors,
        [(weight, points.vectors[i]) for weight, i in wanted],
        [(weight, points.vectors[i]) for weight, i in avoided],
    )
    line = line_of(text, points.ids)
    results = fiftyone_faiss.search(small.dataset, line, f"{backend}_{metric}", k=300)
    check(results, points.ids, formula, [i for _, i in wanted])


def test_feedback_moves_the_query(small, backend) -> None:
    points = small.points("samples", 300)
    vectors = points.vectors
    formula = Formula("cosine", vectors, [(1, vectors[0])], [], vectors[[4, 7]], vectors[[5]])
    results = fiftyone_faiss.search(
        small.dataset,
        points.ids[0],
        f"{backend}_cosine",
        k=300,
        liked=[points.ids[4], points.ids[7]],
        disliked=[points.ids[5]],
    )
    check(results, points.ids, formula, own=[0])


@pytest.mark.parametrize("options", [{}, {"templates": "ensemble"}, {"hubness": True}])
@pytest.mark.parametrize("query", ["a cat", "a cat - snow", "2: a red car + a dog", "colonoscopy"])
def test_texts_find_what_they_find_in_a_faiss_index(images, backend, query, options) -> None:
    expected = fiftyone_faiss.search(images, query, "clip", k=30, **options)
    results = fiftyone_faiss.search(images, query, f"{backend}_cosine", k=30, **options)
    assert results.ids == expected.ids
    for name in ("distances", "scores", "percentiles"):
        values = getattr(results, name)
        np.testing.assert_allclose(values, getattr(expected, name), rtol=1e-4, atol=1e-4)
    assert results.bands == expected.bands
    assert results.verdict == expected.verdict
    assert results.explanation == expected.explanation


@pytest.mark.parametrize("terms", ["@0", "@0 + @7", "@3 + a dog - @9"])
def test_samples_find_what_they_find_in_a_faiss_index(images, backend, terms) -> None:
    line = line_of(terms, images.values("id"))
    for samples in (images, images.limit(90)):
        expected = fiftyone_faiss.search(samples, line, "clip", k=30)
        results = fiftyone_faiss.search(samples, line, f"{backend}_cosine", k=30)
        assert (results.ids, results.pinned) == (expected.ids, expected.pinned)
        np.testing.assert_allclose(results.scores, expected.scores, rtol=1e-4, atol=1e-4)
        # Products of matrices are rounded by the number of their rows.
        np.testing.assert_allclose(results.relevance, expected.relevance, atol=0.05)
        assert (results.verdict, results.has_more) == (expected.verdict, True)


def test_images_are_embedded_by_the_model_of_the_run(images, backend) -> None:
    sample = images.skip(5).first()
    results = fiftyone_faiss.search(images, Path(sample.filepath), f"{backend}_cosine", k=3)
    expected = fiftyone_faiss.search(images, sample.id, "clip", k=2)
    # An image is no sample, so the sample of it is a result.
    assert results.ids == [sample.id, *expected.ids]
    assert results.pinned == {}
    np.testing.assert_allclose(results.distances, [0, *expected.distances], atol=1e-4)


def test_a_text_keeps_the_length_that_the_model_gives_it(images, backend) -> None:
    """Where lengths matter, queries are as long as the vectors that FiftyOne computes."""
    run = images.load_brain_results(f"{backend}_euclidean", cache=False)
    with run.get_model() as model:
        query = np.asarray(model.embed_prompts(["a dog"])[0], np.float32)
    vectors, ids, _ = images.load_brain_results("clip").get_embeddings()
    points = Points(images, vectors, ids.tolist())
    results = fiftyone_faiss.search(images, "a dog", f"{backend}_euclidean", k=9)
    check_neighbors(results, query, points, "euclidean", 9)


def test_near_duplicates_collapse_and_diversity_spreads(images, backend) -> None:
    for options in ({"collapse": 0.05}, {"diversity": 0.5}):
        expected = fiftyone_faiss.search(images, "a dog", "clip", k=12, **options)
        results = fiftyone_faiss.search(images, "a dog", f"{backend}_cosine", k=12, **options)
        assert results.ids == expected.ids
        assert results.near_duplicates == expected.near_duplicates


def test_labels_are_found_in_an_index_of_patches(small, backend) -> None:
    points = small.points("detections", 180)
    key = f"{backend}_labels"
    results = fiftyone_faiss.search(small.dataset, points.ids[7], key, k=10)
    others = without(points, [points.ids[7]])
    check_neighbors(results, points.vectors[7], others, "cosine", 10)
    assert results.patches_field == "things"
    assert results.pinned == {points.ids[7]: points.sample_ids[7]}
    patches = small.dataset.match(F("number") < 20).to_patches("things")
    results = fiftyone_faiss.search(patches, points.ids[7], key, k=10)
    check_neighbors(results, points.vectors[7], others.at(range(59)), "cosine", 10)


# -- views and deleted samples -----------------------------------------------------------------


@pytest.mark.parametrize("count", [MANY // 20, MANY // 2], ids=["5 %", "half"])
@pytest.mark.parametrize("is_filter", [True, False])
def test_results_come_from_the_view(many, backend, count, is_filter) -> None:
    dataset = many.dataset
    view = dataset.match(F("number") < count) if is_filter else dataset.limit(count)
    query = many.vectors[MANY - 1]
    results = fiftyone_faiss.search(view, query, backend, k=40)
    check_neighbors(results, query, many.at(range(count)), "euclidean", 40)
    assert results.notes == ()


def test_two_views_are_searched_at_once(many, backend) -> None:
    halves = [range(MANY // 2), range(MANY // 2, MANY)]
    views = [
        many.dataset.match(F("number") < MANY // 2),
        many.dataset.match(F("number") >= MANY // 2),
    ]
    queries = many.vectors[:6] + 0.1

    def search(job: tuple[int, np.ndarray]) -> fiftyone_faiss.Neighbors:
        side, query = job
        return fiftyone_faiss.search(views[side], query, backend, k=15)

    jobs = [(side, query) for query in queries for side in (0, 1)]
    with ThreadPoolExecutor(2) as pool:
        for (side, query), results in zip(jobs, pool.map(search, jobs), strict=True):
            check_neighbors(results, query, many.at(halves[side]), "euclidean", 15)


def test_deleted_samples_are_not_found(own, backend) -> None:
    query = own.vectors[0]
    nearest = fiftyone_faiss.search(own.dataset, query, backend, k=5)
    own.dataset.delete_samples(nearest.ids)
    results = fiftyone_faiss.search(own.dataset, query, backend, k=20)
    check_neighbors(results, query, without(own, nearest.ids), "cosine", 20)
    few = own.dataset.limit(10)
    results = fiftyone_faiss.search(few, query, backend, k=20)
    left = [own.ids.index(id) for id in few.values("id")]
    check_neighbors(results, query, own.at(left), "cosine", 10)
    assert results.notes == ("k is 20, but the view has only 10 indexed; all are shown.",)


def test_queries_of_fiftyone_in_between_change_nothing(own, backend) -> None:
    # sklearn centers its own vectors, LanceDB writes a table of the view.
    own.dataset.sort_by_similarity(own.ids[0], k=5, brain_key=backend)
    shared = own.dataset.load_brain_results(backend)
    shared.use_view(own.dataset.limit(7))
    shared.sort_by_similarity(own.ids[3], k=5)
    results = fiftyone_faiss.search(own.dataset, own.vectors[1], backend, k=30)
    check_neighbors(results, own.vectors[1], own, "cosine", 30)
    results = fiftyone_faiss.search(own.dataset, own.ids[2], backend, k=30)
    check_neighbors(results, own.vectors[2], without(own, own.ids[2:3]), "cosine", 30)


def test_vectors_that_fiftyone_adds_are_found(own, backend) -> None:
    fiftyone_faiss.search(own.dataset, own.vectors[0], backend, k=1)
    sample = fo.Sample("/none/new.png", number=60)
    own.dataset.add_sample(sample, validate=False)
    run = own.dataset.load_brain_results(backend)
    run.add_to_index(-own.vectors[:1], [sample.id])
    run.save()
    results = fiftyone_faiss.search(own.dataset, -own.vectors[0], backend, k=1)
    assert results.ids == [sample.id]
    np.testing.assert_allclose(results.distances, [0], atol=1e-6)


def test_changed_vectors_in_a_field_are_found() -> None:
    points = Large.make(40, 1, seed=3).points("samples", 40)
    dataset = points.dataset
    dataset.set_values("vector", list(points.vectors))
    fob.compute_similarity(dataset, embeddings="vector", backend="sklearn", brain_key="field")
    query = points.vectors[5]
    check_neighbors(fiftyone_faiss.search(dataset, query, k=9), query, points, "cosine", 9)
    dataset.set_values("vector", list(points.vectors[::-1]))
    changed = points.with_vectors(points.vectors[::-1])
    check_neighbors(fiftyone_faiss.search(dataset, query, k=9), query, changed, "cosine", 9)


# -- tags and exports --------------------------------------------------------------------------


def test_neighbors_are_tagged_and_untagged(own, backend) -> None:
    tagging = fiftyone_faiss.tag_neighbors(own.dataset, own.ids[0], k=4, brain_key=backend)
    others = without(own, own.ids[:1])
    check_neighbors(tagging.neighbors, own.vectors[0], others, "cosine", 4)
    tagged = own.dataset.match_tags("neighbors").values("id")
    assert tagged == sorted([own.ids[0], *tagging.neighbors.ids])
    assert fiftyone_faiss.untag_neighbors(own.dataset) == 5


def test_exports_hold_the_results(small, backend) -> None:
    points = small.points("samples", 300)
    results = fiftyone_faiss.search(small.dataset, points.ids[0], f"{backend}_cosine", k=5)
    table = list(csv.DictReader(io.StringIO(results.to_text("csv"), newline="")))
    rows = json.loads(results.to_text("json"))["results"]
    assert [row["id"] for row in table] == [row["id"] for row in rows] == results.ids
    np.testing.assert_allclose([row["distance"] for row in rows], results.distances)
    np.testing.assert_allclose([float(row["score"]) for row in table], results.scores)
    assert rows[0]["filepath"] == small.dataset[results.ids[0]].filepath
    (pinned,) = results.to_dict()["pinned"]
    assert pinned == {
        "id": points.ids[0],
        "sample_id": points.ids[0],
        "filepath": small.dataset[points.ids[0]].filepath,
        "bounding_box": None,
        "frame_number": None,
    }
    assert results.view().values("id") == results.ids


def test_scores_of_the_whole_index_are_saved(own, backend) -> None:
    results = fiftyone_faiss.search(own.dataset, own.vectors[0], backend, k=3)
    assert results.save_scores("score", everywhere=True) == 60
    saved = dict(zip(*own.dataset.values(["id", "score"]), strict=True))
    expected = fiftyone_faiss.search(own.dataset, own.vectors[0], backend, k=60)
    for id, score in zip(expected.ids, expected.scores, strict=True):
        assert saved[id] == pytest.approx(score, abs=1e-9)


# -- what a backend cannot do ------------------------------------------------------------------


def test_a_copied_index_finds_the_least_similar(small) -> None:
    points = small.points("samples", 300)
    query = points.vectors[2]
    results = fiftyone_faiss.search(small.dataset, query, "sklearn_cosine", k=9, reverse=True)
    check_neighbors(results, query, points, "cosine", 9, reverse=True)


def test_a_small_view_is_ranked_whole_from_either_end(small) -> None:
    points = small.points("samples", 300)
    query = points.vectors[2]
    view = small.dataset.limit(50)
    results = fiftyone_faiss.search(view, query, "lancedb_cosine", k=9, reverse=True)
    check_neighbors(results, query, points.at(range(50)), "cosine", 9, reverse=True)


def test_the_least_similar_are_refused_where_a_backend_has_none(small) -> None:
    id = small.dataset.first().id
    for query, options in ((id, {"reverse": True}), (f"- @{id}", {})):
        with pytest.raises(ValueError, match="'lancedb' cannot find the least similar") as caught:
            fiftyone_faiss.search(small.dataset, query, "lancedb_cosine", **options)
        assert one_sentence(caught.value)


def test_more_results_than_a_backend_returns_are_refused(many) -> None:
    query = many.vectors[0]
    results = fiftyone_faiss.search(many.dataset, query, "capped", k=CAPPED_K)
    check_neighbors(results, query, many, "euclidean", CAPPED_K)
    with pytest.raises(ValueError, match=f"returns {CAPPED_K} at most; ask for fewer") as caught:
        fiftyone_faiss.search(many.dataset, query, "capped", k=CAPPED_K, skip=1)
    assert one_sentence(caught.value)
    # The sample of the query is among those that the backend returns.
    few = fiftyone_faiss.search(many.dataset, many.ids[0], "capped", k=CAPPED_K - 1)
    check_neighbors(few, query, without(many, many.ids[:1]), "euclidean", CAPPED_K - 1)
    assert (few.has_more, few.notes) == (False, ())
    with pytest.raises(ValueError, match="of the query and excluded ones, 60 at most") as caught:
        fiftyone_faiss.search(many.dataset, many.ids[0], "capped", k=CAPPED_K)
    assert one_sentence(caught.value)
    view = many.dataset.limit(100)
    results = fiftyone_faiss.search(view, query, "capped", k=90)
    check_neighbors(results, query, many.at(range(100)), "euclidean", 90)


def test_a_view_that_a_backend_does_not_reach_is_reported(many) -> None:
    query = many.vectors[0]
    nearest = fiftyone_faiss.search(many.dataset, query, "lancedb", k=CAPPED_K).ids
    view = many.dataset.exclude(nearest[3:])
    results = fiftyone_faiss.search(view, query, "capped", k=5)
    assert results.ids == nearest[:3]
    assert results.notes == (
        f"The backend 'lancedb' returns at most {CAPPED_K} neighbors, of which 3 are in the view.",
    )


def test_neighbors_of_all_vectors_need_an_index_that_finds_them(small) -> None:
    check_all_neighbors(load_index(small.dataset, "sklearn_cosine"))
    with pytest.raises(ValueError, match=r"'lancedb'.*cannot find the neighbors of all") as caught:
        check_all_neighbors(load_index(small.dataset, "lancedb_cosine"))
    assert one_sentence(caught.value)


def test_an_id_without_a_vector_is_named(own, backend) -> None:
    missing = "0" * 24
    with pytest.raises(ValueError, match=f"no vector for 1 ids, such as '{missing}'"):
        fiftyone_faiss.search(own.dataset, own.ids[0], backend, liked=[missing])


def test_a_query_of_another_dimension_is_refused(own, backend) -> None:
    with pytest.raises(ValueError, match="3 dimensions but the index has 64"):
        fiftyone_faiss.search(own.dataset, np.ones(3), backend)


def test_a_model_that_is_not_registered_is_named_with_its_index(own, backend) -> None:
    index = load_index(own.dataset, backend)
    index.config.model = "lost-model"
    with pytest.raises(EmbedderError) as caught:
        index.get_embedder()
    assert str(caught.value) == (
        f"The index '{backend}' was built with the embedder 'lost-model', which is not registered "
        "in this process; call register_embedder('lost-model', ...) first."
    )
