"""The methods of the curation panel that compute, list and tag scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.panels import Context, answer_of, call, ended
from support.scored import clusters, dataset_of

from fiftyone_faiss.panels import curate_runs

SCORES = {
    "kind": "outliers",
    "brain_key": "given",
    "scope": "dataset",
    "field": "",
    "label_field": None,
}
N = 158


@pytest.fixture
def odd(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """150 samples in three clusters, 6 strange ones, and copies of the first two of these."""
    vectors, numbers = clusters(rng, [50] * 3)
    strange = rng.normal(size=(6, 16))
    kinds = [fo.Classification(label="abc"[n]) for n in numbers] + [None] * 8
    dataset = dataset_of(np.concatenate([vectors, strange, strange[:2]]), kind=kinds)
    yield dataset
    dataset.delete()


def run_of(dataset: fo.Dataset, **params: Any) -> dict[str, Any]:
    """The scores, once their job has ended."""
    started = answer_of("compute_scores", Context(dataset, **{**SCORES, **params}))
    job = ended(dataset, {"id": started["job"]})
    assert job["state"] == "done", job
    return answer_of("curate_state", Context(dataset))["scores"]


def scored(dataset: fo.Dataset, run: dict[str, Any], which: str, count: int = 200) -> Any:
    params = {"run": run["id"], "which": which, "start": 0, "count": count}
    return answer_of("scored", Context(dataset, **params))


def undo(dataset: fo.Dataset) -> str:
    actions = answer_of("curate_state", Context(dataset))["undo"]
    return answer_of("undo", Context(dataset, id=actions[-1]["id"]))["text"]


def test_outliers_are_computed_listed_and_undone(odd: fo.Dataset) -> None:
    ids = odd.values("id")
    run = run_of(odd)
    odd.reload()
    values = np.array(odd.values("outlier_score"))
    assert (run["kind"], run["field"], run["count"]) == ("outliers", "outlier_score", N)
    assert (run["low"], run["high"]) == (values.min(), values.max())
    counts = np.histogram(values, 25, (0, 1))[0]
    assert [bar["count"] for bar in run["histogram"]] == counts.tolist()
    # Both copies have the score of the original, and stand out with it.
    assert run["near_duplicates"] == 2 and run["is_saved"]
    rows = scored(odd, run, "unusual")["rows"]
    unusual = [row["file"]["id"] for row in rows]
    assert set(ids[150:]) <= set(unusual) and len(unusual) == run["unusual"]
    assert sum(bar["unusual"] for bar in run["histogram"]) == run["unusual"]
    assert all(row["is_unusual"] and row["label"] is None for row in rows)
    by_id = dict(zip(ids, values, strict=True))
    assert [row["score"] for row in rows] == [by_id[id] for id in unusual]
    expected = run["expected"]
    assert 0 <= expected["low"] <= expected["value"] <= expected["high"]
    actions = answer_of("curate_state", Context(odd))["undo"]
    assert actions[-1]["text"] == "Saved 158 scores in the field “outlier_score”."
    assert undo(odd) == "The field “outlier_score” is as it was before."
    assert not odd.has_field("outlier_score")
    assert answer_of("curate_state", Context(odd))["scores"]["is_saved"] is False


def test_a_field_of_earlier_scores_is_restored(odd: fo.Dataset) -> None:
    run_of(odd, kind="uniqueness", field="mine")
    odd.reload()
    first = odd.values("mine")
    odd.save_view("some", odd.limit(60))
    second = run_of(odd, kind="typicality", field="mine", scope="saved:some")
    odd.reload()
    assert second["count"] == odd.count("mine") == 60
    undo(odd)
    odd.reload()
    assert odd.values("mine") == first


def test_the_lists_are_paged_in_order_without_deleted_samples(odd: fo.Dataset) -> None:
    run = run_of(odd, kind="uniqueness")
    odd.reload()
    by_score = sorted(zip(odd.values("uniqueness"), odd.values("id"), strict=True))
    lowest = scored(odd, run, "lowest", 10)
    assert lowest["total"] == 100
    assert [row["score"] for row in lowest["rows"]] == [score for score, _ in by_score[:10]]
    highest = scored(odd, run, "highest")["rows"]
    assert [row["score"] for row in highest] == [score for score, _ in by_score[:-101:-1]]
    odd.delete_samples([lowest["rows"][0]["file"]["id"]])
    after = scored(odd, run, "lowest", 9)
    assert after["total"] == 99
    assert [row["file"]["id"] for row in after["rows"]] == [
        row["file"]["id"] for row in lowest["rows"][1:]
    ]
    params = {"run": run["id"], "which": "all", "start": 0, "count": 5}
    refused = call("scored", Context(odd, **params))["error"]
    assert refused == "'all' is no list; choose one of unusual, highest, lowest."


def test_what_is_odd_within_a_class_is_listed_with_the_class(odd: fo.Dataset) -> None:
    fields = answer_of("value_fields", Context(odd, patches_field=None))["fields"]
    assert fields[0] == "kind" and "tags" in fields
    run = run_of(odd, label_field="kind", field="odd_kind")
    assert (run["classes"], run["count"]) == (3, 150)
    assert run["notes"] == ["8 without a label have no score."]
    odd.reload()
    labels = dict(zip(*odd.values(["id", "kind.label"]), strict=True))
    for row in scored(odd, run, "highest")["rows"]:
        assert row["label"] == labels[row["file"]["id"]]


def test_lists_are_tagged_and_shown_in_the_grid(odd: fo.Dataset) -> None:
    run = run_of(odd)
    ids = [row["file"]["id"] for row in scored(odd, run, "unusual")["rows"]]
    given = {"run": run["id"], "which": "unusual"}
    tagged = answer_of("tag_scored", Context(odd, **given, name=" strange "))
    assert tagged["text"] == f"Tagged {len(ids)} samples “strange”."
    odd.reload()
    assert set(odd.match_tags("strange").values("id")) == set(ids)
    assert undo(odd) == f"Removed the tag “strange” from {len(ids)} again."
    assert odd.count_sample_tags() == {}
    ctx = Context(odd, **given)
    answer = answer_of("show_scored", ctx)
    ((name, view),) = ctx.ops.made
    assert name == "set_view" and view.values("id") == ids and answer["moves"]
    empty = call("tag_scored", Context(odd, **given, name=" "))["error"]
    assert empty == "The tag is empty; give a tag, such as 'neighbors'."


def test_bad_input_and_lost_results_are_told_in_sentences(odd: fo.Dataset) -> None:
    assert answer_of("curate_state", Context(odd))["scores"] is None
    bad = call("compute_scores", Context(odd, **{**SCORES, "kind": "beauty"}))["error"]
    assert bad.startswith("kind is 'beauty'; choose one of uniqueness, typicality, outliers")
    bad = call("compute_scores", Context(odd, **{**SCORES, "field": "no name"}))["error"]
    assert bad == "'no name' is no field name; give a name such as 'outlier_score'."
    started = answer_of("compute_scores", Context(odd, **{**SCORES, "field": "kind"}))
    job = ended(odd, {"id": started["job"]})
    assert job["state"] == "failed"
    assert job["message"] == "The field 'kind' holds other values; choose another name."
    run = run_of(odd)
    curate_runs._RUNS.clear()
    params = {"run": run["id"], "which": "highest", "start": 0, "count": 5}
    lost = call("scored", Context(odd, **params))["error"]
    assert lost == "The server does not have this result any more; click the button again."
    # The field is still there, and can still be undone.
    odd.reload()
    assert odd.count("outlier_score") == N
    undo(odd)
    assert not odd.has_field("outlier_score")
