"""The report about scores that were computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.curation import acting
from fiftyone_faiss.brain.curation.accidental_pairs import Estimate
from fiftyone_faiss.brain.data.result_views import view_of
from fiftyone_faiss.brain.data.value_fields import SavedFields

_ADJECTIVES = {
    "uniqueness": "unusually unique",
    "typicality": "unusually untypical",
    "outliers": "outliers",
}


@dataclass(frozen=True)
class ScoreReport:
    """Scores of samples, frames or labels, which a field holds, too.

    Attributes:
        samples: the collection
        kind: ``"uniqueness"``, ``"typicality"`` or ``"outliers"``
        field: the field
        patches_field: the field of the labels that the index holds, None for samples and frames
        scores: the score of each id, 0 to 1
        unusual: the ids of those that stand out, the strangest first; none if nothing does
        expected_false_alarms: how many of these are expected to be ordinary; None if none stand
            out
        near_duplicates: how many were not counted, because another one is a near duplicate of them
        thresh: the largest distance of near duplicates
        recall: the fraction of the true neighbors that the scores are based on
        classes: the names of the classes that were compared within; none without ``label_field``
        notes: what else to know, in sentences
        saved: undoes that the field was written
    """

    samples: foc.SampleCollection
    kind: str
    field: str
    patches_field: str | None
    scores: Mapping[str, float]
    unusual: Sequence[str]
    expected_false_alarms: Estimate | None
    near_duplicates: int
    thresh: float
    recall: float
    classes: Sequence[str] = ()
    notes: Sequence[str] = ()
    saved: SavedFields | None = dataclass_field(default=None, repr=False)

    @property
    def count(self) -> int:
        """How many have a score."""
        return len(self.scores)

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest score."""
        return min(self.scores.values()), max(self.scores.values())

    def top(self, k: int = 25, reverse: bool = False) -> list[str]:
        """The ids with the highest scores, or the lowest, in order.

        Raises:
            ValueError: if ``k`` is less than 1
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}.")
        return sorted(self.scores, key=self.scores.__getitem__, reverse=not reverse)[:k]

    def view(self, k: int | None = None) -> fo.DatasetView:
        """The unusual ones, the strangest first; or ``k`` of the strangest, unusual or not."""
        if k is None:
            return view_of(self.samples, list(self.unusual), self.patches_field)
        ids = self.top(k, reverse=self.kind == "typicality")
        return view_of(self.samples, ids, self.patches_field)

    def tag(self, tag: str = "unusual") -> list[str]:
        """Tags the unusual ones; ``untag_neighbors(dataset, tag)`` undoes that.

        Returns:
            the ids that did not have the tag before
        """
        return acting.tag(self.samples, self.unusual, tag, self.patches_field)

    def undo(self) -> None:
        """Restores what the field held before, or deletes it if it was new."""
        if self.saved is not None:
            self.saved.undo()

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values, without the scores."""
        low, high = self.range
        expected = self.expected_false_alarms
        return {
            "kind": self.kind,
            "field": self.field,
            "patches_field": self.patches_field,
            "count": self.count,
            "range": [low, high],
            "unusual": list(self.unusual),
            "expected_false_alarms": expected.to_dict() if expected else None,
            "near_duplicates": self.near_duplicates,
            "thresh": self.thresh,
            "recall": self.recall,
            "classes": list(self.classes),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        low, high = self.range
        text = f"The field '{self.field}' has {self.count:,} scores of {low:.3g} to {high:.3g}"
        expected = self.expected_false_alarms
        if expected is None:
            return f"{text}; nothing stands out."
        return (
            f"{text}; {len(self.unusual):,} are {_ADJECTIVES[self.kind]}, of which about "
            f"{expected.value:,.1f} by chance ({expected.low:,.1f} to {expected.high:,.1f})."
        )
