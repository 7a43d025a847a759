"""Filters by tags, labels and texts, and counts of their values."""

from __future__ import annotations

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of
from support.points import one_sentence

import fiftyone_faiss
from fiftyone_faiss.brain import SearchRequest, as_code, count_values, run_search


@pytest.fixture
def labeled(dataset, rng) -> fo.Dataset:
    """Twelve samples: labels a, b, c in turn, two boxes each, the first four tagged."""
    index_of(dataset, rng.normal(size=(12, 4)))
    box = [0.1, 0.1, 0.5, 0.5]
    for i, sample in enumerate(dataset):
        sample["kind"] = fo.Classification(label="abc"[i % 3])
        labels = ["car", "car"] if i % 2 else ["car", "dog"]
        sample["things"] = fo.Detections(
            detections=[fo.Detection(label=label, bounding_box=box) for label in labels]
        )
        sample["split"] = "train" if i < 9 else "val"
        sample["caption"] = f"sample {i}"
        sample.tags = ["first"] if i < 4 else []
        sample.save()
    return dataset


@pytest.mark.parametrize(
    ("filters", "places"),
    [
        ({"tags": ["first"]}, [0, 1, 2, 3]),
        ({"kind": ["a", "c"]}, [0, 2, 3, 5, 6, 8, 9, 11]),
        ({"things": ["dog"]}, [0, 2, 4, 6, 8, 10]),
        ({"split": ["val"]}, [9, 10, 11]),
        ({"tags": ["first"], "kind": ["a"]}, [0, 3]),
        ({"tags": []}, list(range(12))),
    ],
)
def test_a_search_finds_only_what_the_filters_let_through(labeled, filters, places) -> None:
    ids = labeled.values("id")
    query = np.ones(4)
    neighbors = fiftyone_faiss.search(labeled, query, k=20, filters=filters)
    assert set(neighbors.ids) == {ids[i] for i in places}
    assert neighbors.view().values("id") == neighbors.ids
    everything = fiftyone_faiss.search(labeled, query, k=12)
    assert neighbors.ids == [id for id in everything.ids if id in set(neighbors.ids)]
    # The results keep all of their labels.
    assert {len(own) for own in neighbors.view().values("things.detections")} == {2}
    # A view is restricted further.
    inside = fiftyone_faiss.search(labeled[2:], query, k=20, filters=filters)
    assert set(inside.ids) == set(ids[2:]) & set(neighbors.ids)


def test_filters_restrict_labels_in_an_index_of_them(labeled, rng) -> None:
    index_of(labeled, [rng.normal(size=(2, 4)) for _ in range(12)], "boxes", patches_field="things")
    wanted = labeled.filter_labels("things", fo.ViewField("label") == "dog")
    dogs = wanted.values("things.detections.id", unwind=True)
    query = np.ones(4)
    neighbors = fiftyone_faiss.search(labeled, query, "boxes", k=30, filters={"things": ["dog"]})
    assert set(neighbors.ids) == set(dogs)
    assert set(neighbors.view().values("things.label")) == {"dog"}


def test_filters_are_saved_and_written_as_code(labeled) -> None:
    params = {"query": labeled.first().id, "filters": {"tags": ["first", "first"], "kind": []}}
    request = SearchRequest.from_params({**params, "brain_key": "given"})
    assert request.filters == {"tags": ["first"]}
    saved = fiftyone_faiss.save_search(labeled, request.to_params(), "mine")
    assert saved.params["filters"] == {"tags": ["first"]}
    again = SearchRequest.from_params(fiftyone_faiss.list_searches(labeled)[0].params)
    assert run_search(labeled, again).ids == run_search(labeled, request).ids
    assert "filters={'tags': ['first']}," in as_code(labeled, request)
    names: dict[str, object] = {}
    exec(as_code(labeled, request), names)
    assert names["neighbors"].ids == run_search(labeled, request).ids
    # Without filters, searches are stored as before.
    plain = SearchRequest.from_params({**params, "filters": {"tags": []}})
    assert "filters" not in plain.to_params()


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"nothing": ["x"]}, "There is no field 'nothing' of labels or texts to filter by;"),
        ({"number": ["1"]}, "There is no field 'number' of labels or texts to filter by;"),
        ({"tags": "first"}, "filters is 'first'; give a list."),
        ({"tags": [3]}, "A value of filters is 3; give a text."),
        ({"tags": ["x" * 101]}, "A value of filters has 101 characters;"),
        ({"tags": [str(i) for i in range(101)]}, "filters has 101 values of 'tags'; give fewer."),
        ({str(i): ["x"] for i in range(21)}, "filters has 21 fields; give at most 20."),
        (["tags"], "filters is ['tags']; give an object"),
    ],
)
def test_filters_that_are_not_valid_are_refused(labeled, filters, message) -> None:
    with pytest.raises(ValueError) as refused:
        fiftyone_faiss.search(labeled, labeled.first().id, filters=filters)
    assert message in str(refused.value)
    assert one_sentence(str(refused.value))


def test_values_are_counted_among_results(labeled) -> None:
    ids = labeled.values("id")
    counted = {facet.path: facet.values for facet in count_values(labeled, ids[:5])}
    assert counted == {
        "tags": [("first", 4)],
        "kind": [("a", 2), ("b", 2), ("c", 1)],
        # Samples count, not boxes: every sample has a car.
        "things": [("car", 5), ("dog", 3)],
        "split": [("train", 5)],
    }
    boxes = labeled[:2].values("things.detections.id", unwind=True)
    counted = {facet.path: facet.values for facet in count_values(labeled, boxes, "things")}
    assert counted["things"] == [("car", 3), ("dog", 1)]
    assert counted["tags"] == [("first", 4)]
    assert count_values(labeled, []) == []
    everything = {facet.path: facet.values for facet in count_values(labeled)}
    assert everything["split"] == [("train", 9), ("val", 3)]
    # A caption names one sample.
    assert "caption" not in everything


def test_only_the_most_frequent_values_are_listed(labeled) -> None:
    labeled.set_values("tags", [[f"tag {i} {j}" for j in range(4)] for i in range(12)])
    (tags, *_) = count_values(labeled)
    assert (tags.path, len(tags.values), tags.more) == ("tags", 30, 18)
    assert tags.to_dict()["values"][0] == {"value": "tag 0 0", "count": 1}
