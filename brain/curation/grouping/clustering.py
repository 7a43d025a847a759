"""Finds clusters, and names them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import blocks
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.loading import load_faiss_index
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.core.progress import Steps
from fiftyone_faiss.brain.curation.grouping.cluster import Cluster, ClusterGroup
from fiftyone_faiss.brain.curation.grouping.cluster_names import Names, name_clusters
from fiftyone_faiss.brain.curation.grouping.cluster_request import ClusterRequest
from fiftyone_faiss.brain.curation.grouping.clusters import Clusters
from fiftyone_faiss.brain.curation.grouping.levels import groups_of
from fiftyone_faiss.brain.curation.grouping.members import Partition, borders_of, medoids_of
from fiftyone_faiss.brain.curation.grouping.name_edits import edits_of
from fiftyone_faiss.brain.curation.grouping.partitions import Divided, divide_steps
from fiftyone_faiss.brain.curation.grouping.spherical_kmeans import BLOCK, Labels
from fiftyone_faiss.brain.curation.grouping.vocabulary import text_vectors, vocabulary_of
from fiftyone_faiss.brain.data.progress_bar import ProgressOption, run_steps
from fiftyone_faiss.brain.models.prompts import Templates
from fiftyone_faiss.brain.retrieval.reference_set import prompt_vectors
from fiftyone_faiss.embedders import EmbedderError, unit

NO_NUMBER = (
    "No number of clusters stands out from vectors without clusters; give n_clusters to divide "
    "them all the same."
)
NO_DENSE = "No region is denser than its surroundings; try a smaller min_size, or method='kmeans'."
# Below this agreement, clusters depend on the seed.
UNSTABLE = 0.4
TEMPLATES: Templates = "off"


def cluster_samples(
    samples: foc.SampleCollection,
    brain_key: str | None = None,
    n_clusters: int | None = None,
    *,
    field: str | None = None,
    progress: ProgressOption = None,
    **options: Any,
) -> Clusters:
    """Finds groups of similar samples, frames or labels, and names them.

    Only the vectors of images decide about the clusters. Texts are compared with them afterwards.

    Args:
        samples: a dataset or a view; only its members are clustered
        brain_key (None): the FAISS index; not needed when there is only one
        n_clusters (None): the number of clusters; None proposes one
        field (None): saves the clusters in this field; see :meth:`Clusters.save`
        progress (None): whether to show a progress bar, or a callback
        **options: see :class:`ClusterRequest`

    Returns:
        a :class:`Clusters`

    Raises:
        ValueError: if a value is not valid, the index has the metric ``"dotproduct"``, or it holds
            fewer samples than clusters
    """
    request = ClusterRequest(brain_key, n_clusters, **options)
    clusters = run_steps(cluster_steps(samples, request), progress)
    if field is not None:
        clusters.save(field)
    return clusters


def cluster_steps(samples: foc.SampleCollection, request: ClusterRequest) -> Steps[Clusters]:
    """Does the work of :func:`cluster_samples` in steps that can be tracked and canceled."""
    compared = Compared.of(samples, request.brain_key)
    divided = yield from divide_steps(compared, request)
    partition = divided.partition
    k = len(partition.centers)
    ids = compared.ids_at(np.arange(len(compared.vectors)))
    notes: list[str] = []
    clusters: list[Cluster] = []
    groups: list[ClusterGroup] = []
    if k == 0:
        notes.append(NO_DENSE if request.method == "density" else NO_NUMBER)
    else:
        namer = _Namer(compared, request, ids, notes)
        of_cluster = groups_of(partition.centers, compared.vectors.metric, request.n_groups)
        clusters = _clusters(compared, divided, namer, ids, of_cluster)
        groups = _groups(partition, namer, of_cluster)
        notes += _notes(divided, request, k)
    stable = divided.stability
    return Clusters(
        samples,
        compared.brain_key,
        compared.patches_field,
        request.method,
        clusters,
        groups,
        ids,
        partition,
        stable.agreement if stable.runs > 1 else None,
        stable.runs,
        divided.proposal,
        tuple(notes),
    )


class _Namer:
    """Names the clusters of one run.

    Args:
        compared: the vectors that were clustered
        request: the request
        ids: their ids
        notes: gets a sentence if nothing can be named
    """

    def __init__(
        self, compared: Compared, request: ClusterRequest, ids: list[str], notes: list[str]
    ) -> None:
        self.compared, self.ids = compared, ids
        self.texts = vocabulary_of(request.vocabulary)
        self.vectors = self.prompts = np.empty((0, 0), np.float32)
        self.named = compared
        if not self.texts:
            return
        key = request.names_key or compared.brain_key
        index = load_faiss_index(compared.samples, key)
        if index.patches_field != compared.patches_field:
            raise ValueError(
                f"The index {quoted(key)} does not hold the same kind of samples; choose another "
                "names_key."
            )
        if not index.supports_text:
            notes.append(
                f"The model of the index '{index.key}' does not embed text, so the clusters have "
                "no names; give names_key, an index of a model that does."
            )
            self.texts = ()
            return
        if request.names_key:
            self.named = Compared.of(compared.samples, key)
        embedder = index.get_embedder()
        try:
            self.vectors = unit(text_vectors(embedder, self.texts, TEMPLATES))
            self.prompts = unit(prompt_vectors(embedder, TEMPLATES))
        except EmbedderError as error:
            # Some models embed only certain texts, such as the names of colors.
            notes.append(f"The clusters have no names: {error}")
            self.texts = ()

    def names(self, labels: Labels, k: int, taken: Sequence[str] = ()) -> Names:
        """Names clusters, given the cluster of each position."""
        if not self.texts:
            return Names((None,) * k, (None,) * k)
        means = self._means(labels, k)
        return name_clusters(means, self.texts, self.vectors, self.prompts, taken)

    def _means(self, labels: Labels, k: int) -> Matrix:
        """``(k, dim)`` float32 means of the unit vectors of the members."""
        vectors = self.named.vectors
        if self.named is not self.compared:
            cluster_of = dict(zip(self.ids, labels.tolist(), strict=True))
            own = self.named.ids_at(np.arange(len(vectors)))
            labels = np.array([cluster_of.get(id, -1) for id in own], np.int32)
        sums, counts = np.zeros((k, vectors.snapshot.dim)), np.zeros(k)
        for block in blocks(len(vectors), BLOCK):
            of_block = labels[block]
            inside = block[of_block >= 0]
            x = unit(vectors.at(inside))
            member = np.eye(k, dtype=np.float32)[labels[inside]] if k <= 64 else None
            if member is not None:
                sums += member.T @ x
            else:
                np.add.at(sums, labels[inside], x)
            counts += np.bincount(labels[inside], minlength=k)
        return (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)


def _clusters(
    compared: Compared,
    divided: Divided,
    namer: _Namer,
    ids: list[str],
    of_cluster: Labels | None,
) -> list[Cluster]:
    partition = divided.partition
    k = len(partition.centers)
    members = [partition.members(number) for number in range(k)]
    by_id = {number: [ids[place] for place in own] for number, own in enumerate(members)}
    edits = edits_of(compared.samples, compared.brain_key, by_id)
    taken = [edit.name for edit in edits.values() if edit.name]
    named = namer.names(partition.labels, k, taken)
    clusters = []
    for number, own in enumerate(members):
        edit = edits.get(number)
        clusters.append(
            Cluster(
                number=number,
                size=len(own),
                name=edit.name if edit else named.names[number],
                text_name=named.names[number],
                evidence=named.best[number],
                edit=edit,
                group=None if of_cluster is None else int(of_cluster[number]),
                stability=float(divided.stability.clusters[number]),
                medoids=medoids_of(compared, own),
                borders=borders_of(compared, partition, number, own),
            )
        )
    return clusters


def _groups(partition: Partition, namer: _Namer, of_cluster: Labels | None) -> list[ClusterGroup]:
    if of_cluster is None:
        return []
    count = int(of_cluster.max()) + 1
    labels = np.where(partition.labels >= 0, of_cluster[partition.labels], -1).astype(np.int32)
    named = namer.names(labels, count)
    return [
        ClusterGroup(
            number,
            named.names[number],
            named.best[number],
            np.flatnonzero(of_cluster == number).tolist(),
        )
        for number in range(count)
    ]


def _notes(divided: Divided, request: ClusterRequest, k: int) -> list[str]:
    notes = []
    stable = divided.stability
    if stable.runs > 1 and stable.agreement < UNSTABLE:
        notes.append(
            f"The {stable.runs} runs agree by only {stable.agreement:.2f}: other seeds give other "
            "clusters."
        )
    if request.n_clusters is not None and k < request.n_clusters:
        notes.append(f"There are {k:,} clusters: there are no more different vectors.")
    return notes
