"""The operator that explains matches, and its form."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from support.operators import PLUGIN, form, run

import fiftyone_faiss


@pytest.fixture(scope="module")
def dataset(book: fo.Dataset) -> Iterator[fo.Dataset]:
    clone = book.clone()
    yield clone
    clone.delete()


def test_heatmaps_of_a_text_are_saved_for_each_sample(dataset: fo.Dataset) -> None:
    ids = fiftyone_faiss.search(dataset, "a red car", "clip", k=2).ids
    params = {"brain_key": "clip", "query": "a red car", "ids": list(ids), "method": "patches"}
    run("explain_match", dataset, params)
    dataset.reload()
    assert set(dataset.exists("why_similar").values("id")) == set(ids)


def test_the_first_sample_is_the_query_without_a_text(dataset: fo.Dataset) -> None:
    first, second = dataset.values("id")[:2]
    params = {"brain_key": "clip", "ids": [first, second], "method": "patches", "field": "pair"}
    run("explain_match", dataset, params)
    dataset.reload()
    assert dataset.exists("pair").values("id") == [second]


def test_the_form_asks_for_samples(dataset: fo.Dataset) -> None:
    assert form("explain_match", dataset, {})["too_few"]["invalid"]
    assert form("explain_match", dataset, {"query": "a car"})["too_few"]["invalid"]
    fields = form("explain_match", dataset, {"ids": dataset.values("id")[:2]})
    assert "too_few" not in fields
    assert fields["method"]["type"]["values"] == ["occlusion", "patches", "gradient"]


def test_it_can_be_called_from_python(dataset: fo.Dataset) -> None:
    operator = foo.get_operator(f"{PLUGIN}/explain_match")
    first, second = dataset.values("id")[:2]
    explanation = operator(dataset, first, second, "clip", method="patches")
    assert explanation.id == second and explanation.is_exact
