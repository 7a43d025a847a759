"""A person's decisions about labels: kept in fields until they are applied, with undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import fiftyone as fo

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_ids, read_mapping, read_text
from fiftyone_faiss.brain.data.value_fields import (
    ValueField,
    WrittenValues,
    ids_with_values,
    write_own_values,
    write_values,
)

Action: TypeAlias = Literal["relabel", "keep", "not sure"]
ACTIONS: tuple[str, ...] = get_args(Action)
MADE_BY = "label audit"
# The endings of the fields with decisions: what to do, the new label, and the label at that time.
ACTION, NEW, OLD = "action", "new_label", "old_label"


@dataclass(frozen=True)
class LabelDecision:
    """What a person decided about a label.

    Attributes:
        action: ``"relabel"``, ``"keep"`` or ``"not sure"``
        label: the new label; None for the suggested one, or if the label stays
    """

    action: str
    label: str | None = None

    @classmethod
    def of(cls, value: Any) -> LabelDecision:
        """Reads a decision: an action, or an object with ``action`` and ``label``.

        Raises:
            ValueError: if it is another value; the message says what to give
        """
        if isinstance(value, LabelDecision):
            return value
        given = {"action": value} if isinstance(value, str) else read_mapping("A decision", value)
        action = read_text("action", given.get("action"))
        label = read_text("label", given.get("label"), MAX_NAME).strip() or None
        if action not in ACTIONS:
            raise ValueError(
                f"A decision is {quoted(action)}; choose 'relabel', 'keep' or 'not sure'."
            )
        if label is not None and action != "relabel":
            raise ValueError(f"The decision '{action}' takes no label; choose 'relabel' for one.")
        return cls(action, label)


def read_decisions(value: Any) -> dict[str, LabelDecision]:
    """Reads decisions by id.

    Raises:
        ValueError: if there is another value among them
    """
    given = read_mapping("decisions", value)
    read_ids("decisions", list(given))
    return {str(id): LabelDecision.of(decision) for id, decision in given.items()}


@dataclass(frozen=True)
class WrittenDecisions:
    """Decisions that were written into fields.

    Attributes:
        count: the number of decisions
        fields: what was written
    """

    count: int
    fields: Sequence[WrittenValues]

    def undo(self) -> None:
        """Restores what the fields held."""
        for written in self.fields:
            written.undo()


@dataclass(frozen=True)
class AppliedDecisions:
    """Labels that were changed.

    Attributes:
        changed: the ids whose label is new
        skipped: the ids whose label somebody has changed since the audit, or that are gone; their
            labels and decisions stay as they are
        labels: what was written
        decisions: the decisions that are done, and are not kept any more
    """

    changed: list[str]
    skipped: list[str]
    labels: WrittenValues
    decisions: Sequence[WrittenValues]

    def undo(self) -> int:
        """Restores the labels, and the decisions; labels that somebody changed since stay.

        Returns:
            how many labels were restored
        """
        restored = self.labels.undo()
        for written in self.decisions:
            written.undo()
        return restored

    def __str__(self) -> str:
        skipped = f", {len(self.skipped):,} skipped" if self.skipped else ""
        return f"{len(self.changed):,} labels changed{skipped}."


@dataclass(frozen=True)
class DecisionFields:
    """The fields that hold decisions.

    Attributes:
        labels: the field of the labels
        name: the beginning of the names of the fields
        ids: some of the ids
    """

    labels: ValueField
    name: str
    ids: Sequence[str]

    def field(self, ending: str) -> ValueField:
        """The field with an ending."""
        return own_field(self.labels, f"{self.name}_{ending}", self.ids)

    def write(
        self,
        decisions: Mapping[str, LabelDecision],
        suggested: Mapping[str, str | None],
        old: Mapping[str, str],
    ) -> WrittenDecisions:
        """Writes decisions; those about other ids stay."""
        values: dict[str, dict[str, Any]] = {ACTION: {}, NEW: {}, OLD: {}}
        for id, decision in decisions.items():
            is_new = decision.action == "relabel"
            values[ACTION][id] = decision.action
            values[NEW][id] = new_label(id, decision, suggested) if is_new else None
            values[OLD][id] = old.get(id)
        written = [
            write_own_values(self.field(ending), fo.StringField, of_ids, MADE_BY, keep=True)
            for ending, of_ids in values.items()
        ]
        return WrittenDecisions(len(decisions), written)

    def read(self) -> tuple[dict[str, LabelDecision], dict[str, str]]:
        """Reads all decisions, and the labels at the time of each."""
        action = self.field(ACTION)
        if action.field is None:
            return {}, {}
        ids = ids_with_values(action)
        actions, new, old = (self.field(ending).read(ids) for ending in (ACTION, NEW, OLD))
        return {id: LabelDecision(actions[id], new.get(id)) for id in actions}, old

    def clear(self, ids: Sequence[str]) -> list[WrittenValues]:
        """Removes the decisions about some ids."""
        own = [self.field(ending) for ending in (ACTION, NEW, OLD)]
        nothing = dict.fromkeys(ids)
        return [write_values(field, nothing) for field in own if field.field is not None]


def own_field(labels: ValueField, name: str, ids: Sequence[str]) -> ValueField:
    """A field beside that of the labels.

    Raises:
        ValueError: if the name is not valid
    """
    if not name.isidentifier():
        raise ValueError(f"{quoted(name)} is no field name; give a name such as 'label_audit'.")
    return ValueField.named(labels.dataset, name, ids, labels.patches_field)


def new_label(id: str, decision: LabelDecision, suggested: Mapping[str, str | None]) -> str:
    """The label that a decision gives.

    Raises:
        ValueError: if neither the decision nor the audit has one
    """
    label = decision.label or suggested.get(id)
    if label is None:
        raise ValueError(f"No label is suggested for '{id}'; give one with the decision.")
    return label


def apply_decisions(
    fields: DecisionFields,
    decisions: Mapping[str, LabelDecision],
    suggested: Mapping[str, str | None],
    old: Mapping[str, str],
) -> AppliedDecisions:
    """Changes labels, unless somebody has changed them since."""
    new = {
        id: new_label(id, decision, suggested)
        for id, decision in decisions.items()
        if decision.action == "relabel"
    }
    now = fields.labels.read(list(new))
    changed = [id for id in new if id in now and now[id] == old.get(id)]
    labels = write_values(fields.labels, {id: new[id] for id in changed})
    cleared = fields.clear(changed)
    return AppliedDecisions(changed, [id for id in new if id not in set(changed)], labels, cleared)
