"""Tagging a query's neighbours, replacing that, and taking it back."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from support.distances import reference
from support.indexes import index_of

import fiftyone_faiss


@pytest.fixture
def order(dataset: fo.Dataset, rng: np.random.Generator) -> list[str]:
    """The samples of an indexed dataset, in the order of their distance from the first."""
    vectors = rng.normal(size=(12, 4)).astype(np.float32)
    index_of(dataset, vectors)
    ids = dataset.values("id")
    return [ids[i] for i in np.argsort(reference(vectors[:1], vectors, "cosine")[0])]


def tagged(dataset: fo.Dataset, tag: str = "neighbors") -> set[str]:
    return set(dataset.match_tags(tag).values("id"))


def test_the_query_and_its_neighbours_are_tagged_and_untagged(dataset, order) -> None:
    tagging = fiftyone_faiss.tag_neighbors(dataset, order[0], k=4)
    assert tagging.ids == order[:4]
    assert tagged(dataset) == set(order[:4])
    assert fiftyone_faiss.untag_neighbors(dataset) == 4
    assert tagged(dataset) == set()


def test_several_query_samples_are_tagged_even_when_not_among_the_nearest(dataset, order) -> None:
    query = [order[0], order[11]]
    tagging = fiftyone_faiss.tag_neighbors(dataset, query, k=1)
    assert set(query) <= set(tagging.ids)
    assert tagged(dataset) == {*query, *tagging.neighbors.ids}


def test_tags_from_before_outlive_the_untagging(dataset, order) -> None:
    dataset.select([order[1], order[9]]).tag_samples("near")
    tagging = fiftyone_faiss.tag_neighbors(dataset, order[0], tag="near", k=3)
    assert tagging.ids == [order[0], order[2]]
    assert fiftyone_faiss.untag_neighbors(dataset, "near") == 2
    assert tagged(dataset, "near") == {order[1], order[9]}


def test_replace_takes_the_previous_tagging_back_first(dataset, order) -> None:
    fiftyone_faiss.tag_neighbors(dataset, order[0], k=3)
    fiftyone_faiss.tag_neighbors(dataset, order[11], k=1)
    assert tagged(dataset) == {*order[:3], order[11]}
    fiftyone_faiss.tag_neighbors(dataset, order[11], k=2, replace=True)
    found = fiftyone_faiss.search(dataset, order[11], k=2).ids
    assert tagged(dataset) == set(found)
    assert fiftyone_faiss.untag_neighbors(dataset) == 2
    assert tagged(dataset) == set()


def test_untagging_passes_over_what_was_deleted_or_untagged_by_hand(dataset, order) -> None:
    fiftyone_faiss.tag_neighbors(dataset, order[0], k=4)
    dataset.delete_samples(order[1:2])
    dataset.select(order[2:3]).untag_samples("neighbors")
    assert fiftyone_faiss.untag_neighbors(dataset) == 2
    assert fiftyone_faiss.untag_neighbors(dataset) == 0


def test_an_index_of_patches_tags_labels(dataset, rng) -> None:
    boxes = [fo.Detection(label=str(i), bounding_box=[0, 0, 0.5, 0.5]) for i in range(12)]
    dataset.set_values("things", [fo.Detections(detections=[one]) for one in boxes])
    ids = dataset.values("id")
    vectors = rng.normal(size=(12, 4)).astype(np.float32)
    by_sample = {one: vectors[i : i + 1] for i, one in enumerate(ids)}
    index_of(dataset, by_sample, patches_field="things")
    labels = dataset.values("things.detections.id", unwind=True)
    order = [labels[i] for i in np.argsort(reference(vectors[:1], vectors, "cosine")[0])]
    tagging = fiftyone_faiss.tag_neighbors(dataset, labels[0], k=3)
    assert tagging.ids == order[:3]
    labels_now = [one for sample in dataset for one in sample.things.detections]
    assert {one.id for one in labels_now if one.tags == ["neighbors"]} == set(order[:3])
    assert tagged(dataset) == set()
    assert fiftyone_faiss.untag_neighbors(dataset) == 3
    assert not dataset.count_label_tags()


def test_an_empty_tag_is_refused_before_anything_is_searched(dataset, order) -> None:
    with pytest.raises(ValueError, match="The tag is empty"):
        fiftyone_faiss.tag_neighbors(dataset, order[0], tag=" ")
    assert dataset.count_sample_tags() == {}
