"""The measures of the same queries by several indexes, for all queries and for each class."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.curation.labeling.comparison_request import ComparisonRequest
from fiftyone_faiss.brain.curation.labeling.label_values import Labeled
from fiftyone_faiss.brain.curation.labeling.model_comparison import ModelPair
from fiftyone_faiss.brain.curation.labeling.paired import Interval, PairedQueries, holm
from fiftyone_faiss.brain.curation.labeling.retrieval_measures import MEASURES, QueryMeasures

# The smallest number of queries of a class with measures of its own.
MIN_QUERIES = 5


class ComparisonTable:
    """Intervals and paired comparisons.

    Args:
        request: what to compare
        labeled: the labels
        groups: ``(n,)`` groups of near duplicates
        queries: ``(q,)`` positions of the queries
        measured: the measures of the queries by each index
    """

    def __init__(
        self,
        request: ComparisonRequest,
        labeled: Labeled,
        groups: Positions,
        queries: Positions,
        measured: Sequence[QueryMeasures],
    ) -> None:
        self.request, self.labeled = request, labeled
        labels = labeled.labels[queries]
        counts = np.bincount(labels, minlength=len(labeled.names))
        self.classes: list[int] = np.flatnonzero(counts >= MIN_QUERIES).tolist()
        self.skipped = int(((counts > 0) & (counts < MIN_QUERIES)).sum())
        self._paired: dict[tuple[str, int | None], PairedQueries] = {}
        for measure in MEASURES:
            values = np.stack([getattr(own, measure) for own in measured], axis=1)
            for number in (None, *self.classes):
                rows = (
                    np.arange(len(labels)) if number is None else np.flatnonzero(labels == number)
                )
                self._paired[measure, number] = PairedQueries(
                    values[rows], groups[queries[rows]], request.seed
                )

    def interval(self, measure: str, number: int | None, model: int) -> Interval:
        """A measure of an index, for all queries or those of a class."""
        return self._paired[measure, number].interval(model)

    def pairs(self, measures: Sequence[str], classes: Sequence[int | None]) -> list[ModelPair]:
        """Compares each pair of indexes; the tests of a measure are adjusted together."""
        keys, pairs = self.request.brain_keys, []
        for measure in measures:
            tests = [(c, *two) for c in classes for two in combinations(range(len(keys)), 2)]
            p_values = holm([self._paired[measure, c].p_value(a, b) for c, a, b in tests])
            for (c, a, b), p_value in zip(tests, p_values, strict=True):
                name = None if c is None else self.labeled.names[c]
                difference = self._paired[measure, c].difference(a, b)
                pairs.append(ModelPair(keys[a], keys[b], measure, name, difference, p_value))
        return pairs
