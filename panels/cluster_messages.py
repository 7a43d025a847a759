"""The messages about clusters; see ``messages``."""

from __future__ import annotations

from typing import Literal, TypedDict

from fiftyone_faiss.brain.curation.grouping.cluster_request import Method
from fiftyone_faiss.brain.data.result_files import ResultFile
from fiftyone_faiss.panels.grid_messages import GridState
from fiftyone_faiss.panels.run_messages import RunParams, ShowRunParams

VocabularyChoice = Literal["own", "general", "wordnet", "none"]
ALIASES = {"ClusterMethod": Method, "VocabularyChoice": VocabularyChoice}
"""Types that the page knows by a name."""


class ClusterParams(GridState):
    """How to find clusters, and how to name them.

    ``texts`` is the vocabulary ``"own"``; ``names_key`` is another index that names them.
    """

    brain_key: str
    scope: str
    method: Method
    n_clusters: int | None
    min_size: int | None
    vocabulary: VocabularyChoice
    texts: list[str]
    names_key: str | None


class ClusterCandidate(TypedDict):
    """A number of clusters that was tried; see ``Candidate``."""

    k: int
    agreement: float
    separation: float
    chance_agreement: float
    chance_separation: float
    gain: float


class ClustersRun(TypedDict):
    """The clusters that were found.

    ``params`` is what was asked; ``count`` is 0 if no number stands out; ``agreement`` is that of
    ``runs`` runs with different seeds, None for a single one; ``proposed`` is the number that was
    proposed, None if a number was given or none stands out.
    """

    id: str
    params: ClusterParams
    patches_field: str | None
    count: int
    named: int
    groups: int
    compared: int
    unclustered: int
    agreement: float | None
    runs: int
    proposed: int | None
    candidates: list[ClusterCandidate]
    notes: list[str]


class ClusterPageParams(RunParams):
    """A page of clusters."""

    start: int
    count: int


class ClusterEvidence(TypedDict):
    """Why a text is the name of a cluster, or the best text that was refused; see
    ``NameEvidence``.
    """

    text: str
    similarity: float
    best_other: float
    margin: float
    fit: float
    confidence: float


class BorderFile(TypedDict):
    """A member that might belong to another cluster; ``confidence`` is that of its own."""

    file: ResultFile
    other: int
    other_label: str
    confidence: float


class ClusterHeading(TypedDict):
    """A group of similar clusters, before the first of them."""

    number: int
    label: str
    name: str | None
    evidence: ClusterEvidence | None
    clusters: list[int]
    size: int


class ClusterRow(TypedDict):
    """A cluster; ``heading`` is its group if it is the first one of that."""

    number: int
    size: int
    name: str | None
    label: str
    name_confidence: float
    is_edited: bool
    evidence: ClusterEvidence | None
    reason: str
    stability: float
    medoids: list[ResultFile]
    borders: list[BorderFile]
    heading: ClusterHeading | None


class ClustersAnswer(TypedDict):
    """A page of clusters, and the number of all."""

    clusters: list[ClusterRow]
    total: int


class RenameClusterParams(RunParams):
    """The new name of a cluster: an empty one for none, None for that of the vocabulary."""

    cluster: int
    name: str | None


class TagClustersParams(RunParams):
    """The clusters to tag; -1 is what is in no cluster."""

    clusters: list[int]
    name: str


class ShowClustersParams(ShowRunParams):
    """The clusters to show in the grid, in this order; -1 is what is in no cluster."""

    clusters: list[int]


class SaveClustersParams(RunParams):
    """The field that gets the clusters."""

    name: str
