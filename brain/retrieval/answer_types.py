"""The types of a search's answer, as the panel draws it and an export holds it: JSON values."""

from __future__ import annotations

from typing import Literal, TypedDict

from fiftyone_faiss.brain.data.result_files import BoundingBox, ResultFile

Band = Literal["strong", "likely", "weak"]


class _ResultRow(TypedDict):
    rank: int
    id: str
    sample_id: str
    filepath: str | None
    distance: float
    score: float
    percentile: float | None
    relevance: float | None
    band: Band | None
    near_duplicates: int


class AnswerTerm(TypedDict):
    """A term of a query, or the relevance feedback."""

    text: str
    sign: Literal["+", "-"]


class Stack(TypedDict, total=False):
    """The near-duplicates that are collapsed into a result, or into a sample of the query.

    Attributes:
        near_duplicate_ids: their ids
        near_duplicate_scores: their scores, by their ids
    """

    near_duplicate_ids: list[str]
    near_duplicate_scores: dict[str, float]


class PinnedSample(ResultFile, Stack):
    """A sample of the query."""


class ResultRow(_ResultRow, Stack, total=False):
    """A result of a search.

    Attributes:
        rank: from 1, among all results of the search
        id: the id of the sample, or of the label for an index of patches
        sample_id: the id of the sample
        filepath: the file of the sample
        distance: see :class:`Neighbors`
        score: see :class:`Neighbors`; higher is more similar
        percentile: the percentage of the index with lower scores, 0 to 100
        relevance: the estimated probability that the result is what was asked for, 0 to 1; None
            without an estimate
        band: strong from a relevance of 0.9, likely from 0.5, weak below; None without an estimate
        near_duplicates: the number of near-duplicates that are collapsed into this result
        bounding_box: for labels, ``[x, y, width, height]``, 0 to 1; None for labels without one
        frame_number: for frames without an image file: their number in the video ``filepath``
        near_duplicate_ids, near_duplicate_scores: see :class:`Stack`
        contributions: what each of the ``terms`` contributes to the score, for several terms
    """

    bounding_box: BoundingBox | None
    frame_number: int | None
    contributions: list[float]


class _SearchAnswer(TypedDict):
    query: str
    brain_key: str
    metric: str
    patches_field: str | None
    count: int
    best_score: float | None
    milliseconds: float
    explanation: list[str]
    notes: list[str]
    cutoff: int
    has_more: bool
    verdict: str | None
    pinned: list[PinnedSample]
    results: list[ResultRow]


class SearchAnswer(_SearchAnswer, total=False):
    """The answer to a search.

    Attributes:
        query: the query in a few words
        brain_key: the index that was searched
        metric: its metric
        patches_field: the field of the labels in the results; None if they are samples
        count: the number of results
        best_score: the score of the first result, to 4 digits
        milliseconds: the time spent on the search
        explanation: sentences about the computation
        notes: sentences for the person who searched
        cutoff: the number of results with a relevance of at least 0.5; all without estimates
        has_more: whether there are more results
        verdict: a sentence if nothing relevant was found
        pinned: the samples of the query, at most 24
        results: the results, best first
        terms: the terms whose contributions the results have, for several terms
    """

    terms: list[AnswerTerm]
