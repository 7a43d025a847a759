"""The messages about duplicates and leaks; see ``messages``."""

from __future__ import annotations

from typing import Literal, TypedDict

from fiftyone_faiss.brain.curation.duplicates import PairVerdict
from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.panels.cluster_messages import ClustersRun
from fiftyone_faiss.panels.grid_messages import GridState
from fiftyone_faiss.panels.labels_messages import LabelsRun
from fiftyone_faiss.panels.models_messages import ModelsRun
from fiftyone_faiss.panels.run_messages import Interval, RunParams
from fiftyone_faiss.panels.scores_messages import ScoresRun
from fiftyone_faiss.panels.selection_messages import SelectionRun
from fiftyone_faiss.panels.text_tag_messages import TextTagsRun

RunKind = Literal[
    "duplicates", "leaks", "scores", "selection", "clusters", "text_tags", "labels", "models"
]
ActionKind = Literal["tag", "save", "merge", "remove"]
ALIASES = {"PairVerdict": PairVerdict, "RunKind": RunKind, "ActionKind": ActionKind}
"""Types that the page knows by a name."""


class FindParams(GridState):
    """What to find. ``equal_files`` compares the contents of files, without an index;
    ``split_field`` has the names of the splits, which leaks need.
    """

    equal_files: bool
    brain_key: str
    scope: str
    thresh: float | None
    verify: bool
    split_field: str | None
    rules: list[str]


class Started(TypedDict):
    """The id of the job that was started."""

    job: str


class ThresholdRow(TypedDict):
    """The pairs within a distance, and how many of them are accidental; None if unknown."""

    thresh: float
    pairs: float
    expected: Interval | None


class DistancesAnswer(TypedDict):
    """What each of some ascending thresholds finds, and which one is proposed, if any."""

    table: list[ThresholdRow]
    proposal: ThresholdRow | None
    compared: int


class RunResult(TypedDict):
    """What a search for duplicates or leaks found; ``params`` is what was asked.

    ``copies``, ``look_alikes`` and ``unverified`` count the listed pairs.
    """

    id: str
    params: FindParams
    patches_field: str | None
    thresh: float | None
    pair_count: int
    expected: Interval | None
    recall: float
    copies: int
    look_alikes: int
    unverified: int
    notes: list[str]


class DuplicatesRun(RunResult):
    """The duplicates that were found."""

    groups: int
    redundant: int
    compared: int
    unreadable: int


class Rate(TypedDict):
    """How many samples of a split have a near one in another split."""

    split: str
    other: str
    leaking: int
    total: int
    rate: float
    low: float
    high: float


class LeaksRun(RunResult):
    """The leaks that were found. ``listed`` is the number of pairs to page through; ``leaking`` and
    ``training`` count samples, ``training`` those that a clean view drops.
    """

    listed: int
    leaking: int
    training: int
    size: int
    rates: list[Rate]
    without_split: int
    in_several: int


class UndoEntry(TypedDict):
    """An action that can be undone, in a sentence."""

    id: str
    kind: RunKind
    text: str


class CurateState(TypedDict):
    """What the server knows of a dataset: the last results, and what can be undone."""

    duplicates: DuplicatesRun | None
    leaks: LeaksRun | None
    clusters: ClustersRun | None
    text_tags: TextTagsRun | None
    labels: LabelsRun | None
    models: ModelsRun | None
    scores: ScoresRun | None
    selection: SelectionRun | None
    undo: list[UndoEntry]
    split_fields: list[str]
    rules: list[str]


class PageParams(RunParams):
    """A page of groups or of pairs; a verdict leaves the other pairs out."""

    start: int
    count: int
    verdict: PairVerdict | None


class GroupMember(TypedDict):
    """A member of a group; ``near`` has the ids of those that could be kept instead of it."""

    id: str
    keeper: str
    distance: float | None
    verdict: str
    rule: str | None
    reason: str
    near: list[str]
    file: ResultFile


class DuplicatesGroup(TypedDict):
    """A group, keepers first."""

    number: int
    members: list[GroupMember]


class GroupsAnswer(TypedDict):
    """A page of groups, and the number of all; ``gone`` counts members that were deleted since."""

    groups: list[DuplicatesGroup]
    total: int
    gone: int


class PairRow(TypedDict):
    """A pair; the first is on the training side of a leak."""

    a: ResultFile
    b: ResultFile
    split_a: str
    split_b: str
    distance: float
    verdict: PairVerdict
    confidence: float
    reason: str


class PairsAnswer(TypedDict):
    """A page of pairs, and the number of all."""

    pairs: list[PairRow]
    total: int


class DecisionParams(RunParams):
    """A person's decisions, and the numbers of the groups to act on; None for all."""

    keep: list[str]
    remove: list[str]
    groups: list[int] | None


class Plan(TypedDict):
    """What the actions would change: the redundant ids, the number of groups, and how many keepers
    would get labels or tags.
    """

    ids: list[str]
    groups: int
    merged: int


class ActParams(DecisionParams):
    """An action on the ids that the page has shown as redundant; ``name`` is a tag or a field."""

    action: ActionKind
    ids: list[str]
    name: str


class ActAnswer(TypedDict):
    """What was done, in a sentence, and the new state."""

    text: str
    state: CurateState


class TagLeaksParams(RunParams):
    """The tag for the samples in a leak."""

    name: str


class JudgePairParams(RunParams):
    """Whether two samples or labels are no duplicates of each other, as a person sees them."""

    id_a: str
    id_b: str
    is_different: bool


class UndoParams(TypedDict):
    """The action to undo."""

    id: str


class ShowIdsParams(GridState):
    """The samples or labels to show in the grid, in this order; None shows what it showed first."""

    ids: list[str] | None
    patches_field: str | None
