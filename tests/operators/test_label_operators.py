"""The operators that audit labels and compare models, and their forms."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from support.indexes import index_of
from support.labels import clustered, flipped, labeled_dataset
from support.operators import PLUGIN, form, run


@pytest.fixture
def labeled(rng: np.random.Generator) -> Iterator[tuple[fo.Dataset, set[str]]]:
    """120 samples with two indexes, and the six whose label is wrong."""
    vectors, labels = clustered(rng, 120)
    wrong, chosen = flipped(rng, labels, 6)
    dataset = labeled_dataset(vectors, wrong)
    index_of(dataset, vectors[:, :2], brain_key="poor")
    ids = dataset.values("id")
    yield dataset, {ids[n] for n in chosen.tolist()}
    dataset.delete()


def test_issues_are_tagged_and_saved(labeled) -> None:
    dataset, wrong = labeled
    params = {"brain_key": "given", "label_field": "animal", "tag": "odd", "field": "audit"}
    run("audit_labels", dataset, params)
    dataset.reload()
    assert set(dataset.match_tags("odd").values("id")) == wrong
    assert set(dataset.exists("audit_suggested").values("id")) == wrong
    assert dataset.count("audit_probability") == 120


def test_nothing_is_written_without_names(labeled) -> None:
    dataset, _ = labeled
    fields = list(dataset.get_field_schema())
    params = {"brain_key": "given", "label_field": "animal", "tag": " ", "k": 10}
    run("audit_labels", dataset, params)
    dataset.reload()
    assert dataset.count_sample_tags() == {} and list(dataset.get_field_schema()) == fields


def test_models_are_compared_in_a_table(labeled) -> None:
    dataset, _ = labeled
    params = {"brain_keys": ["given", "poor"], "label_field": "animal"}
    result = run("compare_models", dataset, params).result
    assert (result["winner"], result["leaders"]) == ("given", ["given"])
    lines = result["summary"].splitlines()
    assert "is the best" in lines[0]
    table = [line for line in lines if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in table] == ["| index", "| given", "| poor"]
    assert any("'given' is better" in line for line in lines)


def test_bad_values_are_refused(labeled) -> None:
    dataset, _ = labeled
    audit = {"brain_key": "given", "label_field": "animal"}
    with pytest.raises(foo.executor.ExecutionError, match="min_probability is 7; give a number"):
        run("audit_labels", dataset, {**audit, "min_probability": 7}).raise_exceptions()
    with pytest.raises(foo.executor.ExecutionError, match="brain_keys"):
        params = {"brain_keys": ["given"], "label_field": "animal"}
        run("compare_models", dataset, params).raise_exceptions()


def test_operators_are_called_from_python(labeled) -> None:
    dataset, wrong = labeled
    audit = foo.get_operator(f"{PLUGIN}/audit_labels")(dataset, "animal", "given")
    assert set(audit.ids) == wrong
    compare = foo.get_operator(f"{PLUGIN}/compare_models")
    assert compare(dataset, ["poor", "given"], "animal", k=5).k == 5


def test_the_forms_follow_the_choices(labeled) -> None:
    dataset, _ = labeled
    dataset.add_sample_field("text", fo.StringField)
    fields = form("audit_labels", dataset, {})
    assert {"brain_key", "label_field", "min_probability", "k", "tag", "field"} <= set(fields)
    assert fields["label_field"]["type"]["values"] == ["animal", "text"]
    assert fields["label_field"]["default"] == "animal"
    wrong = form("audit_labels", dataset, {"min_probability": -1})["min_probability"]
    assert wrong["invalid"] and wrong["error_message"].startswith("min_probability is -1")
    fields = form("compare_models", dataset, {})
    assert fields["brain_keys"]["default"] == ["given", "poor"]
    assert not fields["brain_keys"]["invalid"]
    assert form("compare_models", dataset, {"brain_keys": ["poor"]})["brain_keys"]["invalid"]
    dataset.delete_brain_run("poor")
    assert form("compare_models", dataset, {})["no_indexes"]["invalid"]
    dataset.delete_sample_fields(["animal", "text"])
    assert form("audit_labels", dataset, {})["no_labels"]["invalid"]


def test_patches_offer_their_label_and_attributes(rng) -> None:
    dataset = fo.Dataset()
    for i in range(8):
        things = [fo.Detection(label="a", color="red", bounding_box=[0, 0, 1, 1])]
        dataset.add_sample(fo.Sample(f"/none/{i}.png", things=fo.Detections(detections=things)))
    dataset.add_dynamic_sample_fields()
    of_sample = {id: rng.normal(size=(1, 4)) for id in dataset.values("id")}
    index_of(dataset, of_sample, patches_field="things")
    field = form("audit_labels", dataset, {})["label_field"]
    assert field["type"]["values"] == ["things", "things.color"]
    assert form("audit_labels", dataset, {"label_field": "other"})["label_field"]["invalid"]
    dataset.delete()
