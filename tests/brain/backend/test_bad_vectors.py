"""Whatever is given as vectors is kept bit by bit, or refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from support.points import (
    Points,
    check_answers,
    check_stored,
    neighbors_of,
    one_sentence,
    points_of,
)

import fiftyone_faiss
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex

Form = Callable[[np.ndarray], object]


def _with(value: object) -> Form:
    """Puts a value into the second vector."""

    def form(vectors: np.ndarray) -> object:
        vectors = vectors.astype(np.float64)
        vectors[1, 3] = value
        return vectors

    return form


def _strided(vectors: np.ndarray) -> np.ndarray:
    wide = np.zeros((2 * len(vectors), 3 * vectors.shape[1]), np.float32)
    wide[::2, ::3] = vectors
    return wide[::2, ::3]


def _zeros_first(vectors: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(vectors[:1]), vectors[1:]])


GOOD: dict[str, Form] = {
    "float32": lambda v: v,
    "float64": lambda v: v.astype(np.float64) + 1e-12,
    "float16": lambda v: v.astype(np.float16),
    "big-endian": lambda v: v.astype(">f4"),
    "integers": lambda v: (100 * v).astype(np.int64),
    "bytes": lambda v: (100 * v).astype(np.uint8),
    "booleans": lambda v: v > 0,
    "strided": _strided,
    "reversed": lambda v: v[::-1, ::-1],
    "Fortran order": np.asfortranarray,
    "read-only": lambda v: np.frombuffer(v.tobytes(), np.float32).reshape(v.shape),
    "lists": lambda v: v.tolist(),
    "list of arrays": list,
    "a zero vector": _zeros_first,
    "negative zeros": lambda v: -_zeros_first(v),
    "subnormal": lambda v: v * 1e-40,
    "as large as allowed": lambda v: np.where(np.abs(v) > 1, np.float32(1e18), v),
}
BAD: dict[str, Form] = {
    "nan": _with(np.nan),
    "infinite": _with(np.inf),
    "minus infinite": _with(-np.inf),
    "beyond float32": _with(1e300),
    "too large": _with(2e18),
    "too negative": _with(-1.1e18),
    "one dimension more": lambda v: np.hstack([v, v[:, :1]]),
    "one dimension less": lambda v: v[:, :-1],
    "no dimensions": lambda v: v[:, :0],
    "one vector": lambda v: v[0],
    "three axes": lambda v: v[None],
    "one number": lambda v: np.float32(1),
    "ragged": lambda v: [v[0].tolist(), v[1].tolist()[:-1]],
    "strings": lambda v: [["a"] * v.shape[1]] * len(v),
    "None among them": lambda v: [v[0].tolist(), [None] * v.shape[1]],
    "complex": lambda v: v.astype(np.complex64) + 1j,
    "dates": lambda v: (100 * v).astype("datetime64[s]"),
    "one vector too many": lambda v: np.concatenate([v, v[:1]]),
    "one vector too few": lambda v: v[:-1],
}


@pytest.fixture(params=["samples", "detections"])
def points(request: pytest.FixtureRequest, dataset: fo.Dataset, rng: np.random.Generator) -> Points:
    """Random points of samples, or of patches."""
    return points_of(dataset, request.param, rng)


@pytest.fixture
def stored(points: Points) -> tuple[FaissSimilarityIndex, Points]:
    """An index of all but the last four points."""
    first = points.at(range(len(points.ids) - 4))
    return first.index(metric="euclidean"), first


def _last(points: Points) -> Points:
    return points.at(range(len(points.ids) - 4, len(points.ids)))


@pytest.mark.parametrize("form", GOOD)
def test_what_can_be_stored_is_stored_exactly(
    points: Points, stored: tuple[FaissSimilarityIndex, Points], form: str
) -> None:
    results, first = stored
    new = _last(points)
    given = GOOD[form](new.vectors)
    results.add_to_index(given, new.sample_ids, new.label_ids)
    everything = points.with_vectors(
        np.concatenate([first.vectors, np.asarray(given).astype(np.float32)])
    )
    check_stored(results, everything)
    vectors = results.get_embeddings()[0]
    # Minus zero equals zero: the bits tell them apart.
    assert sorted(row.tobytes() for row in vectors) == sorted(
        row.tobytes() for row in everything.vectors
    )
    check_answers(results, first.vectors[1], everything, 3)


@pytest.mark.parametrize("form", BAD)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_stored_is_refused_and_changes_nothing(
    points: Points, stored: tuple[FaissSimilarityIndex, Points], form: str
) -> None:
    results, first = stored
    new = _last(points)
    given = BAD[form](new.vectors)
    generation = results.snapshot.manifest.generation
    for overwrite in (True, False):
        with pytest.raises(ValueError) as error:
            results.add_to_index(given, new.sample_ids, new.label_ids, overwrite=overwrite)
        assert one_sentence(error.value)
    assert results.snapshot.manifest.generation == generation
    check_stored(results, first)


@pytest.mark.parametrize("empty", [[], np.empty((0, 8)), np.empty((0, 0)), np.empty(0)])
def test_nothing_to_add_changes_nothing(
    stored: tuple[FaissSimilarityIndex, Points], empty: object
) -> None:
    results, first = stored
    generation = results.snapshot.manifest.generation
    labels = None if first.label_ids is None else []
    if np.ndim(empty) == 2:
        results.add_to_index(empty, [], labels)
    else:
        with pytest.raises(ValueError) as error:
            results.add_to_index(empty, [], labels)
        assert one_sentence(error.value)
    assert results.snapshot.manifest.generation == generation
    check_stored(results, first)


def test_of_an_id_given_twice_the_last_vector_counts(
    points: Points, stored: tuple[FaissSimilarityIndex, Points]
) -> None:
    results, first = stored
    new = _last(points)
    twice = new.at([0, 1, 0, 2, 3, 0])
    vectors = np.concatenate([new.vectors, -new.vectors[:2]])
    results.add_to_index(vectors, twice.sample_ids, twice.label_ids)
    kept = np.concatenate([first.vectors, vectors[[5, 1, 3, 4]]])
    check_stored(results, points.with_vectors(kept))
    assert neighbors_of(results, vectors[5], 1)[0] == [new.ids[0]]


@pytest.mark.parametrize("bad", ["x", "f" * 23, "g" * 24, ""])
def test_what_is_no_id_is_refused(
    points: Points, stored: tuple[FaissSimilarityIndex, Points], bad: str
) -> None:
    results, first = stored
    new = _last(points)
    ids = [*new.ids[:3], bad]
    samples = ids if new.label_ids is None else new.sample_ids
    generation = results.snapshot.manifest.generation
    with pytest.raises(ValueError) as error:
        results.add_to_index(new.vectors, samples, None if new.label_ids is None else ids)
    assert one_sentence(error.value)
    assert results.snapshot.manifest.generation == generation
    check_stored(results, first)


# -- a new index -------------------------------------------------------------------------------

# FiftyOne itself takes one array, or a list, with a row for each sample.
WHOLE = ("float32", "float64", "integers", "strided", "Fortran order", "lists", "a zero vector")


@pytest.mark.parametrize("form", WHOLE)
def test_a_new_index_holds_what_it_was_given(samples: Points, form: str) -> None:
    given = GOOD[form](samples.vectors)
    fob.compute_similarity(
        samples.dataset, backend="faiss", embeddings=given, brain_key="given", metric="euclidean"
    )
    results = samples.dataset.load_brain_results("given", cache=False)
    check_stored(results, samples.with_vectors(np.asarray(given, np.float32)))


NOT_WHOLE = ("nan", "infinite", "beyond float32", "too large", "three axes", "ragged", "strings")


@pytest.mark.parametrize("form", [*NOT_WHOLE, "no dimensions", "one vector too few"])
@pytest.mark.filterwarnings("error")
def test_a_new_index_of_bad_vectors_is_refused(samples: Points, form: str) -> None:
    with pytest.raises(ValueError):
        fob.compute_similarity(
            samples.dataset,
            backend="faiss",
            embeddings=BAD[form](samples.vectors),
            brain_key="given",
        )
    # FiftyOne registers a run before it has the vectors, so an empty one is left.
    assert samples.dataset.load_brain_results("given").total_index_size == 0


@pytest.mark.parametrize(
    "form", ["nan", "too large", "strings", "one vector", "one vector too few"]
)
def test_a_build_of_bad_vectors_leaves_nothing(samples: Points, form: str) -> None:
    with pytest.raises(ValueError) as error:
        fiftyone_faiss.build_index(samples.dataset, "given", embeddings=BAD[form](samples.vectors))
    assert one_sentence(error.value)
    assert samples.dataset.list_brain_runs() == []


# -- queries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["float32", "float64", "integers", "strided", "a zero vector"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dotproduct"])
def test_a_query_of_any_numbers_is_answered(samples: Points, metric: str, form: str) -> None:
    results = samples.index(metric=metric)
    query = np.asarray(GOOD[form](samples.vectors))[0]
    exact = query.astype(np.float32)
    if form == "a zero vector" and metric != "euclidean":
        # All are as far from it, so any may come first.
        _, distances = neighbors_of(results, query, 5)
        assert np.abs(distances).tolist() == [1.0 if metric == "cosine" else 0.0] * 5
        return
    check_answers(results, exact, samples)
    ids, distances = neighbors_of(results, query, 5)
    assert (ids, distances) == neighbors_of(results, exact, 5)
    neighbors = fiftyone_faiss.search(samples.dataset, query, k=5)
    assert (neighbors.ids, neighbors.distances.tolist()) == (ids, distances)


QUERIES: dict[str, Callable[[], object]] = {
    "nan": lambda: np.array([np.nan] + [1.0] * 7),
    "infinite": lambda: np.array([np.inf] + [1.0] * 7),
    "beyond float32": lambda: np.array([1e300] + [1.0] * 7),
    "too large": lambda: np.array([2e18] + [1.0] * 7),
    "one dimension more": lambda: np.ones(9),
    "one dimension less": lambda: np.ones(7),
    "no dimensions": lambda: np.ones(0),
    "complex": lambda: np.ones(8) + 1j,
    "three axes": lambda: np.ones((2, 3, 8)),
}


@pytest.mark.parametrize("form", QUERIES)
@pytest.mark.filterwarnings("error")
def test_a_bad_query_is_refused(samples: Points, form: str) -> None:
    results = samples.index()
    generation = results.snapshot.manifest.generation
    for ask in (_by_method, _by_search):
        with pytest.raises(ValueError) as error:
            ask(results, samples.dataset, QUERIES[form]())
        assert one_sentence(error.value)
    assert results.snapshot.manifest.generation == generation
    check_stored(results, samples)


def _by_method(results: FaissSimilarityIndex, dataset: fo.Dataset, query: object) -> None:
    results._kneighbors(query=query, k=3, return_dists=True)


def _by_search(results: FaissSimilarityIndex, dataset: fo.Dataset, query: object) -> None:
    fiftyone_faiss.search(dataset, query, k=3)
