"""The methods of the curation panel that select samples, and list and tag them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.panels import Context, answer_of, call, ended
from support.scored import clusters, dataset_of

import fiftyone_faiss

SELECT = {
    "n": 12,
    "brain_key": "given",
    "scope": "dataset",
    "labeled": None,
    "labeled_tag": None,
    "balance_field": None,
    "balance": 1,
    "cluster_field": None,
    "clusters": 0,
    "near": None,
    "near_tag": None,
    "nearness": 2,
    "diversity": 1,
    "typicality": 1,
    "exclude_outliers": True,
    "judgments": True,
}


@pytest.fixture
def pool(rng: np.random.Generator) -> Iterator[fo.Dataset]:
    """156 samples: clusters "a" of 100, "b" of 40 and "c" of 10, and 6 strange ones."""
    vectors, numbers = clusters(rng, [100, 40, 10])
    strange = rng.normal(size=(6, 16))
    kinds = [fo.Classification(label="abc"[n]) for n in numbers]
    kinds += [fo.Classification(label="d")] * 6
    dataset = dataset_of(np.concatenate([vectors, strange]), kind=kinds)
    yield dataset
    dataset.delete()


def run_of(dataset: fo.Dataset, **params: Any) -> dict[str, Any]:
    """The selection, once its job has ended."""
    started = answer_of("select_samples", Context(dataset, **{**SELECT, **params}))
    job = ended(dataset, {"id": started["job"]})
    assert job["state"] == "done", job
    return answer_of("curate_state", Context(dataset))["selection"]


def ids_of(dataset: fo.Dataset, run: dict[str, Any], start: int = 0, count: int = 100) -> list[str]:
    params = {"run": run["id"], "start": start, "count": count}
    rows = answer_of("selected", Context(dataset, **params))["rows"]
    return [row["file"]["id"] for row in rows]


def test_the_selection_and_its_receipt_are_those_of_the_service(pool: fo.Dataset) -> None:
    run = run_of(pool, balance_field="kind")
    expected = fiftyone_faiss.select_samples(
        pool, 12, "given", balance_field="kind", progress=False
    )
    receipt = expected.receipt
    assert ids_of(pool, run) == list(expected.ids)
    assert ids_of(pool, run, 4, 3) == list(expected.ids[4:7])
    figures = {figure["name"]: figure for figure in run["figures"]}
    assert list(figures) == ["coverage_radius", "mean_distance", "values", "evenness"]
    for name, figure in figures.items():
        assert figure["value"] == getattr(receipt.figures, name)
        random = receipt.random[name]
        assert figure["random"] == {"value": random.value, "low": random.low, "high": random.high}
        assert figure["verdict"] == receipt.verdict(name)
    assert run["uncovered"]["file"]["id"] == receipt.uncovered.id
    assert run["uncovered"]["distance"] == receipt.uncovered.distance
    assert run["uncovered"]["count"] == receipt.uncovered.count
    assert {row["value"]: row["count"] for row in run["values"]} == receipt.counts
    counts = [row["count"] for row in run["values"]]
    assert counts == sorted(counts, reverse=True) and sum(counts) == run["count"] == 12
    assert (run["outliers"], run["covered"]) == (receipt.outliers, receipt.covered)
    assert run["notes"] == list(expected.notes) and run["more_values"] == 0


def test_what_is_labeled_is_covered(pool: fo.Dataset) -> None:
    ids = pool.values("id")
    pool[:100].tag_samples("done")
    run = run_of(pool, labeled_tag="done", n=8)
    assert run["params"]["labeled_tag"] == "done"
    assert not set(ids_of(pool, run)) & set(ids[:100])
    both = call(
        "select_samples", Context(pool, **{**SELECT, "labeled": "kind", "labeled_tag": "x"})
    )
    assert both["error"] == "Give the field or the tag of what is labeled already, not both."


def test_a_selection_that_is_no_better_than_chance_says_so(pool: fo.Dataset) -> None:
    # All near to one sample: far from covering the others.
    pool[0:1].tag_samples("here")
    near = run_of(pool, near_tag="here", nearness=100, diversity=0, typicality=0, n=6)
    verdicts = {figure["name"]: figure["verdict"] for figure in near["figures"]}
    assert verdicts["mean_distance"] == "worse"
    sentence = "The mean distance is worse than all those of 20 random choices."
    assert sentence in near["notes"]
    plain = run_of(pool, n=30)
    verdicts = {figure["name"]: figure["verdict"] for figure in plain["figures"]}
    assert verdicts["coverage_radius"] == "better"
    assert not any("coverage radius" in note for note in plain["notes"])


def test_the_selection_is_tagged_shown_and_undone(pool: fo.Dataset) -> None:
    run = run_of(pool)
    ids = ids_of(pool, run)
    tagged = answer_of("tag_selected", Context(pool, run=run["id"], name="to label"))
    assert tagged["text"] == "Tagged 12 samples “to label”."
    pool.reload()
    assert set(pool.match_tags("to label").values("id")) == set(ids)
    action = tagged["state"]["undo"][-1]
    assert action["kind"] == "selection"
    # What was tagged counts as labeled, until that is undone.
    more = run_of(pool)
    note = "12 that were selected before, or whose label a person checked, count as labeled."
    assert note in more["notes"] and not set(ids_of(pool, more)) & set(ids)
    again = run_of(pool, judgments=False)
    assert ids_of(pool, again) == ids and note not in again["notes"]
    undone = answer_of("undo", Context(pool, id=action["id"]))
    assert undone["text"] == "Removed the tag “to label” from 12 again."
    assert pool.count_sample_tags() == {}
    run = run_of(pool)
    assert ids_of(pool, run) == ids
    ctx = Context(pool, run=run["id"])
    answer_of("show_selected", ctx)
    ((name, view),) = ctx.ops.made
    assert name == "set_view" and view.values("id") == ids
    pool.delete_samples([ids[0], run["uncovered"]["file"]["id"]])
    rest = [id for id in ids[1:] if id != run["uncovered"]["file"]["id"]]
    assert ids_of(pool, run) == rest
    params = {"run": run["id"], "start": 0, "count": 1}
    assert answer_of("selected", Context(pool, **params))["rows"][0]["place"] == 2
    assert answer_of("curate_state", Context(pool))["selection"]["uncovered"]["file"] is None


def test_bad_input_is_told_in_sentences(pool: fo.Dataset) -> None:
    cases = {
        "n is None; give the number of samples to select.": {"n": None},
        "diversity is -1; give a weight from 0 to 100.": {"diversity": -1},
    }
    for sentence, params in cases.items():
        assert call("select_samples", Context(pool, **{**SELECT, **params}))["error"] == sentence
    started = answer_of("select_samples", Context(pool, **{**SELECT, "n": 1000}))
    job = ended(pool, {"id": started["job"]})
    assert job["state"] == "failed" and job["message"].startswith("n is 1,000, but only")
