"""Merging and compacting segments: which segments become one, and its columns in chunks of rows.

A commit appends a segment. It also merges the preceding segments of the same model and precision
into it, as long as their number of rows has no more binary digits. So the number of segments of one
model is at most the number of binary digits of the number of rows, and no row is rewritten more
often than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from fiftyone_faiss.brain.core.arrays import Mask, Rows
from fiftyone_faiss.brain.store.segments import Segment

# Rows copied at once.
COPY_ROWS = 16_384

Chunks = Iterator[npt.NDArray[Any]]
# Returns the chunks of a column by its name.
ColumnReader = Callable[[str], Chunks]
# The fingerprint of a model, and the precision it ran in.
Origin = tuple[str | None, str | None]


def origin_of(segment: Segment) -> Origin:
    """Returns how the vectors of a segment were computed; only equal ones are merged."""
    return segment.info.model, segment.info.precision


def segments_to_merge(
    segments: Sequence[Segment], origin: Origin, rows: int
) -> tuple[Segment, ...]:
    """Selects the last segments of a store that a new segment is merged with.

    Args:
        segments: the segments of the store
        origin: how the vectors of the new segment were computed
        rows: the number of rows of the new segment
    """
    first = len(segments)
    while first:
        last = segments[first - 1]
        if origin_of(last) != origin or last.info.rows.bit_length() > rows.bit_length():
            break
        first -= 1
        rows += last.info.rows
    return tuple(segments[first:])


def group_by_origin(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Groups adjacent segments whose vectors were computed in the same way."""
    return [list(group) for _, group in groupby(segments, origin_of)]


def read_appended(segments: Sequence[Segment], new: Mapping[str, npt.NDArray[Any]]) -> ColumnReader:
    """Returns a reader of all rows of some segments, followed by new rows."""

    def read(name: str) -> Chunks:
        for segment in segments:
            for start in range(0, segment.info.rows, COPY_ROWS):
                yield segment.column(name, start, start + COPY_ROWS)
        yield new[name]

    return read


def read_live(segments: Sequence[Segment], live: Mask) -> tuple[int, ColumnReader]:
    """Returns a reader of the live rows of some segments.

    Args:
        segments: the segments
        live: ``(total_rows,)`` bool, the live rows of the store

    Returns:
        the number of these rows, and a reader
    """
    live_rows: list[Rows] = [
        np.flatnonzero(live[segment.start : segment.stop]) for segment in segments
    ]

    def read(name: str) -> Chunks:
        for segment, rows in zip(segments, live_rows, strict=True):
            for start in range(0, len(rows), COPY_ROWS):
                chunk = rows[start : start + COPY_ROWS]
                if name == "vectors":
                    yield segment.vectors_at(chunk)
                else:
                    yield segment.column(name)[chunk]

    return sum(map(len, live_rows)), read
