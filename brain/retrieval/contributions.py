"""What each term of a query contributes to the score of a result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.queries.terms import Query
from fiftyone_faiss.brain.retrieval.answer_types import AnswerTerm
from fiftyone_faiss.brain.retrieval.ranking import Ranking


@dataclass(frozen=True)
class Contributions:
    """What the terms of a query, and relevance feedback, contribute to the scores.

    Attributes:
        query: the query
        ranking: its vectors
        read_vectors: reads the ``(n, dim)`` vectors of the results
    """

    query: Query
    ranking: Ranking
    read_vectors: Callable[[], Matrix]

    @property
    def terms(self) -> list[AnswerTerm]:
        """The terms in the order of :attr:`values`; none for a query of one term."""
        if self.ranking.is_plain:
            return []
        # In the order of the ranking: positive terms, then negative terms.
        ordered = sorted(self.query.terms, key=lambda term: term.negative)
        terms: list[AnswerTerm] = [
            {"text": term.describe(), "sign": "-" if term.negative else "+"} for term in ordered
        ]
        if self.ranking.feedback is not None:
            terms.append({"text": "relevance feedback", "sign": "+"})
        return terms

    def values(self) -> list[list[float]]:
        """``n`` lists of what each term contributes, in standard deviations, to 3 digits.

        A negative term contributes a penalty, which is at most 0.
        """
        if self.ranking.is_plain:
            return []
        values = self.ranking.contributions(self.read_vectors())
        # Without negative zeros.
        rows: list[list[float]] = (values.T.round(3) + 0.0).tolist()
        return rows
