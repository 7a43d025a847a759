"""The panel's methods that explain matches."""

from __future__ import annotations

import base64
import io
import time
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image
from support.panels import Context, answer_of, call

import fiftyone_faiss


def explained(dataset: fo.Dataset, **params: Any) -> tuple[str, dict[str, Any]]:
    """The job and the explanation, once it is done."""
    asked = {"brain_key": "clip", "method": None, **params}
    job = answer_of("explain_match", Context(dataset, **asked))["job"]
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        state = answer_of("explanation", Context(dataset, job=job))
        if state["state"] != "running":
            return job, state
        assert 0 <= state["fraction"] <= 1 and state["label"]
        time.sleep(0.05)
    raise AssertionError("the explanation did not end")


def test_a_pair_is_explained_and_its_heatmap_saved_and_undone(book: fo.Dataset) -> None:
    dataset = book.clone()
    query = dataset.first().id
    match = fiftyone_faiss.search(dataset, query, "clip", k=1).ids[0]
    params = {"query_type": "samples", "sample_ids": [query], "id": match, "method": "patches"}
    job, state = explained(dataset, **params)
    explanation = state["explanation"]
    assert state["state"] == "done" and explanation["id"] == match
    expected = fiftyone_faiss.explain_match(dataset, query, match, "clip", "patches")
    assert explanation["score"] == pytest.approx(expected.score, abs=1e-4)
    assert expected.pairs is not None
    np.testing.assert_allclose(explanation["pairs"]["values"], expected.pairs.values, atol=1e-5)
    assert np.shape(explanation["map"]["values"]) == (32, 32)
    header, content = explanation["query_image"].split(",")
    assert header == "data:image/jpeg;base64"
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))), np.float32)
    original = np.asarray(Image.open(dataset[query].filepath).convert("RGB"), np.float32)
    assert np.abs(shown - original).mean() < 5

    saved = answer_of("save_heatmap", Context(dataset, job=job, field="why"))
    assert saved["text"] == "Saved the heatmap in the field “why”."
    assert dataset.exists("why").values("id") == [match]
    context = Context(dataset, job=job)
    assert answer_of("undo_heatmap", context)["text"] == "The field is as it was before."
    assert not dataset.has_field("why") and context.ops.made[0][0] == "reload_dataset"
    assert "undone already" in call("undo_heatmap", Context(dataset, job=job))["error"]
    dataset.delete()


def test_a_text_is_explained_with_the_best_method(book: fo.Dataset) -> None:
    match = fiftyone_faiss.search(book, "a dog", "clip", k=1).ids[0]
    _, state = explained(book, query="a dog", selected=[], alt=[], uploads={}, id=match)
    explanation = state["explanation"]
    assert explanation["query_image"] is None and explanation["pairs"] is None
    fits = explanation["fits"]
    assert explanation["method"] == max(fits, key=lambda name: fits[name])


def test_a_canceled_explanation_ends(book: fo.Dataset) -> None:
    asked = {"query": "a cat", "id": book.first().id, "brain_key": "clip", "method": "occlusion"}
    job = answer_of("explain_match", Context(book, **asked))["job"]
    answer_of("cancel_explanation", Context(book, job=job))
    deadline = time.monotonic() + 120
    while answer_of("explanation", Context(book, job=job))["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert answer_of("explanation", Context(book, job=job))["state"] == "cancelled"


def test_errors_are_sentences(book: fo.Dataset) -> None:
    asked = {"query": "a cat", "brain_key": "clip", "method": None}
    error = call("explain_match", Context(book, **asked, id=""))["error"]
    assert error.startswith("Give the id of the sample")
    job = answer_of("explain_match", Context(book, **asked, id="0" * 24))["job"]
    deadline = time.monotonic() + 120
    while "error" not in (answer := call("explanation", Context(book, job=job))):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert answer["error"].startswith("There is no sample or label")
    error = call("explanation", Context(book, job="gone"))["error"]
    assert error.endswith("does not have this explanation any more; open it again.")
