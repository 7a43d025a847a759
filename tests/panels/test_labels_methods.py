"""The methods of the curation panel that audit labels, on labels with known flips."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from support.indexes import index_of
from support.labels import NAMES, clustered, flipped, labeled_dataset
from support.panels import Context, answer_of, call, ended

from fiftyone_faiss.panels import curate_runs

N, FLIPS = 160, 8
AUDIT = {
    "brain_key": "given",
    "label_field": "animal",
    "scope": "dataset",
    "thresh": None,
    "k": None,
    "min_probability": None,
}


@pytest.fixture
def flips(rng: np.random.Generator) -> Iterator[tuple[fo.Dataset, dict[str, str]]]:
    """160 samples of four classes, and the true label of the eight that are wrong, by id."""
    vectors, labels = clustered(rng, N)
    wrong, chosen = flipped(rng, labels, FLIPS)
    dataset = labeled_dataset(vectors, wrong)
    dataset.persistent = True
    index_of(dataset, rng.normal(size=(N, 16)).astype(np.float32), brain_key="blind")
    ids = dataset.values("id")
    yield dataset, {ids[n]: NAMES[labels[n]] for n in chosen.tolist()}
    dataset.delete()


def audited(dataset: fo.Dataset, **params: Any) -> dict[str, Any]:
    """The result of an audit, once its job has ended."""
    started = answer_of("audit_labels", Context(dataset, **{**AUDIT, **params}))
    job = ended(dataset, {"id": started["job"]})
    assert job["state"] == "done", job
    return answer_of("curate_state", Context(dataset))["labels"]


def issues(dataset: fo.Dataset, run: dict[str, Any], start: int = 0, count: int = 50) -> Any:
    params = {"run": run["id"], "start": start, "count": count}
    return answer_of("issues", Context(dataset, **params))


def decide(dataset: fo.Dataset, run: dict[str, Any], id: str, action: str | None, **more) -> Any:
    params = {"run": run["id"], "id": id, "action": action, "new_label": None, **more}
    return answer_of("decide_label", Context(dataset, **params))


def plan(dataset: fo.Dataset, run: dict[str, Any]) -> dict[str, Any]:
    return answer_of("label_plan", Context(dataset, run=run["id"]))


def labels_of(dataset: fo.Dataset) -> dict[str, str]:
    return dict(zip(*dataset.values(["id", "animal.label"]), strict=True))


def test_the_fields_fit_the_index(flips) -> None:
    dataset, _ = flips
    dataset.add_sample_field("text", fo.StringField)
    answer = answer_of("label_fields", Context(dataset, brain_key="given"))
    assert answer["fields"] == ["animal", "text"]
    refused = call("label_fields", Context(dataset, brain_key="gone"))["error"]
    assert refused == "There is no index 'gone' any more; choose another one."


def test_issues_are_paged_with_votes_and_files(flips) -> None:
    dataset, truth = flips
    run = audited(dataset)
    assert (run["audited"], run["issues"], run["doubt"]) == (N, FLIPS, None)
    assert run["params"] == {**AUDIT, "min_probability": 0.5}
    expected, rate = run["expected_wrong"], run["noise_rate"]
    assert expected["low"] <= FLIPS == expected["high"]
    assert rate["low"] < FLIPS / N < rate["high"]
    assert sum(pair["count"] for pair in rate["pairs"]) == pytest.approx(FLIPS, abs=1)
    assert run["agreement"]["share"] > 0.8 > 0.3 > run["agreement"]["chance"]
    first, rest = issues(dataset, run, 0, 3), issues(dataset, run, 3)
    rows = [*first["issues"], *rest["issues"]]
    assert (len(first["issues"]), first["total"]) == (3, FLIPS)
    assert {row["id"]: row["suggested"] for row in rows} == truth
    labels = labels_of(dataset)
    for row in rows:
        assert row["label"] == row["now"] == labels[row["id"]]
        assert row["votes"][0]["label"] == row["suggested"]
        assert sum(votes["count"] for votes in row["votes"]) == run["k"]
        assert (row["action"], row["new_label"]) == (None, None)
        assert row["file"]["filepath"] == dataset[row["id"]].filepath
    classes = answer_of("label_classes", Context(dataset, run=run["id"]))["classes"]
    assert classes == sorted(NAMES)
    dataset.delete_samples(rows[0]["id"])
    left = issues(dataset, run)
    assert [row["id"] for row in left["issues"]] == [row["id"] for row in rows[1:]]


def test_decisions_are_written_at_once_and_change_labels_when_applied(flips) -> None:
    dataset, truth = flips
    run = audited(dataset)
    before = labels_of(dataset)
    first, second, third, fourth = [row["id"] for row in issues(dataset, run)["issues"]][:4]
    assert plan(dataset, run)["relabel"] == 0
    decide(dataset, run, first, "relabel")
    decide(dataset, run, second, "relabel", new_label="eel")
    decide(dataset, run, third, "keep")
    decide(dataset, run, fourth, "not sure")
    decide(dataset, run, fourth, "relabel")
    decide(dataset, run, fourth, None)
    assert labels_of(dataset) == before
    # A restarted server has no results, and the fields have the decisions.
    curate_runs._RUNS.clear()
    lost = call("label_plan", Context(dataset, run=run["id"]))["error"]
    assert lost == "The server does not have this result any more; click the button again."
    run = audited(dataset)
    rows = {row["id"]: row for row in issues(dataset, run)["issues"]}
    # What was kept is no issue any more.
    assert set(rows) == set(truth) - {third}
    assert (rows[first]["action"], rows[first]["new_label"]) == ("relabel", truth[first])
    assert (rows[second]["action"], rows[second]["new_label"]) == ("relabel", "eel")
    assert rows[fourth]["action"] is None
    planned = plan(dataset, run)
    assert (planned["relabel"], planned["keep"], planned["not_sure"]) == (2, 1, 0)
    changes = {(change["old"], change["new"]): change["count"] for change in planned["changes"]}
    assert changes == {(before[first], truth[first]): 1, (before[second], "eel"): 1}
    refused = call("apply_labels", Context(dataset, run=run["id"], relabel=5))["error"]
    assert refused.startswith("The page showed 5 changes, and there are 2 now; look at them again")
    applied = answer_of("apply_labels", Context(dataset, run=run["id"], relabel=2))
    assert applied["text"] == "Changed 2 labels of “animal”."
    assert labels_of(dataset) == {**before, first: truth[first], second: "eel"}
    rows = {row["id"]: row for row in issues(dataset, run)["issues"]}
    assert (rows[first]["now"], rows[first]["action"]) == (truth[first], None)
    assert plan(dataset, run)["relabel"] == 0
    undo = applied["state"]["undo"][-1]
    assert undo["kind"] == "labels"
    answer = answer_of("undo", Context(dataset, id=undo["id"]))
    assert answer["text"] == "Restored 2 labels of “animal”."
    assert labels_of(dataset) == before and plan(dataset, run)["relabel"] == 2


def test_labels_that_somebody_changed_are_told(flips) -> None:
    dataset, _ = flips
    run = audited(dataset)
    first, second = [row["id"] for row in issues(dataset, run)["issues"]][:2]
    decide(dataset, run, first, "relabel")
    decide(dataset, run, second, "relabel")
    dataset.set_values("animal.label", {first: "eel"}, key_field="id")
    planned = plan(dataset, run)
    assert (planned["relabel"], planned["skipped"]) == (1, 1)
    applied = answer_of("apply_labels", Context(dataset, run=run["id"], relabel=1))
    assert applied["text"] == (
        "Changed 1 label of “animal”. 1 stay, because somebody has changed them."
    )
    assert labels_of(dataset)[first] == "eel"


def test_issues_are_tagged_and_shown(flips) -> None:
    dataset, truth = flips
    run = audited(dataset)
    ordered = [row["id"] for row in issues(dataset, run)["issues"]]
    tagged = answer_of("tag_issues", Context(dataset, run=run["id"], name="check"))
    assert tagged["text"] == f"Tagged {FLIPS} of {FLIPS} “check”."
    assert set(dataset.match_tags("check").values("id")) == set(truth)
    answer_of("undo", Context(dataset, id=tagged["state"]["undo"][-1]["id"]))
    assert dataset.count_sample_tags() == {}
    ctx = Context(dataset, run=run["id"])
    shown = answer_of("show_issues", ctx)
    ((_, view),) = ctx.ops.made
    assert view.values("id") == ordered and shown["moves"] is True


def test_an_index_that_sees_no_animals_is_told(flips) -> None:
    dataset, _ = flips
    run = audited(dataset, brain_key="blind")
    assert run["doubt"] == (
        "The neighbors in 'blind' do not tell the labels of 'animal' apart: they have the same "
        "label no more often than by chance; use another index."
    )
    assert (run["issues"], run["noise_rate"]) == (0, None)
    assert run["expected_wrong"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    agreement = run["agreement"]
    assert agreement["low"] < agreement["chance"] < agreement["high"]
    assert not agreement["is_clear"] and issues(dataset, run)["issues"] == []


def test_a_view_is_audited(flips) -> None:
    dataset, truth = flips
    ctx = Context(dataset, **{**AUDIT, "scope": "view"})
    ctx.view = dataset.match(fo.ViewField("number") < 100)
    ended(dataset, {"id": answer_of("audit_labels", ctx)["job"]})
    run = answer_of("curate_state", Context(dataset))["labels"]
    assert run["audited"] == 100 and run["params"]["scope"] == "view"
    rows = {row["id"] for row in issues(dataset, run)["issues"]}
    assert rows == set(truth) & set(ctx.view.values("id"))


def test_patches_are_audited_decided_and_tagged(rng) -> None:
    vectors, labels = clustered(rng, 120)
    wrong, chosen = flipped(rng, labels, 6)
    dataset = fo.Dataset(persistent=True)
    things = [fo.Detection(label=NAMES[n], bounding_box=[0.1, 0.2, 0.5, 0.5]) for n in wrong]
    rows = [fo.Detections(detections=things[i : i + 3]) for i in range(0, 120, 3)]
    dataset.add_samples([fo.Sample(f"/none/{i}.png", things=row) for i, row in enumerate(rows)])
    of_sample = dict(zip(dataset.values("id"), vectors.reshape(40, 3, 16), strict=True))
    index_of(dataset, of_sample, patches_field="things")
    ids = dataset.values("things.detections.id", unwind=True)
    truth = {ids[n]: NAMES[labels[n]] for n in chosen.tolist()}
    run = audited(dataset, label_field="things")
    assert run["patches_field"] == "things" and run["decisions_field"] == "label_audit"
    rows = issues(dataset, run)["issues"]
    assert {row["id"]: row["suggested"] for row in rows} == truth
    assert rows[0]["file"]["bounding_box"] == [0.1, 0.2, 0.5, 0.5]
    for id in truth:
        decide(dataset, run, id, "relabel")
    applied = answer_of("apply_labels", Context(dataset, run=run["id"], relabel=6))
    names = [NAMES[n] for n in labels]
    assert dataset.values("things.detections.label", unwind=True) == names
    answer_of("undo", Context(dataset, id=applied["state"]["undo"][-1]["id"]))
    answer_of("tag_issues", Context(dataset, run=run["id"], name="check"))
    assert dataset.count_label_tags() == {"check": 6}
    dataset.delete()


def test_bad_input_is_answered_with_a_sentence(flips) -> None:
    dataset, _ = flips
    for params, sentence in (
        ({"k": 0}, "k is 0; give 1 to 100 neighbors"),
        ({"min_probability": 3}, "min_probability is 3; give a number from 0 to 1"),
        ({"label_field": ""}, "label_field is empty; give the field with the labels"),
        ({"scope": "saved:none"}, "There is no saved view 'none' any more"),
    ):
        refused = call("audit_labels", Context(dataset, **{**AUDIT, **params}))["error"]
        assert refused.startswith(sentence)
    run = audited(dataset)
    first = issues(dataset, run)["issues"][0]["id"]
    given = {"run": run["id"], "id": first, "action": "burn", "new_label": None}
    refused = call("decide_label", Context(dataset, **given))["error"]
    assert refused == "A decision is 'burn'; choose 'relabel', 'keep' or 'not sure'."
    refused = call("issues", Context(dataset, run=run["id"], start=-1, count=5))["error"]
    assert refused.startswith("start is -1 and count 5; give 0 or more")
