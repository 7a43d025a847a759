"""The operators that compute scores and select samples, and their forms."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from support.operators import PLUGIN, form, run
from support.scored import clusters, dataset_of

import fiftyone_faiss


@pytest.fixture
def odd(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """150 samples in three clusters with their names, and six others."""
    vectors, numbers = clusters(rng, [50] * 3)
    vectors = np.concatenate([vectors, rng.normal(size=(6, 16))])
    names = [fo.Classification(label="abc"[n]) for n in numbers]
    dataset = dataset_of(vectors, kind=[*names, *[fo.Classification(label="d")] * 6])
    yield dataset
    dataset.delete()


def test_outliers_are_scored_and_tagged(odd: fo.Dataset) -> None:
    ids = odd.values("id")
    run("compute_scores", odd, {"kind": "outliers", "brain_key": "given", "tag": "odd"})
    odd.reload()
    assert set(odd.match_tags("odd").values("id")) >= set(ids[150:])
    scores = odd.values("outlier_score")
    assert min(scores[150:]) > np.quantile(scores[:150], 0.95)
    assert fiftyone_faiss.untag_neighbors(odd, "odd") >= 6


def test_scores_within_classes_have_a_field_of_their_own(odd: fo.Dataset) -> None:
    params = {"kind": "uniqueness", "field": "own", "label_field": "kind", "brain_key": "given"}
    run("compute_scores", odd, params)
    odd.reload()
    assert odd.count("own") == 156 and odd.count_sample_tags() == {}
    assert np.median(odd.values("own")[:50]) == pytest.approx(0.5, abs=1e-3)


def test_samples_are_selected_and_tagged(odd: fo.Dataset) -> None:
    odd[:50].tag_samples("done")
    params = {"n": 8, "brain_key": "given", "tag": "next", "labeled_tag": "done", "balance": 3}
    run("select_samples", odd, {**params, "balance_field": "kind"})
    odd.reload()
    chosen = odd.match_tags("next")
    assert chosen.count_values("kind.label") == {"b": 4, "c": 4}
    run("select_samples", odd, {"n": 5, "brain_key": "given", "tag": " "})
    odd.reload()
    assert set(odd.count_sample_tags()) == {"done", "next"}


def test_bad_values_are_refused(odd: fo.Dataset) -> None:
    base = {"brain_key": "given"}
    cases = [
        ("compute_scores", {"field": "kind"}, "holds other values"),
        ("compute_scores", {"label_field": "none"}, "There is no field 'none'"),
        ("select_samples", {"n": 1000}, "n is 1,000, but only"),
        ("select_samples", {"labeled": "kind", "labeled_tag": "a"}, "not both"),
        ("select_samples", {"diversity": -1}, "diversity is -1; give a weight"),
    ]
    for name, params, message in cases:
        with pytest.raises(foo.executor.ExecutionError, match=message):
            run(name, odd, {**base, **params}).raise_exceptions()
    with pytest.raises(ValueError, match="kind is 'none'; choose one of uniqueness, typicality"):
        foo.get_operator(f"{PLUGIN}/compute_scores")(odd, kind="none")
    assert odd.count_sample_tags() == {}


def test_operators_are_called_from_python(odd: fo.Dataset) -> None:
    report = foo.get_operator(f"{PLUGIN}/compute_scores")(odd, "typicality", field="usual")
    assert (report.field, report.count) == ("usual", 156)
    selection = foo.get_operator(f"{PLUGIN}/select_samples")(odd, 4, typicality=0)
    assert len(selection) == 4


def test_the_forms_follow_the_choices(odd: fo.Dataset) -> None:
    scores = form("compute_scores", odd, {})
    assert {"kind", "brain_key", "field", "label_field", "tag"} <= set(scores)
    assert "'outlier_score' if it is empty" in scores["field"]["view"]["description"]
    choices = [choice["value"] for choice in scores["label_field"]["view"]["choices"]]
    assert choices == ["kind", "number", "tags"]
    wrong = form("compute_scores", odd, {"kind": "uniqueness", "field": "a b"})["field"]
    assert wrong["invalid"] and wrong["error_message"].startswith("'a b' is no field name")
    selection = form("select_samples", odd, {})
    assert "nearness" not in selection and "near" not in selection
    assert selection["n"]["default"] == 100
    assert "nearness" in form("select_samples", odd, {"near_tag": "a"})
    wrong = form("select_samples", odd, {"diversity": -1, "labeled": "a", "labeled_tag": "b"})
    assert wrong["diversity"]["invalid"] and wrong["labeled_tag"]["invalid"]
    odd.delete_brain_runs()
    assert form("compute_scores", odd, {})["no_index"]["invalid"]
