"""What scores mean: percentiles, bands and the verdict, against NumPy and against labels."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from support.clusters import Large, all_distances, create
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.brain.queries.terms import TextQuery
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery
from fiftyone_faiss.demo.phrases import article
from fiftyone_faiss.demo.world import KINDS

# Of nothing that a picture book of animals, vehicles and toys would show.
ABSURD = (
    "quantum field theory",
    "an x-ray of a broken leg",
    "a submarine",
    "a printed circuit board",
    "colonoscopy",
    "the stock market crash of 1929",
    "an MRI scan",
    "a parliament debate",
    "sushi",
    "zzz qqq",
    "a tax declaration",
    "a spreadsheet",
)


@pytest.fixture(scope="module")
def large() -> Large:
    """Samples without files, with an index for each metric."""
    large = Large.make(300, 1)
    for metric in ("cosine", "euclidean", "dotproduct"):
        create(large.points("samples", 300), metric, metric=metric)
    return large


@pytest.fixture(scope="module")
def kinds(book) -> dict[str, set[str]]:
    """For each kind of thing, the ids of the pictures that show one."""
    shown = zip(book.values("id"), book.values("objects.detections.label"), strict=True)
    pairs = [(id, set(labels)) for id, labels in shown]
    return {kind: {id for id, labels in pairs if kind in labels} for kind in KINDS}


def similar(query: np.ndarray, vectors: np.ndarray, metric: str = "cosine") -> np.ndarray:
    distances = all_distances(query, vectors, metric)
    return 1 - distances if metric == "cosine" else -distances


# -- percentiles -------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dotproduct"])
def test_a_percentile_is_how_much_of_the_index_scores_lower(large, metric) -> None:
    query = large.of_samples[3] + np.float32(0.2)
    reference = similar(query, large.of_samples, metric)
    neighbors = fiftyone_faiss.search(large.dataset, query, metric, k=50)
    scores = reference[[large.dataset.values("id").index(id) for id in neighbors.ids]]
    expected = [100 * float((reference < score).mean()) for score in scores]
    np.testing.assert_allclose(neighbors.percentiles, expected, atol=1e-9)
    # Of all that there is, the best is above all others, and the least above none.
    whole = fiftyone_faiss.search(large.dataset, query, metric, k=300)
    assert whole.percentiles[0] == pytest.approx(100 * 299 / 300)
    assert whole.percentiles[-1] == 0
    rows = neighbors.to_dict()["results"]
    assert [row["percentile"] for row in rows] == neighbors.percentiles.tolist()


@pytest.mark.parametrize(
    "options",
    [{}, {"liked": 5, "disliked": 6}, {"hubness": True}],
    ids=["terms", "feedback", "hubness"],
)
def test_the_percentiles_of_all_results_are_their_ranks(large, options) -> None:
    ids = large.dataset.values("id")
    line = f"2: @{ids[0]} + @{ids[1]}" if "hubness" not in options else f"@{ids[0]}"
    given = {name: [ids[i]] if name != "hubness" else i for name, i in options.items()}
    neighbors = fiftyone_faiss.search(large.dataset, line, "cosine", k=300, **given)
    everything = {
        id: score
        for some, scores in neighbors.all_scores()
        for id, score in zip(some, scores, strict=True)
    }
    # The reference set of so small an index is all of it, and the query's samples are no results.
    places = np.argsort(np.argsort([everything[id] for id in ids]))
    expected = {id: place / 3 for id, place in zip(ids, places.tolist(), strict=True)}
    assert sorted([*neighbors.ids, *neighbors.pinned]) == sorted(ids)
    np.testing.assert_allclose(
        neighbors.percentiles, [expected[id] for id in neighbors.ids], atol=1e-9
    )


def test_a_search_in_a_view_is_compared_with_the_whole_index(large) -> None:
    query = large.of_samples[3]
    whole = fiftyone_faiss.search(large.dataset, query, "cosine", k=300)
    percentiles = dict(zip(whole.ids, whole.percentiles, strict=True))
    neighbors = fiftyone_faiss.search(large.dataset[200:], query, "cosine", k=20)
    assert neighbors.percentiles.tolist() == [percentiles[id] for id in neighbors.ids]


# -- bands -------------------------------------------------------------------------------------


def test_bands_tell_right_results_from_wrong_ones(book, kinds) -> None:
    right: dict[str | None, list[bool]] = {"strong": [], "likely": [], "weak": []}
    for kind, there in kinds.items():
        neighbors = fiftyone_faiss.search(book, article(kind), k=40)
        for id, of in zip(neighbors.ids, neighbors.bands, strict=True):
            right[of].append(id in there)
    strong, likely, weak = (np.mean(right[of]) for of in ("strong", "likely", "weak"))
    assert strong > 0.95
    assert likely > 0.85
    assert weak < 0.5
    # Most matches are in the band "likely" or "strong".
    assert sum(right["strong"]) + sum(right["likely"]) > 2 * sum(right["weak"])


# -- the verdict -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_pictures_show_is_found(book, kinds, kind: str) -> None:
    neighbors = fiftyone_faiss.search(book, article(kind), k=5)
    assert kinds[kind]
    assert neighbors.verdict is None
    assert {"strong", "likely"} & set(neighbors.bands)
    assert neighbors.ids[0] in kinds[kind]


def test_of_what_no_picture_shows_nothing_relevant_is_found(book) -> None:
    said = {text: fiftyone_faiss.search(book, text, k=10).verdict for text in ABSURD}
    expected = {
        text: f'Nothing relevant found for "{text}": the best results are no better than those '
        "of unrelated queries."
        for text in ABSURD
    }
    refused = {text: sentence for text, sentence in said.items() if sentence is not None}
    assert refused.items() <= expected.items()
    # In an index of 160, with a small model, one in four may pass.
    assert len(refused) >= len(ABSURD) * 3 / 4


def test_the_verdict_names_the_term_that_was_not_found(book) -> None:
    neighbors = fiftyone_faiss.search(book, 'a dog + "colonoscopy"', k=10)
    assert neighbors.verdict is not None
    assert neighbors.verdict.startswith('Nothing relevant found for "colonoscopy": ')
    two = fiftyone_faiss.search(book, "sushi + 2: colonoscopy", k=10)
    assert two.verdict is not None
    assert two.verdict.startswith('Nothing relevant found for "sushi" or "colonoscopy": ')


def test_a_page_and_a_view_have_the_verdict_of_the_index(book) -> None:
    # What was found on the first page is not missing on the last.
    assert fiftyone_faiss.search(book, "a cat", k=10, skip=150).verdict is None
    assert fiftyone_faiss.search(book, "a cat", k=1, reverse=True).verdict is None
    view = book.match(fo.ViewField("objects.detections").length() == 1)
    assert fiftyone_faiss.search(view, "colonoscopy", k=10).verdict is not None


def test_nothing_is_said_where_nothing_is_wanted(book) -> None:
    neighbors = fiftyone_faiss.search(book, "- a cat", k=10)
    assert (neighbors.bands, neighbors.verdict) == ([None] * 10, None)
    assert neighbors.explanation == ('Results least like "a cat" come first.',)


# -- small indexes -----------------------------------------------------------------------------


def test_nothing_is_said_of_a_small_index(dataset, rng) -> None:
    vectors = rng.normal(size=(12, 3)).astype(np.float32)
    index_of(dataset, vectors)
    neighbors = fiftyone_faiss.search(dataset, vectors[0], k=12)
    assert (neighbors.bands, neighbors.verdict) == ([None] * 12, None)
    np.testing.assert_allclose(neighbors.percentiles, 100 * np.arange(11, -1, -1) / 12, atol=1e-9)
    # Equal scores have no deviation to divide by, and still have an order.
    ids = dataset.values("id")
    index_of(dataset, np.ones((12, 3), np.float32), "same")
    same = fiftyone_faiss.search(dataset, f"@{ids[0]} + @{ids[1]} - @{ids[2]}", "same", k=12)
    assert sorted(same.ids) == ids[2:]
    assert np.all(np.abs(same.scores) < 1e-5)


@pytest.mark.parametrize("size", [29, 30])
def test_from_thirty_on_something_is_said(large, size: int) -> None:
    points = large.points("samples", size)
    index = create(points, f"size{size}")
    try:
        neighbors = fiftyone_faiss.search(large.dataset, points.vectors[0], f"size{size}", k=5)
        assert (neighbors.bands[0] is None) == (size < 30)
        assert index.total_index_size == size
    finally:
        fiftyone_faiss.delete_index(large.dataset, f"size{size}")


# -- sentences ---------------------------------------------------------------------------------


def test_what_was_computed_is_explained(book) -> None:
    ids = book.values("id")
    neighbors = fiftyone_faiss.search(
        book, f"a cat + 2: @{ids[0]} - snow", k=3, templates="single", liked=ids[1:3]
    )
    assert neighbors.query == '"a cat" + 2 x 1 sample - "snow"'
    assert neighbors.explanation == (
        '"a cat" and 2 x 1 sample: each is counted in standard deviations above the mean of the '
        "index; results that match only some of the terms rank lower.",
        'Results like "snow" rank lower.',
        "The query moved toward 2 liked and away from 0 disliked results, with a weight of 0.7.",
        "The text was put into 1 template.",
    )
    assert fiftyone_faiss.search(book, "a cat", k=3).explanation == ()


@pytest.mark.parametrize("templates", ["single", "ensemble"])
def test_words_are_put_into_sentences(book, templates) -> None:
    index = book.load_brain_results("clip")
    embedder = fiftyone_faiss.get_embedder(index.config.model)
    sentences = embedder.templates[:1] if templates == "single" else embedder.templates
    mean = embedder.embed_texts([sentence.format("a cat") for sentence in sentences]).mean(axis=0)
    encoded = EncodedQuery.of(index, index.reader(), TextQuery("a cat"), templates)
    np.testing.assert_allclose(encoded.ranking.vector, mean / np.linalg.norm(mean), atol=1e-6)
    neighbors = fiftyone_faiss.search(book, "a cat", k=160, templates=templates)
    np.testing.assert_allclose(
        neighbors.distances, fiftyone_faiss.search(book, mean, k=160).distances, atol=1e-5
    )
