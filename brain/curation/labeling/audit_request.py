"""The request of an audit of labels, normalized and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from fiftyone_faiss.brain.ann.neighbor_graph import MAX_NEIGHBORS
from fiftyone_faiss.brain.core.params import MAX_NAME, read_number, read_text, read_whole
from fiftyone_faiss.brain.curation.request import check_thresh

DEFAULT_PROBABILITY = 0.5


@dataclass(frozen=True)
class AuditRequest:
    """Which labels to audit, and how.

    Attributes:
        label_field: a field of ``Classification``, the field of the patches of the index, or a
            field or attribute of texts
        brain_key (None): the index; None for the only one
        k (None): how many neighbors vote about each label, at most 100; None chooses the number
            that predicts the labels best
        thresh (None): the largest distance of near duplicates, which do not vote for each other;
            None proposes one
        min_probability (0.5): the smallest probability of a wrong label that is listed, 0 to 1
        field (None): the beginning of the names of the fields with decisions of an earlier audit; a
            label that a person kept is no issue. None for the name of the labels and ``"_audit"``

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    label_field: str
    brain_key: str | None = None
    k: int | None = None
    thresh: float | None = None
    min_probability: float = DEFAULT_PROBABILITY
    field: str | None = None

    def __post_init__(self) -> None:
        probability = read_number("min_probability", self.min_probability)
        normalized = {
            "label_field": read_text("label_field", self.label_field, MAX_NAME).strip(),
            "brain_key": read_text("brain_key", self.brain_key, MAX_NAME) or None,
            "k": read_whole("k", self.k),
            "thresh": read_number("thresh", self.thresh),
            "field": read_text("field", self.field, MAX_NAME).strip() or None,
            "min_probability": DEFAULT_PROBABILITY if probability is None else probability,
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        if not self.label_field:
            raise ValueError("label_field is empty; give the field with the labels.")
        if self.k is not None and not 1 <= self.k <= MAX_NEIGHBORS:
            raise ValueError(f"k is {self.k}; give 1 to {MAX_NEIGHBORS} neighbors, such as 15.")
        check_thresh(self.thresh)
        if not 0 <= self.min_probability <= 1:
            raise ValueError(
                f"min_probability is {self.min_probability:g}; give a number from 0 to 1."
            )

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> AuditRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored."""
        names = {field.name for field in fields(cls)}
        known = {name: value for name, value in params.items() if name in names}
        return cls(**{"label_field": "", **known})
