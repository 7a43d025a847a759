"""The request of a selection, normalized and checked in one place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import fiftyone.core.collections as foc

from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    quoted,
    read_flag,
    read_ids,
    read_list,
    read_number,
    read_text,
    read_whole,
)
from fiftyone_faiss.brain.curation.request import check_thresh

MAX_SELECTED = 100_000
MAX_WEIGHT = 100.0
# The smallest weights that may be negative: only nearness has an opposite.
MIN_WEIGHTS = {
    "diversity": 0.0,
    "typicality": 0.0,
    "clusters": 0.0,
    "balance": 0.0,
    "nearness": -MAX_WEIGHT,
}
Labeled: TypeAlias = str | Sequence[str] | foc.SampleCollection | None
"""A field that labeled samples have, a list of tags or of ids, or a view of them."""


@dataclass(frozen=True)
class SelectionRequest:
    """How many samples to select, and what matters.

    Attributes:
        n: how many, at least 1
        brain_key (None): the index; None for the only one
        diversity (1.0): the weight of the distance to what is selected or labeled already
        typicality (1.0): the weight of being in the middle of many similar samples
        clusters (0.0): the weight of equal numbers from each cluster
        cluster_field (None): the field with the cluster of each sample, which then has a weight of
            1; by default, ``clusters`` makes some
        balance_field (None): a field of labels, texts, tags or numbers whose values shall occur
            equally often; numbers count by their quarter
        balance (1.0): its weight
        labeled (None): what is labeled already: it is not selected, and is covered. A field that
            these samples have, a list of tags or ids, or a view
        near (None): a query as in :func:`search`
        near_tag (None): a tag of samples, or labels, instead of a query
        nearness (2.0): the weight of the similarity to it; negative for far from it
        exclude_outliers (True): whether outliers are never selected
        exclude (()): ids that are not selected
        judgments (True): whether what was recorded as selected, and labels that a person checked in
            an audit, count as labeled, and what was disliked as a result of the query ``near`` is
            not selected; see :mod:`fiftyone_faiss.brain.curation.judgments`
        thresh (None): the largest distance of near duplicates, of which at most one is selected;
            by default, that which :func:`find_near_duplicates` proposes

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    n: int
    brain_key: str | None = None
    diversity: float = 1.0
    typicality: float = 1.0
    clusters: float = 0.0
    cluster_field: str | None = None
    balance_field: str | None = None
    balance: float = 1.0
    labeled: Labeled = None
    near: Any = None
    near_tag: str | None = None
    nearness: float = 2.0
    exclude_outliers: bool = True
    exclude: Sequence[str] = ()
    judgments: bool = True
    thresh: float | None = None

    def __post_init__(self) -> None:
        n = read_whole("n", self.n, MAX_SELECTED)
        if n is None or n < 1:
            raise ValueError(f"n is {quoted(self.n)}; give the number of samples to select.")
        normalized: dict[str, Any] = {"n": n, "thresh": read_number("thresh", self.thresh)}
        for name in ("brain_key", "cluster_field", "balance_field", "near_tag"):
            normalized[name] = read_text(name, getattr(self, name), MAX_NAME).strip() or None
        for name in MIN_WEIGHTS:
            normalized[name] = _read_weight(name, getattr(self, name))
        if normalized["cluster_field"] and not normalized["clusters"]:
            normalized["clusters"] = 1.0
        exclude_outliers = True if self.exclude_outliers is None else self.exclude_outliers
        normalized["exclude_outliers"] = read_flag("exclude_outliers", exclude_outliers)
        judgments = True if self.judgments is None else self.judgments
        normalized["judgments"] = read_flag("judgments", judgments)
        normalized["exclude"] = read_ids("exclude", self.exclude)
        normalized["labeled"] = _read_labeled(self.labeled)
        normalized["near"] = None if self.near == "" else self.near
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        check_thresh(self.thresh)
        if self.near is not None and self.near_tag is not None:
            raise ValueError("Give near or near_tag, not both.")

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> SelectionRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored.

        ``labeled_tag`` is a tag of what is labeled already, instead of a field.

        Raises:
            ValueError: if a value is not valid, or there are a field and a tag
        """
        names = {field.name for field in fields(cls)}
        values = {name: value for name, value in params.items() if name in names}
        tag = read_text("labeled_tag", params.get("labeled_tag"), MAX_NAME).strip()
        if tag and values.get("labeled"):
            raise ValueError("Give the field or the tag of what is labeled already, not both.")
        return cls(**{"n": None, **values, **({"labeled": [tag]} if tag else {})})


def _read_weight(name: str, value: Any) -> float:
    weight = read_number(name, value)
    if weight is None:
        return float(getattr(SelectionRequest, name))
    low = MIN_WEIGHTS[name]
    if not math.isfinite(weight) or not low <= weight <= MAX_WEIGHT:
        raise ValueError(f"{name} is {weight:g}; give a weight from {low:g} to {MAX_WEIGHT:g}.")
    return weight


def _read_labeled(value: Labeled) -> Labeled:
    if value is None or isinstance(value, foc.SampleCollection):
        return value
    if isinstance(value, str):
        return read_text("labeled", value, MAX_NAME).strip() or None
    names = read_list("labeled", value)
    return [read_text("A tag of labeled", name, MAX_NAME) for name in names] or None
