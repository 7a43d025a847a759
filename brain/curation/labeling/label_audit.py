"""The result of an audit of labels: what is probably wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.curation import acting
from fiftyone_faiss.brain.curation.labeling.audit_request import DEFAULT_FIELD
from fiftyone_faiss.brain.curation.labeling.label_decisions import (
    MADE_BY,
    AppliedDecisions,
    DecisionFields,
    WrittenDecisions,
    apply_decisions,
    own_field,
    read_decisions,
)
from fiftyone_faiss.brain.curation.labeling.noise_rate import NoiseRate
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
        noise_rate: how many labels are wrong, and of which classes
        probability: the probability of each audited label to be wrong, by id
        labels: the audited labels by id
        unlabeled: how many vectors have no label
        grouped: how many vectors have a near duplicate, which does not vote for them
        recall: the fraction of the true neighbors that were compared
        k: how many neighbors voted about each label
        field: where the labels are
        notes: what else to know, in sentences
    """

    samples: foc.SampleCollection
    patches_field: str | None
    label_field: str
    issues: list[LabelIssue]
    noise_rate: NoiseRate
    probability: Mapping[str, float]
    labels: Mapping[str, str]
    unlabeled: int
    grouped: int
    recall: float
    k: int
    field: ValueField = field(repr=False)
    notes: Sequence[str] = ()

    @property
    def ids(self) -> list[str]:
        """The ids of the issues, the most probable first."""
        return [issue.id for issue in self.issues]

    @property
    def expected(self) -> float:
        """How many of the issues are wrong labels, by their probabilities."""
        return sum(issue.probability for issue in self.issues)

    def view(self) -> fo.DatasetView:
        """The samples, frames or patches of the issues, the most probable first."""
        return view_of(self.samples, self.ids, self.patches_field)

    def tag(self, tag: str = DEFAULT_TAG) -> list[str]:
        """Tags the issues; ``untag_neighbors(dataset, tag)`` undoes that.

        Returns:
            the ids that did not have the tag before
        """
        return acting.tag(self.samples, self.ids, tag, self.patches_field)

    def save(self, field: str = DEFAULT_FIELD) -> SavedAudit:
        """Saves the probability of each audited label, and the suggested label of each issue.

        Args:
            field ("label_audit"): the beginning of the names of the fields, ``<field>_probability``
                and ``<field>_suggested``

        Returns:
            how many labels were saved, which can be undone

        Raises:
            ValueError: if a field holds other values
        """
        name, ids = field.strip(), list(self.probability)
        probability = own_field(self.field, f"{name}_probability", ids)
        suggested = own_field(self.field, f"{name}_suggested", ids)
        suggestions = {issue.id: issue.suggested for issue in self.issues if issue.suggested}
        saved = [write_own_values(probability, fo.FloatField, self.probability, MADE_BY)]
        saved.append(write_own_values(suggested, fo.StringField, suggestions, MADE_BY))
        return SavedAudit(len(ids), saved)

    def decide(self, decisions: Mapping[str, Any], field: str = DEFAULT_FIELD) -> WrittenDecisions:
        """Writes decisions into fields, where they stay until they are applied.

        Args:
            decisions: ``"relabel"`` (to the suggested label), ``"keep"`` or ``"not sure"`` by id;
                or ``{"action": "relabel", "label": "cat"}`` for another label
            field ("label_audit"): the beginning of the names of the fields, ``<field>_action``,
                ``<field>_new_label`` and ``<field>_old_label``

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
        self, decisions: Mapping[str, Any] | None = None, field: str = DEFAULT_FIELD
    ) -> AppliedDecisions:
        """Changes the labels that a person decided to change.

        A label that somebody has changed since the audit, or the decision, is left alone. The
        other decisions stay in their fields.

        Args:
            decisions (None): as for :meth:`decide`; None for those that it has written
            field ("label_audit"): the beginning of the names of the fields with decisions

        Returns:
            which labels were changed, which can be undone

        Raises:
            ValueError: if a decision is not valid, or its id was not audited
        """
        fields = self._fields(field)
        if decisions is None:
            kept, old = fields.read()
            return apply_decisions(fields, kept, {}, old)
        checked = read_decisions(decisions)
        self._check(checked)
        return apply_decisions(fields, checked, self._suggested, self.labels)

    def decisions(self, field: str = DEFAULT_FIELD) -> dict[str, dict[str, str | None]]:
        """The decisions that were written and not applied yet, by id."""
        return {id: dict(vars(decision)) for id, decision in self._fields(field).read()[0].items()}

    @property
    def _suggested(self) -> dict[str, str | None]:
        return {issue.id: issue.suggested for issue in self.issues}

    def _fields(self, field: str) -> DecisionFields:
        return DecisionFields(self.field, field.strip(), list(self.labels))

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
            "expected": self.expected,
            "issues": [issue.to_dict() for issue in self.issues],
            "noise_rate": self.noise_rate.to_dict(),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        audited = f"{len(self.labels):,} labels"
        if not self.issues:
            return f"None of {audited} stands out as wrong; at most {self.noise_rate.high:.1%} are."
        return (
            f"{len(self.issues):,} of {audited} are probably wrong ({self.expected:,.0f} are "
            f"expected to be); the noise rate is {self.noise_rate}."
        )
