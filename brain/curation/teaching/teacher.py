"""Examples with what is needed to learn from some of them."""

from __future__ import annotations

from dataclasses import dataclass

from fiftyone_faiss.brain.ann.scaled_vectors import Positions
from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.curation.teaching.drawing import taught_pairs
from fiftyone_faiss.brain.curation.teaching.examples import Examples, Flags
from fiftyone_faiss.brain.curation.teaching.fitting import FitSteps, fit_steps
from fiftyone_faiss.brain.curation.teaching.request import TeachingRequest


@dataclass(frozen=True)
class Teacher:
    """Examples with what is needed to learn from some of them.

    Attributes:
        examples: the examples
        groups: ``(m,)`` their groups of near duplicates, from 0
        vectors: ``(m, dim)`` float32 their vectors
        scales_to_unit: whether projected vectors are scaled to unit length
        request: what was asked for
    """

    examples: Examples
    groups: Positions
    vectors: Matrix
    scales_to_unit: bool
    request: TeachingRequest

    def fit_steps(self, is_inside: Flags) -> FitSteps:
        """Learns a projection from some of the examples.

        Raises:
            ValueError: if there are no alike or no unlike pairs among them
        """
        seed = self.request.seed
        taught = taught_pairs(self.examples, self.groups, is_inside, seed)
        if taught is None:
            raise too_few("There are not enough different alike and unlike pairs to learn from")
        return (
            yield from fit_steps(self.vectors, taught, self.request.rank, self.scales_to_unit, seed)
        )


def too_few(sentence: str) -> ValueError:
    """The error for examples that are too few."""
    return ValueError(
        f"{sentence}; give some hundred pairs of different samples, or a field of labels."
    )
