"""Copies of the vectors of small views that are searched again and again."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from cachetools import LRUCache

from fiftyone_faiss.brain.core.arrays import Matrix, Rows, row_norms
from fiftyone_faiss.brain.store.snapshot import Snapshot

# The number of views whose vectors a searcher keeps, and the largest size of each in bytes.
MAX_VIEWS = 2
MAX_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Copy:
    """The vectors of some rows, next to each other.

    Attributes:
        rows: ``(n,)`` int64
        vectors: ``(n, dim)`` float32
        norms: ``(n,)`` float32
    """

    rows: Rows
    vectors: Matrix
    norms: Matrix


class CopiedRows:
    """Keeps copies of the vectors of the rows that were searched last.

    A view filter returns the same array of rows while the view and the store are unchanged, so the
    identity of the array tells whether a copy is still right.
    """

    def __init__(self) -> None:
        self._kept: LRUCache[tuple[int, int], Copy] = LRUCache(MAX_VIEWS)
        # Threads of the App's server share a searcher.
        self._lock = threading.Lock()

    def is_small(self, snapshot: Snapshot, rows: Rows) -> bool:
        """Whether the vectors of some rows may be kept."""
        return 4 * len(rows) * snapshot.dim <= MAX_BYTES

    def of(self, snapshot: Snapshot, rows: Rows) -> Copy | None:
        """Returns a copy of the vectors of some rows, None if they are too many to be kept."""
        if not self.is_small(snapshot, rows):
            return None
        # A copy refers to its array, so that no other array gets its identity.
        key = (snapshot.manifest.generation, id(rows))
        with self._lock:
            copy = self._kept.get(key)
        if copy is None or copy.rows is not rows:
            vectors = snapshot.vectors_at(rows)
            copy = Copy(rows, vectors, row_norms(vectors))
            with self._lock:
                self._kept[key] = copy
        return copy
