"""What a query is in the space of an index, and what the similarities to it mean there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fiftyone_faiss.brain.ann.searcher import check_query
from fiftyone_faiss.brain.core.arrays import Distances, Matrix
from fiftyone_faiss.brain.models.prompts import Templates
from fiftyone_faiss.brain.queries.terms import Query, QueryTerm, embedder_of
from fiftyone_faiss.brain.retrieval.calibration import (
    FEWEST_ROWS,
    LEAST_EVIDENCE,
    LIKELY,
    STRONG,
    ReferenceSet,
    reference_set_of,
)
from fiftyone_faiss.brain.retrieval.ranking import FEEDBACK, Feedback, Ranking, WeightedVector
from fiftyone_faiss.brain.retrieval.reranking import hubness
from fiftyone_faiss.brain.similarity import FaissSimilarityIndex

Band = Literal["strong", "likely", "weak"]

# How many deviations of a score one deviation of hubness takes off.
HUBNESS = 0.25


@dataclass(frozen=True)
class EncodedQuery:
    """A query, read for an index.

    Attributes:
        ranking: what results are ranked by
        terms: the wanted terms, in the order of ``ranking.wanted``
        reference_set: what is usual in the index
        index: the index
        templates: the sentences that words are put into
    """

    ranking: Ranking
    terms: tuple[QueryTerm, ...]
    reference_set: ReferenceSet
    index: FaissSimilarityIndex
    templates: Templates

    @classmethod
    def of(
        cls,
        index: FaissSimilarityIndex,
        query: Query,
        templates: Templates = "off",
        liked: Sequence[str] = (),
        disliked: Sequence[str] = (),
    ) -> EncodedQuery:
        """Embeds a query.

        Args:
            index: the index
            query: the query
            templates ("off"): the sentences that words are put into
            liked (()): ids, of samples or labels in the index, that results should be more like
            disliked (()): ids that they should be less like

        Raises:
            ValueError: if the index cannot be searched with the query, saying what to do
        """
        reference_set = reference_set_of(index)
        parts = []
        for term in query.terms:
            vector = term.query.vector(index, templates)
            check_query(index.snapshot, vector)
            parts.append((term, WeightedVector.of(vector, term.weight, reference_set)))
        feedback = None
        if liked or disliked:
            near, far = (index.vectors_of(ids) if ids else None for ids in (liked, disliked))
            feedback = Feedback.of(near, far, reference_set)
        ranking = Ranking(
            index.config.metric,
            wanted=tuple(part for term, part in parts if not term.negative),
            avoided=tuple(part for term, part in parts if term.negative),
            feedback=feedback,
        )
        terms = tuple(term for term, _ in parts if not term.negative)
        return cls(ranking, terms, reference_set, index, templates)

    @property
    def says_what_is_usual(self) -> bool:
        """Whether the index has enough vectors to tell."""
        return len(self.reference_set) >= FEWEST_ROWS

    def percentiles(self, scores: Distances, rank: Callable[[Matrix], Distances]) -> Distances:
        """``(n,)`` float64, 0 to 100: how much of the reference_set ``rank`` gives lower scores."""
        usual = np.sort(rank(self.reference_set.vectors))
        return 100.0 * np.searchsorted(usual, scores, side="left") / max(len(usual), 1)

    def bands(self, vectors: Matrix) -> list[Band | None]:
        """How clearly each of ``(n, dim)`` vectors is what was asked for, over all terms."""
        if not self.terms or not self.says_what_is_usual or not len(vectors):
            return [None] * len(vectors)
        terms = range(len(self.terms))
        evidence = np.mean([self._evidence(i, vectors) for i in terms], axis=0)
        spoilt = self.ranking.penalties(vectors) > 0
        return [
            "weak" if spoiled or one < LIKELY else "strong" if one >= STRONG else "likely"
            for one, spoiled in zip(evidence, spoilt, strict=True)
        ]

    def verdict(self, vectors: Matrix) -> str | None:
        """A sentence if for a term neither ``(n, dim)`` results nor the reference_set have enough
        evidence."""
        if not self.terms or not self.says_what_is_usual:
            return None
        vectors = np.concatenate([vectors, self.reference_set.vectors])
        missing = [
            term.query.describe()
            for i, term in enumerate(self.terms)
            if self._evidence(i, vectors).max() < (LEAST_EVIDENCE if term.query.is_text else LIKELY)
        ]
        if not missing:
            return None
        return (
            f"Nothing relevant found for {' or '.join(missing)}: the best results are no better "
            "than those of unrelated queries."
        )

    def scores_less_hubness(self, vectors: Matrix) -> Distances:
        """``(n,)`` float64 scores of ``(n, dim)`` vectors, less for those near to everything.

        The hubness is the similarity to the reference prompts for text queries, and to the
        reference set for others, standardized over the reference set and on the scale of the
        scores. An index that is too small for a reference set gets no correction.
        """
        if not self.says_what_is_usual:
            return self.ranking.scores(vectors)
        is_text = any(term.query.is_text for term in self.terms)
        near = self.reference_set.vectors
        if is_text:
            near = self.reference_set.phrases(embedder_of(self.index), self.templates)
        usual = hubness(self.reference_set.vectors, near)
        unit_of_score = self.ranking.wanted[0].deviation if self.ranking.is_plain else 1.0
        deviations = (hubness(vectors, near) - usual.mean()) / max(float(usual.std()), 1e-9)
        return self.ranking.scores(vectors) - HUBNESS * unit_of_score * deviations

    def _evidence(self, place: int, vectors: Matrix) -> Distances:
        """``(n,)`` float64, how clearly vectors are what a term asks for."""
        vector = self.ranking.wanted[place].vector
        if not self.terms[place].query.is_text:
            return self.reference_set.evidence_for_image(vector, vectors)
        phrases = self.reference_set.phrases(embedder_of(self.index), self.templates)
        return self.reference_set.evidence_for_words(vector, vectors, phrases)

    def explain(self, query: Query, liked: int, disliked: int) -> tuple[str, ...]:
        """Says in sentences what was computed."""
        said = []
        wanted = [term.describe() for term in self.terms]
        avoided = [term.describe() for term in query.terms if term.negative]
        if len(wanted) > 1:
            said.append(
                f"{' and '.join(wanted)}: each counted in deviations from what is usual here, "
                "and what one lacks the others do not make up for."
            )
        if avoided:
            verb = "comes first" if not wanted else "is pushed down"
            like = "least like" if not wanted else "like"
            said.append(f"What is {like} {' or '.join(avoided)} {verb}.")
        if liked or disliked:
            said.append(
                f"Moved towards {liked} liked and away from {disliked} disliked, at {FEEDBACK:g} "
                "of the query's weight."
            )
        if self.templates != "off" and any(term.query.is_text for term in query.terms):
            count = 1 if self.templates == "one" else len(embedder_of(self.index).templates)
            said.append(f"Words were put into {count} sentence{'s' if count > 1 else ''}.")
        return tuple(said)
