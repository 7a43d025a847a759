"""A cluster, and a group of clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fiftyone_faiss.brain.curation.grouping.cluster_names import NameEvidence
from fiftyone_faiss.brain.curation.grouping.members import BorderCase
from fiftyone_faiss.brain.curation.grouping.name_edits import NameEdit


@dataclass(frozen=True)
class Cluster:
    """A cluster.

    Attributes:
        number: its number, from 0 on, largest cluster first
        size: the number of members
        name: its name, None where nothing fits
        text_name: the name by the vocabulary, without those that a person gave
        evidence: why it has the name, or the best text that did not fit; None without a vocabulary
        edit: the name that a person gave, if any
        group: the number of its group, None without groups
        stability: the mean overlap with its match in runs with other seeds, 0 to 1
        medoids: the ids of typical members, the most typical first
        borders: the members that are least sure
    """

    number: int
    size: int
    name: str | None
    text_name: str | None
    evidence: NameEvidence | None
    edit: NameEdit | None
    group: int | None
    stability: float
    medoids: list[str]
    borders: list[BorderCase]

    @property
    def label(self) -> str:
        """The name, or ``"cluster 3"``."""
        return self.name or f"cluster {self.number}"

    @property
    def name_confidence(self) -> float:
        """The probability that the name is right: 1 for a person's, 0 without a name."""
        if self.name is None:
            return 0.0
        if self.edit is not None or self.evidence is None:
            return 1.0
        return self.evidence.confidence

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "number": self.number,
            "size": self.size,
            "name": self.name,
            "label": self.label,
            "name_confidence": self.name_confidence,
            "is_edited": self.edit is not None,
            "evidence": self.evidence and self.evidence.to_dict(),
            "reason": self.reason,
            "group": self.group,
            "stability": self.stability,
            "medoids": self.medoids,
            "borders": [case.to_dict() for case in self.borders],
        }

    @property
    def reason(self) -> str:
        """Why it has the name, or none, in a sentence."""
        if self.edit is not None:
            return "A person named it." if self.edit.name else "A person removed the name."
        if self.evidence is None:
            return "It was compared with no texts."
        if self.name is None:
            return f"No text fits; the best one is not sure: {self.evidence}."
        return f"{self.evidence}."


@dataclass(frozen=True)
class ClusterGroup:
    """Similar clusters.

    Attributes:
        number: its number, from 0 on
        name: its name, None where nothing fits
        evidence: why, or the best text that did not fit
        clusters: the numbers of the clusters
    """

    number: int
    name: str | None
    evidence: NameEvidence | None
    clusters: list[int]

    @property
    def label(self) -> str:
        """The name, or ``"group 3"``."""
        return self.name or f"group {self.number}"

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        evidence = self.evidence and self.evidence.to_dict()
        return {**vars(self), "label": self.label, "evidence": evidence}
