"""Arguments of FiftyOne's own methods that make no sense: one sentence says what to give."""

from __future__ import annotations

import logging

import fiftyone.brain as fob
import numpy as np
import pytest
from support.points import Points, check_answers, nearest

WHOLE = "k must be a whole number, got {}; give 25, for example."
BAD_K = [
    (-1, "k must be at least 1, got -1."),
    (0, "k must be at least 1, got 0."),
    (np.int64(0), "k must be at least 1, got 0."),
    (2.5, WHOLE.format("'2.5'")),
    ("3", WHOLE.format("'3'")),
    (True, WHOLE.format("'True'")),
    (np.True_, WHOLE.format("'True'")),
]


@pytest.mark.parametrize(("k", "sentence"), BAD_K)
def test_a_number_of_neighbors_that_is_none_is_refused(
    samples: Points, k: object, sentence: str
) -> None:
    results, dataset = samples.index(), samples.dataset
    query = samples.vectors[3]
    for asked in (
        lambda: results.sort_by_similarity(query, k=k),
        lambda: dataset.sort_by_similarity(query, k=k, brain_key="given"),
        lambda: dataset[:4].sort_by_similarity(samples.ids[0], k=k, brain_key="given"),
        lambda: results._kneighbors(query, k=k),
        lambda: results._kneighbors(samples.ids[:2], k=k, reverse=True),
        lambda: results._kneighbors(samples.ids[:2], k=k, aggregation="post-min"),
        lambda: results._kneighbors(k=k),
    ):
        with pytest.raises(ValueError) as caught:
            asked()
        assert str(caught.value) == sentence
    check_answers(results, query, samples)


@pytest.mark.parametrize("number", [np.int32(4), np.int64(4), np.uint8(4)])
def test_a_number_of_numpy_is_accepted(samples: Points, number: np.integer) -> None:
    results = samples.index()
    query = samples.vectors[3]
    check_answers(results, query, samples, number)
    order, _ = nearest(query, samples, k=4)
    assert results.sort_by_similarity(query, k=number).values("id") == order


def test_ids_of_labels_are_not_taken_for_samples(patches: Points) -> None:
    view = patches.dataset.to_patches("things")
    with pytest.raises(ValueError) as caught:
        fob.compute_similarity(view, backend="faiss", embeddings=patches.vectors, brain_key="given")
    assert str(caught.value) == (
        f"'{patches.ids[0]}' is the id of a label in 'things', but the index 'given' holds "
        "samples; delete this index and build it with patches_field='things'."
    )
    patches.dataset.delete_brain_run("given")
    results = fob.compute_similarity(
        view, backend="faiss", embeddings=list(patches.vectors[:, None]), patches_field="things",
        brain_key="given",
    )  # fmt: skip
    check_answers(results, patches.vectors[3], patches)


def test_ids_of_no_sample_are_reported(samples: Points, caplog: pytest.LogCaptureFixture) -> None:
    results = samples.index()
    with caplog.at_level(logging.WARNING):
        results.add_to_index(samples.vectors[:1], ["0" * 24])
    assert [record.message for record in caplog.records] == [
        f"'{'0' * 24}' is the id of no sample of '{samples.dataset.name}'; its vector is not found "
        "before there is one."
    ]
    check_answers(results, samples.vectors[0], samples)
