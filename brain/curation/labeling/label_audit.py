"""The result of an audit of labels: what is probably wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.curation import acting
from fiftyone_faiss.brain.curation.accidental_pairs import Estimate
from fiftyone_faiss.brain.curation.labeling.label_decisions import (
    AppliedDecisions,
    DecisionFields,
    DecisionPlan,
    WrittenDecisions,
    apply_decisions,
    made_by,
    own_field,
    plan_decisions,
    read_decisions,
)
from fiftyone_faiss.brain.curation.labeling.noise_rate import NoiseRate, expected_count
from fiftyone_faiss.brain.curation.labeling.visibility import Agreement
from fiftyone_faiss.brain.data.result_views import view_of
from fiftyone_faiss.brain.data.value_fields import ValueField, WrittenValues, write_own_values

DEFAULT_TAG = "label issue"


@dataclass(frozen=True)
class LabelIssue:
    """A label that is probably wrong.

    Attributes:
        id: the id of the sample, frame or patch
        label: its label
        suggested: the most probable other label; None if none of them is probable
        probability: the probability that the label is wrong, 0 to 1
        votes: how many neighbors have each label, the most frequent first
    """

    id: str
    label: str
    suggested: str | None
    probability: float
    votes: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**vars(self), "votes": dict(self.votes)}


@dataclass(frozen=True)
class SavedAudit:
    """An audit that was saved in fields.

    Attributes:
        count: the number of labels
        fields: what was written
    """

    count: int
    fields: Sequence[WrittenValues]

    def undo(self) -> None:
        """Restores what the fields held, and deletes those that were new."""
        for written in self.fields:
            written.undo()


@dataclass(frozen=True)
class LabelAudit:
    """An audit of labels.

    Attributes:
        samples: the collection
        patches_field: the field of the audited patches, None for samples and frames
        label_field: the audited field, as it was given
        issues: the labels that are probably wrong, the most probable first
        noise_rate: how many labels are wrong, and of which classes; None if the audit is not
            conclusive
        probability: the probability of each judged label to be wrong, by id
        labels: the audited labels by id
        agreement: how often neighbors have the same label, and how often by chance
        doubt: why the audit is not conclusive, in a sentence; None if it is
        look_alikes: how many right labels are expected to look wrong at most, because the votes
            leave their class open
        unlabeled: how many vectors have no label
        grouped: how many vectors have a near duplicate, which does not vote for them
        recall: the fraction of the true neighbors that were compared
        k: how many neighbors voted about each label
        field: where the labels are
        decisions_field: the beginning of the names of the fields with decisions
        notes: what else to know, in sentences
    """

    samples: foc.SampleCollection
    patches_field: str | None
    label_field: str
    issues: list[LabelIssue]
    noise_rate: NoiseRate | None
    probability: Mapping[str, float]
    labels: Mapping[str, str]
    agreement: Agreement
    doubt: str | None
    look_alikes: float
    unlabeled: int
    grouped: int
    recall: float
    k: int
    field: ValueField = field(repr=False)
    decisions_field: str
    notes: Sequence[str] = ()

    @property
    def ids(self) -> list[str]:
        """The ids of the issues, the most probable first."""
        return [issue.id for issue in self.issues]

    @property
    def is_conclusive(self) -> bool:
        """Whether the index sees what the labels name; if not, there are no issues."""
        return self.doubt is None

    @property
    def expected_wrong(self) -> Estimate:
        """How many of the issues are wrong labels, with a 95 % interval.

        The interval assumes that labels are wrong independently of each other, and of what the
        image shows. Its lower end allows for ``look_alikes``.
        """
        return expected_count([issue.probability for issue in self.issues], self.look_alikes)

    def view(self) -> fo.DatasetView:
        """The samples, frames or patches of the issues, the most probable first."""
        return view_of(self.samples, self.ids, self.patches_field)

    def tag(self, tag: str = DEFAULT_TAG) -> list[str]:
        """Tags the issues; ``untag_neighbors(dataset, tag)`` undoes that.

        Returns:
            the ids that did not have the tag before
        """
        return acting.tag(self.samples, self.ids, tag, self.patches_field)

    def save(self, field: str | None = None) -> SavedAudit:
        """Saves the probability of each judged label, and the suggested label of each issue.

        Args:
            field (None): the beginning of the names of the fields, ``<field>_probability`` and
                ``<field>_suggested``; None for that of the fields with decisions

        Returns:
            how many labels were saved, which can be undone

        Raises:
            ValueError: if a field holds other values, or the audit is not conclusive
        """
        if self.doubt is not None:
            raise ValueError(f"There is nothing to save. {self.doubt}")
        name, ids = (field or self.decisions_field).strip(), list(self.probability)
        maker = made_by(self.field)
        probability = own_field(self.field, f"{name}_probability", ids)
        suggested = own_field(self.field, f"{name}_suggested", ids)
        suggestions = {issue.id: issue.suggested for issue in self.issues if issue.suggested}
        saved = [write_own_values(probability, fo.FloatField, self.probability, maker)]
        saved.append(write_own_values(suggested, fo.StringField, suggestions, maker))
        return SavedAudit(len(ids), saved)

    def decide(self, decisions: Mapping[str, Any], field: str | None = None) -> WrittenDecisions:
        """Writes decisions into fields, where they stay until they are applied.

        Args:
            decisions: ``"relabel"`` (to the suggested label), ``"keep"`` or ``"not sure"`` by id;
                or ``{"action": "relabel", "label": "cat"}`` for another label
            field (None): the beginning of the names of the fields, ``<field>_action``,
                ``<field>_new_label`` and ``<field>_old_label``; None for ``decisions_field``

        Returns:
            how many decisions were written, which can be undone

        Raises:
            ValueError: if a decision is not valid, its id was not audited, or a field holds other
                values
        """
        checked = read_decisions(decisions)
        self._check(checked)
        return self._fields(field).write(checked, self._suggested, self.labels)

    def apply(
        self, decisions: Mapping[str, Any] | None = None, field: str | None = None
    ) -> AppliedDecisions:
        """Changes the labels that a person decided to change.

        A label that somebody has changed since the audit, or the decision, is left alone. The
        other decisions stay in their fields.

        Args:
            decisions (None): as for :meth:`decide`; None for those that it has written
            field (None): the beginning of the names of the fields with decisions

        Returns:
            which labels were changed, which can be undone

        Raises:
            ValueError: if a decision is not valid, or its id was not audited
        """
        return apply_decisions(self._fields(field), self.plan(decisions, field))

    def plan(
        self, decisions: Mapping[str, Any] | None = None, field: str | None = None
    ) -> DecisionPlan:
        """Says what :meth:`apply` would change, and writes nothing."""
        fields = self._fields(field)
        if decisions is None:
            kept, old = fields.read()
            return plan_decisions(fields, kept, {}, old)
        checked = read_decisions(decisions)
        self._check(checked)
        return plan_decisions(fields, checked, self._suggested, self.labels)

    def withdraw(self, ids: Sequence[str], field: str | None = None) -> None:
        """Removes the decisions about some ids, which were not applied yet."""
        self._fields(field).clear(ids)

    def decisions(self, field: str | None = None) -> dict[str, dict[str, str | None]]:
        """The decisions that were written and not applied yet, by id."""
        return {id: dict(vars(decision)) for id, decision in self._fields(field).read()[0].items()}

    def current_labels(self, ids: Sequence[str]) -> dict[str, str | None]:
        """The labels that the dataset has now, by id, without ids that are gone."""
        return self.field.read(ids)

    @property
    def _suggested(self) -> dict[str, str | None]:
        return {issue.id: issue.suggested for issue in self.issues}

    def _fields(self, field: str | None) -> DecisionFields:
        name = (field or self.decisions_field).strip()
        return DecisionFields(self.field, name, list(self.labels))

    def _check(self, ids: Mapping[str, Any]) -> None:
        unknown = [id for id in ids if id not in self.labels]
        if unknown:
            raise ValueError(
                f"The label of '{unknown[0]}' was not audited; audit a view that holds it."
            )

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values, without the probabilities of labels that are no issues."""
        return {
            "label_field": self.label_field,
            "patches_field": self.patches_field,
            "audited": len(self.labels),
            "unlabeled": self.unlabeled,
            "grouped": self.grouped,
            "recall": self.recall,
            "k": self.k,
            "is_conclusive": self.is_conclusive,
            "doubt": self.doubt,
            "agreement": self.agreement.to_dict(),
            "expected_wrong": self.expected_wrong.to_dict(),
            "issues": [issue.to_dict() for issue in self.issues],
            "noise_rate": None if self.noise_rate is None else self.noise_rate.to_dict(),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        audited = f"{len(self.labels):,} labels"
        rate = self.noise_rate
        if self.doubt is not None or rate is None:
            return f"The audit of {audited} is not conclusive. {self.doubt} {self.agreement}."
        if not self.issues:
            return f"None of {audited} stands out as wrong; at most {rate.high:.1%} are."
        expected = self.expected_wrong
        count = f"{expected.value:,.0f} are expected to be, {expected.low:,.0f} to"
        return (
            f"{len(self.issues):,} of {audited} are probably wrong ({count} {expected.high:,.0f}); "
            f"the noise rate is {rate}."
        )
