"""The values that color the points of a map."""

from __future__ import annotations

from collections import Counter

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from support.scored import clusters, dataset_of

import fiftyone_faiss
from fiftyone_faiss.brain import IndexMap, point_values
from fiftyone_faiss.brain.insight.maps.point_values import (
    NO_CLASS,
    OTHER,
    PointClasses,
    PointNumbers,
    classes_of,
)

KINDS = [None if i % 10 == 9 else f"kind {i % 20:02}" for i in range(60)]


@pytest.fixture(scope="module")
def mapped() -> IndexMap:
    """60 samples: 18 kinds of three samples, six samples without a kind."""
    vectors, _ = clusters(np.random.default_rng(51), [30, 30])
    dataset = dataset_of(
        vectors,
        kind=[None if kind is None else fo.Classification(label=kind) for kind in KINDS],
        several=[
            fo.Classifications(classifications=[fo.Classification(label=x) for x in "ab"[: i % 3]])
            for i in range(60)
        ],
        score=[None if i == 7 else i / 2 for i in range(60)],
        part=[i % 4 for i in range(60)],
        fine=[i % 2 == 0 for i in range(60)],
        tags=[["night"] if i < 5 else [] for i in range(60)],
    )
    return fiftyone_faiss.visualize_index(dataset, "given", "pca", progress=False)


def test_the_largest_classes_are_named_and_the_others_counted(mapped: IndexMap) -> None:
    values = point_values(mapped.samples, mapped, "kind")
    assert isinstance(values, PointClasses)
    assert list(values.names) == sorted({kind for kind in KINDS if kind})[:12]
    assert list(values.counts) == [3] * 12
    assert (values.others, values.other_count, values.missing) == (6, 18, 6)
    for code, kind in zip(values.codes, KINDS, strict=True):
        expected = NO_CLASS if kind is None else OTHER
        assert code == (values.names.index(kind) if kind in values.names else expected)


def test_numbers_stay_numbers_and_few_whole_ones_are_classes(mapped: IndexMap) -> None:
    dataset = mapped.samples
    scores = point_values(dataset, mapped, "score")
    assert isinstance(scores, PointNumbers) and scores.missing == 1 and scores.range == (0, 29.5)
    np.testing.assert_array_equal(scores.numbers[:9], [0, 0.5, 1, 1.5, 2, 2.5, 3, np.nan, 4])
    numbers = point_values(dataset, mapped, "number")
    assert isinstance(numbers, PointNumbers)
    np.testing.assert_array_equal(numbers.numbers, np.arange(60))
    parts = point_values(dataset, mapped, "part")
    assert isinstance(parts, PointClasses) and list(parts.names) == ["0", "1", "2", "3"]
    np.testing.assert_array_equal(parts.codes, np.arange(60) % 4)
    fine = point_values(dataset, mapped, "fine")
    assert isinstance(fine, PointClasses) and list(fine.names) == ["False", "True"]


def test_several_values_are_a_class_of_their_own(mapped: IndexMap) -> None:
    values = point_values(mapped.samples, mapped, "several")
    assert isinstance(values, PointClasses)
    assert dict(zip(values.names, values.counts, strict=True)) == {"a": 20, "several values": 20}
    assert values.missing == 20


def test_a_tag_is_there_or_not(mapped: IndexMap) -> None:
    values = point_values(mapped.samples, mapped, "tags", tag="night")
    assert isinstance(values, PointClasses)
    assert list(values.names) == ["night"] and list(values.counts) == [5] and values.missing == 55
    np.testing.assert_array_equal(values.codes[:6], [0, 0, 0, 0, 0, NO_CLASS])


def test_a_field_without_such_values_is_refused(mapped: IndexMap) -> None:
    with pytest.raises(ValueError, match="There is no field 'nothing' of labels, texts, tags"):
        point_values(mapped.samples, mapped, "nothing")


def test_classes_of_equal_size_have_the_same_order_each_time() -> None:
    names = ["b", "a", None, "c", "c"]
    values = classes_of(names)
    assert list(values.names) == ["c", "a", "b"]
    assert Counter(values.codes.tolist()) == {0: 2, 1: 1, 2: 1, NO_CLASS: 1}


def test_labels_have_their_own_values_and_those_of_their_samples() -> None:
    vectors, _ = clusters(np.random.default_rng(51), [6, 6])
    dataset = fo.Dataset()
    boxes = [
        [fo.Detection(label=f"thing {j}", bounding_box=[0.1 * j, 0, 0.1, 0.1]) for j in range(3)]
        for _ in range(4)
    ]
    dataset.add_samples(
        [
            fo.Sample(
                f"/none/{i}.png", place=f"place {i}", things=fo.Detections(detections=boxes[i])
            )
            for i in range(4)
        ],
        progress=False,
    )
    labels = [box.id for row in boxes for box in row]
    owners = [id for id in dataset.values("id") for _ in range(3)]
    results = fob.compute_similarity(
        dataset, backend="faiss", patches_field="things", embeddings=False, brain_key="given"
    )
    results.add_to_index(vectors, owners, labels)
    mapped = fiftyone_faiss.visualize_index(dataset, "given", "pca", progress=False)
    own = point_values(dataset, mapped, "things")
    assert isinstance(own, PointClasses) and list(own.names) == ["thing 0", "thing 1", "thing 2"]
    assert own.codes.tolist() == [labels.index(id) % 3 for id in mapped.ids]
    places = point_values(dataset, mapped, "place")
    assert isinstance(places, PointClasses)
    assert places.codes.tolist() == [labels.index(id) // 3 for id in mapped.ids]
    dataset.delete()
