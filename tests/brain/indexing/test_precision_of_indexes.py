"""The precision of an index: recorded with its vectors, and used again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

import fiftyone_faiss
from fiftyone_faiss.brain.core.optional import MissingDependencyError
from fiftyone_faiss.brain.indexing.field_record import known_precision
from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.embedders import EmbedderError


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


def test_an_emptied_index_keeps_its_precision(pages: fo.Dataset) -> None:
    fiftyone_faiss.build_index(pages, "clip", model=MODEL_NAME, precision="bfloat16")
    index = pages.load_brain_results("clip")
    vectors = vectors_of(pages, "clip")
    index.remove_from_index(pages.values("id"))
    index.store.compact()
    assert index.snapshot.segments == ()
    assert fiftyone_faiss.update_index(pages, "clip").added == 10
    np.testing.assert_array_equal(vectors_of(pages, "clip"), vectors)
    index.remove_from_index(pages.values("id"))
    index.store.compact()
    assert fiftyone_faiss.build_index(pages, "clip", model=MODEL_NAME).added == 10
    np.testing.assert_array_equal(vectors_of(pages, "clip"), vectors)


def test_prompts_are_computed_in_the_precision_of_the_index(pages: fo.Dataset) -> None:
    fiftyone_faiss.build_index(pages, "clip", model=MODEL_NAME, precision="bfloat16")
    pages.clear_cache()
    index = pages.load_brain_results("clip")
    embedder = get_embedder(MODEL_NAME, "bfloat16")
    (vector,) = embedder.embed_texts(["a red car"])
    assert np.abs(vector - get_embedder(MODEL_NAME, "float32").embed_texts(["a red car"])).max() > 0
    np.testing.assert_array_equal(index.get_model().embed_prompt("a red car"), vector)
    by_text = pages.sort_by_similarity("a red car", k=5, brain_key="clip", dist_field="near")
    by_vector = pages.sort_by_similarity(vector, k=5, brain_key="clip", dist_field="near_vector")
    assert by_text.values("id") == by_vector.values("id")
    assert by_text.values("near") == pages.select(by_text.values("id"), ordered=True).values(
        "near_vector"
    )
    texts = index.vectors.maintenance._texts()
    np.testing.assert_array_equal(texts, embedder.embed_texts(list(REFERENCE_PROMPTS)))


def test_a_field_keeps_its_precision(pages: fo.Dataset) -> None:
    fiftyone_faiss.compute_embeddings(pages[:4], MODEL_NAME, "emb", precision="bfloat16")
    assert fiftyone_faiss.compute_embeddings(pages, MODEL_NAME, "emb").embedded == 6
    vectors = np.array(pages.values("emb"), np.float32)
    np.testing.assert_allclose(vectors, expected(pages, "bfloat16"), atol=1e-6)
    # Of an index of these vectors, queries are computed in the same precision.
    fiftyone_faiss.build_index(pages, "given", model=MODEL_NAME, embeddings="emb")
    assert pages.load_brain_results("given").get_embedder().precision == "bfloat16"
    fiftyone_faiss.compute_embeddings(pages, MODEL_NAME, "emb", force=True, precision="float32")
    assert fiftyone_faiss.compute_embeddings(pages, MODEL_NAME, "emb", force=True).embedded == 10
    vectors = np.array(pages.values("emb"), np.float32)
    np.testing.assert_allclose(vectors, expected(pages, "float32"), atol=1e-6)


def test_a_record_without_a_precision_is_read(pages: fo.Dataset) -> None:
    fiftyone_faiss.compute_embeddings(pages[:4], MODEL_NAME, "emb", precision="float32")
    (key,) = pages.list_runs()
    config = pages.get_run_info(key).config
    del config.precision
    pages.update_run_config(key, config)
    assert known_precision(pages, "emb", None) is None
    report = fiftyone_faiss.compute_embeddings(pages, MODEL_NAME, "emb", precision="float32")
    assert (report.embedded, report.skipped) == (6, 4)
    assert known_precision(pages, "emb", None) == "float32"


def test_an_index_refuses_another_precision(pages: fo.Dataset) -> None:
    fiftyone_faiss.build_index(pages[:4], "clip", model=MODEL_NAME, precision="float32")
    vectors = vectors_of(pages[:4], "clip")
    other = get_embedder(MODEL_NAME, "bfloat16")
    message = (
        r"^The index 'clip' holds vectors computed in float32, which are not mixed with bfloat16"
    )
    for given in ({"model": MODEL_NAME, "precision": "bfloat16"}, {"model": other}):
        with pytest.raises(ValueError, match=message):
            fiftyone_faiss.build_index(pages, "clip", **given)
    assert pages.load_brain_results("clip").snapshot.size == 4
    assert fiftyone_faiss.build_index(pages, "clip", model=MODEL_NAME).added == 6
    np.testing.assert_array_equal(vectors_of(pages[:4], "clip"), vectors)


def test_a_field_refuses_another_precision(pages: fo.Dataset) -> None:
    fiftyone_faiss.compute_embeddings(pages[:4], MODEL_NAME, "emb", precision="float32")
    with pytest.raises(ValueError, match=r"^The field 'emb' holds vectors computed in float32"):
        fiftyone_faiss.compute_embeddings(pages, MODEL_NAME, "emb", precision="bfloat16")
    assert pages.count("emb") == 4
    # Another model begins with a precision of its own.
    fiftyone_faiss.compute_embeddings(pages, MODEL_NAME, "emb", precision="bfloat16", force=True)
    fiftyone_faiss.compute_embeddings(pages, "colorhist", "emb", force=True)
    assert known_precision(pages, "emb", None) == "float32"
    assert known_precision(pages, "emb", None, MODEL_NAME) is None


# -- OpenVINO, where it is not needed ------------------------------------------------------------


def test_a_model_without_a_network_is_refused(pages: fo.Dataset) -> None:
    for precision in ("openvino-bfloat16", "openvino-int8"):
        with pytest.raises(EmbedderError, match=r"^'colorhist' is no OpenCLIP model and no model "):
            fiftyone_faiss.build_index(pages, "colors", model="colorhist", precision=precision)
    assert pages.list_brain_runs() == []


@pytest.mark.parametrize("missing", ["openvino", "nncf"])
def test_a_missing_package_is_named(
    pages: fo.Dataset, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in ("openvino", "nncf"):
        monkeypatch.setitem(sys.modules, name, None if name == missing else SimpleNamespace())
    with pytest.raises(
        MissingDependencyError,
        match=r"^precision='openvino-int8' needs .+: pip install \"fiftyone-faiss\[openvino\]\"$",
    ):
        fiftyone_faiss.build_index(pages, "clip", model=MODEL_NAME, precision="openvino-int8")
    assert pages.list_brain_runs() == []


def test_given_vectors_are_not_calibrated(pages: fo.Dataset) -> None:
    with pytest.raises(ValueError, match=r"^precision='openvino-int8' is calibrated with images; "):
        fiftyone_faiss.build_index(
            pages, "given", MODEL_NAME, np.eye(10, 64), precision="openvino-int8"
        )
    assert pages.list_brain_runs() == []
