"""Tagging a query's neighbors, replacing that, and undoing it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.operators.store import ExecutionStore
from support.distances import reference
from support.indexes import index_of

import fiftyone_faiss
from fiftyone_faiss.brain.retrieval.tags import STORE_NAME, apply_tag


@pytest.fixture
def order(dataset: fo.Dataset, rng: np.random.Generator) -> list[str]:
    """The samples of an indexed dataset, in the order of their distance from the first."""
    vectors = rng.normal(size=(12, 4)).astype(np.float32)
    index_of(dataset, vectors)
    ids = dataset.values("id")
    return [ids[i] for i in np.argsort(reference(vectors[:1], vectors, "cosine")[0])]


def tagged(dataset: fo.Dataset, tag: str = "neighbors") -> set[str]:
    return set(dataset.match_tags(tag).values("id"))


def test_the_query_and_its_neighbors_are_tagged_and_untagged(dataset, order) -> None:
    tagging = fiftyone_faiss.tag_neighbors(dataset, order[0], k=4)
    assert (tagging.ids, tagging.neighbors.ids) == (order[:5], order[1:5])
    assert tagged(dataset) == set(order[:5])
    assert fiftyone_faiss.untag_neighbors(dataset) == 5
    assert tagged(dataset) == set()


def test_several_query_samples_are_tagged_even_when_not_among_the_nearest(dataset, order) -> None:
    query = [order[0], order[11]]
    tagging = fiftyone_faiss.tag_neighbors(dataset, query, k=1)
    assert set(query) <= set(tagging.ids)
    assert tagged(dataset) == {*query, *tagging.neighbors.ids}


def test_of_several_terms_those_to_be_found_are_tagged(dataset, order) -> None:
    line = f"@{order[3]} + 2: @{order[5]} - @{order[8]}"
    tagging = fiftyone_faiss.tag_neighbors(dataset, line, k=1)
    assert {order[3], order[5]} <= set(tagging.ids)
    assert tagged(dataset) == {order[3], order[5], *tagging.neighbors.ids}
    assert order[8] not in tagged(dataset)


def test_what_is_tagged_is_found_with_the_options_of_a_search(dataset, order) -> None:
    options = {"selected": [order[2]], "alt": [order[7]], "diversity": 0.5, "skip": 1}
    tagging = fiftyone_faiss.tag_neighbors(dataset, "@selected", "near", k=3, **options)
    neighbors = fiftyone_faiss.search(dataset, "@selected", k=3, **options)
    assert tagging.neighbors.ids == neighbors.ids
    assert tagged(dataset, "near") == {order[2], *neighbors.ids}
    near = fiftyone_faiss.search(dataset, order[0], k=None, thresh=0.5)
    tagging = fiftyone_faiss.tag_neighbors(dataset, order[0], "within", k=None, thresh=0.5)
    assert tagging.ids == [order[0], *near.ids]
    with pytest.raises(TypeError, match="unexpected keyword argument 'threshold'"):
        fiftyone_faiss.tag_neighbors(dataset, order[0], threshold=0.5)


def test_what_was_found_is_tagged_and_untagged(dataset, order) -> None:
    neighbors = fiftyone_faiss.search(dataset, order[0], k=4)
    dataset.select(order[1]).tag_samples("near")
    assert neighbors.tag("near") == order[2:5]
    assert tagged(dataset, "near") == set(order[1:5])
    other = fiftyone_faiss.search(dataset, order[11], k=2)
    assert other.tag("near", replace=True) == other.ids
    assert tagged(dataset, "near") == {order[1], *other.ids}
    assert fiftyone_faiss.untag_neighbors(dataset, "near") == 2
    # The results alone, not the query.
    assert neighbors.tag() == order[1:5]
    assert tagged(dataset) == set(order[1:5])


def test_tags_from_before_outlive_the_untagging(dataset, order) -> None:
    dataset.select([order[1], order[9]]).tag_samples("near")
    tagging = fiftyone_faiss.tag_neighbors(dataset, order[0], tag="near", k=3)
    assert tagging.ids == [order[0], *order[2:4]]
    assert fiftyone_faiss.untag_neighbors(dataset, "near") == 3
    assert tagged(dataset, "near") == {order[1], order[9]}


def test_replace_takes_the_previous_tagging_back_first(dataset, order) -> None:
    fiftyone_faiss.tag_neighbors(dataset, order[0], k=3)
    neighbors = fiftyone_faiss.search(dataset, order[11], k=2).ids
    fiftyone_faiss.tag_neighbors(dataset, order[11], k=1)
    assert tagged(dataset) == {*order[:4], order[11], neighbors[0]}
    fiftyone_faiss.tag_neighbors(dataset, order[11], k=2, replace=True)
    assert tagged(dataset) == {order[11], *neighbors}
    assert fiftyone_faiss.untag_neighbors(dataset) == 3
    assert tagged(dataset) == set()


def test_untagging_passes_over_what_was_deleted_or_untagged_by_hand(dataset, order) -> None:
    fiftyone_faiss.tag_neighbors(dataset, order[0], k=3)
    dataset.delete_samples(order[1:2])
    dataset.select(order[2:3]).untag_samples("neighbors")
    assert fiftyone_faiss.untag_neighbors(dataset) == 2
    assert fiftyone_faiss.untag_neighbors(dataset) == 0


def records(dataset: fo.Dataset) -> ExecutionStore:
    return ExecutionStore.create(STORE_NAME, dataset_id=dataset._doc.id)


def test_of_many_who_tag_at_once_none_is_forgotten(dataset) -> None:
    ids = dataset.values("id")
    start = threading.Barrier(8)

    def tag(person: int) -> list[str]:
        start.wait(30)
        return apply_tag(dataset, [ids[person]], "ours")

    with ThreadPoolExecutor(8) as people:
        assert list(people.map(tag, range(8))) == [[id] for id in ids[:8]]
    assert tagged(dataset, "ours") == set(ids[:8])
    assert fiftyone_faiss.untag_neighbors(dataset, "ours") == 8
    assert tagged(dataset, "ours") == set()
    assert records(dataset).list_keys() == []


def test_of_many_who_take_back_a_part_of_a_tagging_at_once_each_does(dataset) -> None:
    ids = dataset.values("id")
    apply_tag(dataset, ids[:10], "ours")
    start = threading.Barrier(8)

    def untag(person: int) -> int:
        start.wait(30)
        return fiftyone_faiss.untag_neighbors(dataset, "ours", [ids[person]])

    with ThreadPoolExecutor(8) as people:
        assert list(people.map(untag, range(8))) == [1] * 8
    assert tagged(dataset, "ours") == set(ids[8:10])
    # What was undone is forgotten: by hand it may get the tag for good.
    dataset.select(ids[:8]).tag_samples("ours")
    assert fiftyone_faiss.untag_neighbors(dataset, "ours") == 2
    assert tagged(dataset, "ours") == set(ids[:8])


def test_a_tagging_taken_back_before_its_tags_are_written_is_remembered(
    dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = dataset.values("id")
    write = fo.DatasetView.tag_samples

    def write_late(view: fo.DatasetView, tag: str) -> None:
        assert fiftyone_faiss.untag_neighbors(dataset, tag) == 0
        write(view, tag)

    monkeypatch.setattr(fo.DatasetView, "tag_samples", write_late)
    apply_tag(dataset, ids[:3], "ours")
    assert tagged(dataset, "ours") == set(ids[:3])
    assert fiftyone_faiss.untag_neighbors(dataset, "ours") == 3
    assert tagged(dataset, "ours") == set()


def test_a_tagging_stopped_halfway_is_taken_back_whole(
    dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = dataset.values("id")
    write = fo.DatasetView.tag_samples

    def break_off(view: fo.DatasetView, tag: str) -> None:
        write(view.limit(2), tag)
        raise KeyboardInterrupt

    monkeypatch.setattr(fo.DatasetView, "tag_samples", break_off)
    with pytest.raises(KeyboardInterrupt):
        apply_tag(dataset, ids[:3], "ours")
    assert len(tagged(dataset, "ours")) == 2
    assert fiftyone_faiss.untag_neighbors(dataset, "ours") == 2
    assert records(dataset).list_keys() == []


def test_a_part_of_several_taggings_is_taken_back(dataset) -> None:
    ids = dataset.values("id")
    apply_tag(dataset, ids[:3], "ours")
    apply_tag(dataset, ids[3:6], "ours")
    assert fiftyone_faiss.untag_neighbors(dataset, "ours", ids[2:4]) == 2
    assert tagged(dataset, "ours") == {*ids[:2], *ids[4:6]}
    assert fiftyone_faiss.untag_neighbors(dataset, "ours", ids[2:4]) == 0
    assert fiftyone_faiss.untag_neighbors(dataset, "ours") == 4


def test_a_tag_with_a_slash_is_another_tag(dataset) -> None:
    ids = dataset.values("id")
    apply_tag(dataset, ids[:2], "ours")
    apply_tag(dataset, ids[:3], "ours/near")
    assert fiftyone_faiss.untag_neighbors(dataset, "ours") == 2
    assert tagged(dataset, "ours/near") == set(ids[:3])
    assert fiftyone_faiss.untag_neighbors(dataset, "ours/near") == 3


@pytest.mark.parametrize("tag", ["a\x00b", "a.*", "\U0010fffe", "ours/"])
def test_a_tag_of_any_characters_is_undone_alone(dataset, tag: str) -> None:
    ids = dataset.values("id")
    assert fiftyone_faiss.untag_neighbors(dataset, tag) == 0
    apply_tag(dataset, ids[:2], tag)
    apply_tag(dataset, ids[:3], "ours")
    apply_tag(dataset, ids[:4], f"{tag}/near")
    assert fiftyone_faiss.untag_neighbors(dataset, tag) == 2
    assert tagged(dataset, "ours") == set(ids[:3])
    assert tagged(dataset, f"{tag}/near") == set(ids[:4])


def test_an_index_of_patches_tags_labels(dataset, rng) -> None:
    boxes = [fo.Detection(label=str(i), bounding_box=[0, 0, 0.5, 0.5]) for i in range(12)]
    dataset.set_values("things", [fo.Detections(detections=[id]) for id in boxes])
    ids = dataset.values("id")
    vectors = rng.normal(size=(12, 4)).astype(np.float32)
    by_sample = {id: vectors[i : i + 1] for i, id in enumerate(ids)}
    index_of(dataset, by_sample, patches_field="things")
    labels = dataset.values("things.detections.id", unwind=True)
    order = [labels[i] for i in np.argsort(reference(vectors[:1], vectors, "cosine")[0])]
    tagging = fiftyone_faiss.tag_neighbors(dataset, labels[0], k=3)
    assert tagging.ids == order[:4]
    labels_now = [id for sample in dataset for id in sample.things.detections]
    assert {id.id for id in labels_now if id.tags == ["neighbors"]} == set(order[:4])
    assert tagged(dataset) == set()
    assert fiftyone_faiss.untag_neighbors(dataset) == 4
    assert not dataset.count_label_tags()


def test_an_empty_tag_is_refused_before_anything_is_searched(dataset, order) -> None:
    with pytest.raises(ValueError, match="The tag is empty"):
        fiftyone_faiss.tag_neighbors(dataset, order[0], tag=" ")
    assert dataset.count_sample_tags() == {}
