"""Which segments of a store become one, and what is in it: columns, in parts of some rows.

A commit appends a segment, and takes the segments before it, of the same model, whose number of
rows has no more binary digits along into it: so there are at most as many, of a model in a row, as
the number of rows has binary digits, and each row is rewritten as often at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Rows
from fiftyone_faiss.brain.store.segments import Segment

# Rows copied at once.
COPY_ROWS = 16_384

Parts = Iterator[npt.NDArray[Any]]


def taken_along(segments: Sequence[Segment], model: str | None, rows: int) -> tuple[Segment, ...]:
    """The last of a store's segments, which a new one of so many rows of a model takes along."""
    first = len(segments)
    while first:
        last = segments[first - 1].info
        if last.model != model or last.rows.bit_length() > rows.bit_length():
            break
        first -= 1
        rows += last.rows
    return tuple(segments[first:])


def runs_of_one_model(segments: Sequence[Segment]) -> list[list[Segment]]:
    """The segments, those of the same model in a row together."""
    runs: list[list[Segment]] = []
    for segment in segments:
        if runs and runs[-1][-1].info.model == segment.info.model:
            runs[-1].append(segment)
        else:
            runs.append([segment])
    return runs


def appended(
    along: Sequence[Segment], new: Mapping[str, npt.NDArray[Any]]
) -> Callable[[str], Parts]:
    """All rows of some segments and then new ones: gives a column by its name."""

    def column(name: str) -> Parts:
        for segment in along:
            for start in range(0, segment.info.rows, COPY_ROWS):
                yield segment.column(name, start, start + COPY_ROWS)
        yield new[name]

    return column


def kept(run: Sequence[Segment], live: npt.NDArray[np.bool_]) -> tuple[int, Callable[[str], Parts]]:
    """The rows of some segments that count.

    Args:
        run: the segments
        live: ``(total_rows,)`` bool, which rows of the store count

    Returns:
        how many there are, and what gives a column of them by its name
    """
    keep: list[Rows] = [np.flatnonzero(live[one.start : one.stop]) for one in run]

    def column(name: str) -> Parts:
        for segment, rows in zip(run, keep, strict=True):
            for at in range(0, len(rows), COPY_ROWS):
                part = rows[at : at + COPY_ROWS]
                if name == "vectors":
                    yield segment.vectors_at(part)
                else:
                    yield segment.column(name)[part]

    return sum(map(len, keep)), column
