"""What scores mean: percentiles, bands and the verdict, against NumPy and against labels."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from support.clusters import Large, all_distances, create
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.brain.queries.terms import TextQuery
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery
from fiftyone_faiss.brain.retrieval.reference_set import LIKELY, MIN_TEXT_EVIDENCE, STRONG
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


def band(evidence: float) -> str:
    return "strong" if evidence >= STRONG else "likely" if evidence >= LIKELY else "weak"


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
    assert len(set(neighbors.scores)) == 300
    # The background of so small an index is all of it.
    np.testing.assert_allclose(neighbors.percentiles, np.arange(299, -1, -1) / 3, atol=1e-9)


def test_a_search_in_a_view_is_compared_with_the_whole_index(large) -> None:
    query = large.of_samples[3]
    whole = fiftyone_faiss.search(large.dataset, query, "cosine", k=300)
    percentiles = dict(zip(whole.ids, whole.percentiles, strict=True))
    neighbors = fiftyone_faiss.search(large.dataset[200:], query, "cosine", k=20)
    assert neighbors.percentiles.tolist() == [percentiles[id] for id in neighbors.ids]


# -- bands -------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dotproduct"])
def test_the_bands_of_a_vector_measure_nearest_neighbor_distances(large, metric) -> None:
    vectors = large.of_samples
    every = np.array([similar(vector, vectors, metric) for vector in vectors])
    np.fill_diagonal(every, -np.inf)
    low, half = np.percentile(every.max(axis=1), [5, 50])
    for number in (0, 7, 90):
        query = vectors[number]
        neighbors = fiftyone_faiss.search(large.dataset, query, metric, k=300)
        at = [large.dataset.values("id").index(id) for id in neighbors.ids]
        own = similar(query, vectors[at], metric)
        evidence = LIKELY + (STRONG - LIKELY) * (own - low) / (half - low)
        # What lies on a border may fall to either side of it.
        clear = np.abs(evidence[:, None] - [LIKELY, STRONG]).min(axis=1) > 1e-3
        pairs = zip(neighbors.bands, evidence, clear, strict=True)
        assert all(have == band(want) for have, want, is_clear in pairs if is_clear)
        assert neighbors.bands[0] == "strong"
        assert neighbors.verdict is None


def evidence_for(book: fo.Dataset, text: str, ids: list[str]) -> np.ndarray:
    """How clearly pictures are what words ask for, as the docstrings define it."""
    index = book.load_brain_results("clip")
    vectors, held, _ = index.get_embeddings()
    embedder = fiftyone_faiss.get_embedder(index.config.model)
    prompts = embedder.embed_texts(list(REFERENCE_PROMPTS))
    best = np.array([similar(prompt, vectors).max() for prompt in prompts])
    spread = 1.4826 * np.median(np.abs(best - np.median(best)))
    (query,) = embedder.embed_texts([text])
    near = vectors[[held.tolist().index(id) for id in ids]]
    own = similar(query, near)
    others = np.array([similar(prompt, near) for prompt in prompts])
    return (own - np.median(best)) / spread + (own - others.mean(axis=0)) / others.std(axis=0)


def has_bands(neighbors: fiftyone_faiss.Neighbors, evidence: np.ndarray) -> bool:
    """Whether results have the bands of an evidence, those on the very border aside."""
    clear = np.abs(evidence[:, None] - [LIKELY, STRONG]).min(axis=1) > 1e-3
    pairs = zip(neighbors.bands, evidence, clear, strict=True)
    return all(have == band(want) for have, want, is_clear in pairs if is_clear)


def test_the_bands_of_words_are_the_evidence_against_unrelated_phrases(book) -> None:
    for text in ("a cat", "a red car", "colonoscopy"):
        neighbors = fiftyone_faiss.search(book, text, k=160)
        evidence = evidence_for(book, text, neighbors.ids)
        assert has_bands(neighbors, evidence)
        assert (neighbors.verdict is None) == bool((evidence >= MIN_TEXT_EVIDENCE).any())


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


def test_the_evidence_of_several_terms_is_their_mean(book) -> None:
    both = fiftyone_faiss.search(book, "a dog + a ball", k=160)
    each = [evidence_for(book, text, both.ids) for text in ("a dog", "a ball")]
    assert has_bands(both, np.mean(each, axis=0))
    assert {"weak", "likely"} <= set(both.bands)


def test_what_has_something_to_be_avoided_is_weak(book, kinds) -> None:
    neighbors = fiftyone_faiss.search(book, "a dog - a ball", k=160)
    dogs = fiftyone_faiss.search(book, "a dog", k=160)
    plain = dict(zip(dogs.ids, dogs.bands, strict=True))
    index = book.load_brain_results("clip")
    (query,) = fiftyone_faiss.get_embedder(index.config.model).embed_texts(["a ball"])
    vectors, ids, _ = index.get_embeddings()
    reference = similar(query, vectors)
    spoilt = dict(
        zip(ids.tolist(), (reference - reference.mean()) / reference.std() > 0.5, strict=True)
    )
    for id, of in zip(neighbors.ids, neighbors.bands, strict=True):
        assert of == ("weak" if spoilt[id] else plain[id])
    assert any(spoilt[id] for id in kinds["dog"] & kinds["ball"])


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
    # It is a measure of evidence, and a small model: one in six may pass.
    assert len(refused) >= len(ABSURD) * 5 / 6


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
    assert sorted(same.ids) == ids
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
