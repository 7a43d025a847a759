"""Helps to word a query: examples from a dataset's labels, and corrections of misspelled words."""

from __future__ import annotations

import difflib
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
from cachetools import TTLCache

from fiftyone_faiss.brain.data.private import dataset_id, label_schema
from fiftyone_faiss.brain.data.sample_filters import Facet, count_values
from fiftyone_faiss.brain.models.reference_prompts import REFERENCE_PROMPTS
from fiftyone_faiss.brain.queries.query_line import ParsedTerm, QueryLineError, parse_line
from fiftyone_faiss.brain.retrieval.history import list_searches

# Labels repeat, so the first samples have the words of the others.
SAMPLES = 5_000
MAX_CORRECTIONS = 3
# difflib's ratio: above it, a word of five letters has one wrong letter at most.
CUTOFF = 0.79
MIN_LETTERS = 4
_SECONDS = 600.0
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Correction:
    """A word of a query line that looks misspelled.

    Attributes:
        word: the word
        suggestion: a similar word of the dataset
        at: the ``(start, end)`` of the word in the line
    """

    word: str
    suggestion: str
    at: tuple[int, int]

    def to_dict(self) -> dict[str, Any]:
        """The attributes as JSON values."""
        return {"word": self.word, "suggestion": self.suggestion, "at": list(self.at)}


@dataclass(frozen=True)
class Vocabulary:
    """The words of a dataset.

    Attributes:
        labels: the labels of each field, most frequent first; the field with most labels first
        known_words: the words of its labels, tags and earlier queries, in lower case
    """

    labels: list[list[str]]
    known_words: frozenset[str]


_VOCABULARIES: TTLCache[str, Vocabulary] = TTLCache(64, _SECONDS)
_LOCK = threading.Lock()


def vocabulary_of(dataset: fo.Dataset) -> Vocabulary:
    """The words of a dataset, as they were within the last ten minutes."""
    key = str(dataset_id(dataset))
    with _LOCK:
        known = _VOCABULARIES.get(key)
    if known is not None:
        return known
    facets = count_values(dataset.limit(SAMPLES))
    labels = label_schema(dataset, of_frames=False)
    queries = [search.params.get("query", "") for search in list_searches(dataset)]
    texts = [value for facet in facets for value, _ in facet.values]
    vocabulary = Vocabulary(
        sorted((_names(facet) for facet in facets if facet.path in labels), key=len, reverse=True),
        frozenset(_words_in([*texts, *REFERENCE_PROMPTS, *_often(queries)])),
    )
    with _LOCK:
        _VOCABULARIES[key] = vocabulary
    return vocabulary


def corrections_of(dataset: fo.Dataset, line: str) -> list[Correction]:
    """The words of a query line that are nearly a word of the dataset, each with that word."""
    try:
        terms = parse_line(line)
    except QueryLineError:
        return []
    known_words = vocabulary_of(dataset).known_words
    corrections = [
        Correction(match.group(), nearest, match.span())
        for match in _words_of(line, terms)
        if (nearest := _nearest(match.group().lower(), known_words)) is not None
    ]
    return corrections[:MAX_CORRECTIONS]


def example_queries(dataset: fo.Dataset) -> list[str]:
    """Up to four queries about what the labels of a dataset name, for an index of texts."""
    fields = [names for names in vocabulary_of(dataset).labels if names]
    if not fields:
        return list(REFERENCE_PROMPTS[:3])
    first, *others = fields
    examples = [_with_article(name) for name in first[:2]]
    if others:
        examples.append(f"{_with_article(first[0])} + {others[0][0]}")
    if len(first) > 1:
        examples.append(f"{_with_article(first[0])} - {_with_article(first[1])}")
    return examples


def _names(facet: Facet) -> list[str]:
    return [value for value, _ in facet.values if _WORD.search(value)]


def _words_in(texts: Iterable[str]) -> set[str]:
    return {word.lower() for text in texts for word in _WORD.findall(text)}


def _often(queries: Sequence[str]) -> list[str]:
    """The words that several earlier queries have: a misspelled one is in one query only."""
    counted = [word for query in queries for word in _words_in([query])]
    return [word for word in set(counted) if counted.count(word) > 1]


def _words_of(line: str, terms: Iterable[ParsedTerm]) -> list[re.Match[str]]:
    """The words in the texts of a line."""
    spans = [term.at for term in terms if term.kind == "text"]
    return [match for start, end in spans for match in _WORD.finditer(line, start, end)]


def _nearest(word: str, known_words: frozenset[str]) -> str | None:
    """The most similar of some words; None if it is one of them, or an inflected form."""
    if len(word) < MIN_LETTERS or word in known_words:
        return None
    near = difflib.get_close_matches(word, known_words, 1, CUTOFF)
    if not near or word.startswith(near[0]) or near[0].startswith(word):
        return None
    return near[0]


def _with_article(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
