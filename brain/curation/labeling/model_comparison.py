"""The result of a comparison of models: which retrieves classes better, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.core.collections as foc

from fiftyone_faiss.brain.curation.labeling.paired import Interval
from fiftyone_faiss.brain.curation.labeling.retrieval_measures import MEASURES
from fiftyone_faiss.brain.data.result_views import view_of

MAIN_MEASURE = "map_at_r"
# The largest chance of a difference by accident that counts as a difference.
SIGNIFICANT = 0.05
NO_DIFFERENCE = "no difference that this data can show"


@dataclass(frozen=True)
class ModelMeasures:
    """How well an index retrieves the classes.

    Attributes:
        brain_key: the index
        model: its embedder, None if the vectors were given
        knn_accuracy: how often most of the ``k`` nearest neighbors have the class of the query
        precision: the share of the ``k`` nearest neighbors with the class of the query
        map_at_r: mAP@R: as many neighbors as the class has other samples, weighted by rank
        hubness: the skewness of how often a sample is a neighbor; high if a few are neighbors of
            many
        dim: the length of the vectors
        disk_bytes: the size of its files
        rate: the images, or regions, that were embedded per second when it was built; None if
            that is unknown
        by_class: the measures of the queries of each class
    """

    brain_key: str
    model: str | None
    knn_accuracy: Interval
    precision: Interval
    map_at_r: Interval
    hubness: float
    dim: int
    disk_bytes: int
    rate: float | None
    by_class: Mapping[str, Mapping[str, Interval]]

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        by_class = {
            name: {measure: dict(vars(value)) for measure, value in values.items()}
            for name, values in self.by_class.items()
        }
        intervals = {name: dict(vars(getattr(self, name))) for name in MEASURES}
        return {**vars(self), **intervals, "by_class": by_class}


@dataclass(frozen=True)
class ModelPair:
    """A paired comparison of two indexes by a measure.

    Attributes:
        first: an index
        second: the other index
        measure: the name of the measure
        class_name: the class of the queries, None for all
        difference: the measure of the first minus that of the second
        p_value: the chance of a difference as large if the models were equal, adjusted for the
            number of tests
    """

    first: str
    second: str
    measure: str
    class_name: str | None
    difference: Interval
    p_value: float

    @property
    def better(self) -> str | None:
        """The better index; None if this data can show no difference."""
        is_clear = self.difference.low > 0 or self.difference.high < 0
        if self.p_value > SIGNIFICANT or not is_clear:
            return None
        return self.first if self.difference.value > 0 else self.second

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**vars(self), "difference": dict(vars(self.difference)), "better": self.better}

    def __str__(self) -> str:
        about = f" of '{self.class_name}'" if self.class_name else ""
        verdict = f"'{self.better}' is better" if self.better else NO_DIFFERENCE
        return (
            f"'{self.first}' and '{self.second}' by {self.measure}{about}: {verdict}; "
            f"{self.difference.value:+.3f} "
            f"({self.difference.low:+.3f} to {self.difference.high:+.3f})."
        )


@dataclass(frozen=True)
class ModelComparison:
    """A comparison of indexes on the labels of a collection.

    Attributes:
        samples: the collection
        patches_field: the field of the compared patches, None for samples and frames
        label_field: the field with the classes, as it was given
        k: the number of neighbors of kNN accuracy and precision
        queries: the ids of the samples, frames or patches that were queries
        searched: how many were searched, the queries included
        models: the indexes, the best by mAP@R first
        pairs: each pair of indexes by each measure, for all queries
        class_pairs: the same for the queries of each class, by mAP@R
        chance: each measure of a model that knows nothing
        best_possible: each measure of a model that knows all
        right: whether most neighbors of each query had its class, by index
        notes: what else to know, in sentences
    """

    samples: foc.SampleCollection
    patches_field: str | None
    label_field: str
    k: int
    queries: list[str]
    searched: int
    models: list[ModelMeasures]
    pairs: list[ModelPair]
    class_pairs: list[ModelPair]
    chance: Mapping[str, float]
    best_possible: Mapping[str, float]
    right: Mapping[str, Sequence[bool]]
    notes: Sequence[str] = ()

    @property
    def leaders(self) -> list[str]:
        """The indexes that no other one was shown to be better than, by mAP@R, the best first."""
        worse = {
            pair.second if pair.better == pair.first else pair.first
            for pair in self.pairs
            if pair.measure == MAIN_MEASURE and pair.better is not None
        }
        return [model.brain_key for model in self.models if model.brain_key not in worse]

    @property
    def winner(self) -> str | None:
        """The index that is better than all others; None if this data can show no difference."""
        return self.leaders[0] if len(self.leaders) == 1 else None

    def pair(self, first: str, second: str, measure: str = MAIN_MEASURE) -> ModelPair:
        """The comparison of two indexes by a measure.

        Raises:
            ValueError: if they were not compared by it
        """
        for pair in self.pairs:
            if {pair.first, pair.second} == {first, second} and pair.measure == measure:
                return pair
        raise ValueError(
            f"'{first}' and '{second}' were not compared by '{measure}'; choose two of "
            f"{[model.brain_key for model in self.models]} and one of {list(MEASURES)}."
        )

    def ids(self, right: str, wrong: str) -> list[str]:
        """The queries whose neighbors one index gets right and another one wrong."""
        for key in (right, wrong):
            if key not in self.right:
                raise ValueError(f"'{key}' was not compared; choose from {list(self.right)}.")
        both = zip(self.queries, self.right[right], self.right[wrong], strict=True)
        return [id for id, of_right, of_wrong in both if of_right and not of_wrong]

    def view(self, right: str, wrong: str) -> fo.DatasetView:
        """The queries of :meth:`ids`."""
        return view_of(self.samples, self.ids(right, wrong), self.patches_field)

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values, without the queries."""
        return {
            "label_field": self.label_field,
            "patches_field": self.patches_field,
            "k": self.k,
            "queries": len(self.queries),
            "searched": self.searched,
            "models": [model.to_dict() for model in self.models],
            "pairs": [pair.to_dict() for pair in self.pairs],
            "class_pairs": [pair.to_dict() for pair in self.class_pairs],
            "chance": dict(self.chance),
            "best_possible": dict(self.best_possible),
            "leaders": self.leaders,
            "winner": self.winner,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        lines = "; ".join(f"'{m.brain_key}' {m.map_at_r}" for m in self.models)
        verdict = f"'{self.winner}' is the best"
        if self.winner is None:
            verdict = f"{NO_DIFFERENCE} between {' and '.join(map(repr, self.leaders))}"
        return f"mAP@R on {len(self.queries):,} queries: {lines}; {verdict}."
