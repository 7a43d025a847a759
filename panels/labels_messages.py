"""The messages about audits of labels; see ``messages``."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.panels.grid_messages import GridState
from fiftyone_faiss.panels.run_messages import Interval

LabelAction = Literal["relabel", "keep", "not sure"]
ALIASES: dict[str, Any] = {"LabelAction": LabelAction}
"""Types that the page knows by a name."""


class IndexParams(TypedDict):
    """An index."""

    brain_key: str


class LabelFields(TypedDict):
    """The fields that may hold labels of what an index holds."""

    fields: list[str]


class AuditParams(GridState):
    """What to audit; None for what the audit chooses itself."""

    brain_key: str
    label_field: str
    scope: str
    thresh: float | None
    k: int | None
    min_probability: float | None


class Agreement(TypedDict):
    """How often neighbors have the same label, with its 95 % interval, and how often by chance."""

    share: float
    low: float
    high: float
    chance: float
    is_clear: bool


class PairNoise(TypedDict):
    """How often samples of a class have the label of another one, with its 95 % interval."""

    true: str
    label: str
    rate: float
    low: float
    high: float
    count: float


class NoiseRates(TypedDict):
    """The share of wrong labels with its 95 % interval, and the most frequent pairs of classes."""

    rate: float
    low: float
    high: float
    pairs: list[PairNoise]
    more_pairs: int


class LabelsRun(TypedDict):
    """An audit of labels; ``params`` is what was asked.

    ``doubt`` tells why the audit is not conclusive, and then there are no issues and no rate.
    """

    id: str
    params: AuditParams
    patches_field: str | None
    label_field: str
    audited: int
    unlabeled: int
    grouped: int
    recall: float
    k: int
    issues: int
    doubt: str | None
    agreement: Agreement
    expected_wrong: Interval
    noise_rate: NoiseRates | None
    decisions_field: str
    notes: list[str]


class AuditRunParams(TypedDict):
    """The audit that a method is about."""

    run: str


class IssuesParams(AuditRunParams):
    """A page of issues."""

    start: int
    count: int


class Votes(TypedDict):
    """How many neighbors have a label."""

    label: str
    count: int


class IssueRow(TypedDict):
    """A label that is probably wrong. ``now`` is the label that the dataset has at this moment;
    ``action`` and ``new_label`` are the decision that waits to be applied.
    """

    id: str
    label: str
    now: str | None
    suggested: str | None
    probability: float
    votes: list[Votes]
    action: LabelAction | None
    new_label: str | None
    file: ResultFile


class IssuesAnswer(TypedDict):
    """A page of issues, and the number of all."""

    issues: list[IssueRow]
    total: int


class LabelClasses(TypedDict):
    """The classes of the audited labels."""

    classes: list[str]


class DecideParams(AuditRunParams):
    """A decision about a label; no action removes it. ``new_label`` None is the suggested one."""

    id: str
    action: LabelAction | None
    new_label: str | None


class LabelChange(TypedDict):
    """How many labels change from one class to another one."""

    old: str
    new: str
    count: int


class LabelPlan(TypedDict):
    """What applying the decisions would change. ``skipped`` labels have been changed by somebody
    since; ``keep`` and ``not_sure`` count decisions that change nothing.
    """

    relabel: int
    changes: list[LabelChange]
    more_changes: int
    skipped: int
    keep: int
    not_sure: int


class ApplyParams(AuditRunParams):
    """The number of changes that the page has shown."""

    relabel: int


class TagIssuesParams(AuditRunParams):
    """The tag for the issues."""

    name: str


class ShowIssuesParams(GridState):
    """The audit whose issues the grid shows."""

    run: str
