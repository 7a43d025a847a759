"""Acting on results: saved views, fields of scores, exports, and code that finds the same."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from bson import json_util
from support.indexes import index_of
from support.points import Points, one_sentence, points_of

import fiftyone_faiss
from fiftyone_faiss.brain import Neighbors


@pytest.fixture
def neighbors(samples: Points) -> Neighbors:
    """Seven samples of an index "given"."""
    samples.index()
    return fiftyone_faiss.search(samples.dataset, samples.vectors[2], k=7)


@pytest.fixture
def labels(patches: Points) -> Neighbors:
    """Seven labels of an index "given"."""
    patches.index()
    return fiftyone_faiss.search(patches.dataset, patches.vectors[2], k=7)


def scores_of(neighbors: Neighbors) -> dict[str, float]:
    return dict(zip(neighbors.ids, neighbors.scores.tolist(), strict=True))


# -- saved views -------------------------------------------------------------------------------


def test_results_become_a_saved_view(neighbors) -> None:
    view = neighbors.save_view(" near ")
    assert view.values("id") == neighbors.ids
    dataset = neighbors.samples
    assert dataset.list_saved_views() == ["near"]
    assert dataset.load_saved_view("near").values("id") == neighbors.ids


def test_labels_become_a_saved_view_of_patches(labels) -> None:
    labels.save_view("near")
    view = labels.samples.load_saved_view("near")
    assert view.values("id") == labels.ids
    assert view.values("sample_id") == labels.sample_ids


def test_results_in_a_view_become_a_saved_view_of_the_dataset(neighbors) -> None:
    view = neighbors.samples.match(fo.ViewField("number") > 4)
    inside = fiftyone_faiss.search(view, neighbors.samples.first().id, k=3)
    inside.save_view("inside")
    assert neighbors.samples.load_saved_view("inside").values("id") == inside.ids


def test_a_saved_view_is_replaced_only_when_told(neighbors) -> None:
    neighbors.save_view("near")
    other = fiftyone_faiss.search(neighbors.samples, neighbors.ids[6], k=2)
    with pytest.raises(ValueError, match="is a saved view 'near' already; choose another name"):
        other.save_view("near")
    assert neighbors.samples.load_saved_view("near").values("id") == neighbors.ids
    other.save_view("near", overwrite=True)
    assert neighbors.samples.load_saved_view("near").values("id") == other.ids
    with pytest.raises(ValueError, match="The name is empty; give the view a name") as caught:
        neighbors.save_view("  ")
    assert one_sentence(caught.value)


# -- scores ------------------------------------------------------------------------------------


def test_scores_are_stored_with_samples_and_older_ones_cleared(neighbors) -> None:
    dataset = neighbors.samples
    assert neighbors.save_scores("near") == 7
    assert isinstance(dataset.get_field("near"), fo.FloatField)
    expected = scores_of(neighbors)
    ids, stored = dataset.values(["id", "near"])
    assert dict(zip(ids, stored, strict=True)) == {id: expected.get(id) for id in ids}

    other = fiftyone_faiss.search(dataset, neighbors.ids[6], k=3)
    assert other.save_scores("near") == 3
    ids, stored = dataset.values(["id", "near"])
    expected = scores_of(other)
    assert dict(zip(ids, stored, strict=True)) == {id: expected.get(id) for id in ids}


def test_scores_are_stored_with_labels_and_older_ones_cleared(labels) -> None:
    dataset = labels.samples
    assert labels.save_scores("near") == 7
    assert _label_scores(dataset) == scores_of(labels)
    other = fiftyone_faiss.search(dataset, labels.ids[6], k=3)
    assert other.save_scores("near") == 3
    assert _label_scores(dataset) == scores_of(other)
    # Nothing else of the labels has changed.
    assert dataset.count_values("things.detections.label") == {"a": 12, "b": 6}
    # It can be filtered by, as other fields can.
    assert isinstance(dataset.get_field("things.detections.near"), fo.FloatField)


def _label_scores(dataset: fo.Dataset) -> dict[str, float]:
    paths = [f"things.detections.{name}" for name in ("id", "near")]
    ids, scores = dataset.values(paths, unwind=True)
    return {id: score for id, score in zip(ids, scores, strict=True) if score is not None}


def test_scores_are_stored_with_single_labels(dataset, rng) -> None:
    points = points_of(dataset, "detection", rng)
    points.index()
    neighbors = fiftyone_faiss.search(dataset, points.vectors[2], k=4)
    assert neighbors.save_scores("near") == 4
    ids, scores = dataset.values(["thing.id", "thing.near"])
    assert {a: b for a, b in zip(ids, scores, strict=True) if b is not None} == scores_of(neighbors)


def test_scores_of_a_search_in_a_view_are_stored_with_the_dataset(neighbors) -> None:
    dataset = neighbors.samples
    neighbors.save_scores("near")
    inside = fiftyone_faiss.search(dataset[6:], neighbors.ids[0], k=2)
    assert inside.save_scores("near") == 2
    assert set(dataset.exists("near").values("id")) == set(inside.ids)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("number", "The field 'number' holds other values; choose another name."),
        ("tags", "The field 'tags' holds other values; choose another name."),
        ("filepath", "The field 'filepath' holds other values; choose another name."),
        ("id", "The field 'id' holds other values; choose another name."),
        ("things", "The field 'things' holds other values; choose another name."),
        ("", "'' is no field name; give a name such as 'dog_score'."),
        ("a b", "'a b' is no field name; give a name such as 'dog_score'."),
        ("things.near", "'things.near' is no field name; give a name such as 'dog_score'."),
    ],
)
def test_scores_do_not_overwrite_what_else_samples_hold(patches, samples, name, sentence) -> None:
    samples.index("of_samples")
    neighbors = fiftyone_faiss.search(samples.dataset, samples.vectors[0], k=3)
    before = [sample.to_dict() for sample in samples.dataset]
    with pytest.raises(ValueError) as caught:
        neighbors.save_scores(name)
    assert str(caught.value) == sentence
    samples.dataset.reload()
    assert [sample.to_dict() for sample in samples.dataset] == before


@pytest.mark.parametrize("name", ["label", "bounding_box", "tags", "id", "confidence", "mask"])
def test_scores_do_not_overwrite_what_else_labels_hold(patches, name) -> None:
    patches.index()
    dataset = patches.dataset
    for sample in dataset:
        for id in sample.things.detections:
            id.confidence = 0.5
        sample.save()
    before = [sample.to_dict() for sample in dataset]
    neighbors = fiftyone_faiss.search(dataset, patches.vectors[0], k=3)
    with pytest.raises(ValueError, match=f"{name}' holds other values; choose another name") as no:
        neighbors.save_scores(name)
    assert one_sentence(no.value)
    dataset.reload()
    assert [sample.to_dict() for sample in dataset] == before


def test_what_was_deleted_meanwhile_has_no_score(neighbors) -> None:
    neighbors.samples.delete_samples(neighbors.ids[1:3])
    assert neighbors.save_scores("near") == 5
    kept = [neighbors.ids[0], *neighbors.ids[3:]]
    expected = scores_of(neighbors)
    ids, stored = neighbors.samples.exists("near").values(["id", "near"])
    assert dict(zip(ids, stored, strict=True)) == {id: expected[id] for id in kept}


def test_labels_deleted_meanwhile_have_no_score(labels) -> None:
    labels.samples.delete_labels(ids=labels.ids[1:3])
    assert labels.save_scores("near") == 5
    expected = scores_of(labels)
    kept = [labels.ids[0], *labels.ids[3:]]
    assert _label_scores(labels.samples) == {id: expected[id] for id in kept}


# -- exports -----------------------------------------------------------------------------------


@pytest.fixture(params=["samples", "labels"])
def either(request: pytest.FixtureRequest) -> Neighbors:
    return request.getfixturevalue("neighbors" if request.param == "samples" else "labels")


def test_rows_are_the_results(either) -> None:
    paths = dict(zip(*either.samples.values(["id", "filepath"]), strict=True))
    rows = either.to_dict()["results"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert [row["id"] for row in rows] == either.ids
    assert [row["sample_id"] for row in rows] == either.sample_ids
    assert [row["filepath"] for row in rows] == [paths[id] for id in either.sample_ids]
    assert [row["distance"] for row in rows] == either.distances.tolist()
    assert [row["score"] for row in rows] == either.scores.tolist()
    assert [row["percentile"] for row in rows] == either.percentiles.tolist()
    # An index this small has no estimates.
    assert either.relevance is None
    assert [row["relevance"] for row in rows] == [None] * 7
    assert [row["band"] for row in rows] == either.bands
    assert [row["near_duplicates"] for row in rows] == [0] * 7
    assert ("bounding_box" in rows[0]) == (either.patches_field is not None)


def test_rows_of_labels_have_their_boxes(labels) -> None:
    paths = [f"things.detections.{name}" for name in ("id", "bounding_box")]
    boxes = {
        id: box
        for ids, few in zip(*labels.samples.values(paths), strict=True)
        for id, box in zip(ids, few, strict=True)
    }
    expected = [boxes[id] for id in labels.ids]
    assert [row["bounding_box"] for row in labels.to_dict()["results"]] == expected
    assert all(len(box) == 4 for box in expected)
    # In a view of the patches too, and after one has lost its box.
    inside = fiftyone_faiss.search(
        labels.samples.to_patches("things"), labels.ids[0], brain_key="given", k=7
    )
    answer = inside.to_dict()
    rows = answer["results"]
    assert [row["bounding_box"] for row in rows] == [boxes[id] for id in inside.ids]
    assert labels.ids[0] not in inside.ids
    assert inside.pinned == {labels.ids[0]: labels.sample_ids[0]}
    assert answer["pinned"] == [
        {
            "id": labels.ids[0],
            "sample_id": labels.sample_ids[0],
            "filepath": labels.samples[labels.sample_ids[0]].filepath,
            "bounding_box": boxes[labels.ids[0]],
            "frame_number": None,
        }
    ]
    sample = labels.samples[labels.sample_ids[0]]
    (label,) = [id for id in sample.things.detections if id.id == labels.ids[0]]
    label.bounding_box = None
    sample.save()
    assert [row["bounding_box"] for row in labels.to_dict()["results"]] == [None, *expected[1:]]


def test_the_box_of_a_polyline_is_around_its_points(dataset, rng) -> None:
    sample = dataset.first()
    sample["lines"] = fo.Polylines(
        polylines=[
            fo.Polyline(points=[[(0.1, 0.4), (0.5, 0.2)], [(0.3, 0.9)]]),
            fo.Polyline(label="without points"),
        ]
    )
    sample.save()
    first, second = (id.id for id in sample.lines.polylines)
    vectors = rng.normal(size=(2, 4)).astype(np.float32)
    index_of(dataset, {sample.id: vectors}, patches_field="lines")
    neighbors = fiftyone_faiss.search(dataset, vectors[0], k=2)
    rows = {row["id"]: row["bounding_box"] for row in neighbors.to_dict()["results"]}
    np.testing.assert_allclose(rows[first], [0.1, 0.2, 0.4, 0.7], atol=1e-12)
    assert rows[second] is None


def test_a_table_reads_back_as_the_rows(either, tmp_path) -> None:
    either.export(tmp_path / "near.csv")
    text = (tmp_path / "near.csv").read_bytes().decode("utf-8")
    # RFC 4180: lines end with both.
    assert text.count("\r\n") == text.count("\n") == 8
    names: tuple[str, ...] = (
        "rank",
        "id",
        "sample_id",
        "filepath",
        "distance",
        "score",
        "percentile",
        "relevance",
        "band",
        "near_duplicates",
    )
    if either.patches_field is not None:
        names += ("bounding_box",)
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert tuple(read[0]) == names
    kinds: dict[str, Any] = dict.fromkeys(("rank", "near_duplicates"), int)
    kinds |= dict.fromkeys(("relevance", "band"), lambda value: value or None)
    kinds["bounding_box"] = json.loads
    kinds |= dict.fromkeys(("distance", "score", "percentile"), float)
    assert [
        {name: kinds.get(name, str)(value) for name, value in row.items()} for row in read
    ] == either.to_dict()["results"]


def test_a_table_of_names_with_commas_and_quotes_reads_back(neighbors) -> None:
    path = neighbors.samples.first().filepath
    odd = Path(path).with_name('a "b", c\nd – 犬.png')
    shutil.copy(path, odd)
    sample = neighbors.samples[neighbors.ids[0]]
    sample["filepath"] = str(odd)
    sample.save()
    read = list(csv.DictReader(io.StringIO(neighbors.to_text("csv"), newline="")))
    assert read[0]["filepath"] == str(odd)
    assert json.loads(neighbors.to_text("json"))["results"][0]["filepath"] == str(odd)


def test_json_reads_back_as_the_rows_and_the_query(either, tmp_path) -> None:
    either.export(str(tmp_path / "near.JSON"))
    read = json.loads((tmp_path / "near.JSON").read_text("utf-8"))
    assert read["results"] == either.to_dict()["results"]
    assert (read["query"], read["brain_key"], read["metric"]) == ("a vector", "given", "cosine")
    assert (read["count"], read["notes"], read["explanation"]) == (7, [], [])


def test_stages_read_back_as_the_view(either, tmp_path) -> None:
    either.export(tmp_path / "near.stages.json")
    read = json_util.loads((tmp_path / "near.stages.json").read_text("utf-8"))
    assert read["dataset"] == either.samples.name
    view = fo.DatasetView._build(fo.load_dataset(read["dataset"]), read["stages"])
    assert view.values("id") == either.ids


def test_nothing_found_is_an_empty_table(neighbors, samples) -> None:
    nothing = fiftyone_faiss.search(neighbors.samples, samples.vectors[0], k=5, skip=12)
    assert (len(nothing), nothing.to_dict()["results"], nothing.cutoff) == (0, [], 0)
    assert list(csv.DictReader(io.StringIO(nothing.to_text("csv"), newline=""))) == []
    assert json.loads(nothing.to_text("json"))["results"] == []
    stages = json_util.loads(nothing.to_text("stages"))["stages"]
    assert fo.DatasetView._build(neighbors.samples, stages).values("id") == []


@pytest.mark.parametrize("name", ["near.txt", "near", "near.stages"])
def test_another_format_is_refused_and_nothing_written(neighbors, tmp_path, name) -> None:
    with pytest.raises(ValueError, match="is no export format; choose csv, json") as caught:
        neighbors.export(tmp_path / name)
    assert one_sentence(caught.value)
    assert not (tmp_path / name).exists()
