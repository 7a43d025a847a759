"""The result of clustering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_text
from fiftyone_faiss.brain.curation import acting
from fiftyone_faiss.brain.curation.grouping.cluster import Cluster, ClusterGroup
from fiftyone_faiss.brain.curation.grouping.cluster_count import Proposal
from fiftyone_faiss.brain.curation.grouping.members import Partition
from fiftyone_faiss.brain.curation.grouping.name_edits import add_edit, edits_of, remove_edit
from fiftyone_faiss.brain.data.label_fields import save_labels
from fiftyone_faiss.brain.data.private import root_dataset
from fiftyone_faiss.brain.data.result_views import view_of
from fiftyone_faiss.brain.data.value_fields import SavedFields


@dataclass(frozen=True)
class Clusters:
    """The clusters of a collection.

    Attributes:
        samples: the collection
        brain_key: the index
        patches_field: the field of the labels that were clustered, None for samples and frames
        method: ``"kmeans"`` or ``"density"``
        clusters: the clusters, largest first; empty if no number of clusters stands out
        groups: groups of similar clusters, the second level; empty if none stand out
        ids: the ids of all samples, frames or labels that were clustered
        partition: the cluster and the confidence of each of them
        agreement: the mean adjusted Rand index of runs with different seeds: 1 if all have the same
            clusters, 0 for what is expected by chance; None for a single run
        runs: the number of runs
        proposal: the numbers of clusters that were tried; None if the number was given
        notes: what else to know, in sentences
    """

    samples: foc.SampleCollection
    brain_key: str
    patches_field: str | None
    method: str
    clusters: list[Cluster]
    groups: list[ClusterGroup]
    ids: list[str]
    partition: Partition = field(repr=False)
    agreement: float | None
    runs: int
    proposal: Proposal | None = None
    notes: Sequence[str] = ()

    @property
    def compared(self) -> int:
        """The number of samples, frames or labels that were clustered."""
        return len(self.ids)

    @property
    def names(self) -> list[str | None]:
        """The name of each cluster, None where nothing fits."""
        return [cluster.name for cluster in self.clusters]

    @cached_property
    def cluster_of(self) -> dict[str, int]:
        """The number of the cluster of each id; those in no cluster are left out."""
        pairs = zip(self.ids, self.partition.labels.tolist(), strict=True)
        return {id: label for id, label in pairs if label >= 0}

    @property
    def unclustered(self) -> list[str]:
        """The ids in no cluster: outside of dense regions, or vectors without a direction."""
        return [self.ids[place] for place in np.flatnonzero(self.partition.labels < 0)]

    def members(self, cluster: int | str) -> list[str]:
        """The ids of the members of a cluster, the most typical first.

        Args:
            cluster: its number, its name, or the name of a group

        Raises:
            ValueError: if there is no such cluster
        """
        return [
            self.ids[place]
            for number in self._numbers(cluster)
            for place in self.partition.members(number)
        ]

    def view(self, cluster: int | str | None = None) -> fo.DatasetView:
        """The members of a cluster, the most typical first, or all clusters after each other.

        The App pages through the clusters if there are few enough samples for a grouped view.

        Raises:
            ValueError: if there is no such cluster
        """
        if cluster is not None:
            return view_of(self.samples, self.members(cluster), self.patches_field)
        groups = [self.members(each.number) for each in self.clusters]
        return acting.grouped_view(self.samples, groups, self.patches_field)

    def tag(self, cluster: int | str, tag: str | None = None) -> list[str]:
        """Tags the members of a cluster; ``untag_neighbors(dataset, tag)`` undoes that.

        Args:
            cluster: see :meth:`members`
            tag (None): the tag; by default the name of the cluster

        Returns:
            the ids that did not have the tag before
        """
        name = tag or (cluster if isinstance(cluster, str) else self._at(cluster).label)
        return acting.tag(self.samples, self.members(cluster), name, self.patches_field)

    def save(self, field: str = "clusters") -> SavedFields:
        """Saves the cluster of each sample as a ``Classification``.

        Its label is the name, or ``"cluster 3"``; its confidence is the estimated probability that
        another run would put the sample into this cluster; ``cluster`` and ``group`` are the number
        and the group. Labels get the attributes ``<field>`` and ``<field>_confidence`` instead.

        Returns:
            how many were saved, which can be undone

        Raises:
            ValueError: if the field holds other values
        """
        group_of = {number: g.label for g in self.groups for number in g.clusters}
        labels = {}
        confidences = self.partition.confidences.tolist()
        for id, number, sure in zip(
            self.ids, self.partition.labels.tolist(), confidences, strict=True
        ):
            if number >= 0:
                extra = {"group": group_of[number]} if number in group_of else {}
                labels[id] = fo.Classification(
                    label=self.clusters[number].label, confidence=sure, cluster=number, **extra
                )
        dataset = root_dataset(self.samples)
        return save_labels(dataset, labels, field, fo.Classification, self.patches_field)

    def rename(self, cluster: int | str, name: str | None) -> Clusters:
        """Gives a cluster a name, which later runs keep for the same cluster.

        Args:
            cluster: its number or its name
            name: the name; None or ``""`` for no name

        Returns:
            the same result with the name

        Raises:
            ValueError: if there is no such cluster, or another one has the name
        """
        number = self._at(cluster).number
        new = read_text("name", name, MAX_NAME).strip() or None
        self._check_name(number, new)
        self._remove_edit(number)
        edit = add_edit(self.samples, self.brain_key, new, self.members(number))
        return self._with(replace(self.clusters[number], name=new, edit=edit))

    def reset_name(self, cluster: int | str) -> Clusters:
        """Gives a cluster the name by the vocabulary again; the opposite of :meth:`rename`.

        Raises:
            ValueError: if there is no such cluster, or another one has the name
        """
        number = self._at(cluster).number
        old = self.clusters[number]
        self._check_name(number, old.text_name)
        self._remove_edit(number)
        return self._with(replace(old, name=old.text_name, edit=None))

    def with_kept_names(self) -> Clusters:
        """The same result with the names that people have given, or reset, since it was made."""
        members = {each.number: self.members(each.number) for each in self.clusters}
        edits = edits_of(self.samples, self.brain_key, members)
        clusters = []
        for each in self.clusters:
            edit = edits.get(each.number)
            clusters.append(replace(each, name=edit.name if edit else each.text_name, edit=edit))
        return replace(self, clusters=clusters)

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values, without the members."""
        return {
            "brain_key": self.brain_key,
            "patches_field": self.patches_field,
            "method": self.method,
            "compared": self.compared,
            "unclustered": int(np.count_nonzero(self.partition.labels < 0)),
            "agreement": self.agreement,
            "runs": self.runs,
            "clusters": [cluster.to_dict() for cluster in self.clusters],
            "groups": [group.to_dict() for group in self.groups],
            "candidates": [
                {**vars(each), "gain": each.gain}
                for each in (self.proposal.candidates if self.proposal else ())
            ],
            "notes": list(self.notes),
        }

    def _check_name(self, number: int, name: str | None) -> None:
        for other in self.clusters:
            if name and other.number != number and other.label.casefold() == name.casefold():
                raise ValueError(
                    f"Cluster {other.number} is named {quoted(name)} already; choose another name, "
                    "or rename that one first."
                )

    def _remove_edit(self, number: int) -> None:
        edit = self.clusters[number].edit
        if edit is not None:
            remove_edit(self.samples, edit)

    def _with(self, cluster: Cluster) -> Clusters:
        clusters = list(self.clusters)
        clusters[cluster.number] = cluster
        return replace(self, clusters=clusters)

    def _at(self, cluster: int | str) -> Cluster:
        for each in self.clusters:
            if cluster == each.number or cluster in (each.name, each.label):
                return each
        raise ValueError(
            f"There is no cluster {quoted(cluster)}; give a number below {len(self.clusters)}, or "
            "a name."
        )

    def _numbers(self, cluster: int | str) -> list[int]:
        names = {each.label for each in self.clusters}
        for group in self.groups:
            if cluster == group.label and cluster not in names:
                return group.clusters
        return [self._at(cluster).number]

    def __str__(self) -> str:
        if not self.clusters:
            return f"No clusters stand out among {self.compared:,}."
        named = sum(name is not None for name in self.names)
        text = f"{len(self.clusters)} clusters of {self.compared:,}, {named} of them named"
        if self.agreement is None:
            return f"{text}."
        return f"{text}; {self.runs} runs agree by {self.agreement:.2f} (1 is the same clusters)."
