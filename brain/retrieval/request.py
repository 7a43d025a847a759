"""The request of a search: what to search for and how, normalized and checked in one place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import fiftyone as fo

from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    quoted,
    read_flag,
    read_ids,
    read_mapping,
    read_number,
    read_text,
    read_whole,
)
from fiftyone_faiss.brain.data.sample_filters import read_filters
from fiftyone_faiss.brain.models.prompts import TEMPLATES, Templates
from fiftyone_faiss.brain.queries.query_input import QueryInput
from fiftyone_faiss.brain.queries.terms import Query
from fiftyone_faiss.brain.retrieval.reranking import COLLAPSE_DISTANCE

DEFAULT_K = 25

# Stored searches keep the names that the parameters had when the format was made.
_STORED_NAMES = {"collapse": "fold"}
_STORED_TEMPLATES = {"single": "one"}


@dataclass(frozen=True)
class SearchRequest:
    """What to search for, where, and how many results to return.

    The values may be those of a form, such as ``"25"``; they are normalized and checked when a
    request is made, whether by :func:`search` or by :meth:`from_params`. The query is parsed when
    :attr:`query` is first used, and only once.

    Attributes:
        query_input: the query as it was given
        brain_key (None): the index to search; None for the only one
        k (25): the number of neighbors, at least 1; None for all within ``thresh``
        reverse (False): whether to return the least similar first
        skip (0): the number of results to skip, for a further page
        thresh (None): the largest distance of a result; None for any
        templates ("off"): the prompt templates: ``"off"``, ``"single"`` or ``"ensemble"``
        diversity (0.0): 0 to 1, how different from each other the results should be
        collapse (False): whether near-duplicates count as one result, or the largest cosine
            distance, 0 to 2, of near-duplicates
        hubness (False): whether to correct scores for hubness
        liked (()): ids, of samples or labels in the index, for relevance feedback
        disliked (()): ids of the opposite
        exclude (()): ids, of samples or labels in the index, that are left out of the results
        scope ("dataset"): what the panel searches: ``"dataset"``, ``"view"`` or
            ``"saved:<name of a saved view>"``. :func:`run_search` is given the samples
        filters (None): searches only samples with one of some values in each of some fields, such
            as ``{"tags": ["train"], "ground_truth": ["cat", "dog"]}``

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    query_input: QueryInput
    brain_key: str | None = None
    k: int | None = DEFAULT_K
    reverse: bool = False
    skip: int = 0
    thresh: float | None = None
    templates: Templates = "off"
    diversity: float = 0.0
    collapse: bool | float = False
    hubness: bool = False
    liked: Sequence[str] = ()
    disliked: Sequence[str] = ()
    exclude: Sequence[str] = ()
    scope: str = "dataset"
    filters: Mapping[str, Sequence[str]] | None = None

    def __post_init__(self) -> None:
        normalized = {
            "brain_key": read_text("brain_key", self.brain_key, MAX_NAME) or None,
            "k": read_whole("k", self.k),
            "reverse": read_flag("reverse", self.reverse),
            "skip": read_whole("skip", self.skip) or 0,
            "thresh": read_number("thresh", self.thresh),
            "templates": read_text("templates", self.templates) or "off",
            "diversity": read_number("diversity", self.diversity) or 0.0,
            "collapse": _read_collapse(self.collapse),
            "hubness": read_flag("hubness", self.hubness),
            "liked": read_ids("liked", self.liked),
            "disliked": read_ids("disliked", self.disliked),
            "exclude": read_ids("exclude", self.exclude),
            "scope": read_text("scope", self.scope, 2 * MAX_NAME) or "dataset",
            "filters": read_filters("filters", self.filters),
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        if self.k is None and self.thresh is None:
            raise ValueError(
                "Give k, the number of neighbors, or thresh, the largest distance of a result."
            )
        if self.k is not None and self.k < 1:
            raise ValueError(f"k must be at least 1, got {self.k}.")
        if self.skip < 0:
            raise ValueError(f"skip must be at least 0, got {self.skip}.")
        if self.thresh is not None and math.isnan(self.thresh):
            raise ValueError(f"thresh is {self.thresh}; give a number, such as 0.5.")
        if self.templates not in TEMPLATES:
            raise ValueError(f"templates must be one of {TEMPLATES}, got {quoted(self.templates)}.")
        if not 0 <= self.diversity <= 1:
            raise ValueError(f"diversity is {self.diversity}; give a number from 0 to 1.")
        if not 0 <= self.collapse <= 2:
            raise ValueError(f"collapse is {self.collapse}; give a cosine distance from 0 to 2.")
        both = sorted({*self.liked} & {*self.disliked})
        if both:
            raise ValueError(f"'{both[0]}' is both liked and disliked; choose one.")

    @classmethod
    def from_params(
        cls, params: Mapping[str, Any], dataset: fo.Dataset | None = None
    ) -> SearchRequest:
        """Makes a request from the parameters of a form, of the panel or of a saved search.

        Args:
            params: the names of the attributes, and those of the query: ``query_type``
                (``"text"``, ``"image"`` or ``"samples"``) with ``query``, a query line, and its
                ``selected``, ``alt`` and ``uploads``; ``image``, an upload
                (``{"content": <base64>, "name": ...}``); or ``sample_ids``. Others are ignored
            dataset (None): the dataset that ids are from; None for that of the index

        Raises:
            ValueError: if a value is not valid; the message says what to do
        """
        params = read_mapping("The request", params)
        query_input = QueryInput.from_params(params, () if dataset is None else (dataset,))
        return cls(query_input, **{name: params[name] for name in _OPTIONS if name in params})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SearchRequest:
        """Makes a request from the stored parameters of a saved search; see :meth:`to_json`."""
        return cls.from_params(params_from_json(stored))

    @property
    def query(self) -> Query:
        """The parsed query.

        Raises:
            ValueError: if it cannot be parsed; the message says what to do
        """
        return self.query_input.query

    @property
    def collapse_distance(self) -> float | None:
        """The largest cosine distance of near-duplicates; None if they are not collapsed."""
        if self.collapse is False:
            return None
        return COLLAPSE_DISTANCE if self.collapse is True else self.collapse

    def options(self) -> dict[str, Any]:
        """The attributes that differ from their defaults, without the query."""
        values = {name: getattr(self, name) for name in _OPTIONS}
        # Not by equality: False equals 0.0, which is a distance.
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not _OPTIONS[name] and (value != _OPTIONS[name] or name == "collapse")
        }

    def to_params(self) -> dict[str, Any]:
        """The parameters of the same search, as JSON values, without defaults and ``skip``.

        Raises:
            ValueError: if the query has an uploaded image, or is an image or a vector
        """
        options = self.options()
        options.pop("skip", None)
        return {**self.query_input.to_params(), **options}

    def to_json(self) -> dict[str, Any]:
        """The same as :meth:`to_params`, with the names and values of the stored format."""
        return params_to_json(self.to_params())


_OPTIONS = {
    field.name: field.default for field in fields(SearchRequest) if field.name != "query_input"
}


def params_to_json(params: Mapping[str, Any]) -> dict[str, Any]:
    """Maps the parameters of a search to the names and values of the stored format."""
    stored = {_STORED_NAMES.get(name, name): value for name, value in params.items()}
    if "templates" in stored:
        stored["templates"] = _STORED_TEMPLATES.get(stored["templates"], stored["templates"])
    return stored


def params_from_json(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Maps the stored parameters of a search to the names and values of today."""
    names = {name: today for today, name in _STORED_NAMES.items()}
    params = {names.get(name, name): value for name, value in stored.items()}
    # Of another type only in a record that is damaged, which the request then refuses.
    if isinstance(params.get("templates"), str):
        templates = {name: today for today, name in _STORED_TEMPLATES.items()}
        params["templates"] = templates.get(params["templates"], params["templates"])
    return params


def _read_collapse(value: Any) -> bool | float:
    if isinstance(value, bool):
        return value
    distance = read_number("collapse", value)
    return False if distance is None else distance
