"""The methods of the map panel that compare samples pair by pair."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.indexes import index_of
from support.panels import Context, answer_of, call
from support.points import points_of
from support.scored import clusters, dataset_of

import fiftyone_faiss
from fiftyone_faiss.panels.matrix_methods import MAX_OF_VIEW

KINDS = "abcd"


@pytest.fixture
def indexed(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """240 samples of four clusters with a label each."""
    vectors, numbers = clusters(rng, [60, 60, 60, 60])
    vectors[1] = vectors[0]
    labels = [fo.Classification(label=KINDS[number]) for number in numbers]
    dataset = dataset_of(vectors, kind=labels)
    yield dataset
    dataset.delete()


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def asked(dataset: fo.Dataset, **params: Any) -> dict[str, Any]:
    given = {"brain_key": "given", "ids": None, "label_field": None, **params}
    return answer_of("matrix", Context(dataset, **given))


def test_a_selection_has_the_values_of_the_service(indexed) -> None:
    ids = indexed.values("id")[:30]
    answer = asked(indexed, ids=ids, label_field="kind")
    expected = fiftyone_faiss.distance_matrix(indexed, ids, "given", "kind")
    upper = np.triu_indices(30, 1)
    np.testing.assert_array_equal(floats(answer["distances"]), expected.distances[upper])
    np.testing.assert_array_equal(floats(answer["angles"]), expected.angles[upper])
    assert expected.percentiles is not None
    np.testing.assert_array_equal(floats(answer["percentiles"]), expected.percentiles[upper])
    assert (answer["ids"], answer["total"]) == (ids, 30)
    assert answer["order"] == expected.order.tolist()
    assert answer["label_order"] == expected.label_order.tolist()
    assert answer["labels"] == ["a"] * 30 and answer["duplicates"] == [[0, 1]]
    assert answer["resolution"] == pytest.approx(100 / (240 * 239 / 2))
    assert [file["filepath"] for file in answer["files"]] == indexed.values("filepath")[:30]
    assert "all 28,680 pairs of the index" in answer["notes"][0]


def test_of_a_large_view_some_are_compared_and_of_a_small_one_all(indexed) -> None:
    answer = asked(indexed)
    assert (len(answer["ids"]), answer["total"]) == (MAX_OF_VIEW, 240)
    assert answer["ids"] == asked(indexed)["ids"]
    ctx = Context(indexed, brain_key="given", ids=None, label_field=None)
    ctx.view = indexed[10:50]
    assert answer_of("matrix", ctx)["ids"] == indexed[10:50].values("id")


def test_selected_samples_stand_for_their_labels(dataset, rng: np.random.Generator) -> None:
    points = points_of(dataset, "detections", rng)
    points.index()
    chosen = points.sample_ids[:3]
    answer = asked(dataset, ids=list(dict.fromkeys(chosen)), label_field="things")
    owners = [id for id in points.sample_ids if id in chosen]
    assert answer["ids"] == points.ids[: len(owners)]
    assert [file["sample_id"] for file in answer["files"]] == owners
    assert all(file["bounding_box"] for file in answer["files"])
    assert asked(dataset, ids=points.ids[2:6])["ids"] == points.ids[2:6]


def test_fields_are_listed(indexed) -> None:
    fields = answer_of("matrix_fields", Context(indexed, brain_key="given"))["fields"]
    assert fields[0] == "kind" and {"number", "tags"} <= set(fields)
    for field in fields:
        assert asked(indexed, ids=indexed.values("id")[:3], label_field=field)["labels"]


def test_files_hold_the_matrix(indexed) -> None:
    ids = indexed.values("id")[50:70]
    whole = {"brain_key": "given", "ids": ids, "label_field": "kind", "by_label": True}
    matrix = fiftyone_faiss.distance_matrix(indexed, ids, "given", "kind")

    def content(kind: str) -> bytes:
        answer = answer_of("matrix_file", Context(indexed, **whole, format=kind))
        assert answer["name"] == f"distances-given.{kind}"
        return base64.b64decode(answer["content"])

    rows = list(csv.reader(io.StringIO(content("csv").decode(), newline="")))
    assert rows[0][3:] == [ids[place] for place in matrix.label_order]
    assert [row[2] for row in rows[1:]] == ["a"] * 10 + ["b"] * 10
    assert Image.open(io.BytesIO(content("png"))).size == (1800, 1800)
    assert content("svg") == matrix.to_image("svg", by_label=True)


def test_bad_input_is_answered_with_a_sentence(indexed) -> None:
    index_of(indexed, np.ones((240, 3), np.float32), brain_key="other")
    lone = indexed.values("id")[:1]
    for params, text in (
        ({"ids": lone}, "two are needed"),
        ({"ids": ["nobody"]}, "is no id"),
        ({"ids": None, "brain_key": "nothing"}, "no similarity index 'nothing'"),
        ({"ids": None, "label_field": "nothing"}, "no field 'nothing'"),
    ):
        given = {"brain_key": "given", "label_field": None, **params}
        assert text in call("matrix", Context(indexed, **given))["error"]
    refused = call("matrix_file", Context(indexed, brain_key="given", ids=None, format="pdf"))
    assert refused["error"] == "format is 'pdf'; choose one of png, svg, csv."
