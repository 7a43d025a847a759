"""Which regions of two pictures make them similar together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Matrix
from fiftyone_faiss.brain.insight.explaining.methods import WINDOWS, Method, Occluded, Side
from fiftyone_faiss.embedders.boxes import Box

# A page gets no more rows and columns.
_MAX_SHOWN = 8
EXACT = 1e-4
"""The largest remainder of an exact sum, in units of the score."""


@dataclass(frozen=True)
class Pairs:
    """What each pair of regions adds to the score of two pictures.

    The values of ``"patches"`` add up: their sum and the remainder are the score. Those of
    ``"occlusion"`` tell how much of the score needs both regions of a pair: the score, less that
    without the first, less that without the second, plus that without both. Regions overlap.

    Attributes:
        values: ``(rows, columns, rows, columns)`` float32 in units of the score: the places in the
            picture of the query, then those in the match
        method: ``"patches"`` or ``"occlusion"``
        query_box: what the model sees of the picture of the query, relative to it
        match_box: what it sees of the match
    """

    values: npt.NDArray[np.float32]
    method: Method
    query_box: Box
    match_box: Box

    def partners(self, row: int, column: int) -> Matrix:
        """``(rows, columns)``: what a region of the query adds with each region of the match."""
        partners: Matrix = self.values[row, column]
        return partners

    def coarse(self) -> npt.NDArray[np.float32]:
        """The same with at most 8 rows and columns, for a page; sums of neighboring regions."""
        values = self.values
        for axis in range(4):
            count = values.shape[axis]
            step = -(-count // _MAX_SHOWN)
            values = np.add.reduceat(values, np.arange(0, count, step), axis=axis)
        return values


def pairs_of(query: Side, match: Side) -> Pairs | None:
    """The pairs of regions of two pictures, from their patches if the model has such parts."""
    boxes = query.seen_image.box, match.seen_image.box
    if query.parts is not None and match.parts is not None:
        values = np.einsum("ijd,kld->ijkl", query.parts.parts, match.parts.parts)
        return Pairs(values, "patches", *boxes)
    if query.occluded is not None and match.occluded is not None:
        return Pairs(_interactions(query.occluded, match.occluded), "occlusion", *boxes)
    return None


def _interactions(query: Occluded, match: Occluded) -> npt.NDArray[np.float32]:
    """How much of the score needs both of two windows: a difference of differences."""
    without_query = query.whole - query.vectors
    without_match = match.whole - match.vectors
    values: npt.NDArray[np.float32] = without_query @ without_match.T
    return values.reshape(WINDOWS, WINDOWS, WINDOWS, WINDOWS)
