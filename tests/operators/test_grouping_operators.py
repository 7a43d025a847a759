"""The operators that find clusters and tag by text, and their forms."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from support.operators import PLUGIN, form, run

import fiftyone_faiss


@pytest.fixture
def dataset(book: fo.Dataset) -> Iterator[fo.Dataset]:
    """A copy of the drawn images, with their index."""
    dataset = book.clone(persistent=True)
    yield dataset
    dataset.delete()


def test_clusters_are_saved(dataset: fo.Dataset) -> None:
    params = {"brain_key": "clip", "n_clusters": 6, "field": "group", "vocabulary": "none"}
    run("cluster_samples", dataset, params).raise_exceptions()
    dataset.reload()
    expected = fiftyone_faiss.cluster_samples(dataset, n_clusters=6, vocabulary="none")
    labels = dict(zip(*dataset.values(["id", "group.label"]), strict=True))
    assert labels == {id: f"cluster {n}" for id, n in expected.cluster_of.items()}
    view = dataset.limit(80)
    own = {**params, "field": "part", "vocabulary": "own", "texts": ["car", "dog"]}
    run("cluster_samples", view, own).raise_exceptions()
    assert len(dataset.exists("part")) == 80
    named = set(dataset.count_values("part.label"))
    assert named <= {"car", "dog", None, *(f"cluster {n}" for n in range(6))}


def test_tags_are_added_and_saved(dataset: fo.Dataset) -> None:
    expected = fiftyone_faiss.tag_by_text(dataset, {"dog": "a dog", "in the park": "in the park"})
    params = {"brain_key": "clip", "prompts": "dog: a dog\nin the park\n\n", "field": "found"}
    run("tag_by_text", dataset, params).raise_exceptions()
    dataset.reload()
    for tag in ("dog", "in the park"):
        assert set(dataset.match_tags(tag).values("id")) == set(expected.ids(tag))
    assert dataset.count_values("found.classifications.label")["dog"] == len(expected.ids("dog"))
    params = {**params, "add_tags": False, "single": True, "field": "best", "prompts": "a cat"}
    run("tag_by_text", dataset, params).raise_exceptions()
    assert set(dataset.count_sample_tags()) == {"dog", "in the park"}
    assert set(dataset.count_values("best.label")) == {"a cat", None}


def test_bad_values_are_refused(dataset: fo.Dataset) -> None:
    with pytest.raises(foo.executor.ExecutionError, match="n_clusters is 1; give 2 or more"):
        run("cluster_samples", dataset, {"brain_key": "clip", "n_clusters": 1}).raise_exceptions()
    with pytest.raises(foo.executor.ExecutionError, match="prompts"):
        run("tag_by_text", dataset, {"brain_key": "clip", "prompts": " "}).raise_exceptions()


def test_operators_are_called_from_python(dataset: fo.Dataset) -> None:
    cluster = foo.get_operator(f"{PLUGIN}/cluster_samples")
    clusters = cluster(dataset, n_clusters=5, vocabulary="none", field="five")
    assert len(clusters.clusters) == 5 and len(dataset.exists("five")) == len(dataset)
    tags = foo.get_operator(f"{PLUGIN}/tag_by_text")(dataset, ["a dog"], field="dogs")
    assert dataset.count_values("dogs.classifications.label")["a dog"] == len(tags.ids("a dog"))


def test_the_forms_follow_the_choices(dataset: fo.Dataset) -> None:
    plain = form("cluster_samples", dataset, {})
    assert {"brain_key", "method", "n_clusters", "vocabulary", "field"} <= set(plain)
    dense = form("cluster_samples", dataset, {"method": "density", "vocabulary": "own"})
    assert {"min_size", "texts"} <= set(dense) and "n_clusters" not in dense
    wrong = form("cluster_samples", dataset, {"n_clusters": 1})["n_clusters"]
    assert wrong["invalid"] and wrong["error_message"].startswith("n_clusters is 1; give 2")
    tags = form("tag_by_text", dataset, {"prompts": "a dog"})
    assert {"prompts", "add_tags", "field", "single"} <= set(tags) and not tags["prompts"][
        "invalid"
    ]
