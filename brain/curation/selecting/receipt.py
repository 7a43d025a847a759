"""The receipt of a selection: how well it covers the samples, beside random choices."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from fiftyone_faiss.brain.ann.scaled_vectors import Positions, blocks
from fiftyone_faiss.brain.backend.compared import Compared
from fiftyone_faiss.brain.core.arrays import Distances
from fiftyone_faiss.brain.core.progress import Progress, Steps
from fiftyone_faiss.brain.curation.accidental_pairs import Estimate
from fiftyone_faiss.brain.curation.selecting.greedy import nearest_of
from fiftyone_faiss.brain.curation.selecting.quotas import Quotas, evenness

RANDOM_CHOICES = 20
LOW_IS_BETTER = ("coverage_radius", "mean_distance")
Verdict: TypeAlias = Literal["better", "chance", "worse"]
"""How a figure compares with those of all random choices; "chance" is among them."""
_COMPARED: dict[Verdict, str] = {"chance": "no better than", "worse": "worse than all"}
_SEED = 11


@dataclass(frozen=True)
class UncoveredRegion:
    """The region that a selection covers least.

    Attributes:
        id: an example: the one that is farthest from all that is selected or labeled
        distance: its distance to the nearest of these
        count: how many, itself included, are nearer to it than to any of these
    """

    id: str
    distance: float
    count: int


@dataclass(frozen=True)
class Figures:
    """How well a choice covers the samples.

    Attributes:
        coverage_radius: the largest distance of a sample to the nearest chosen or labeled one
        mean_distance: the mean of these distances
        values: how many values of the balanced field occur in the choice, None without a field
        evenness: how equally often: 0 for one value only, 1 for equal numbers of all; None without
            a field
    """

    coverage_radius: float
    mean_distance: float
    values: int | None = None
    evenness: float | None = None


@dataclass(frozen=True)
class Receipt:
    """What a selection covers.

    Attributes:
        figures: the figures of the selection
        random: the same figures of random choices of equal size: the mean, and the lowest and
            highest of 20
        uncovered: the region that is covered least
        covered: how many samples the figures are about: all but the outliers
        outliers: how many outliers there are, which are not covered
        near_duplicates: how many were no candidates, because a near duplicate of them is
        counts: how many of the selected have each value of the balanced field
    """

    figures: Figures
    random: Mapping[str, Estimate]
    uncovered: UncoveredRegion
    covered: int
    outliers: int
    near_duplicates: int
    counts: Mapping[str, int]

    def verdict(self, name: str) -> Verdict:
        """Whether a figure is better or worse than those of all random choices.

        Args:
            name: the name of a figure
        """
        value, random = getattr(self.figures, name), self.random[name]
        low, high = (
            (random.low, random.high) if name in LOW_IS_BETTER else (-random.high, -random.low)
        )
        value = value if name in LOW_IS_BETTER else -value
        return "better" if value < low else "worse" if value > high else "chance"

    def sentences(self) -> tuple[str, ...]:
        """What the selection covers no better than random choices do, in sentences."""
        names = [
            name for name in self.random if name != "values" and self.verdict(name) != "better"
        ]
        return tuple(
            f"The {name.replace('_', ' ')} is {_COMPARED[self.verdict(name)]} those of "
            f"{RANDOM_CHOICES} random choices."
            for name in names
        )

    def to_dict(self) -> dict[str, Any]:
        """The receipt as JSON values."""
        return {
            **vars(self.figures),
            "random": {name: value.to_dict() for name, value in self.random.items()},
            "verdicts": {name: self.verdict(name) for name in self.random},
            "uncovered": dict(vars(self.uncovered)),
            "covered": self.covered,
            "outliers": self.outliers,
            "near_duplicates": self.near_duplicates,
            "counts": dict(self.counts),
        }

    def __str__(self) -> str:
        lines = [
            _line("coverage radius", self.figures.coverage_radius, self.random["coverage_radius"]),
            _line("mean distance", self.figures.mean_distance, self.random["mean_distance"]),
        ]
        if self.figures.evenness is not None:
            lines.append(_line("values", self.figures.values or 0, self.random["values"]))
            lines.append(_line("evenness", self.figures.evenness, self.random["evenness"]))
        return "; ".join(lines)


def _line(name: str, value: float, random: Estimate) -> str:
    return f"{name} {value:.3g} (random {random.value:.3g}, {random.low:.3g} to {random.high:.3g})"


@dataclass(frozen=True)
class Coverage:
    """What the figures of choices are computed from.

    Attributes:
        compared: all vectors
        inside: ``(m,)`` the positions that shall be covered
        labeled: ``(l,)`` the positions that are labeled
        balance: the values of the balanced field, None without one
    """

    compared: Compared
    inside: Positions
    labeled: Positions
    balance: Quotas | None

    @cached_property
    def _nearest_labeled(self) -> tuple[Distances, Positions]:
        """``(n,)`` the distances to the nearest labeled position, and these positions."""
        distances, place = nearest_of(self.compared.vectors, self.labeled)
        return distances, self.labeled[place]

    def figures_of(self, chosen: Positions) -> tuple[Figures, np.ndarray]:
        """The figures of chosen positions, and the ``(m,)`` distances that they are from."""
        vectors = self.compared.vectors
        near, place = nearest_of(vectors, chosen)
        nearest = chosen[place]
        if len(self.labeled):
            near_labeled, nearest_labeled = self._nearest_labeled
            is_nearer = near_labeled < near
            nearest[is_nearer] = nearest_labeled[is_nearer]
        distances = vectors.distances(self.inside, nearest[self.inside])
        values: tuple[int | None, float | None] = (None, None)
        if self.balance is not None:
            counts = self.balance.counts_of(chosen)
            values = (int(np.count_nonzero(counts)), evenness(counts))
        return Figures(float(distances.max()), float(distances.mean()), *values), distances

    def uncovered(self, distances: np.ndarray) -> UncoveredRegion:
        """The region that is covered least."""
        vectors = self.compared.vectors
        place = int(distances.argmax())
        position = self.inside[place]
        count = 0
        for part in blocks(len(self.inside)):
            own = np.full(len(part), position)
            count += int((vectors.distances(self.inside[part], own) < distances[part]).sum())
        example = self.compared.ids_at(np.array([position]))[0]
        # Nothing is nearer to it than a selected one that equals it.
        return UncoveredRegion(example, float(distances[place]), max(count, 1))


def receipt_steps(
    coverage: Coverage,
    selected: Positions,
    choices: Positions,
    outliers: int,
    near_duplicates: int,
) -> Steps[Receipt]:
    """Computes the receipt of a selection.

    Args:
        coverage: what to cover
        selected: ``(n,)`` the selected positions
        choices: ``(c,)`` the positions that random choices are made from
        outliers: the number of outliers
        near_duplicates: the number of near duplicates that were no candidates
    """
    started = time.perf_counter()
    figures, distances = coverage.figures_of(selected)
    rng = np.random.default_rng(_SEED)
    drawn_figures: list[Figures] = []
    for number in range(RANDOM_CHOICES):
        choice = rng.choice(choices, min(len(selected), len(choices)), replace=False)
        drawn_figures.append(coverage.figures_of(choice)[0])
        seconds = time.perf_counter() - started
        yield Progress(number + 1, RANDOM_CHOICES, 0, seconds, "random choices compared")
    balance = coverage.balance
    counts = {} if balance is None else _named(balance, selected)
    return Receipt(
        figures,
        _ranges(drawn_figures),
        coverage.uncovered(distances),
        len(coverage.inside),
        outliers,
        near_duplicates,
        counts,
    )


def _named(balance: Quotas, selected: Positions) -> dict[str, int]:
    return dict(zip(balance.names, balance.counts_of(selected).tolist(), strict=True))


def _ranges(figures: Sequence[Figures]) -> dict[str, Estimate]:
    ranges = {}
    for name in vars(figures[0]):
        values = [getattr(own, name) for own in figures]
        if values[0] is not None:
            mean = float(np.mean(values))
            ranges[name] = Estimate(mean, float(min(values)), float(max(values)))
    return ranges
