"""Measures the demo's model on pictures that are not in its training data."""

from __future__ import annotations

import numpy as np
import pytest

from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.demo.evaluate import measure
from fiftyone_faiss.embedders.open_clip import OpenClipEmbedder, OpenClipSpec

pytestmark = pytest.mark.slow

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def model() -> OpenClipEmbedder:
    return OpenClipEmbedder(MODEL_NAME, OpenClipSpec.parse(str(MODEL_DIR)))


def test_precision_among_pictures_of_one_to_three_things(model) -> None:
    precision = measure(model)
    assert precision["a {object}"] >= 0.98
    assert precision["a {object} {scene}"] >= 0.92
    assert precision["a {color} {object}"] >= 0.80


def test_precision_among_pictures_of_one_thing(model) -> None:
    assert measure(model, 2000, count=1)["a {color} {object}"] >= 0.95


def test_the_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in MODEL_DIR.iterdir()) <= 12 * MEGABYTE


def test_text_vectors_have_unit_length_and_the_order_of_the_texts(model) -> None:
    texts = ["a red car", "a dog", "a house in the snow"]
    together = model.embed_texts(texts)
    assert together.dtype == np.float32
    assert together.shape == (3, model.dim)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    separate = np.concatenate([model.embed_texts([text]) for text in texts])
    np.testing.assert_allclose(together, separate, atol=1e-5)
