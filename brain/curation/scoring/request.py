"""The request of a score, normalized and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from fiftyone_faiss.brain.core.params import MAX_NAME, quoted, read_number, read_text
from fiftyone_faiss.brain.curation.request import check_thresh

SCORES = {
    "uniqueness": "uniqueness",
    "typicality": "typicality",
    "outliers": "outlier_score",
}
"""The scores, and the fields that they are saved in by default."""


@dataclass(frozen=True)
class ScoresRequest:
    """Which score to compute, and where to save it.

    Attributes:
        kind: ``"uniqueness"``, ``"typicality"`` or ``"outliers"``
        brain_key (None): the index; None for the only one
        field (None): the float field; by default ``"uniqueness"``, ``"typicality"`` or
            ``"outlier_score"``
        label_field (None): a field of labels or texts: each sample is compared with its class only
        thresh (None): the largest distance of near duplicates, which count once; by default, that
            which :func:`find_near_duplicates` proposes

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    kind: str
    brain_key: str | None = None
    field: str | None = None
    label_field: str | None = None
    thresh: float | None = None

    def __post_init__(self) -> None:
        kind = read_text("kind", self.kind, MAX_NAME)
        if kind not in SCORES:
            raise ValueError(f"kind is {quoted(kind)}; choose one of {', '.join(SCORES)}.")
        normalized = {
            "brain_key": read_text("brain_key", self.brain_key, MAX_NAME) or None,
            "field": read_text("field", self.field, MAX_NAME).strip() or SCORES[kind],
            "label_field": read_text("label_field", self.label_field, MAX_NAME).strip() or None,
            "thresh": read_number("thresh", self.thresh),
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        check_thresh(self.thresh)
        if not str(self.field).isidentifier():
            raise ValueError(
                f"{quoted(self.field)} is no field name; give a name such as '{SCORES[kind]}'."
            )

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> ScoresRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored."""
        names = {field.name for field in fields(cls)}
        values = {name: value for name, value in params.items() if name in names}
        return cls(**{"kind": "", **values})
