"""Scopes: which rows may be answers of a search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fiftyone_faiss.brain.scan import Mask
from fiftyone_faiss.brain.segments import Rows
from fiftyone_faiss.brain.snapshot import Snapshot


@dataclass(frozen=True)
class Scope:
    """Which rows may be answers.

    Attributes:
        contains: tests ``(n,)`` rows, at the moment it is called
        rows: lists all that may be answers, or gives None if that is every live row
        listed: whether ``rows`` costs nothing any more
    """

    contains: Callable[[Rows], Mask]
    rows: Callable[[], Rows | None]
    listed: bool = False


def answers(snapshot: Snapshot, scope: Scope) -> Rows:
    """The ``(n,)`` rows of a scope, as it lists them; if it does not, all that exist, ascending."""
    rows = scope.rows()
    if rows is None:
        rows = snapshot.live_rows
        return rows[scope.contains(rows)]
    return rows


def mask_of(snapshot: Snapshot, rows: Rows) -> Mask:
    """``(total_rows,)`` bool, whether a row is one of these."""
    mask = np.zeros(snapshot.total_rows, bool)
    mask[rows] = True
    return mask
