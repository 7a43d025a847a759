"""A person's decisions about labels: kept in fields until they are applied, with undo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import fiftyone as fo

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_ids, read_mapping, read_text
from fiftyone_faiss.brain.data.value_fields import (
    ValueField,
    WrittenValues,
    ids_with_values,
    is_made_by,
    write_own_values,
    write_values,
)

Action: TypeAlias = Literal["relabel", "keep", "not sure"]
ACTIONS: tuple[str, ...] = get_args(Action)
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


def default_field(labels: ValueField) -> str:
    """The beginning of the names of the fields about labels, so that each has its own.

    ``"animal_audit"`` for the field ``animal``; ``"label_audit"`` and ``"color_audit"``, beside the
    labels, for those of patches and their attribute ``color``.
    """
    of_parts = labels.patches_field is not None
    name = labels.path.rpartition(".")[2] if of_parts else labels.path.removesuffix(".label")
    return f"{name.replace('.', '_')}_audit"


def made_by(labels: ValueField) -> str:
    """Who writes the fields about labels; those about other labels have another name."""
    return f"label audit of {labels.full_path}"


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
class DecisionPlan:
    """What decisions would change.

    Attributes:
        labels: the new labels by id
        old: the labels that they replace
        skipped: the ids whose label somebody has changed since the decision, or that are gone
        keep: how many labels stay, because they are right
        not_sure: how many stay, because nobody knows
    """

    labels: Mapping[str, str]
    old: Mapping[str, str]
    skipped: list[str]
    keep: int
    not_sure: int


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
        maker = made_by(self.labels)
        written = [
            write_own_values(self.field(ending), fo.StringField, of_ids, maker, keep=True)
            for ending, of_ids in values.items()
        ]
        return WrittenDecisions(len(decisions), written)

    def read(self) -> tuple[dict[str, LabelDecision], dict[str, str]]:
        """Reads all decisions, and the labels at the time of each; not those about other labels."""
        action = self.field(ACTION)
        if not is_made_by(action, made_by(self.labels)):
            return {}, {}
        ids = ids_with_values(action)
        actions, new, old = (self.field(ending).read(ids) for ending in (ACTION, NEW, OLD))
        return {id: LabelDecision(actions[id], new.get(id)) for id in actions}, old

    def clear(self, ids: Sequence[str]) -> list[WrittenValues]:
        """Removes the decisions about some ids."""
        maker = made_by(self.labels)
        own = [self.field(ending) for ending in (ACTION, NEW, OLD)]
        nothing = dict.fromkeys(ids)
        return [write_values(field, nothing) for field in own if is_made_by(field, maker)]


def own_field(labels: ValueField, name: str, ids: Sequence[str]) -> ValueField:
    """A field beside that of the labels.

    Raises:
        ValueError: if the name is not valid
    """
    if not name.isidentifier():
        raise ValueError(f"{quoted(name)} is no field name; give a name such as 'my_audit'.")
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


def plan_decisions(
    fields: DecisionFields,
    decisions: Mapping[str, LabelDecision],
    suggested: Mapping[str, str | None],
    old: Mapping[str, str],
) -> DecisionPlan:
    """Says what decisions would change now, and writes nothing."""
    new = {
        id: new_label(id, decision, suggested)
        for id, decision in decisions.items()
        if decision.action == "relabel"
    }
    now = fields.labels.read(list(new))
    changed = {id: label for id, label in new.items() if id in now and now[id] == old.get(id)}
    others = Counter(decision.action for decision in decisions.values())
    return DecisionPlan(
        changed,
        {id: str(now[id]) for id in changed},
        [id for id in new if id not in changed],
        others["keep"],
        others["not sure"],
    )


def apply_decisions(fields: DecisionFields, plan: DecisionPlan) -> AppliedDecisions:
    """Changes the labels of a plan that nobody has changed since."""
    labels = write_values(fields.labels, plan.labels)
    cleared = fields.clear(list(plan.labels))
    return AppliedDecisions(list(plan.labels), plan.skipped, labels, cleared)
