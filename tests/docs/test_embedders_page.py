"""The code in docs/embedders.md runs and does what the page says, and its table is correct."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.distances import reference

import fiftyone_faiss
from fiftyone_faiss.brain import load_index, warm
from fiftyone_faiss.brain.indexing import calibrating
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.embedders import EmbedderError, ImageSource, Vectors, registry

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "embedders.md").read_text()
DOWNLOADED = "ViT-B-32/laion2b_s34b_b79k"


@pytest.fixture(scope="module")
def names(book: fo.Dataset) -> Iterator[dict[str, Any]]:
    """The variables of the page's code after it ran on forty images."""
    before = dict(registry._registered)
    dataset = book[:40].clone("my-dataset")
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, Any] = {}
    for code in blocks:
        # The one change: a model that needs no download.
        exec(code.replace(DOWNLOADED, MODEL_NAME), names)
    yield names
    registry._registered = before
    dataset.delete()


def vectors_of(names: dict[str, Any], brain_key: str) -> Vectors:
    """The index's vectors, in the order of the samples."""
    vectors, sample_ids, _ = load_index(names["dataset"], brain_key).get_embeddings()
    assert sample_ids.tolist() == names["dataset"].values("id")
    return vectors


def images(names: dict[str, Any], min_side: int | None = None) -> list[Image.Image]:
    return [ImageSource(path).open(min_side) for path in names["dataset"].values("filepath")]


def check(names: dict[str, Any], neighbors: Any, query: Vectors, vectors: Vectors, k: int) -> None:
    """Asserts that these are the nearest samples by NumPy, without those of the query."""
    distances = reference(query[None], vectors, "cosine")[0]
    others = [id not in neighbors.pinned for id in names["dataset"].values("id")]
    np.testing.assert_allclose(neighbors.distances, np.sort(distances[others])[:k], atol=1e-5)
    by_id = dict(zip(names["dataset"].values("id"), distances, strict=True))
    expected = [by_id[sample_id] for sample_id in neighbors.ids]
    np.testing.assert_allclose(neighbors.distances, expected, atol=1e-5)


def test_the_first_example_finds_similar_colors(names: dict[str, Any]) -> None:
    vectors = vectors_of(names, "colors")
    embedder = fiftyone_faiss.get_embedder("colorhist")
    expected = [embedder.embed_image(image) for image in images(names, embedder.image_size)]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    first = names["dataset"].first().id
    assert list(names["similar"].pinned) == [first]
    assert first not in names["similar"].ids
    check(names, names["similar"], vectors[0], vectors, 5)


def test_an_index_uses_the_requested_precision_and_knows_its_model(names: dict[str, Any]) -> None:
    embedder = names["embedder"]
    assert embedder.precision == "float32"
    expected = [embedder.embed_image(image) for image in images(names, embedder.image_size)]
    np.testing.assert_allclose(vectors_of(names, "clip"), expected, atol=1e-5)
    neighbors = fiftyone_faiss.search(names["dataset"], "a red car", brain_key="clip", k=7)
    query = embedder.embed_texts(["a red car"])[0]
    check(names, neighbors, query, np.array(expected), 7)


def test_a_function_becomes_an_index(names: dict[str, Any]) -> None:
    counts = np.array(
        [np.bincount(np.asarray(image.convert("L")).ravel() // 16, minlength=16)
         for image in images(names)]
    )  # fmt: skip
    expected = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors_of(names, "brightness"), expected, atol=1e-6)


def test_a_class_makes_an_index_that_is_searched_by_text(names: dict[str, Any]) -> None:
    means = np.array([np.asarray(image).mean(axis=(0, 1)) for image in images(names)]) - 127.5
    expected = means / np.linalg.norm(means, axis=1, keepdims=True)
    vectors = vectors_of(names, "names")
    # Means are rounded to integers before they are scaled.
    np.testing.assert_allclose(vectors, expected, atol=0.06)
    query = np.array([255, 165, 0]) - 127.5
    check(names, names["orange"], query, vectors, 5)
    # It knows no reference prompts, such as "a person".
    assert names["orange"].relevance is None
    assert names["orange"].notes == (
        "The model cannot embed the reference prompts, so results have no estimates.",
    )
    with pytest.raises(EmbedderError, match="use the English name of a color"):
        fiftyone_faiss.search(names["dataset"], "a dog", brain_key="names")
    assert warm(names["dataset"], "names")["model"] == "color-names"


@pytest.mark.backends
def test_an_index_in_int8_states_its_agreement_with_float32(
    book: fo.Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The demo's small network reaches 0.97, as the page says.
    monkeypatch.setattr(calibrating, "MIN_RECALL", 0.95)
    (code,) = re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL)
    dataset = book.clone()
    dataset.delete_brain_runs()
    names = {"dataset": dataset, "fiftyone_faiss": fiftyone_faiss}
    exec(code.replace(DOWNLOADED, MODEL_NAME), names)
    embedder = load_index(dataset, "fast").get_embedder()
    assert embedder.precision.startswith("openvino-int8-")
    line = capsys.readouterr().out.strip().splitlines()[-1]
    assert line == str(embedder.agreement)
    assert re.match(r"recall@10 against float32 0\.9[567]\d \(95 %: at least", line)
    images = [Image.open(path) for path in dataset.values("filepath")[:5]]
    exact = fiftyone_faiss.get_embedder(MODEL_NAME, precision="float32")
    expected = np.stack([exact.embed_image(image) for image in images])
    vectors = load_index(dataset, "fast").get_embeddings()[0][:5]
    assert (vectors * expected).sum(axis=1).min() > 0.98
    dataset.delete()


def test_the_table_is_that_of_list_models() -> None:
    rows = re.findall(r"^\| `(\S+)` \| (\d+) \| (yes|no) \| (\d+) \|", PAGE, re.MULTILINE)
    stated = {name: (int(dim), text == "yes", int(size)) for name, dim, text, size in rows}
    listed = {
        info.name: (info.dim, info.supports_text, (info.download_bytes or 0) // 10**6)
        for info in fiftyone_faiss.list_models()
        if info.license is not None
    }
    assert stated == listed
