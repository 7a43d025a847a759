"""What projections are learned from: pairs, labels, tags, judgments; with given vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of
from support.taught import class_pairs, vectors_of

import fiftyone_faiss
from fiftyone_faiss import brain
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.curation.teaching.examples import read_examples
from fiftyone_faiss.brain.curation.teaching.judged_pairs import judged_pairs
from fiftyone_faiss.brain.curation.teaching.request import TeachingRequest

N, DIM = 240, 24
SHAPES, COLORS = ("circle", "square", "star"), ("red", "green")


def planted(rng: np.random.Generator, n: int = N) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors with a weak shape, a weak color and much else; and the numbers of both."""
    shape, color = np.arange(n) % 3, np.arange(n) // 3 % 2
    vectors = rng.normal(size=(n, DIM))
    vectors[:, :3] += 2.5 * np.eye(3)[shape]
    vectors[:, 3:5] += 2.5 * np.eye(2)[color]
    vectors[:, 5:11] *= 3
    return vectors.astype(np.float32), shape, color


@pytest.fixture(scope="module")
def dataset() -> Iterator[fo.Dataset]:
    """Samples without files, with shapes and colors, and an index "given" of given vectors."""
    vectors, shape, color = planted(np.random.default_rng(51))
    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(
                f"/none/{i}.png",
                shape=fo.Classification(label=SHAPES[s]),
                color=COLORS[c],
                tags=[COLORS[c]] if i < 200 else ["both", "red", "green"],
            )
            for i, (s, c) in enumerate(zip(shape, color, strict=True))
        ],
        progress=False,
    )
    index_of(dataset, vectors)
    yield dataset
    dataset.delete()


def examples_of(dataset: fo.Dataset, **options: Any) -> Any:
    return read_examples(Compared.of(dataset, "given"), TeachingRequest("given", "new", **options))


def test_one_space_orders_by_two_aspects(dataset: fo.Dataset) -> None:
    report = fiftyone_faiss.learn_projection(
        dataset, "given", "both", label_field=["shape", "color"]
    )
    assert report.is_kept and report.model is None and report.text is None
    shape, color = report.measures
    assert (shape.name, color.name, shape.count) == ("shape", "color", N)
    assert shape.improvement.low > 0.1 and color.improvement.low > 0.1
    # No order is perfect for both.
    assert shape.joint_ideal < 1 and color.joint_ideal < 1
    assert report.improvement.value == pytest.approx(
        (shape.improvement.value + color.improvement.value) / 2
    )
    assert "report.projection.apply(vectors)" in report.notes[-1]
    old, new = vectors_of(dataset, "given"), vectors_of(dataset, "both")
    id = dataset.first().id
    assert report.projection.apply(old[id][None])[0] == pytest.approx(new[id], abs=1e-6)
    fiftyone_faiss.delete_index(dataset, "both")


def test_an_aspect_that_is_not_there_is_refused(dataset: fo.Dataset) -> None:
    labels = np.random.default_rng(3).choice(["x", "y"], N).tolist()
    dataset.set_values("chance", labels)
    report = fiftyone_faiss.learn_projection(dataset, "given", "chance", label_field="chance")
    assert not report.is_kept and not dataset.has_brain_run("chance")
    (measure,) = report.measures
    assert measure.before.value == pytest.approx(measure.chance, abs=0.05)
    assert measure.improvement.low <= 0 and measure.joint_ideal == 1
    dataset.delete_sample_field("chance")


def test_tags_are_classes(dataset: fo.Dataset) -> None:
    colors = np.array(dataset.values("color"))
    examples = examples_of(dataset, tags=["green", "red"])
    (aspect,) = examples.aspects
    assert (aspect.name, aspect.rest) == ("green, red", None)
    assert (aspect.labels == (colors[:200] == "red")).all()
    assert examples.notes == ["40 have several of the tags, and were left out."]
    (alone,) = examples_of(dataset, tags="both").aspects
    assert (alone.labels == np.where(np.arange(N) < 200, 1, 0)).all() and alone.rest == 1
    assert alone.is_query.sum() == 40
    with pytest.raises(ValueError, match="None of these samples has the tag 'blue'"):
        examples_of(dataset, tags=["red", "blue"])


def test_pairs_keep_their_ids(dataset: fo.Dataset) -> None:
    ids = dataset.values("id")
    examples = examples_of(
        dataset, alike=[(ids[9], ids[4]), (ids[4], ids[9])], unlike=[(ids[4], ids[100])]
    )
    held = examples.compared.ids_at(np.arange(len(examples)))
    assert held == [ids[4], ids[9], ids[100]]
    pairs = examples.pairs
    named = [(held[a], held[b]) for a, b in zip(pairs.first, pairs.second, strict=True)]
    assert named == [(ids[4], ids[9]), (ids[4], ids[100])]
    assert pairs.is_alike.tolist() == [True, False]


def test_judgments_are_pairs(dataset: fo.Dataset) -> None:
    ids = dataset.values("id")
    fiftyone_faiss.record_search(
        dataset,
        {
            "query_type": "samples", "sample_ids": [ids[0]], "brain_key": "given",
            "liked": [ids[3], ids[6]], "disliked": [ids[1]],
        },
    )  # fmt: skip
    fiftyone_faiss.record_search(dataset, {"query_type": "samples", "sample_ids": [ids[8]]})
    fiftyone_faiss.record_different(dataset, ids[20], ids[10])
    judged = judged_pairs(dataset, None)
    assert {frozenset(pair) for pair in judged.alike} == {
        frozenset({ids[a], ids[b]}) for a, b in ((0, 3), (0, 6), (3, 6))
    }
    assert {frozenset(pair) for pair in judged.unlike} == {
        frozenset({ids[a], ids[b]}) for a, b in ((0, 1), (3, 1), (6, 1), (10, 20))
    }
    examples = examples_of(dataset, judgments=True, unlike=[(ids[0], ids[3])])
    assert examples.notes == ["1 pairs were judged both ways, and were left out."]
    assert (examples.pairs.is_alike.sum(), len(examples.pairs)) == (2, 6)


def test_patches_are_taught(rng: np.random.Generator) -> None:
    vectors, shape, _ = planted(rng, 150)
    dataset = fo.Dataset()
    things = [fo.Detection(label=SHAPES[n], bounding_box=[0, 0, 1, 1]) for n in shape]
    dataset.add_samples(
        [
            fo.Sample(f"/none/{i}.png", things=fo.Detections(detections=things[3 * i : 3 * i + 3]))
            for i in range(50)
        ],
        progress=False,
    )
    of_sample = dict(zip(dataset.values("id"), vectors.reshape(50, 3, DIM), strict=True))
    index_of(dataset, of_sample, "patches", patches_field="things")
    shapes = dict(
        zip(*dataset.values(["things.detections.id", "things.detections.label"], unwind=True),
            strict=True)
    )  # fmt: skip
    alike, unlike = class_pairs(shapes, 150, seed=1)
    report = fiftyone_faiss.learn_projection(dataset, "patches", "shapes", alike, unlike)
    assert report.is_kept and report.measures[0].improvement.low > 0.05
    new = vectors_of(dataset, "shapes")
    assert new.keys() == vectors_of(dataset, "patches").keys()
    with pytest.raises(ValueError, match="2 ids in alike are not among these samples of the index"):
        fiftyone_faiss.learn_projection(
            dataset, "patches", "x", [tuple(dataset.values("id")[:2])], label_field="things"
        )
    dataset.delete()


ID = "0123456789abcdef01234567"
OTHER = "0123456789abcdef01234568"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "There is nothing to learn from; give alike and unlike pairs"),
        ({"alike": [(ID, OTHER, ID)]}, "alike has .*; give pairs of two different ids"),
        ({"alike": [(ID, ID)]}, "alike has .*; give pairs of two different ids"),
        ({"alike": [("x", ID)]}, "alike has 'x', which is no id"),
        ({"unlike": [(ID, OTHER)]}, "Give pairs that are alike, too"),
        ({"alike": [(ID, OTHER)], "unlike": [(OTHER, ID)]}, "are both alike and unlike"),
        ({"label_field": "none"}, "There is no field 'none' of labels"),
        ({"label_field": "tags"}, "Some samples have several labels in 'tags'"),
        ({"label_field": "filepath"}, "There are not enough different alike and unlike pairs"),
        ({"alike": [(ID, OTHER)]}, "2 ids in alike are not among these samples of the index"),
        ({"label_field": "shape", "rank": 0}, "rank is 0; give 1 to 256"),
        ({"label_field": "shape", "max_samples": 10}, "max_samples is 10; give 100 or more"),
        ({"label_field": "shape", "seed": "x"}, "seed is 'x'; give a whole number"),
    ],
)
def test_bad_values_are_refused(dataset: fo.Dataset, options: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as error:
        fiftyone_faiss.learn_projection(dataset, "given", "new", **options)
    assert len(str(error.value)) <= 300
    assert not dataset.has_brain_run("new")


def test_too_few_pairs_are_refused(dataset: fo.Dataset) -> None:
    shapes = dict(zip(*dataset.values(["id", "shape.label"]), strict=True))
    alike, unlike = class_pairs(shapes, 12, seed=0)
    with pytest.raises(ValueError, match="pairs of a kind could be held out to test what was"):
        fiftyone_faiss.learn_projection(dataset, "given", "new", alike, unlike)


def test_a_request_ignores_what_it_does_not_know() -> None:
    request = brain.TeachingRequest.from_params(
        {"label_field": "shape", "new_key": " new ", "other": 1, "rank": None, "seed": -3}
    )
    assert (request.label_field, request.new_key, request.rank, request.seed) == (
        ("shape",), "new", 32, 3,
    )  # fmt: skip
