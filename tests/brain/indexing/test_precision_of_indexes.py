"""The precision of an index: recorded with its vectors, and used again."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

import fiftyone_faiss
from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.demo import MODEL_NAME


@pytest.fixture
def pages(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """A copy of ten samples of the picture book."""
    dataset = book[:10].clone()
    yield dataset
    dataset.delete()


def vectors_of(dataset: fo.Dataset, brain_key: str) -> np.ndarray:
    index = dataset.load_brain_results(brain_key)
    return index.get_embeddings(sample_ids=dataset.values("id"))[0]


def expected(dataset: fo.Dataset, precision: str) -> np.ndarray:
    embedder = get_embedder(MODEL_NAME, precision)
    return np.stack([embedder.embed_image(Image.open(path)) for path in dataset.values("filepath")])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_an_index_keeps_its_precision(pages: fo.Dataset, precision: str) -> None:
    fiftyone_faiss.build_index(pages[:4], "clip", model=MODEL_NAME, precision=precision)
    assert pages.load_brain_results("clip").snapshot.precision() == precision
    fiftyone_faiss.build_index(pages[:7], "clip", model=MODEL_NAME)
    fiftyone_faiss.update_index(pages, "clip")
    vectors = vectors_of(pages, "clip")
    np.testing.assert_allclose(vectors, expected(pages, precision), atol=1e-6)
    other = {"float32": "bfloat16", "bfloat16": "float32"}[precision]
    assert np.abs(vectors - expected(pages, other)).max() > 1e-5
    fiftyone_faiss.update_index(pages, "clip", force=True)
    np.testing.assert_array_equal(vectors_of(pages, "clip"), vectors)
    segments = pages.load_brain_results("clip").snapshot.segments
    assert {segment.info.precision for segment in segments} == {precision}


def test_embeddings_are_computed_in_the_requested_precision(pages: fo.Dataset) -> None:
    for precision in ("float32", "bfloat16"):
        fiftyone_faiss.compute_embeddings(pages, MODEL_NAME, precision, precision=precision)
        vectors = np.array(pages.values(precision), np.float32)
        np.testing.assert_allclose(vectors, expected(pages, precision), atol=1e-6)
