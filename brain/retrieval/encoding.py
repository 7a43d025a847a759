"""Encodes a query as vectors of an index, with their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.backend.searchable import IndexReader, SearchableIndex
from fiftyone_faiss.brain.core.arrays import Distances, Matrix, Rows
from fiftyone_faiss.brain.core.metrics import similarities
from fiftyone_faiss.brain.models.prompts import Templates
from fiftyone_faiss.brain.queries.terms import Query, QueryTerm, SamplesQuery
from fiftyone_faiss.brain.retrieval.ranking import FEEDBACK, Feedback, Ranking, WeightedVector
from fiftyone_faiss.brain.retrieval.reference_set import (
    PromptStatistics,
    ReferenceSet,
    reference_set_of,
)
from fiftyone_faiss.brain.retrieval.reranking import hubness

# How many standard deviations of a score one standard deviation of hubness subtracts.
HUBNESS = 0.25


@dataclass(frozen=True)
class EncodedQuery:
    """A query as vectors of an index.

    Attributes:
        ranking: ranks vectors of the index
        terms: the positive terms, in the order of ``ranking.wanted``
        reference_set: the reference set of the index
        index: the index
        templates: the templates of text queries
    """

    ranking: Ranking
    terms: tuple[QueryTerm, ...]
    reference_set: ReferenceSet
    index: SearchableIndex
    templates: Templates

    @classmethod
    def of(
        cls,
        index: SearchableIndex,
        reader: IndexReader,
        query: Query,
        templates: Templates = "off",
        liked: Sequence[str] = (),
        disliked: Sequence[str] = (),
    ) -> EncodedQuery:
        """Embeds a query.

        Args:
            index: the index
            reader: the state of the index to search
            query: the query
            templates ("off"): the templates of text queries
            liked (()): ids, of samples or labels in the index, that results should be more like
            disliked (()): ids that they should be less like

        Raises:
            ValueError: if the index cannot be searched with the query
        """
        reference_set = reference_set_of(reader, index.metric)
        weighted = []
        for term in query.terms:
            vector = term.query.vector(index, templates)
            _check_dim(vector, reference_set)
            weighted.append((term, WeightedVector.of(vector, term.weight, reference_set)))
        feedback = None
        if liked or disliked:
            near, far = (index.vectors_of(ids) if ids else None for ids in (liked, disliked))
            feedback = Feedback.of(near, far, reference_set)
        ranking = Ranking(
            index.metric,
            wanted=tuple(vector for term, vector in weighted if not term.negative),
            avoided=tuple(vector for term, vector in weighted if term.negative),
            feedback=feedback,
        )
        terms = tuple(term for term, _ in weighted if not term.negative)
        return cls(ranking, terms, reference_set, index, templates)

    @property
    def prompts(self) -> PromptStatistics:
        """The reference prompts in the templates of the query."""
        return self.reference_set.prompts(self.index.get_embedder(), self.templates)

    def scores_less_hubness(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64 scores of ``(n, dim)`` vectors, minus the hubness correction.

        The hubness is the similarity to the reference prompts for text queries, and to the
        reference set for others, standardized over the reference set and on the scale of the
        scores. An index that is too small for a reference set gets no correction.
        """
        if not self.reference_set.can_calibrate:
            return self.ranking.scores(vectors)
        is_text = any(term.query.is_text for term in self.terms)
        others = self.prompts.vectors if is_text else self.reference_set.vectors
        reference = hubness(self.reference_set.vectors, others)
        unit_of_score = self.ranking.wanted[0].deviation if self.ranking.is_plain else 1.0
        deviations = (hubness(vectors, others) - reference.mean()) / max(
            float(reference.std()), 1e-9
        )
        return self.ranking.scores(vectors) - HUBNESS * unit_of_score * deviations

    def own_rows(self, reader: IndexReader) -> Rows:
        """The rows of the samples, or labels, that the query asks for: they are no results."""
        ids = [
            id
            for term in self.terms
            if isinstance(term.query, SamplesQuery)
            for id in term.query.ids
        ]
        rows = np.unique(reader.rows_of(ids)) if ids else np.empty(0, np.int64)
        return rows[rows >= 0]

    def similarities(self, place: int, vectors: Matrix) -> Distances:
        """``(n,)`` float64 similarities of ``(n, dim)`` vectors to a positive term."""
        term = self.ranking.wanted[place]
        return similarities(term.vector, vectors, term.metric)

    def explain(self, query: Query, liked: int, disliked: int) -> tuple[str, ...]:
        """Sentences about the computation.

        Args:
            query: the query
            liked: the number of liked samples
            disliked: the number of disliked samples
        """
        sentences = []
        wanted = [term.describe() for term in self.terms]
        avoided = [term.describe() for term in query.terms if term.negative]
        if len(wanted) > 1:
            sentences.append(
                f"{' and '.join(wanted)}: each is counted in standard deviations above the mean of "
                "the index; results that match only some of the terms rank lower."
            )
        if avoided and wanted:
            sentences.append(f"Results like {' or '.join(avoided)} rank lower.")
        elif avoided:
            sentences.append(f"Results least like {' or '.join(avoided)} come first.")
        if liked or disliked:
            sentences.append(
                f"The query moved toward {liked} liked and away from {disliked} disliked results, "
                f"with a weight of {FEEDBACK:g}."
            )
        if self.templates != "off" and any(term.query.is_text for term in query.terms):
            embedder = self.index.get_embedder()
            count = len(embedder.templates) if self.templates == "ensemble" else 1
            sentences.append(f"The text was put into {count} template{'s' if count > 1 else ''}.")
        return tuple(sentences)


def _check_dim(vector: Matrix, reference_set: ReferenceSet) -> None:
    dim = reference_set.vectors.shape[1]
    if len(reference_set) and len(vector) != dim:
        raise ValueError(
            f"The query has {len(vector)} dimensions but the index has {dim}; "
            "embed it with the model of the index."
        )
