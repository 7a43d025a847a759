"""One results object, many callers: each gets its own answer, whatever the others ask."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F
from support.points import Points, check_answers, nearest, neighbors_of

from fiftyone_faiss.brain.similarity import FaissSimilarityIndex

Result = TypeVar("Result")


def in_a_thread(call: Callable[[], Result]) -> Result:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result(60)


def inside(points: Points, view: fo.DatasetView) -> Points:
    ids = set(view.values("id"))
    return points.at([i for i, id in enumerate(points.sample_ids) if id in ids])


# -- a restriction belongs to who set it -------------------------------------------------------


def test_a_view_set_in_one_thread_is_not_seen_by_another(points: Points) -> None:
    results = points.index()
    odd = points.dataset.match(F("number") % 2 == 1)
    query = points.vectors[0]
    results.use_view(odd)

    def other() -> None:
        assert (results.has_view, results.view) == (False, points.dataset)
        assert results.index_size == len(points.ids)
        assert results.current_sample_ids.tolist() == points.sample_ids
        check_answers(results, query, points, None)
        results.use_view(points.dataset[:2])
        check_answers(results, query, inside(points, points.dataset[:2]), None)

    # The second may be given the number of the first, which set a view and did not clear it.
    in_a_thread(other)
    in_a_thread(other)
    assert (results.has_view, results.view) == (True, odd)
    check_answers(results, query, inside(points, odd), None)
    results.clear_view()
    check_answers(results, query, points, None)


def test_two_threads_with_two_views_each_get_their_own_answer(points: Points) -> None:
    results = points.index()
    query = points.vectors[0]
    start = threading.Barrier(3)
    views = {
        "low": points.dataset.match(F("number") < 5),
        "high": points.dataset.match(F("number") >= 5),
    }

    def ask(name: str | None) -> int:
        expected = points if name is None else inside(points, views[name])
        ids, distances = nearest(query, expected, k=3)
        start.wait(60)
        for _ in range(40):
            if name is None:
                neighbors = neighbors_of(results, query, 3)
            else:
                with results.use_view(views[name]):
                    neighbors = neighbors_of(results, query, 3)
                    assert results.index_size == len(expected.ids)
            assert neighbors[0] == ids
            np.testing.assert_allclose(neighbors[1], distances, atol=1e-6)
        return len(expected.ids)

    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(ask, ["low", "high", None]))
    assert done[0] + done[1] == done[2] == len(points.ids)


def test_two_threads_sort_two_views_through_the_dataset(samples: Points) -> None:
    samples.index()
    query = samples.vectors[0]

    def ask(low: int) -> None:
        view = samples.dataset.match((F("number") >= low) & (F("number") < low + 6))
        ids, _ = nearest(query, samples.at(range(low, low + 6)), k=3)
        for _ in range(15):
            assert view.sort_by_similarity(query, k=3, brain_key="given").values("id") == ids

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, [0, 6]))


# -- an answer depends on its question ---------------------------------------------------------

Question = Callable[[FaissSimilarityIndex], tuple]


def questions(book: fo.Dataset) -> dict[str, Question]:
    """Questions of every kind, each a function of the results object that it is put to."""
    ids = book.values("id")
    vectors = np.random.default_rng(7).normal(size=(24, _dim(book))).astype(np.float32)

    def sorted_by(query: object, **kwargs: object) -> Question:
        return lambda results: tuple(
            neighbors_of(results, results._parse_query(query), aggregation="mean", **kwargs)
        )

    def restricted(view: fo.DatasetView, question: Question) -> Question:
        def ask(results: FaissSimilarityIndex) -> tuple:
            with results.use_view(view):
                return question(results)

        return ask

    return {
        "text": sorted_by("a car on the highway", k=7),
        "other text": sorted_by("a boat at sea", k=160),
        "vector": sorted_by(vectors[0], k=5),
        "id": sorted_by(ids[3], k=9),
        "ids": sorted_by([ids[3], ids[40]], k=9),
        "farthest": sorted_by(ids[3], k=4, reverse=True),
        "all": sorted_by(vectors[0], k=None),
        "many": lambda results: tuple(map(tuple, neighbors_of(results, vectors, 5))),
        "text in a view": restricted(book[20:60], sorted_by("a car on the highway", k=7)),
        "vector in a view": restricted(book[50:70], sorted_by(vectors[0], k=5)),
        "id in a view": restricted(book.shuffle(seed=1)[:30], sorted_by(ids[3], k=None)),
    }


def _dim(book: fo.Dataset) -> int:
    return book.load_brain_results("clip").get_embeddings(sample_ids=[book.first().id])[0].shape[1]


def test_answers_do_not_depend_on_what_else_is_asked(book: fo.Dataset) -> None:
    asked = questions(book)
    alone = {name: ask(book.load_brain_results("clip", cache=False)) for name, ask in asked.items()}
    assert alone["text"][0] != alone["text in a view"][0]
    assert alone["vector"][0] == alone["all"][0][:5]
    shared = book.load_brain_results("clip", cache=False)

    def ask_all(seed: int) -> int:
        order = list(asked) * 2
        random.Random(seed).shuffle(order)
        for name in order:
            # Bit by bit: equal, not nearly so.
            assert asked[name](shared) == alone[name], name
        return seed

    assert [ask_all(seed) for seed in range(3)] == [0, 1, 2]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask_all, range(3, 9))) == [*range(3, 9)]


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dotproduct"])
def test_a_distance_depends_on_its_two_vectors_alone(
    dataset: fo.Dataset, rng: np.random.Generator, metric: str
) -> None:
    dataset.add_samples([fo.Sample(f"{i}.png", number=i) for i in range(12, 150)])
    vectors = rng.normal(size=(150, 67)).astype(np.float32)
    points = Points(dataset, vectors, dataset.values("id"))
    results = points.index(metric=metric)
    queries = rng.normal(size=(20, 67)).astype(np.float32)
    ids, distances = neighbors_of(results, queries[0])
    expected = dict(zip(ids, distances, strict=True))
    assert ids == nearest(queries[0], points, metric)[0]

    def check(neighbors: tuple[list[str], list[float]]) -> None:
        assert neighbors[1] == [expected[id] for id in neighbors[0]]
        assert neighbors[0] == [id for id in ids if id in set(neighbors[0])]

    for k in (1, 5, 40, 149):
        check(neighbors_of(results, queries[0], k))
    for size in (1, 2, 3, 20):
        many = neighbors_of(results, queries[:size], 6)
        check((many[0][0], many[1][0]))
    for view in (dataset[:1], dataset[3:8], dataset.shuffle(seed=3)[:61], dataset.skip(2)):
        with results.use_view(view):
            check(neighbors_of(results, queries[0]))
    check(neighbors_of(results, queries[:1], 7, aggregation="mean"))
    check(neighbors_of(results, queries[:1], 7, aggregation="post-max"))
    check(neighbors_of(results, np.stack([queries[0]] * 3), 7, aggregation="post-min"))
    results.add_to_index(*points.at(range(5)).added)
    check(neighbors_of(results, queries[0]))
