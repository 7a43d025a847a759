"""Measures a projection on examples that were held out while it was learned."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.curation.labeling.paired import Interval, PairedQueries, interval_of
from fiftyone_faiss.brain.curation.teaching.aspect_queries import AspectQueries, ideal_space
from fiftyone_faiss.brain.curation.teaching.drawing import with_unlike
from fiftyone_faiss.brain.curation.teaching.examples import PAIRS, Flags, Pairs
from fiftyone_faiss.brain.curation.teaching.fitting import FitSteps
from fiftyone_faiss.brain.curation.teaching.held_out import PARTS, parts_of
from fiftyone_faiss.brain.curation.teaching.pair_auc import HeldOutPairs, pair_auc
from fiftyone_faiss.brain.curation.teaching.projection_report import AspectMeasure
from fiftyone_faiss.brain.curation.teaching.spaces import Space
from fiftyone_faiss.brain.curation.teaching.teacher import Teacher, too_few
from fiftyone_faiss.embedders import Projection

# Fewer held-out queries, or pairs of a kind, tell nothing.
MIN_HELD_OUT = 20
# Of the pairs of a part, so many of each kind are compared with each other.
MAX_PART_PAIRS = 1000
Draws = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Evaluation:
    """What was measured on held-out examples.

    Attributes:
        measures: of the given pairs, and of each aspect
        improvement: the mean of their improvements
    """

    measures: list[AspectMeasure]
    improvement: Interval


def evaluation_steps(
    teacher: Teacher, amount: float
) -> Generator[tuple[int, int], None, Evaluation]:
    """Learns from all parts of the examples but one, and measures on that one, for each part.

    Args:
        teacher: the examples
        amount: the amount of each projection; see :meth:`Projection.scaled`

    Yields:
        how many steps of fits are done, and how many there are
    """
    part_of = parts_of(teacher.groups, teacher.examples.pairs, teacher.request.seed)
    before, held_out = Space(teacher.vectors), _HeldOut(teacher)
    for part in range(PARTS):
        is_held_out = part_of == part
        projection = yield from _shifted(teacher.fit_steps(~is_held_out), part)
        after = Space(projection.scaled(amount).apply(teacher.vectors))
        held_out.measure(is_held_out, (before, after))
    return held_out.evaluation()


def _shifted(fit: FitSteps, part: int) -> FitSteps:
    """Runs the steps of the fit of one part with the progress of all parts."""
    while True:
        try:
            done, total = next(fit)
        except StopIteration as stop:
            projection: Projection = stop.value
            return projection
        yield part * total + done, PARTS * total


class _HeldOut:
    """The measures of held-out parts."""

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher
        self._rng = np.random.default_rng(teacher.request.seed)
        self._ideal = ideal_space(teacher.examples.aspects, teacher.request.seed)
        self._pairs: list[HeldOutPairs] = []
        self._queries: list[list[AspectQueries]] = [[] for _ in teacher.examples.aspects]

    def measure(self, is_held_out: Flags, spaces: Sequence[Space]) -> None:
        """Measures one part before and after a projection."""
        examples, groups = self._teacher.examples, self._teacher.groups
        if examples.pairs is not None:
            pairs = self._some(with_unlike(examples.pairs, groups, is_held_out, self._rng))
            closeness = [space.of_pairs(pairs.first, pairs.second) for space in spaces]
            self._pairs.append(HeldOutPairs(pairs, np.stack(closeness, axis=1)))
        for aspect, queries in zip(examples.aspects, self._queries, strict=True):
            queries.append(AspectQueries.of(aspect, groups, is_held_out, [*spaces, self._ideal]))

    def evaluation(self) -> Evaluation:
        """Puts the parts together.

        Raises:
            ValueError: if too little was held out
        """
        aspects = zip(self._teacher.examples.aspects, self._queries, strict=True)
        results = [] if not self._pairs else [self._of_pairs()]
        results += [self._of_aspect(aspect.name, queries) for aspect, queries in aspects]
        measures = [measure for measure, _ in results]
        value = float(np.mean([measure.improvement.value for measure in measures]))
        draws = np.mean([draws for _, draws in results], axis=0)
        return Evaluation(measures, interval_of(value, draws))

    def _some(self, pairs: Pairs) -> Pairs:
        """At most so many pairs of each kind as can be compared with each other."""
        order = self._rng.permutation(len(pairs))
        kinds = [order[pairs.is_alike[order] == kind][:MAX_PART_PAIRS] for kind in (True, False)]
        return pairs.at(np.concatenate(kinds))

    def _of_pairs(self) -> tuple[AspectMeasure, Draws]:
        auc = pair_auc(self._pairs, self._teacher.groups, self._teacher.request.seed)
        fewest = 0 if auc is None else min(auc.alike, auc.unlike)
        if auc is None or fewest < MIN_HELD_OUT:
            raise too_few(
                f"Only {fewest} pairs of a kind could be held out to test what was learned, and "
                f"{MIN_HELD_OUT} are needed"
            )
        draws: Draws = auc.resampled[:, 1] - auc.resampled[:, 0]
        before, after = (interval_of(float(auc.means[n]), auc.resampled[:, n]) for n in (0, 1))
        improvement = interval_of(float(auc.means[1] - auc.means[0]), draws)
        count = auc.alike + auc.unlike
        return AspectMeasure(PAIRS, "pair_auc", before, after, improvement, 0.5, 1.0, count), draws

    def _of_aspect(self, name: str, parts: Sequence[AspectQueries]) -> tuple[AspectMeasure, Draws]:
        values = np.concatenate([part.values for part in parts])
        if len(values) < MIN_HELD_OUT:
            raise too_few(
                f"Only {len(values)} samples with a class in '{name}' could be held out to test "
                f"what was learned, and {MIN_HELD_OUT} are needed"
            )
        groups = np.concatenate([part.groups for part in parts])
        paired = PairedQueries(values, groups, self._teacher.request.seed)
        measure = AspectMeasure(
            name,
            "map_at_r",
            paired.interval(0),
            paired.interval(1),
            paired.difference(1, 0),
            float(np.concatenate([part.chance for part in parts]).mean()),
            float(paired.means[2]),
            len(values),
        )
        return measure, paired.resampled[:, 1] - paired.resampled[:, 0]
