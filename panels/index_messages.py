"""The messages between the page and the panel about indexes, and about work on them."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from fiftyone_faiss.brain.core.jobs import State as JobState
from fiftyone_faiss.brain.core.jobs import Topic as JobTopic

ALIASES: dict[str, Any] = {"JobState": JobState, "JobTopic": JobTopic}
"""Types that the page knows by a name."""


class PanelIndex(TypedDict):
    """An index of any Brain backend that the panel can search.

    ``size`` is None for the indexes of other backends: counting their vectors would load them.
    """

    brain_key: str
    backend: str
    model: str | None
    supports_text: bool
    metric: str | None
    patches_field: str | None
    size: int | None
    failures: int
    problem: str | None


class IndexInfo(TypedDict):
    """A FAISS index; see ``list_indexes``."""

    brain_key: str
    model: str | None
    supports_text: bool
    metric: str
    index_type: str
    patches_field: str | None
    size: int
    dim: int | None
    disk_bytes: int
    path: str | None
    failures: int
    factory: str | None
    recall: float | None
    latency_ms: float | None
    recall_by_kind: dict[str, float] | None
    graph_neighbors: int | None
    graph_recall: float | None
    rate: float | None
    created: str | None
    problem: str | None


class IndexHealth(IndexInfo):
    """An index compared with its dataset ``age_s`` seconds ago; see ``index_health``."""

    missing: int
    orphaned: int
    failed: int
    changed: int | None
    model_matches: bool | None
    unindexed: int
    is_current: bool
    age_s: float


class OtherIndex(TypedDict):
    """An index of another dataset."""

    dataset: str
    brain_key: str
    model: str | None
    supports_text: bool


class Job(TypedDict):
    """Long work, and what it is about; ``fraction`` is 0 to 1."""

    id: str
    name: str
    topic: JobTopic
    state: JobState
    message: str
    fraction: float
    label: str


class PanelData(TypedDict):
    """The panel's data, set by ``refresh``."""

    error: str | None
    dataset: str
    size: int
    indexes: list[PanelIndex]
    jobs: list[Job]
    saved_views: list[str]
    others: list[OtherIndex]
    can_delegate: bool


class IndexParams(TypedDict):
    """The index that a method is about."""

    brain_key: str


class HealthParams(IndexParams, total=False):
    """Whether to compare the index again although it did not change: its files may have."""

    refresh: bool


class WarmAnswer(TypedDict):
    """The model that was loaded, and the seconds that it took."""

    model: str | None
    seconds: float


class MissingAnswer(TypedDict):
    """The number of samples that are missing from an index."""

    missing: int


class DelegateParams(IndexParams):
    """Work on an index that FiftyOne's orchestrator should do."""

    work: Literal["update", "rebuild", "tune"]


class DelegatedWork(TypedDict):
    """The id of a queued operation."""

    operation_id: str


class JobsParams(TypedDict):
    """Whether the page shows a job, and is sent the indexes again when all jobs have ended."""

    tracked: bool


class JobsAnswer(TypedDict):
    """The jobs that run, or ended within the last minute."""

    jobs: list[Job]


class JobParams(TypedDict):
    """The job that a method is about."""

    id: str
