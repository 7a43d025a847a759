"""A person's decisions about labels: written, applied and undone."""

from __future__ import annotations

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from support.labels import NAMES, clustered, flipped, labeled_dataset

import fiftyone_faiss
from fiftyone_faiss.brain import LabelAudit


@pytest.fixture
def audited(rng: np.random.Generator) -> Iterator[tuple[fo.Dataset, LabelAudit]]:
    """120 samples of which six have a wrong label, and their audit."""
    vectors, labels = clustered(rng, 120)
    wrong, _ = flipped(rng, labels, 6)
    dataset = labeled_dataset(vectors, wrong)
    audit = fiftyone_faiss.audit_labels(dataset, "animal")
    assert len(audit.issues) == 6
    yield dataset, audit
    dataset.delete()


def labels_of(dataset: fo.Dataset) -> dict[str, str]:
    return dict(zip(*dataset.values(["id", "animal.label"]), strict=True))


def test_decisions_wait_in_fields_until_they_are_applied(audited) -> None:
    dataset, audit = audited
    before = labels_of(dataset)
    first, second, third, fourth = audit.issues[:4]
    other = next(n for n in NAMES if n not in (second.label, second.suggested))
    audit.decide(
        {
            first.id: "relabel",
            second.id: {"action": "relabel", "label": other},
            third.id: "keep",
            fourth.id: "not sure",
        }
    )
    assert labels_of(dataset) == before
    dataset.reload()
    assert dataset[first.id].animal_audit_action == "relabel"
    assert dataset[second.id].animal_audit_new_label == other
    assert dataset[third.id].animal_audit_new_label is None
    # Another audit, such as after a restart, applies them.
    again = fiftyone_faiss.audit_labels(dataset, "animal")
    assert again.ids == [id for id in audit.ids if id != third.id]
    assert again.notes == ("1 labels that a person kept are no issues.",)
    assert again.decisions()[second.id] == {"action": "relabel", "label": other}
    applied = again.apply()
    assert set(applied.changed) == {first.id, second.id} and applied.skipped == []
    assert str(applied) == "2 labels changed."
    changed = {first.id: first.suggested, second.id: other}
    assert labels_of(dataset) == {**before, **changed}
    assert set(again.decisions()) == {third.id, fourth.id}
    assert applied.undo() == 2
    assert labels_of(dataset) == before
    assert set(again.decisions()) == {id for id in audit.ids[:4]}


def test_labels_that_somebody_changed_stay(audited) -> None:
    dataset, audit = audited
    first, second, third = audit.ids[:3]
    audit.decide(dict.fromkeys((first, second, third), "relabel"))
    dataset.set_values("animal.label", {first: "eel"}, key_field="id")
    dataset.delete_samples(second)
    applied = audit.apply()
    # The decision about a deleted sample went with it.
    assert (applied.changed, applied.skipped) == ([third], [first])
    assert str(applied) == "1 labels changed, 1 skipped."
    assert audit.apply({second: "relabel"}).skipped == [second]
    assert labels_of(dataset)[first] == "eel"
    assert set(audit.decisions()) == {first}
    dataset.set_values("animal.label", {third: "ant"}, key_field="id")
    assert applied.undo() == 0
    assert labels_of(dataset)[third] == "ant"


def test_a_decision_is_changed_and_undone(audited) -> None:
    dataset, audit = audited
    first, second = audit.ids[:2]
    audit.decide({first: "keep"})
    changed = audit.decide({first: "relabel", second: "keep"})
    assert audit.decisions()[first]["action"] == "relabel"
    changed.undo()
    assert audit.decisions() == {first: {"action": "keep", "label": None}}
    # Decisions are applied without a field, too.
    old = labels_of(dataset)[second]
    applied = audit.apply({second: "relabel"})
    assert applied.changed == [second] and labels_of(dataset)[second] != old
    assert applied.undo() == 1 and labels_of(dataset)[second] == old


def test_an_audit_is_saved_again_and_undone(audited) -> None:
    dataset, audit = audited
    saved = audit.save("audit")
    assert saved.count == 120 and dataset.count("audit_probability") == 120
    assert dataset.count("audit_suggested") == 6
    first = dict(zip(*dataset.values(["id", "audit_probability"]), strict=True))
    assert first == pytest.approx(dict(audit.probability))
    view = dataset.match(fo.ViewField("number") < 60)
    part = fiftyone_faiss.audit_labels(view, "animal").save("audit")
    assert (part.count, dataset.count("audit_probability")) == (60, 60)
    part.undo()
    assert dict(zip(*dataset.values(["id", "audit_probability"]), strict=True)) == first
    saved.undo()
    assert not dataset.has_field("audit_probability") and not dataset.has_field("audit_suggested")


def test_bad_decisions_are_refused(audited) -> None:
    dataset, audit = audited
    first = audit.ids[0]
    right = next(id for id in audit.labels if id not in audit.ids)
    for decisions, sentence in (
        ({first: "drop"}, "A decision is 'drop'; choose 'relabel', 'keep' or 'not sure'"),
        ({first: {"action": "keep", "label": "cat"}}, "'keep' takes no label; choose 'relabel'"),
        ({"1": "keep"}, "decisions has '1', which is no id"),
        ({"0" * 24: "keep"}, "The label of '0{24}' was not audited; audit a view that holds it"),
        ({right: "relabel"}, f"No label is suggested for '{right}'; give one with the decision"),
        ([first], "decisions is .*; give an object with names and values"),
    ):
        with pytest.raises(ValueError, match=sentence):
            audit.decide(decisions)
        with pytest.raises(ValueError, match=sentence):
            audit.apply(decisions)
    with pytest.raises(ValueError, match="'my audit_action' is no field name; give a name"):
        audit.decide({first: "keep"}, "my audit")
    dataset.add_sample_field("other_action", fo.StringField)
    with pytest.raises(ValueError, match="The field 'other_action' holds other values"):
        audit.decide({first: "keep"}, "other")
    assert audit.decisions() == {}
    assert [name for name in dataset.get_field_schema() if "audit" in name] == []


def test_audits_of_two_fields_do_not_mix(audited) -> None:
    dataset, audit = audited
    first, second = audit.ids[:2]
    # A second field with the same names of classes, and other wrong labels.
    names = labels_of(dataset)
    dataset.set_values("sort", [fo.Classification(label=names[id]) for id in dataset.values("id")])
    other = fiftyone_faiss.audit_labels(dataset, "sort")
    assert (audit.decisions_field, other.decisions_field) == ("animal_audit", "sort_audit")
    audit.decide({first: "keep", second: "relabel"})
    assert other.decisions() == {}
    # What was kept of one field is an issue of the other one.
    assert first in fiftyone_faiss.audit_labels(dataset, "sort").ids
    other.decide({first: "relabel", second: "not sure"})
    assert {id: d["action"] for id, d in audit.decisions().items()} == {
        first: "keep",
        second: "relabel",
    }
    assert other.apply().changed == [first]
    assert labels_of(dataset) == names
    assert set(audit.decisions()) == {first, second} and set(other.decisions()) == {second}
    # A name that both give is refused, and not read.
    audit.decide({first: "keep"}, "mine")
    assert other.decisions("mine") == {}
    with pytest.raises(ValueError, match="The field 'mine_action' holds other values; choose ano"):
        other.decide({first: "keep"}, "mine")


def test_a_plan_says_what_applying_changes(audited) -> None:
    dataset, audit = audited
    first, second, third, fourth = audit.ids[:4]
    audit.decide({first: "relabel", second: "relabel", third: "keep", fourth: "not sure"})
    dataset.set_values("animal.label", {second: "eel"}, key_field="id")
    plan = audit.plan()
    names = {issue.id: issue for issue in audit.issues}
    assert plan.labels == {first: names[first].suggested}
    assert plan.old == {first: names[first].label}
    assert (plan.skipped, plan.keep, plan.not_sure) == ([second], 1, 1)
    audit.withdraw([first, third])
    assert set(audit.decisions()) == {second, fourth} and audit.plan().labels == {}
    assert audit.current_labels([second]) == {second: "eel"}
