"""The pool that a selection is made from: what is labeled, near to a query, in which cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import faiss
import fiftyone.core.collections as foc
import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions, ScaledVectors, blocks
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.backend.loading import load_index
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.core.params import quoted
from fiftyone_faiss.brain.curation import judgments
from fiftyone_faiss.brain.curation.field_values import field_values
from fiftyone_faiss.brain.curation.selecting.greedy import nearest_of
from fiftyone_faiss.brain.curation.selecting.request import Labeled, SelectionRequest
from fiftyone_faiss.brain.data.field_values import Values
from fiftyone_faiss.brain.data.view_ids import collection_ids
from fiftyone_faiss.brain.queries.query_input import QueryInput
from fiftyone_faiss.brain.retrieval.encoding import EncodedQuery
from fiftyone_faiss.brain.retrieval.request import SearchRequest

CLUSTERING_ROWS = 256
MAX_CLUSTERS = 256
ITERATIONS = 10
_SEED = 51
_ID = re.compile("[0-9a-f]{24}")


def labeled_positions(compared: Compared, labeled: Labeled) -> Positions:
    """The ascending positions of what is labeled already.

    Raises:
        ValueError: if there is no such field or tag
    """
    if labeled is None:
        return np.empty(0, np.int64)
    if isinstance(labeled, str):
        return np.flatnonzero([len(own) > 0 for own in field_values(compared, labeled)])
    if isinstance(labeled, foc.SampleCollection):
        return positions_of(compared, collection_ids(labeled, compared.patches_field))
    names = list(labeled)
    if all(_ID.fullmatch(name) for name in names):
        return positions_of(compared, names)
    return tagged_positions(compared, names)


def positions_of(compared: Compared, ids: list[str]) -> Positions:
    """The ascending positions of those ids that are compared."""
    if not ids:
        return np.empty(0, np.int64)
    wanted = set(ids)
    every = compared.ids_at(np.arange(len(compared.vectors)))
    return np.flatnonzero([id in wanted for id in every])


def tagged_positions(compared: Compared, tags: list[str]) -> Positions:
    """The positions of samples, or labels, with one of some tags.

    Raises:
        ValueError: if none has one of them
    """
    own = compared.patches_field
    values = field_values(compared, "tags" if own is None else f"{own}.tags")
    positions = np.flatnonzero([not set(tags).isdisjoint(own) for own in values])
    if not len(positions):
        listed = ", ".join(quoted(tag) for tag in tags[:3])
        raise ValueError(f"None of these samples has the tag {listed}; check its name.")
    return positions


@dataclass(frozen=True)
class Judged:
    """What people judged before.

    Attributes:
        covered: ``(m,)`` ascending positions that were selected, or whose label was checked
        rejected: ``(r,)`` ascending positions that were disliked as results of the same query
    """

    covered: Positions
    rejected: Positions

    @classmethod
    def of(cls, compared: Compared, request: SelectionRequest) -> Judged:
        """Reads the judgments that concern a selection."""
        nothing = np.empty(0, np.int64)
        if not request.judgments:
            return cls(nothing, nothing)
        samples, field = compared.samples, compared.patches_field
        covered = judgments.selected_ids(samples, field) | judgments.checked_ids(samples, field)
        query = request.near if isinstance(request.near, str) else ""
        rejected = judgments.rejected_ids(samples, query) if query else set()
        return cls(*(positions_of(compared, list(ids)) for ids in (covered, rejected)))

    def notes(self, request: SelectionRequest) -> tuple[str, ...]:
        """What they change, in sentences."""
        notes = []
        if len(self.covered):
            notes.append(
                f"{len(self.covered):,} that were selected before, or whose label a person "
                "checked, count as labeled."
            )
        if len(self.rejected):
            notes.append(
                f"{len(self.rejected):,} that were disliked in searches for {quoted(request.near)} "
                "are not selected."
            )
        return tuple(notes)


def similarity_to_query(compared: Compared, query: Any) -> Distances:
    """``(n,)`` the scores of all positions for a query, higher for more similar.

    Raises:
        ValueError: if the query is not valid
    """
    index = load_index(compared.samples, compared.brain_key)
    reader = index.reader(None)
    request = SearchRequest(QueryInput.of(query), compared.brain_key)
    ranking = EncodedQuery.of(index, reader, request.query).ranking
    vectors = compared.vectors
    scores = np.empty(len(vectors))
    for part in blocks(len(vectors)):
        scores[part] = ranking.scores(vectors.snapshot.vectors_at(vectors.rows[part]))
    return scores


def similarity_to_tag(compared: Compared, tag: str) -> Distances:
    """``(n,)`` minus the distances to the nearest sample, or label, with a tag."""
    distances, _ = nearest_of(compared.vectors, tagged_positions(compared, [tag]))
    return -distances


def standardized(scores: Distances) -> Distances:
    """Scores in standard deviations from their mean, limited to three."""
    deviation = float(scores.std())
    if deviation < 1e-12:
        return np.zeros_like(scores)
    return np.clip((scores - scores.mean()) / deviation, -3.0, 3.0)


def cluster_values(compared: Compared, field: str | None, n: int) -> Values:
    """The cluster of each position, from a field or by k-means."""
    if field is not None:
        return field_values(compared, field)
    return [(int(number),) for number in _clusters(compared.vectors, n)]


def _clusters(vectors: ScaledVectors, n: int) -> Positions:
    """``(n,)`` numbers of clusters: as many as are selected, if each has enough vectors."""
    total = len(vectors)
    number = max(2, min(n, MAX_CLUSTERS, total // 10))
    size = min(total, number * CLUSTERING_ROWS)
    sample = np.sort(np.random.default_rng(_SEED).choice(total, size, replace=False))
    clustering = faiss.Kmeans(
        vectors.snapshot.dim,
        number,
        niter=ITERATIONS,
        seed=_SEED,
        min_points_per_centroid=1,
        spherical=vectors.metric == "cosine",
    )
    clustering.train(vectors.at(sample))
    numbers = [clustering.index.search(vectors.at(part), 1)[1][:, 0] for part in blocks(total)]
    return np.concatenate(numbers)
