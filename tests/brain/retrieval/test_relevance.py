"""The estimate of relevance: what follows from it, and its parts, against loops over pairs."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from support.clusters import Large, create

import fiftyone_faiss
from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.brain.retrieval import evidence
from fiftyone_faiss.brain.retrieval.relevance import (
    GAP_POWER,
    LIKELY,
    RANK_POWER,
    STRONG,
    Relevance,
    band_of,
    boundary,
    boundary_probabilities,
)
from fiftyone_faiss.demo.phrases import article, queries
from fiftyone_faiss.demo.world import COLOR_NAMES, KINDS

# Enough to see each kind of line often; the benchmark asks more.
RANDOM_QUERIES = 500


def by_pairs(scores: list[float], floor: float | None = None) -> list[float]:
    """The share of the weights of the places after each result, or after a later one."""
    following = [*scores[1:], scores[-1] if floor is None else min(floor, scores[-1])]
    weights = [
        ((score - after) * rank**RANK_POWER) ** GAP_POWER
        for rank, (score, after) in enumerate(zip(scores, following, strict=True), 1)
    ]
    return [sum(weights[i:]) / sum(weights) for i in range(len(scores))]


# -- the boundary ------------------------------------------------------------------------------


def test_the_matches_end_where_scores_drop() -> None:
    assert boundary(np.array([0.9, 0.89, 0.88, 0.3, 0.29, 0.28, 0.27, 0.26, 0.25, 0.24])) == 3
    assert boundary(np.array([1.0] + [0.1] * 9)) == 1
    assert boundary(np.array([0.9] * 19 + [0.1])) == 19
    # Of two equal drops, the later is more likely.
    assert boundary(np.array([3.0, 2.0, 2.0, 2.0, 1.0, 1.0])) == 4
    # The smaller the difference to what does not match, the fewer all results are matches.
    assert boundary(np.array([0.9, 0.88, 0.87]), floor=0.1) == 3
    assert boundary(np.array([0.9, 0.2, 0.19]), floor=0.15) == 1


def test_the_probabilities_are_shares_of_the_weights(rng) -> None:
    for floor in (None, -3.0, 9.0):
        scores = np.sort(rng.normal(size=40))[::-1]
        expected = by_pairs(scores.tolist(), floor)
        np.testing.assert_allclose(boundary_probabilities(scores, floor), expected, atol=1e-12)
        # Neither the unit nor the zero of a score matters.
        scaled = None if floor is None else 7 * floor - 3
        np.testing.assert_allclose(
            boundary_probabilities(7 * scores - 3, scaled), expected, atol=1e-9
        )


def test_equal_scores_have_equal_estimates() -> None:
    scores = np.array([0.9, 0.8, 0.8, 0.8, 0.3, 0.3])
    probabilities = boundary_probabilities(scores)
    assert probabilities[1] == probabilities[2] == probabilities[3]
    assert probabilities[4] == probabilities[5]
    assert boundary_probabilities(np.full(5, 0.4)).tolist() == [1.0] * 5
    assert len(boundary_probabilities(np.empty(0))) == 0


def test_an_estimate_belongs_to_a_score_in_any_order() -> None:
    relevance = Relevance.of(np.array([5.0, 4.0, 4.0, 1.0, 0.5]), presence=0.8)
    expected = 0.8 * boundary_probabilities(relevance.ranked)
    np.testing.assert_allclose(relevance.at(relevance.ranked), expected)
    np.testing.assert_allclose(
        relevance.at(np.array([1.0, 5.0, 4.0])), expected[[3, 0, 1]], atol=1e-15
    )
    # Above the first by rounding, and below the last that was looked at.
    np.testing.assert_allclose(relevance.at(np.array([5.1, 0.4])), [0.8, 0.0])
    assert relevance.count == int((expected >= LIKELY).sum())


def test_a_match_never_raises_a_later_estimate() -> None:
    matches = np.array([0.4, 0.9, 0.2])
    relevance = Relevance.of(np.array([3.0, 2.9, 0.0]), presence=1.0, matches=matches)
    probabilities = boundary_probabilities(relevance.ranked)
    expected = [0.4, min(0.4, 0.9 * probabilities[1]), 0.2 * probabilities[2]]
    np.testing.assert_allclose(relevance.estimates, expected)
    assert relevance.count == 0


def test_bands_begin_at_their_estimates() -> None:
    bands = [band_of(value) for value in (1.0, STRONG, 0.8999, LIKELY, 0.4999, 0.0)]
    assert bands == ["strong", "strong", "likely", "likely", "weak", "weak"]


# -- texts -------------------------------------------------------------------------------------


def test_the_relevance_of_a_text_follows_from_its_fit_and_drop(book) -> None:
    index = book.load_brain_results("clip")
    embedder = fiftyone_faiss.get_embedder(index.config.model)
    prompts = embedder.embed_texts(list(REFERENCE_PROMPTS)).astype(np.float64)
    vectors, ids, _ = index.get_embeddings()
    vectors = vectors.astype(np.float64)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for text in ("a cat", "a red car", "colonoscopy"):
        (query,) = embedder.embed_texts([text])
        own = unit @ query
        order = np.argsort(-own)
        scores, others = own[order], unit[order] @ prompts.T
        fit = ((scores - others.mean(axis=1)) / others.std(axis=1)).max()
        floor = float(np.median(own))
        probabilities = boundary_probabilities(scores, floor)
        place = int((probabilities >= LIKELY).sum())
        drop = (scores[:place].mean() - scores[place : place + 50].mean()) / others.std()
        log_odds = 3.6 * fit + 3.2 * min(drop, 2) - 20.5
        neighbors = fiftyone_faiss.search(book, text, k=len(ids))
        assert neighbors.relevance is not None
        expected = probabilities / (1 + np.exp(-log_odds))
        np.testing.assert_allclose(neighbors.relevance, expected, atol=2e-4)
        assert evidence.text_presence(fit, drop, evidence.ALONE) == pytest.approx(
            expected[0], abs=2e-4
        )


def test_several_texts_must_be_shown_by_one_picture(book) -> None:
    both = fiftyone_faiss.search(book, "a dog + a ball", k=20)
    shown = dict(zip(book.values("id"), book.values("objects.detections.label"), strict=True))
    right = [{"dog", "ball"} <= set(shown[id]) for id in both.ids]
    # Sorted by a balanced score, cut where pictures no longer show both.
    assert both.cutoff >= 1
    assert np.mean(right[: both.cutoff]) >= 0.9
    assert sum(right[both.cutoff :]) <= 1


# -- images ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clusters() -> Large:
    """Samples without files near a few centers, with an index."""
    large = Large.make(400, 1)
    for metric in ("cosine", "euclidean"):
        create(large.points("samples", 400), metric, metric=metric)
    return large


def similar(queries: np.ndarray, vectors: np.ndarray, metric: str) -> np.ndarray:
    queries, vectors = queries.astype(np.float64), vectors.astype(np.float64)
    if metric == "euclidean":
        return -np.linalg.norm(queries[:, None] - vectors, axis=2)
    lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(vectors, axis=1)
    return (queries @ vectors.T) / lengths


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_relevance_of_an_image_follows_from_nearest_neighbors(clusters, metric) -> None:
    vectors = clusters.of_samples
    each = similar(vectors, vectors, metric)
    far = np.sort(np.percentile(each, 10, axis=1))
    np.fill_diagonal(each, -np.inf)
    # Of 400 rows, every second is looked at.
    nearest = np.sort(each.max(axis=1)[::2])
    query = vectors[3] + np.float32(0.01)
    (own,) = similar(query[None], vectors, metric)
    scores = np.sort(own)[::-1]
    share = np.searchsorted(nearest, scores, side="right") / len(nearest)
    lower = (far <= np.percentile(own, 10)).sum()
    belongs = (lower + 0.5) / (len(far) + 1)
    belongs /= belongs + 0.015
    floor = float(np.median(own))
    expected = belongs * boundary_probabilities(scores, floor) * share / (share + 0.02)
    neighbors = fiftyone_faiss.search(clusters.dataset, query, metric, k=400)
    assert neighbors.relevance is not None
    np.testing.assert_allclose(neighbors.relevance, np.minimum.accumulate(expected), atol=1e-3)


def test_an_image_that_is_unlike_all_others_is_told(clusters) -> None:
    vectors = clusters.of_samples
    ids = clusters.dataset.values("id")
    wrong = [fiftyone_faiss.search(clusters.dataset, id, "euclidean").verdict for id in ids[:100]]
    assert sum(verdict is not None for verdict in wrong) <= 8
    foreign = fiftyone_faiss.search(clusters.dataset, 9 * np.abs(vectors).max(axis=0), "euclidean")
    assert foreign.verdict == (
        "Nothing relevant found for a vector: the best results are no better than those of "
        "unrelated queries."
    )
    assert foreign.cutoff == 0


def test_the_samples_of_a_query_are_pinned(clusters) -> None:
    ids = clusters.dataset.values("id")
    alone = fiftyone_faiss.search(clusters.dataset, ids[7], "cosine", k=5)
    assert alone.pinned == {ids[7]: ids[7]}
    (own,) = similar(clusters.of_samples[[7]], clusters.of_samples, "cosine")
    own[7] = -np.inf
    assert alone.ids == [ids[i] for i in np.argsort(-own, kind="stable")[:5]]
    assert [row["id"] for row in alone.to_dict()["pinned"]] == [ids[7]]
    two = fiftyone_faiss.search(clusters.dataset, f"@{ids[7]} + @{ids[8]} - @{ids[9]}", "cosine")
    assert set(two.pinned) == {ids[7], ids[8]}
    assert not {ids[7], ids[8]} & set(two.ids)
    assert fiftyone_faiss.search(clusters.dataset, clusters.of_samples[7], "cosine").pinned == {}


# -- one estimate ------------------------------------------------------------------------------


def random_line(rng: np.random.Generator, ids: list[str]) -> tuple[str, dict[str, object]]:
    """A random query of one to three terms, and options."""
    kinds = [article(kind) for kind in KINDS]
    colored = [f"{article(color)} {kind}" for color in COLOR_NAMES for kind in KINDS]
    absurd = ["tax law", "sushi", "zzz qqq", "an MRI scan", "the moon landing"]
    texts = [*kinds, *colored, *absurd, *(query.text for query in queries()[::5])]
    terms = []
    for _ in range(int(rng.integers(1, 4))):
        is_sample = rng.random() < 0.3
        term = f"@{rng.choice(ids)}" if is_sample else f'"{rng.choice(texts)}"'
        terms.append(term)
    signs = ["", *(rng.choice([" + ", " - "], len(terms) - 1))]
    line = "".join(sign + term for sign, term in zip(signs, terms, strict=True))
    options: dict[str, object] = {"k": int(rng.choice([5, 25, 160]))}
    if rng.random() < 0.2:
        liked, disliked = rng.choice(ids, 2, replace=False).tolist()
        options.update(liked=[liked], disliked=[disliked])
    if rng.random() < 0.2:
        options["hubness"] = True
    if rng.random() < 0.2:
        options["collapse"] = True
    return line, options


def test_no_answer_contradicts_itself(book: fo.Dataset) -> None:
    rng = np.random.default_rng(51)
    ids = book.values("id")
    views = [book, book.match(fo.ViewField("objects.detections").length() == 1), book[:40]]
    verdicts = 0
    for number in range(RANDOM_QUERIES):
        line, options = random_line(rng, ids)
        neighbors = fiftyone_faiss.search(views[number % 3], line, "clip", **options)
        assert neighbors.relevance is not None
        assert (np.diff(neighbors.relevance) <= 0).all(), line
        bands = [band_of(value) for value in neighbors.relevance]
        assert neighbors.bands == bands, line
        assert (neighbors.relevance[: neighbors.cutoff] >= LIKELY).all(), line
        assert (neighbors.relevance[neighbors.cutoff :] < LIKELY).all(), line
        assert (neighbors.verdict is None) == (neighbors.cutoff > 0), line
        above = neighbors.scores >= neighbors.cutoff_score
        assert int(above.sum()) == neighbors.cutoff, line
        verdicts += neighbors.verdict is not None
    # Both happen often, so that both are tested.
    assert 50 < verdicts < RANDOM_QUERIES - 100


def test_diversity_reorders_only_what_is_above_the_cutoff(book) -> None:
    plain = fiftyone_faiss.search(book, "a cat", "clip", k=100)
    reordered = fiftyone_faiss.search(book, "a cat", "clip", k=100, diversity=0.6)
    assert 3 < plain.cutoff < 90
    assert reordered.cutoff == plain.cutoff
    assert reordered.ids[: plain.cutoff] != plain.ids[: plain.cutoff]
    assert set(reordered.ids[: plain.cutoff]) == set(plain.ids[: plain.cutoff])
    assert reordered.ids[plain.cutoff :] == plain.ids[plain.cutoff :]
    nothing = fiftyone_faiss.search(book, "colonoscopy", "clip", k=30)
    again = fiftyone_faiss.search(book, "colonoscopy", "clip", k=30, diversity=0.6)
    assert (nothing.cutoff, again.ids) == (0, nothing.ids)
