"""Searching by text and by image with the demo's model, here and in new processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import fiftyone as fo
import fiftyone.brain as fob
import fiftyone.zoo as foz
import numpy as np
import pytest
from PIL import Image
from support.distances import reference

import fiftyone_faiss
from fiftyone_faiss.brain.models.catalog import list_models
from fiftyone_faiss.brain.models.loading import get_embedder
from fiftyone_faiss.brain.models.zoo import EmbedderModel, register_zoo_model
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex
from fiftyone_faiss.demo import MODEL_DIR, MODEL_NAME
from fiftyone_faiss.embedders.open_clip import OpenClipSpec

QUERY = "a car on the highway"


def nearest(book: fo.Dataset, query: np.ndarray, k: int) -> tuple[list[str], np.ndarray]:
    """The ids of the ``k`` nearest of all that is indexed, and their distances, by NumPy."""
    vectors, ids, _ = book.load_brain_results("clip").get_embeddings()
    distances = reference(query[None], vectors, "cosine")[0]
    first = np.argsort(distances)[:k]
    return ids[first].tolist(), distances[first]


def test_text_queries_match_numpy(book) -> None:
    query = get_embedder(MODEL_NAME).embed_texts([QUERY])[0]
    expected, _ = nearest(book, query, 10)
    assert fiftyone_faiss.search(book, QUERY, k=10).ids == expected
    view = book.sort_by_similarity(QUERY, k=10, brain_key="clip")
    assert view.values("id") == expected


def test_the_first_result_matches_the_query(book) -> None:
    first = fiftyone_faiss.search(book, QUERY, k=1).view().first()
    assert first.scene.label == "highway"
    assert "car" in [detection.label for detection in first.objects.detections]


def test_an_image_of_the_dataset_finds_itself(book) -> None:
    sample = book.skip(7).first()
    query = get_embedder(MODEL_NAME).embed_image(Image.open(sample.filepath))
    ids, distances = nearest(book, query, 3)
    neighbors = fiftyone_faiss.search(book, Path(sample.filepath), k=3)
    assert neighbors.ids == ids
    assert ids[0] == sample.id
    np.testing.assert_allclose(neighbors.distances, distances, atol=1e-6)
    assert neighbors.distances[0] == pytest.approx(0, abs=1e-5)


def test_fiftyones_own_loader_gives_the_same_vectors(book) -> None:
    embedder = get_embedder(MODEL_NAME)
    model = foz.load_zoo_model(MODEL_NAME)
    np.testing.assert_allclose(
        _unit(model.embed_prompt(QUERY)), embedder.embed_texts([QUERY])[0], atol=1e-5
    )
    stored = book.load_brain_results("clip").get_embeddings(sample_ids=[book.first().id])[0][0]
    theirs = book[:1].compute_embeddings(model)[0]
    assert _unit(theirs) @ stored >= 0.9995
    wrapped = EmbedderModel(embedder)
    np.testing.assert_allclose(wrapped.embed_prompt(QUERY), embedder.embed_texts([QUERY])[0])


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.ravel(vector) / np.linalg.norm(vector)


def test_several_models_are_in_the_zoo_at_once(book) -> None:
    spec = OpenClipSpec.parse(str(MODEL_DIR))
    for name in ("one/of them", "another"):
        register_zoo_model(name, spec)
    names = [MODEL_NAME, "another", "one/of them"]
    assert set(names) <= {info.name for info in list_models()}
    assert set(names) <= set(foz.list_zoo_models())
    expected = get_embedder(MODEL_NAME).embed_texts([QUERY])
    for name in names[1:]:
        np.testing.assert_array_equal(get_embedder(name).embed_texts([QUERY]), expected)
        vector = _unit(foz.load_zoo_model(name).embed_prompt(QUERY))
        np.testing.assert_allclose(vector, expected[0], atol=1e-5)


def test_fiftyones_compute_similarity_makes_the_same_index(book) -> None:
    theirs = fob.compute_similarity(book[:20], backend="faiss", model=MODEL_NAME)
    ids = book[:20].values("id")
    # Its precision depends on the machine.
    assert _cosines(theirs, book.load_brain_results("clip"), ids).min() >= 0.9995


@pytest.mark.parametrize(("precision", "min_cosine"), [("float32", 1 - 1e-6), ("bfloat16", 0.9995)])
def test_indexes_in_either_precision_are_searched_exactly(
    book, precision: str, min_cosine: float
) -> None:
    dataset = book[:20].clone()
    embedder = get_embedder(MODEL_NAME, precision=precision)
    fiftyone_faiss.build_index(dataset, "other", model=embedder)
    assert embedder.precision == precision
    ids = dataset.values("id")
    other, exact = dataset.load_brain_results("other"), book.load_brain_results("clip")
    cosines = _cosines(other, exact, ids)
    assert cosines.min() >= min_cosine
    assert (cosines.min() < 1 - 1e-6) == (precision == "bfloat16")
    assert other.config.model == exact.config.model == MODEL_NAME
    # The query is computed in the precision of the index.
    sample = dataset.skip(7).first()
    neighbors = fiftyone_faiss.search(dataset, Path(sample.filepath), brain_key="other", k=1)
    assert neighbors.ids == [sample.id]
    query = embedder.embed_image(Image.open(sample.filepath))
    stored = other.get_embeddings(sample_ids=[sample.id])[0][0]
    assert neighbors.distances[0] == pytest.approx(1 - query @ stored, abs=1e-6)


def _cosines(
    first: FaissSimilarityIndex, second: FaissSimilarityIndex, ids: list[str]
) -> np.ndarray:
    """The cosine of each sample's vectors in two indexes."""
    a, b = (index.get_embeddings(sample_ids=ids) for index in (first, second))
    assert a[1].tolist() == b[1].tolist()
    return np.array([_unit(x) @ _unit(y) for x, y in zip(a[0], b[0], strict=True)])


FRESH = """
import sys, json
import fiftyone as fo
dataset = fo.load_dataset("book")
view = dataset.sort_by_similarity({query!r}, brain_key="clip", k=10)
print(json.dumps(view.values("id")))
"""


def test_a_process_without_our_imports_answers_a_prompt(book) -> None:
    code = FRESH.format(query=QUERY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ids = json.loads(done.stdout.strip().splitlines()[-1])
    assert ids == fiftyone_faiss.search(book, QUERY, k=10).ids


# As if neither the package nor the plugin were installed.
REMOVED = """
import sys, json

class Removed:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "fiftyone_faiss":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Removed())
import fiftyone as fo
fo.config.plugins_dir = "/nowhere"
dataset = fo.load_dataset("removed")
view = dataset.sort_by_similarity(dataset.first().id, brain_key="theirs", k=5)
print(json.dumps([sorted(dataset.list_brain_runs()), len(dataset), view.values("id")]))
"""


def test_without_the_package_the_dataset_and_its_other_runs_work(dataset, rng) -> None:
    dataset.name = "removed"
    vectors = rng.normal(size=(12, 6)).astype(np.float32)
    fob.compute_similarity(dataset, backend="faiss", embeddings=vectors, brain_key="ours")
    fob.compute_similarity(dataset, backend="sklearn", embeddings=vectors, brain_key="theirs")
    expected = dataset.sort_by_similarity(dataset.first().id, brain_key="theirs", k=5)
    done = subprocess.run(
        [sys.executable, "-c", REMOVED], capture_output=True, text=True, check=True
    )
    keys, size, ids = json.loads(done.stdout.strip().splitlines()[-1])
    assert (keys, size) == (["ours", "theirs"], 12)
    assert ids == expected.values("id")


@pytest.mark.parametrize("query", ["🐕🎾", "狗在玩球", "собака"])
def test_a_query_in_another_language_gets_a_note(book, query) -> None:
    neighbors = fiftyone_faiss.search(book, query, k=3)
    assert len(neighbors) == 3
    assert neighbors.notes == (f"'{MODEL_NAME}' reads English; write the query in English.",)


def test_a_long_query_gets_a_note(book) -> None:
    neighbors = fiftyone_faiss.search(book, "a red car and " * 20, k=3)
    assert neighbors.notes == ("The model read only the first 18 tokens of the query; shorten it.",)
