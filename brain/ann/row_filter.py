"""Row filters: which rows a query may return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.core.arrays import Mask, Rows
from fiftyone_faiss.brain.store.snapshot import Snapshot


@dataclass(frozen=True)
class RowFilter:
    """Which rows a query may return.

    Attributes:
        contains: tests ``(n,)`` rows at the time of the call
        rows: lists all allowed rows, or returns None if all live rows are allowed
        listed (False): whether calling ``rows`` is free because the rows are already listed
    """

    contains: Callable[[Rows], Mask]
    rows: Callable[[], Rows | None]
    listed: bool = False


def allowed_rows(snapshot: Snapshot, row_filter: RowFilter) -> Rows:
    """Returns the ``(n,)`` allowed rows in the order of the filter, ascending if it lists none."""
    rows = row_filter.rows()
    if rows is None:
        rows = snapshot.live_rows
        return rows[row_filter.contains(rows)]
    return rows


def row_mask(snapshot: Snapshot, rows: Rows) -> Mask:
    """Returns a ``(total_rows,)`` bool mask that is True for these rows."""
    mask = np.zeros(snapshot.total_rows, bool)
    mask[rows] = True
    return mask
