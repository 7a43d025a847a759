"""Recall and cosines of vectors against their float32 versions, compared with a loop."""

from __future__ import annotations

import numpy as np
import pytest

from fiftyone_faiss.embedders import Vectors, unit
from fiftyone_faiss.embedders.agreement import Agreement, measure_agreement, recall_of_queries


def vectors_of(n: int, seed: int) -> Vectors:
    return unit(np.random.default_rng(seed).standard_normal((n, 16)).astype(np.float32))


def nearest(similarities: np.ndarray, k: int, without: int | None = None) -> set[int]:
    order = [row for row in np.argsort(-similarities, kind="stable") if row != without]
    return set(order[:k])


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.2])
def test_recall_is_the_share_of_common_neighbors(noise: float) -> None:
    exact, texts = vectors_of(60, 1), vectors_of(7, 2)
    other = unit(exact + noise * vectors_of(60, 3))
    agreement = measure_agreement(exact, other, texts)
    images = [
        len(nearest(exact @ exact[i], 10, i) & nearest(other @ other[i], 10, i)) / 10
        for i in range(60)
    ]
    of_texts = [len(nearest(exact @ text, 10) & nearest(other @ text, 10)) / 10 for text in texts]
    assert agreement.recall == pytest.approx(np.mean(images))
    half = 1.96 * np.std(images) / np.sqrt(60)
    assert agreement.recall_low == pytest.approx(np.mean(images) - half)
    assert agreement.text_recall == pytest.approx(np.mean(of_texts))
    assert (agreement.images, agreement.texts) == (60, 7)
    cosines = [float(a @ b) for a, b in zip(exact, other, strict=True)]
    assert agreement.min_cosine == pytest.approx(min(cosines), abs=1e-6)
    assert (noise == 0) == (agreement.recall == 1)


def test_images_that_are_equally_near_are_interchangeable() -> None:
    exact = np.array([[0.9, 0.8, 0.8, 0.8, 0.1]], np.float32)
    other = np.array([[0.9, 0.1, 0.2, 0.8, 0.7]], np.float32)
    # Rows 0, 3 and 4 are nearest; row 3 is as near as rows 1 and 2, and row 4 is not.
    assert recall_of_queries(exact, other, 3).tolist() == [2 / 3]
    assert recall_of_queries(exact, other, 2).tolist() == [1]


def test_an_image_is_not_its_own_neighbor() -> None:
    exact = np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]], np.float32)
    other = np.array([[1, 0.1, 0.9], [0.9, 1, 0.2], [0.1, 0.2, 1]], np.float32)
    assert recall_of_queries(exact, other, 1, are_images=True).tolist() == [0, 1, 1]
    assert exact[0, 0] == 1


def test_the_sentence_states_all_figures() -> None:
    with_texts = Agreement(1000, 0.991, 0.9895, 0.9987, 40, 0.9725)
    assert str(with_texts) == (
        "recall@10 against float32 0.991 (95 %: at least 0.990) of 1,000 images, 0.973 of 40 "
        "texts; cosines of at least 0.9987"
    )
    images_only = Agreement(150, 0.5, 0.4, 0.9)
    assert str(images_only) == (
        "recall@10 against float32 0.500 (95 %: at least 0.400) of 150 images; cosines of at "
        "least 0.9000"
    )
    assert Agreement(**with_texts.to_dict()) == with_texts
