"""The request of an explanation, normalized and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import fiftyone as fo

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_text
from fiftyone_faiss.brain.insight.explaining.methods import Method
from fiftyone_faiss.brain.models.prompts import TEMPLATES, Templates
from fiftyone_faiss.brain.queries.query_input import QueryInput


@dataclass(frozen=True)
class ExplanationRequest:
    """Which match to explain, and how.

    Attributes:
        query_input: the query as it was given
        id: the sample, frame or label that matches
        brain_key (None): the index; None for the only one
        method (None): one of ``EXPLANATION_METHODS``; None for the one that measures best
        templates ("off"): the templates of text queries, as in the search

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    query_input: QueryInput
    id: str
    brain_key: str | None = None
    method: Method | None = None
    templates: Templates = "off"

    def __post_init__(self) -> None:
        normalized = {
            "id": read_text("id", self.id, MAX_NAME).strip(),
            "brain_key": read_text("brain_key", self.brain_key, MAX_NAME) or None,
            "method": read_text("method", self.method, MAX_NAME) or None,
            "templates": read_text("templates", self.templates) or "off",
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        if not self.id:
            raise ValueError("Give the id of the sample or label whose match to explain.")
        if self.method is not None and self.method not in get_args(Method):
            listed = ", ".join(get_args(Method))
            raise ValueError(f"{quoted(self.method)} is no method; choose one of {listed}.")
        if self.templates not in TEMPLATES:
            raise ValueError(f"templates must be one of {TEMPLATES}, got {quoted(self.templates)}.")

    @classmethod
    def from_params(
        cls, params: Mapping[str, Any], dataset: fo.Dataset | None = None
    ) -> ExplanationRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored.

        Args:
            params: the names of the attributes, and those of the query of a search; see
                :meth:`fiftyone_faiss.brain.retrieval.request.SearchRequest.from_params`
            dataset (None): the dataset that ids are from; None for that of the index
        """
        query = QueryInput.from_params(params, () if dataset is None else (dataset,))
        names = ("id", "brain_key", "method", "templates")
        values: dict[str, Any] = {name: params.get(name) for name in names}
        return cls(query, **values)
