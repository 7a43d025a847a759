"""The result of learning a projection: what it improves, what it costs, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from fiftyone_faiss.brain.curation.labeling.paired import Interval
from fiftyone_faiss.embedders import Projection

MeasureName: TypeAlias = Literal["map_at_r", "pair_auc"]
Reference: TypeAlias = Literal["labels", "agreement"]
_SHOWN = {"map_at_r": "mAP@R", "pair_auc": "AUC"}


@dataclass(frozen=True)
class AspectMeasure:
    """What was measured of one aspect on examples that were held out.

    Attributes:
        name: the field, the tags, or ``"pairs"``
        measure: ``"map_at_r"``: mAP@R of held-out samples among each other; ``"pair_auc"``: how
            often an alike pair is closer than an unlike one
        before: in the index as it is
        after: after the projection
        improvement: their paired difference
        chance: the measure of a random order
        joint_ideal: that of vectors which hold nothing but the labels of all aspects, with equal
            weights; below 1 if there are several, since one order cannot be perfect for each
        count: how many queries, or pairs, were held out
        best_possible: the measure of a perfect order
    """

    name: str
    measure: MeasureName
    before: Interval
    after: Interval
    improvement: Interval
    chance: float
    joint_ideal: float
    count: int
    best_possible: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        names = ("before", "after", "improvement")
        return {**vars(self), **{name: dict(vars(getattr(self, name))) for name in names}}

    def __str__(self) -> str:
        return (
            f"{_SHOWN[self.measure]} of '{self.name}' {self.before.value:.3f} -> "
            f"{self.after.value:.3f} (chance {self.chance:.3f}, perfect {self.best_possible:.0f})"
        )


@dataclass(frozen=True)
class TextSearch:
    """What a projection does to the search by text.

    Attributes:
        reference: what counts as right: ``"labels"``: samples with the label that is searched for;
            ``"agreement"``: the nearest 5 % before the projection, because there are no labels that
            the model finds; this says less
        before: precision@10 in the index as it is
        after: after the projection
        change: their paired difference
        count: the number of texts
    """

    reference: Reference
    before: Interval
    after: Interval
    change: Interval
    count: int

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        names = ("before", "after", "change")
        return {**vars(self), **{name: dict(vars(getattr(self, name))) for name in names}}

    def __str__(self) -> str:
        by = {"labels": "labels", "agreement": "agreement with the model"}[self.reference]
        return (
            f"precision@10 of text search {self.before.value:.3f} -> {self.after.value:.3f} "
            f"(by {by}, {self.count} texts)"
        )


@dataclass(frozen=True)
class ProjectionReport:
    """What was learned, and whether it was kept.

    Attributes:
        brain_key: the index that was taught
        new_key: the key of the new index, which exists if it was kept
        model: the name of the new index's model; None if it was refused, or the index has no model
        projection: the projection
        amount: the share of what was learned that is in it, 0 to 1; below 1 if more of it would
            have harmed the search by text
        measures: what was measured on held-out examples, of each aspect
        improvement: the mean of their improvements
        text: what it does to the search by text; None if the model embeds no texts
        refusals: why it was refused, in sentences; empty if it was kept
        examples: the number of samples, frames or labels that it was learned from
        seconds: the duration
        notes: what else to know, in sentences
    """

    brain_key: str
    new_key: str
    model: str | None
    projection: Projection
    amount: float
    measures: Sequence[AspectMeasure]
    improvement: Interval
    text: TextSearch | None
    refusals: Sequence[str]
    examples: int
    seconds: float
    notes: Sequence[str] = ()

    @property
    def is_kept(self) -> bool:
        """Whether the new index was made."""
        return not self.refusals

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values, without the weights."""
        return {
            "brain_key": self.brain_key,
            "new_key": self.new_key,
            "model": self.model,
            "rank": self.projection.left.shape[1],
            "amount": self.amount,
            "measures": [measure.to_dict() for measure in self.measures],
            "improvement": dict(vars(self.improvement)),
            "text": None if self.text is None else self.text.to_dict(),
            "is_kept": self.is_kept,
            "refusals": list(self.refusals),
            "examples": self.examples,
            "seconds": self.seconds,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        parts: list[object] = [*self.measures, *([] if self.text is None else [self.text])]
        figures = "; ".join(map(str, parts))
        own = self.improvement
        improvement = f"{own.value:+.3f} ({own.low:+.3f} to {own.high:+.3f})"
        if self.is_kept:
            return f"The index '{self.new_key}' was made: improvement {improvement}; {figures}."
        return f"Nothing was kept. {' '.join(self.refusals)} Improvement {improvement}; {figures}."
