"""The Brain backend through FiftyOne's contract: fill it, read it, change it, load it again."""

from __future__ import annotations

import logging
from collections.abc import Callable

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from support.distances import reference
from support.points import Points, check_answers, check_stored, neighbors_of, points_of

from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.demo import MODEL_NAME

UNKNOWN_ID = "f" * 24


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


def _by(points: Points) -> str:
    """What the index calls its ids."""
    return "sample_ids" if points.label_ids is None else "label_ids"


# -- filling it --------------------------------------------------------------------------------


def test_an_empty_index_is_filled_later(points: Points) -> None:
    results = points.empty_index()
    assert results.total_index_size == 0
    assert results.sample_ids.tolist() == []
    assert (None if results.label_ids is None else results.label_ids.tolist()) == (
        None if points.label_ids is None else []
    )
    assert neighbors_of(results, points.vectors[0], 5) == ([], [])
    first, rest = points.at(range(7)), points.at(range(7, len(points.ids)))
    results.add_to_index(*first.added)
    check_stored(results, first)
    check_answers(results, points.vectors[9], first)
    results.add_to_index(*rest.added)
    check_stored(results, points)
    check_answers(results, points.vectors[9], points, None)


def test_given_embeddings_make_the_same_index(points: Points) -> None:
    by_sample: dict[str, list[np.ndarray]] = {}
    for id, vector in zip(points.sample_ids, points.vectors, strict=True):
        by_sample.setdefault(id, []).append(vector)
    given = {
        id: np.array(vectors) if points.patches_field else vectors[0]
        for id, vectors in by_sample.items()
    }
    results = fob.compute_similarity(
        points.dataset,
        backend="faiss",
        embeddings=given,
        patches_field=points.patches_field,
        brain_key="given",
    )
    check_stored(results, points)


def test_adding_again_replaces_by_default(points: Points) -> None:
    results = points.index()
    vectors = points.vectors.copy()
    vectors[[1, 4]] *= -1
    results.add_to_index(*points.with_vectors(vectors).at([4, 1]).added)
    check_stored(results, points.with_vectors(vectors))
    check_answers(results, vectors[4], points.with_vectors(vectors))


def test_adding_without_overwriting_keeps_what_is_there(
    points: Points, caplog: pytest.LogCaptureFixture
) -> None:
    results = points.at(range(5)).index()
    other = points.with_vectors(-points.vectors).at([3, 4, 5])
    results.add_to_index(*other.added, overwrite=False)
    expected = points.vectors.copy()
    expected[5] *= -1
    check_stored(results, points.with_vectors(expected).at(range(6)))
    check_answers(results, -points.vectors[4], points.with_vectors(expected).at(range(6)))
    assert warnings_of(caplog) == []


def test_a_warning_counts_what_is_there_already(
    points: Points, caplog: pytest.LogCaptureFixture
) -> None:
    results = points.at(range(5)).index()
    other = points.with_vectors(-points.vectors).at([2, 3, 4, 5])
    results.add_to_index(*other.added, overwrite=False, warn_existing=True)
    (message,) = warnings_of(caplog)
    assert "3" in message.split()
    expected = points.vectors.copy()
    expected[5] *= -1
    check_stored(results, points.with_vectors(expected).at(range(6)))


def test_what_is_there_already_can_be_refused_and_then_nothing_changes(points: Points) -> None:
    before = points.at(range(5))
    results = before.index()
    other = points.with_vectors(-points.vectors).at([3, 4, 5])
    with pytest.raises(ValueError, match=r"\b2 of the ids are in the index already"):
        results.add_to_index(*other.added, overwrite=False, allow_existing=False)
    check_stored(results, before)
    results.add_to_index(*points.at([5]).added, overwrite=False, allow_existing=False)
    check_stored(results, points.at(range(6)))


# -- reading it --------------------------------------------------------------------------------


def test_embeddings_come_in_the_order_asked_for(points: Points) -> None:
    results = points.index()
    places = [6, 2, 9]
    by = _by(points)
    vectors, sample_ids, label_ids = results.get_embeddings(**{by: points.at(places).ids})
    np.testing.assert_array_equal(vectors, points.vectors[places])
    assert sample_ids.tolist() == points.at(places).sample_ids
    if points.label_ids is None:
        assert label_ids is None
    else:
        assert label_ids.tolist() == points.at(places).ids
    embedding = results.get_embeddings(**{by: points.ids[3]})
    np.testing.assert_array_equal(embedding[0], points.vectors[3:4])


def test_a_samples_patches_are_all_found_by_its_id(patches: Points) -> None:
    results = patches.index()
    wanted = [patches.sample_ids[4], patches.sample_ids[1]]
    places = [i for i, id in enumerate(patches.sample_ids) if id in wanted]
    # Were each sample to have one patch only, this would show nothing.
    assert len(places) == 4
    vectors, sample_ids, label_ids = results.get_embeddings(sample_ids=wanted)
    order = [label_ids.tolist().index(id) for id in patches.at(places).ids]
    np.testing.assert_array_equal(vectors[order], patches.vectors[places])
    assert sample_ids[order].tolist() == patches.at(places).sample_ids
    assert sorted(label_ids.tolist()) == sorted(patches.at(places).ids)


def test_an_index_of_samples_knows_no_labels(samples: Points) -> None:
    with pytest.raises(ValueError, match="holds samples, not labels"):
        samples.index().get_embeddings(label_ids=samples.ids[:1])


@pytest.mark.parametrize(
    ("kind", "by"),
    [("samples", "sample_ids"), ("detections", "sample_ids"), ("detections", "label_ids")],
)
def test_missing_ids_are_passed_over_warned_of_or_refused(
    dataset: fo.Dataset,
    rng: np.random.Generator,
    kind: str,
    by: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    points = points_of(dataset, kind, rng)
    results = points.index()
    wanted = [getattr(points, by)[0], UNKNOWN_ID]
    np.testing.assert_array_equal(results.get_embeddings(**{by: wanted})[0], points.vectors[:1])
    assert warnings_of(caplog) == []
    vectors = results.get_embeddings(**{by: wanted}, warn_missing=True)[0]
    np.testing.assert_array_equal(vectors, points.vectors[:1])
    (message,) = warnings_of(caplog)
    assert UNKNOWN_ID in message
    with pytest.raises(ValueError, match=UNKNOWN_ID):
        results.get_embeddings(**{by: wanted}, allow_missing=False)


def test_no_ids_are_no_embeddings(points: Points) -> None:
    by = _by(points)
    vectors, sample_ids, _ = points.index().get_embeddings(**{by: []})
    assert vectors.shape == (0, 8)
    assert sample_ids.tolist() == []


def test_an_id_that_is_not_in_the_index_cannot_be_asked_about(points: Points) -> None:
    results = points.at(range(5)).index()
    with pytest.raises(ValueError, match=points.ids[6]):
        results.sort_by_similarity(points.ids[6], k=2)
    with pytest.raises(ValueError, match=UNKNOWN_ID):
        results.sort_by_similarity(UNKNOWN_ID, k=2)


# -- words -------------------------------------------------------------------------------------


def test_an_index_filled_later_is_searched_by_words(book: fo.Dataset) -> None:
    dataset = book[:20].clone()
    results = fob.compute_similarity(
        dataset, backend="faiss", model=MODEL_NAME, embeddings=False, brain_key="text"
    )
    assert results.total_index_size == 0
    results.add_to_index(*results.compute_embeddings(dataset))
    vectors, ids, _ = results.get_embeddings()
    assert ids.tolist() == dataset.values("id")
    texts = ["a car on the highway", "a boat at sea"]
    embedded = get_embedder(MODEL_NAME).embed_texts(texts)

    def check(query: str | list[str], vector: np.ndarray) -> None:
        expected = reference(vector[None], vectors, "cosine")[0]
        view = dataset.sort_by_similarity(query, k=6, brain_key="text", dist_field="near")
        order = np.argsort(expected)[:6]
        assert view.values("id") == ids[order].tolist()
        np.testing.assert_allclose(view.values("near"), expected[order], atol=1e-4)

    check(texts[0], embedded[0])
    dataset.clear_cache()
    assert dataset.load_brain_results("text").supports_prompts
    check(texts[0], embedded[0])
    check(texts[1], embedded[1])
    check(texts, embedded.mean(axis=0))
    dataset.delete()


# -- loading it again --------------------------------------------------------------------------

REMOVALS: dict[str, Callable[[fo.Dataset], object]] = {
    "clear_cache": lambda dataset: dataset.clear_cache(),
    "reload": lambda dataset: (dataset.clear_cache(), dataset.reload()),
    "load_dataset": lambda dataset: (
        dataset.clear_cache(),
        fo.load_dataset(dataset.name, reload=True),
    ),
}


@pytest.mark.parametrize("remove", REMOVALS)
def test_a_loaded_index_answers_as_before(points: Points, remove: str) -> None:
    results = points.at(range(9)).index(metric="euclidean")
    REMOVALS[remove](points.dataset)
    loaded = points.dataset.load_brain_results("given")
    assert loaded is not results
    check_stored(loaded, points.at(range(9)))
    check_answers(loaded, points.vectors[2], points.at(range(9)))
    # What one object changes, the other answers with from its next query on.
    loaded.add_to_index(*points.at(range(9, 12)).added)
    loaded.remove_from_index(**{_by(points): points.ids[:1]})
    check_answers(results, points.vectors[2], points.at(range(1, 12)))
