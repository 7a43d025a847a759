"""The request of a search for duplicates, normalized and checked in one place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from fiftyone_faiss.brain.core.params import (
    MAX_NAME,
    read_flag,
    read_list,
    read_number,
    read_text,
)
from fiftyone_faiss.brain.curation.keepers import RULES, check_rules

MAX_DISTANCE = 2.0


@dataclass(frozen=True)
class DuplicatesRequest:
    """How to find near duplicates, and which of them to keep.

    Attributes:
        brain_key (None): the index; None for the only one
        thresh (None): the largest distance of near duplicates, 0 to 2 for the cosine metric; None
            proposes one
        fraction (None): proposes the threshold at which about this fraction of the samples, 0 to
            1, has a near duplicate
        verify (False): whether to compare the images of each pair, and to count only copies of
            one image as redundant
        rules (RULES): which sample of a group to keep; see :mod:`keepers`
        split_field (None): the field with the names of splits, or ``"tags"``: a sample of the test
            split is never removed in favor of one of the training split
        judgments (True): whether pairs that a person judged to be different stay apart in groups;
            see :func:`fiftyone_faiss.record_different`. Leaks list them all the same

    Raises:
        ValueError: if a value is not valid; the message says what to do
    """

    brain_key: str | None = None
    thresh: float | None = None
    fraction: float | None = None
    verify: bool = False
    rules: Sequence[str] = RULES
    split_field: str | None = None
    judgments: bool = True

    def __post_init__(self) -> None:
        split_field = read_text("split_field", self.split_field, MAX_NAME) or None
        rules = self.rules if isinstance(self.rules, str) else read_list("rules", self.rules)
        normalized = {
            "brain_key": read_text("brain_key", self.brain_key, MAX_NAME) or None,
            "thresh": read_number("thresh", self.thresh),
            "fraction": read_number("fraction", self.fraction),
            "verify": read_flag("verify", self.verify),
            "rules": check_rules(rules or RULES, has_split=split_field is not None),
            "split_field": split_field,
            "judgments": read_flag("judgments", True if self.judgments is None else self.judgments),
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)
        check_thresh(self.thresh)
        if self.fraction is not None and not 0 < self.fraction <= 1:
            raise ValueError(f"fraction is {self.fraction:g}; give a number above 0, up to 1.")
        if self.thresh is not None and self.fraction is not None:
            raise ValueError("Give thresh or fraction, not both.")

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> DuplicatesRequest:
        """Makes a request of values that a form or a page sent; unknown names are ignored."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in params.items() if name in names})


def check_thresh(thresh: float | None) -> None:
    """Raises a ``ValueError`` if a threshold is no distance of near duplicates."""
    if thresh is None:
        return
    if not math.isfinite(thresh) or not 0 <= thresh <= MAX_DISTANCE:
        raise ValueError(
            f"thresh is {thresh:g}; give a distance of 0 to {MAX_DISTANCE:g}, such as 0.05, or "
            "nothing for a proposal."
        )
