"""What a search is asked for, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fiftyone as fo

from fiftyone_faiss.brain.models.prompts import TEMPLATES, Templates
from fiftyone_faiss.brain.queries.parsing import as_ids, query_from_params
from fiftyone_faiss.brain.queries.terms import Query
from fiftyone_faiss.brain.retrieval.reranking import COLLAPSE_DISTANCE

DEFAULT_K = 25

_LASTING = (
    "query_type", "query", "sample_ids", "selected", "alt", "uploads", "brain_key", "k", "scope",
    "reverse", "thresh", "templates", "diversity", "fold", "hubness", "liked", "disliked",
)  # fmt: skip


@dataclass(frozen=True)
class SearchRequest:
    """What to search for, where, and how much of it.

    Attributes:
        query: what to search for
        brain_key: the index to search, or None for the only one
        k: how many neighbours, at least 1; None for all within ``thresh``
        reverse: whether to find the least similar instead
        skip: how many of the best to pass over, for a next page
        thresh: the largest distance of a result, None for any
        templates: into which sentences words are put: ``"off"``, ``"one"`` or ``"ensemble"``
        diversity: 0 to 1, how much unlike one another results should be
        fold: the largest cosine distance of near-copies, which count as one result; None for none
        hubness: whether to take off how near results are to everything
        liked: ids, of samples or labels in the index, that results should be more like
        disliked: ids that they should be less like
    """

    query: Query
    brain_key: str | None = None
    k: int | None = DEFAULT_K
    reverse: bool = False
    skip: int = 0
    thresh: float | None = None
    templates: Templates = "off"
    diversity: float = 0.0
    fold: float | None = None
    hubness: bool = False
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.k is None and self.thresh is None:
            raise ValueError("Give k, how many neighbours to find, or thresh, how far they may be.")
        if self.k is not None and self.k < 1:
            raise ValueError(f"k is {self.k}; ask for at least 1 neighbour.")
        if self.skip < 0:
            raise ValueError(f"skip is {self.skip}; give 0 or more.")
        if self.thresh is not None and math.isnan(self.thresh):
            raise ValueError(f"thresh is {self.thresh}; give a number, such as 0.5.")
        if self.templates not in TEMPLATES:
            raise ValueError(
                f"'{self.templates}' is no choice of templates; choose one of {TEMPLATES}."
            )
        if not 0 <= self.diversity <= 1:
            raise ValueError(f"diversity is {self.diversity}; give a number from 0 to 1.")
        if self.fold is not None and not 0 <= self.fold <= 2:
            raise ValueError(f"fold is {self.fold}; give a cosine distance from 0 to 2.")
        both = sorted({*self.liked} & {*self.disliked})
        if both:
            raise ValueError(f"'{both[0]}' is both liked and disliked; choose one.")

    @classmethod
    def from_params(
        cls, params: Mapping[str, Any], dataset: fo.Dataset | None = None
    ) -> SearchRequest:
        """Reads a form or a message of the panel.

        Args:
            params: the fields of a request; see :func:`query_from_params` for the query's
            dataset (None): the dataset that ids are of, by default that of the index

        Raises:
            ValueError: if a value is missing or bad, saying what to do
        """
        return cls.with_options(query_from_params(params, dataset), params)

    @classmethod
    def with_options(cls, query: Query, params: Mapping[str, Any]) -> SearchRequest:
        """The same for a query that was read already; ``params`` has the other fields.

        Raises:
            ValueError: if a value is bad, saying what to do
        """
        return cls(
            query=query,
            brain_key=params.get("brain_key") or None,
            k=parse_k(params.get("k", DEFAULT_K)),
            reverse=bool(params.get("reverse", False)),
            skip=parse_k(params.get("skip"), "skip") or 0,
            thresh=parse_number("thresh", params.get("thresh")),
            templates=params.get("templates") or "off",
            diversity=parse_number("diversity", params.get("diversity")) or 0.0,
            fold=parse_collapse(params.get("fold")),
            hubness=bool(params.get("hubness", False)),
            liked=as_ids(params.get("liked")),
            disliked=as_ids(params.get("disliked")),
        )


def lasting_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that make a search, of all that came with them, defaults left out.

    Raises:
        ValueError: if one of its numbers is bad, saying what to give
    """
    kept = {name: params[name] for name in _LASTING if not _is_empty(params.get(name))}
    if "k" in params:
        # None asks for all within ``thresh``.
        kept["k"] = parse_k(params["k"])
    for name in ("thresh", "diversity"):
        if name in kept:
            kept[name] = parse_number(name, kept[name])
    usual = {
        "query_type": "text", "k": DEFAULT_K, "templates": "off", "scope": "dataset", "diversity": 0
    }  # fmt: skip
    return {
        name: value for name, value in kept.items() if name not in usual or usual[name] != value
    }


def _is_empty(value: Any) -> bool:
    return value is None or value is False or (hasattr(value, "__len__") and not len(value))


def parse_k(value: Any, name: str = "k") -> int | None:
    """Reads a whole number, or nothing, or raises a ``ValueError`` that says what to give."""
    if value is None:
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} is {value!r}; give a whole number, such as 25.") from error
    if isinstance(value, bool) or not (isinstance(value, str) or number == value):
        raise ValueError(f"{name} is {value!r}; give a whole number, such as 25.")
    return number


def parse_number(name: str, value: Any) -> float | None:
    """Reads a number, or nothing, or raises a ``ValueError`` that says what to give."""
    if value is None or value == "":
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is {value!r}; give a number, such as 0.5.") from error


def parse_collapse(value: Any) -> float | None:
    """Reads whether near-copies are folded: True for the usual distance, or a distance."""
    if value is None or value is False:
        return None
    return COLLAPSE_DISTANCE if value is True else parse_number("fold", value)
