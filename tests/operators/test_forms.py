"""The forms of the operators: their fields, invalid values, and what resolving them costs."""

from __future__ import annotations

from unittest import mock

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np
import pytest
from support.indexes import index_of
from support.operators import form

from fiftyone_faiss import brain
from fiftyone_faiss.demo import MODEL_NAME
from fiftyone_faiss.operators import forms


def test_forms_show_the_fields_of_each_choice(book) -> None:
    assert {"brain_key", "query_type", "query", "k", "reverse"} <= set(form("search", book, {}))
    assert "image" in form("search", book, {"query_type": "image"})
    samples = form("search", book, {"query_type": "samples"})
    assert samples["none_selected"]["invalid"]
    assert form("search", book, {"k": 0})["k"]["invalid"]
    assert set(form("tag_neighbors", book, {"action": "untag"})) == {"action", "tag"}
    assert form("tag_neighbors", book, {"tag": ""})["tag"]["invalid"]
    assert set(form("find_similar", book, {})) == {"brain_key", "k"}
    assert "| Contents | 160 images, " in str(form("manage_indexes", book, {})["details"])
    assert form("compute_embeddings", book, {})["model"]["default"] == MODEL_NAME


def test_search_options_are_shown_on_request(book) -> None:
    options = {"thresh", "templates", "diversity", "collapse", "hubness"}
    assert not options & set(form("search", book, {}))
    fields = form("search", book, {"more": True})
    assert options <= set(fields)
    assert fields["templates"]["type"]["values"] == list(brain.TEMPLATES)
    assert fields["collapse"]["view"]["label"] == "Collapse near-duplicates"
    assert fields["hubness"]["view"]["label"] == "Hubness correction"


def test_the_build_form_marks_invalid_values(book) -> None:
    fields = form("build_index", book, {"brain_key": "9 lives"})
    assert fields["brain_key"]["invalid"]
    assert "patches_field" in fields
    assert not fields["index_type"]["invalid"]
    assert form("build_index", book, {"index_type": "forest"})["index_type"]["invalid"]
    known = form("build_index", book, {"brain_key": "clip"})["brain_key"]
    assert not known["invalid"]
    assert known["view"]["description"].startswith("This index exists")


def test_the_brain_key_follows_the_model(book) -> None:
    assert form("build_index", book, {})["brain_key"]["default"] == "clip"
    colors = form("build_index", book, {"model": "colorhist"})["brain_key"]
    assert (colors["default"], colors["invalid"]) == ("colorhist", False)
    patches = form("build_index", book, {"model": "colorhist", "patches_field": "objects"})
    assert patches["brain_key"]["default"] == "colorhist_objects"


def test_the_update_form_shows_the_options_of_each_kind_of_work(book) -> None:
    shown = {"brain_key", "check_health", "tune"}
    assert shown | {"force", "check_media"} <= set(form("update_index", book, {}))
    rebuild = form("update_index", book, {"force": True})
    assert "check_media" not in rebuild
    tune = form("update_index", book, {"tune": True})
    assert not {"force", "check_media"} & set(tune)


def test_a_form_says_that_there_is_no_index(dataset) -> None:
    notice = form("search", dataset, {})["no_index"]
    assert notice["view"]["label"] == "This dataset has no FAISS index yet"
    assert notice["invalid"]


@pytest.mark.parametrize(
    "name", ["build_index", "compute_embeddings", "update_index", "search", "find_similar",
             "tag_neighbors"],
)  # fmt: skip
def test_forms_load_no_index(dataset: fo.Dataset, rng: np.random.Generator, name: str) -> None:
    for key in ("first", "second"):
        index_of(dataset, rng.normal(size=(12, 4)), key)
    load = mock.create_autospec(foc.SampleCollection.load_brain_results)
    with (
        mock.patch.object(foc.SampleCollection, "load_brain_results", load),
        mock.patch.object(
            foc.SampleCollection,
            "get_brain_info",
            autospec=True,
            side_effect=foc.SampleCollection.get_brain_info,
        ) as get_info,
    ):
        fields = form(name, dataset, {"brain_key": "second"})
    assert load.call_count == 0
    # Each run config is read once.
    assert [call.args[1] for call in get_info.call_args_list] == ["first", "second"]
    assert "brain_key" in fields or name == "compute_embeddings"


def test_the_manage_form_loads_only_the_chosen_index(dataset: fo.Dataset, rng) -> None:
    for key in ("first", "second"):
        index_of(dataset, rng.normal(size=(12, 4)), key)
    dataset.clear_cache()
    with mock.patch.object(
        foc.SampleCollection,
        "load_brain_results",
        autospec=True,
        side_effect=foc.SampleCollection.load_brain_results,
    ) as load:
        details = str(form("manage_indexes", dataset, {"brain_key": "second"})["details"])
    assert [call.args[1] for call in load.call_args_list] == ["second"]
    assert "| Contents | 12 images, given embeddings, cosine |" in details


def test_names_keep_every_character_in_markdown() -> None:
    assert forms.as_text("![*a*](x) | b_1\nc") == r"\!\[\*a\*\](x) \| b\_1 c"
    assert forms.as_text("<b>`\\`") == r"\<b\>\`\\\`"
    assert forms.as_text("5 images, cosine") == "5 images, cosine"


def test_health_is_checked_once_when_the_switch_is_on(
    dataset: fo.Dataset, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_of(dataset, rng.normal(size=(12, 4)))
    ids = dataset.values("id")
    dataset.load_brain_results("given").remove_from_index(sample_ids=ids[2:5])
    check = mock.create_autospec(brain.index_health, side_effect=brain.index_health)
    monkeypatch.setattr(brain, "index_health", check)
    assert "health" not in form("update_index", dataset, {})
    assert check.call_count == 0
    for params in ({}, {"force": True}, {"tune": True}):
        fields = form("update_index", dataset, {"check_health": True, **params})
        assert "| Missing | 3 |" in str(fields["health"])
    assert check.call_count == 1
    # Switched off and on, it is checked again.
    dataset.delete_samples(ids[2])
    form("update_index", dataset, {})
    assert "| Missing | 2 |" in str(form("update_index", dataset, {"check_health": True})["health"])
    assert check.call_count == 2
