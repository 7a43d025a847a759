"""Images without a finite vector are failures of an index, which stays searchable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from PIL import Image
from support.colors import MeanColor, color_vector
from support.points import one_sentence

import fiftyone_faiss
from fiftyone_faiss.embedders import Vectors, registry, unit

# The red of the images of the dataset whose features these are.
BAD = {40: np.inf, 100: np.nan, 220: -np.inf}
COLORS = np.array([color_vector(20 * i, 255 - 20 * i, 40) for i in range(12)])
REASON = "the model 'unsteady' returned numbers that are not finite"


class Unsteady(MeanColor):
    """Some of its vectors are not finite, also those of a text."""

    name = fingerprint = "unsteady"
    supports_text = True

    def embed_images(self, images: Sequence[Image.Image]) -> Vectors:
        features = np.array([np.asarray(i, np.float32).mean(axis=(0, 1)) for i in images])
        for row in features:
            row[0] = BAD.get(int(row[0]), row[0])
        return unit(features)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        value = {"nan": np.nan, "inf": np.inf}
        rows = [[value.get(text, 1.0), 0.0, 0.0] for text in texts]
        return unit(np.array(rows, np.float32))


@pytest.fixture
def indexed(dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch) -> Iterator[fo.Dataset]:
    monkeypatch.setattr(registry, "_registered", {})
    fiftyone_faiss.register_embedder("unsteady", Unsteady)
    report = fiftyone_faiss.build_index(dataset, "colors", model="unsteady")
    bad = [dataset.values("id")[i] for i in (2, 5, 11)]
    assert (report.size, report.failures) == (9, dict.fromkeys(bad, REASON))
    yield dataset


def test_they_are_listed_and_all_others_are_found(indexed: fo.Dataset) -> None:
    ids = indexed.values("id")
    good = [i for i in range(12) if i not in (2, 5, 11)]
    assert fiftyone_faiss.list_failures(indexed) == {ids[i]: REASON for i in (2, 5, 11)}
    health = fiftyone_faiss.index_health(indexed, "colors")
    assert (health.size, health.failed, health.missing) == (9, 3, 0)
    vectors, sample_ids, _ = indexed.load_brain_results("colors").get_embeddings()
    assert sample_ids.tolist() == [ids[i] for i in good]
    np.testing.assert_allclose(vectors, COLORS[good], atol=1e-6)
    neighbors = fiftyone_faiss.search(indexed, COLORS[0], k=12)
    assert neighbors.ids == [ids[i] for i in good]
    np.testing.assert_allclose(neighbors.distances, 1 - COLORS[good] @ COLORS[0], atol=1e-6)
    assert fiftyone_faiss.verify_index(indexed, "colors") == []
    fob.compute_uniqueness(indexed.select(sample_ids.tolist()), similarity_index="colors")


def test_they_fail_in_a_field_and_as_regions_too(indexed: fo.Dataset) -> None:
    ids = indexed.values("id")
    box = [0.0, 0.0, 1.0, 1.0]
    for sample in indexed:
        labels = [fo.Detection(bounding_box=box) for _ in range(2)]
        sample["things"] = fo.Detections(detections=labels)
        sample.save()
    for options in ({}, {"roi_field": "things"}):
        name = f"field{len(options)}"
        report = fiftyone_faiss.compute_embeddings(indexed, "unsteady", name, **options)
        assert report.failures == {ids[i]: REASON for i in (2, 5, 11)}
        assert [vector is None for vector in indexed.values(name)] == [
            i in (2, 5, 11) for i in range(12)
        ]
    report = fiftyone_faiss.compute_embeddings(
        indexed, "unsteady", "vector", patches_field="things"
    )
    bad = indexed.select([ids[i] for i in (2, 5, 11)])
    labels = bad.values("things.detections.id", unwind=True)
    assert report.failures == dict.fromkeys(labels, REASON)


def test_a_query_without_a_finite_vector_is_refused_in_a_sentence(indexed: fo.Dataset) -> None:
    image = Image.new("RGB", (8, 8), (100, 0, 0))
    queries = [
        (image, "image"), (np.asarray(image), "image"), (indexed[2:3].first().id, "image"),
        ("nan", "text"), ("a + inf", "text"),
    ]  # fmt: skip
    for query, kind in queries:
        with pytest.raises(ValueError) as caught:
            fiftyone_faiss.search(indexed, query)
        assert f"The {kind} cannot be embedded: {REASON}" in str(caught.value)
        assert one_sentence(caught.value), caught.value


def test_a_zero_vector_is_stored(dataset: fo.Dataset) -> None:
    Image.new("RGB", (32, 32), (0, 0, 0)).save(dataset.first().filepath)
    report = fiftyone_faiss.build_index(dataset, "colors", model=MeanColor())
    assert (report.size, report.failures) == (12, {})
    vectors, _, _ = dataset.load_brain_results("colors").get_embeddings()
    np.testing.assert_array_equal(vectors[0], [0, 0, 0])
